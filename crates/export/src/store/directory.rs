//! A directory of exported files.

use std::fs::{self, File};
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};

use record::internal::open_ordinary;
use tempfile::Builder;

use super::part_store::{PartContent, PartReplacement, PartSource, PartStore, StoredPart, WritePart};

/// Maximum depth of a part below the directory.
const MAX_DEPTH: usize = 8;
/// The beginning and the end of the names of temporary files. Readers of Hive partitions skip names that begin with a
/// dot.
const TEMPORARY_PREFIX: &str = ".part-";
const TEMPORARY_SUFFIX: &str = ".tmp";
/// Size of the buffer of a file.
const BUFFER_BYTES: usize = 256 << 10;

/// A directory of exported files.
///
/// ```
/// use tracing_failure_export::{PartDirectory, PartStore};
///
/// assert_eq!(PartDirectory::new("corpus").address(), "corpus");
/// assert!(PartDirectory::new("no/such/corpus").list()?.is_empty());
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct PartDirectory {
    path: PathBuf,
}

impl PartDirectory {
    /// Names a directory. The first part creates it.
    ///
    /// ```
    /// let _ = tracing_failure_export::PartDirectory::new("corpus");
    /// ```
    pub fn new(path: impl Into<PathBuf>) -> Self {
        PartDirectory { path: path.into() }
    }

    fn write(&self, path: &Path, write: &mut WritePart<'_>) -> io::Result<()> {
        let parent = path.parent().unwrap_or(&self.path);
        fs::create_dir_all(parent)?;
        let temporary = Builder::new().prefix(TEMPORARY_PREFIX).suffix(TEMPORARY_SUFFIX).tempfile_in(parent)?;
        let mut file = BufWriter::with_capacity(BUFFER_BYTES, temporary);
        write(&mut file)?;
        let temporary = file.into_inner().map_err(io::IntoInnerError::into_error)?;
        make_readable(temporary.as_file())?;
        temporary.as_file().sync_data()?;
        temporary.persist(path)?;
        Ok(())
    }
}

impl PartStore for PartDirectory {
    fn address(&self) -> String {
        self.path.display().to_string()
    }

    fn list(&self) -> io::Result<Vec<StoredPart>> {
        let mut parts = Vec::new();
        match list_below(&self.path, "", 0, &mut parts) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(named(&self.path, error)),
            Ok(()) => {}
        }
        parts.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(parts)
    }

    fn read(&self, name: &str) -> io::Result<Option<PartContent>> {
        let path = self.path.join(name);
        match open_ordinary(File::options().read(true), &path) {
            // The directory cannot tell versions apart: the last export wins, and each contains the runs of both.
            Ok(file) => Ok(Some(PartContent { source: PartSource::File(file), version: String::new() })),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(named(&path, error)),
        }
    }

    fn replace(&self, name: &str, _version: Option<&str>, write: &mut WritePart<'_>) -> io::Result<PartReplacement> {
        let path = self.path.join(name);
        self.write(&path, write).map_err(|error| named(&path, error))?;
        Ok(PartReplacement::Written)
    }
}

fn named(path: &Path, error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

/// Temporary files are private, but other users may read an export as any other file.
#[cfg(unix)]
fn make_readable(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn make_readable(_: &File) -> io::Result<()> {
    Ok(())
}

/// Lists the files of a directory. Links to directories are not followed, because an export contains none.
fn list_below(dir: &Path, prefix: &str, depth: usize, parts: &mut Vec<StoredPart>) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        if name.starts_with('.') {
            continue;
        }
        let name = format!("{prefix}{name}");
        let metadata = entry.metadata()?;
        if metadata.is_dir() && depth < MAX_DEPTH {
            list_below(&entry.path(), &format!("{name}/"), depth + 1, parts)?;
        } else if metadata.is_file() {
            parts.push(StoredPart { name, bytes: metadata.len() });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn a_failed_write_leaves_the_old_part_and_no_other_file() {
        let dir = tempfile::tempdir().unwrap();
        let store = PartDirectory::new(dir.path());
        store.replace("a/part-1", None, &mut |file| file.write_all(b"old")).unwrap();
        let failing = &mut |file: &mut (dyn Write + Send)| {
            file.write_all(b"new")?;
            Err(io::Error::other("stopped"))
        };
        let error = store.replace("a/part-1", None, failing).unwrap_err();
        assert!(error.to_string().ends_with("part-1: stopped"), "{error}");
        assert_eq!(fs::read(dir.path().join("a/part-1")).unwrap(), b"old");
        assert_eq!(fs::read_dir(dir.path().join("a")).unwrap().count(), 1);
        assert_eq!(store.list().unwrap(), [StoredPart { name: "a/part-1".to_owned(), bytes: 3 }]);
    }

    #[test]
    fn temporary_files_of_killed_programs_are_not_listed() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(".part-1.tmp"), "half").unwrap();
        assert!(PartDirectory::new(dir.path()).list().unwrap().is_empty());
        assert!(PartDirectory::new(dir.path()).read("part-1").unwrap().is_none());
    }
}
