//! Writes files that are complete or absent: they get a temporary name and are renamed.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use runtime::io_error::about;

use super::temporary;
use crate::files::apart_from_stdio;

/// The durability of a written record.
///
/// ```
/// let recorder = tracing_failure::builder("io").durability(tracing_failure::record::Durability::Disk);
/// # let _ = recorder;
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Durability {
    /// The operating system has the record. It survives a panic, an abort and `kill -9` of the process.
    #[default]
    Process,
    /// The file and its directory are synced to disk. The record survives a loss of power.
    Disk,
}

/// Attempts to find an unused name for a temporary file. Processes of other containers may have the same id.
const MAX_NAME_ATTEMPTS: usize = 16;

/// Writes a file of a directory. A failure leaves no temporary file.
///
/// # Errors
///
/// Fails if the file cannot be written or synced. The error names the file.
pub fn write_whole(dir: &Path, name: &str, bytes: &[u8], durability: Durability) -> io::Result<PathBuf> {
    let path = dir.join(name);
    let write = || {
        let mut replacement = Replacement::create(&path, OpenOptions::new().write(true))?;
        replacement.file.write_all(bytes)?;
        match durability {
            Durability::Process => replacement.commit(),
            Durability::Disk => replacement.file.sync_all().and_then(|()| replacement.commit()),
        }
    };
    write().map_err(|error| about(&path, "cannot write", error))?;
    if durability == Durability::Disk {
        sync(dir).map_err(|error| about(&path, "cannot sync the directory of", error))?;
    }
    Ok(path)
}

/// The new content of a file, in a temporary file in the same directory. Dropping it removes the temporary file.
#[derive(Debug)]
pub(super) struct Replacement {
    /// Open, and therefore locked, until the file is renamed.
    pub(super) file: File,
    temporary: PathBuf,
    path: PathBuf,
}

impl Replacement {
    /// Creates the temporary file. Readers of the directory skip its name.
    pub(super) fn create(path: &Path, options: &mut OpenOptions) -> io::Result<Self> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let mut attempts = 1;
        loop {
            let temporary = path.with_file_name(temporary::name(&name));
            match apart_from_stdio(|| options.create_new(true).open(&temporary)) {
                Ok(file) => {
                    temporary::mark_in_use(&file);
                    return Ok(Replacement { file, temporary, path: path.to_owned() });
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && attempts < MAX_NAME_ATTEMPTS => {
                    attempts += 1
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Renames the temporary file. Readers see either the old or the new content.
    pub(super) fn commit(mut self) -> io::Result<()> {
        std::fs::rename(&self.temporary, &self.path)?;
        self.temporary = PathBuf::new();
        Ok(())
    }
}

impl Drop for Replacement {
    fn drop(&mut self) {
        if !self.temporary.as_os_str().is_empty() {
            let _ = std::fs::remove_file(&self.temporary);
        }
    }
}

/// Creates the directory of a store.
pub(super) fn create_dir(dir: &Path) -> io::Result<()> {
    std::fs::create_dir_all(dir).map_err(|error| about(dir, "cannot create the directory", error))
}

/// Syncs a directory. A rename is durable only after that, and only Unix supports it.
fn sync(dir: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(dir)?.sync_all() } else { Ok(()) }
}
