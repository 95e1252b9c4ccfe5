//! A file that is whole or absent.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use super::{Durability, about};

/// Writes a file under this path by way of a temporary file beside it. Nothing is left where that fails.
///
/// `unique` keeps the temporary files of several writers apart.
pub(super) fn write_whole(path: &Path, unique: &str, bytes: &[u8], durability: Durability) -> io::Result<()> {
    // Hidden, and no `.json`: readers of the directory pass it over.
    let temporary = path.with_file_name(format!(".{unique}.tmp"));
    let written = write_temporary(&temporary, bytes, durability)
        .and_then(|()| std::fs::rename(&temporary, path))
        .map_err(|error| about(path, "cannot write", error));
    if written.is_err() {
        let _ = std::fs::remove_file(&temporary);
        return written;
    }
    match durability {
        Durability::Process => Ok(()),
        Durability::Disk => sync_parent(path).map_err(|error| about(path, "cannot sync the directory of", error)),
    }
}

fn write_temporary(temporary: &Path, bytes: &[u8], durability: Durability) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(temporary)?;
    file.write_all(bytes)?;
    match durability {
        Durability::Process => Ok(()),
        Durability::Disk => file.sync_all(),
    }
}

/// The rename itself is durable only once the directory is synced; elsewhere than on Unix a directory cannot be.
fn sync_parent(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(parent) if cfg!(unix) => File::open(parent)?.sync_all(),
        _ => Ok(()),
    }
}
