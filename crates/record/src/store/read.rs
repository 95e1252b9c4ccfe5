//! Reading the files of records.

use std::borrow::Cow;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::de::DeserializeOwned;
use tracing_failure::{Failure, Store};

/// What is larger is no record, and would fill the memory.
const LARGEST: u64 = 64 << 20;

/// Reads the bytes of a file into a buffer. What is no ordinary file is not opened: to read a pipe may take for ever.
///
/// # Errors
///
/// Why it cannot be read. The error does not name the file.
pub fn read_bytes(bytes: &mut Vec<u8>, path: &Path) -> Result<()> {
    bytes.clear();
    let metadata = std::fs::metadata(path).context("cannot be read")?;
    if !metadata.is_file() {
        bail!("cannot be read: no ordinary file");
    }
    if metadata.len() > LARGEST {
        bail!("cannot be read: larger than {} MB", LARGEST >> 20);
    }
    File::open(path).and_then(|file| file.take(LARGEST).read_to_end(bytes)).context("cannot be read")?;
    Ok(())
}

/// The same for the text of a record, which Python may have written: NaN stands in quotes then.
pub fn read_json(json: &mut Vec<u8>, path: &Path) -> Result<()> {
    read_bytes(json, path)?;
    if let Ok(text) = std::str::from_utf8(json)
        && (text.contains("NaN") || text.contains("Infinity"))
        && let Cow::Owned(quoted) = Failure::quote_non_finite(text)
    {
        *json = quoted.into_bytes();
    }
    Ok(())
}

/// Reads a record, or a part of it, with every value as it is in the text: integers beyond 64 bits and numbers out of
/// range are text.
///
/// # Errors
///
/// Where it is no record.
pub fn parse<T: DeserializeOwned>(json: &[u8]) -> serde_json::Result<T> {
    match std::str::from_utf8(json) {
        Ok(text) => serde_json::from_str(&Failure::repair_json(text)),
        Err(_) => serde_json::from_slice(json),
    }
}

/// The store of a directory that is there: to open one creates it, which is not for a reader to do.
///
/// # Errors
///
/// When it is not there, or is no directory.
pub fn existing_store(dir: &Path) -> Result<Store> {
    if !dir.is_dir() {
        bail!("there is no directory {}", dir.display());
    }
    Ok(Store::open(dir)?)
}
