//! Reads the files of records.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use serde::de::DeserializeOwned;

use super::directory::Store;
use crate::failure::Failure;
use crate::files::MAX_FILE_BYTES;

/// Reads the bytes of a regular file into a buffer. It does not open other files, because reading a pipe may never end.
///
/// # Errors
///
/// Fails if the file cannot be read. The error does not name the file.
pub fn read_bytes(bytes: &mut Vec<u8>, path: &Path) -> io::Result<()> {
    bytes.clear();
    let unreadable = |error: io::Error| io::Error::new(error.kind(), format!("cannot be read: {error}"));
    let metadata = std::fs::metadata(path).map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(io::Error::other("cannot be read: not a regular file"));
    }
    if metadata.len() > MAX_FILE_BYTES {
        return Err(io::Error::other(format!("cannot be read: larger than {} MB", MAX_FILE_BYTES >> 20)));
    }
    let read = File::open(path).and_then(|file| file.take(MAX_FILE_BYTES).read_to_end(bytes));
    read.map(drop).map_err(unreadable)
}

/// Reads the text of a record into a buffer. It quotes bare `NaN` and infinities, which Python writes.
///
/// # Errors
///
/// Fails as [`read_bytes`] does.
pub fn read_json(json: &mut Vec<u8>, path: &Path) -> io::Result<()> {
    read_bytes(json, path)?;
    if let Ok(text) = std::str::from_utf8(json)
        && (text.contains("NaN") || text.contains("Infinity"))
        && let Cow::Owned(quoted) = Failure::quote_non_finite(text)
    {
        *json = quoted.into_bytes();
    }
    Ok(())
}

/// Parses a record, or a part of it, without losing a value: integers beyond 64 bits and numbers out of range become
/// text.
///
/// # Errors
///
/// Fails if the text is no record. The error has a line and a column.
pub fn parse<T: DeserializeOwned>(json: &[u8]) -> serde_json::Result<T> {
    match std::str::from_utf8(json) {
        Ok(text) => serde_json::from_str(&Failure::repair_json(text)),
        Err(_) => serde_json::from_slice(json),
    }
}

/// Opens the store of an existing directory. [`Store::open`] would create it.
///
/// # Errors
///
/// Fails if the directory does not exist.
pub fn existing_store(dir: &Path) -> io::Result<Store> {
    if dir.is_dir() {
        Store::open(dir)
    } else {
        Err(io::Error::new(io::ErrorKind::NotFound, format!("there is no directory {}", dir.display())))
    }
}
