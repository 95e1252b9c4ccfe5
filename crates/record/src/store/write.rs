//! A file that is complete or absent.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::open::apart_from_stdio;
use super::temporary;
use super::{Durability, about};

/// Writes a file of this directory by way of a temporary file beside it. Nothing is left where that fails.
pub(super) fn write_whole(dir: &Path, name: &str, bytes: &[u8], durability: Durability) -> io::Result<PathBuf> {
    let path = dir.join(name);
    let temporary = dir.join(temporary::name(name));
    let written = write_temporary(&temporary, bytes, durability).and_then(|file| {
        std::fs::rename(&temporary, &path)?;
        // The lock on it lasts until here.
        drop(file);
        Ok(())
    });
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

fn write_temporary(temporary: &Path, bytes: &[u8], durability: Durability) -> io::Result<File> {
    let mut file = apart_from_stdio(|| OpenOptions::new().write(true).create_new(true).open(temporary))?;
    temporary::mark_in_use(&file);
    file.write_all(bytes)?;
    match durability {
        Durability::Process => {}
        Durability::Disk => file.sync_all()?,
    }
    Ok(file)
}

/// The rename itself is durable only once the directory is synced; elsewhere than on Unix a directory cannot be.
fn sync(dir: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(dir)?.sync_all() } else { Ok(()) }
}
