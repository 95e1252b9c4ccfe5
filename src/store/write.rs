//! A file that is whole or absent.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::{Durability, about};

/// Writes a file of this directory by way of a temporary file beside it. Nothing is left where that fails.
///
/// `unique` keeps the temporary files of several writers apart.
pub(super) fn write_whole(
    dir: &Path,
    name: &str,
    unique: &str,
    bytes: &[u8],
    durability: Durability,
) -> io::Result<PathBuf> {
    let path = dir.join(name);
    // Hidden, and no `.json`: readers of the directory pass it over.
    let temporary = dir.join([".", unique, ".tmp"].concat());
    let written = write_temporary(&temporary, bytes, durability).and_then(|()| std::fs::rename(&temporary, &path));
    if let Err(error) = written {
        let _ = std::fs::remove_file(&temporary);
        return Err(about(&path, "cannot write", error));
    }
    match durability {
        Durability::Process => {}
        Durability::Disk => sync(dir).map_err(|error| about(&path, "cannot sync the directory of", error))?,
    }
    Ok(path)
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
fn sync(dir: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(dir)?.sync_all() } else { Ok(()) }
}
