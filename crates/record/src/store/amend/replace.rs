//! Replaces a file and preserves its owner, group and mode.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use runtime::io_error::about;

use crate::store::write::Replacement;

/// Replaces the content of a file, which keeps its owner, group and mode. It calls `before_rename` directly before the
/// last step. An error of it leaves the file unchanged.
///
/// Readers see either the old or the new content, also after a loss of power.
///
/// # Errors
///
/// Fails if the content cannot be written, or if the new file would belong to another user or group.
pub(super) fn replace(path: &Path, content: &str, before_rename: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
    let failed = |error| about(path, "cannot write", error);
    let replacement = write_temporary(path, content).map_err(failed)?;
    before_rename()?;
    replacement.commit().map_err(failed)
}

/// Writes the content to a temporary file in the same directory. Only this user can read it until it is complete.
fn write_temporary(path: &Path, content: &str) -> io::Result<Replacement> {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let original = fs::symlink_metadata(path)?;
    let mut replacement = Replacement::create(path, &mut options)?;
    set_owner(&replacement.file, &original)?;
    replacement.file.write_all(content.as_bytes())?;
    replacement.file.set_permissions(original.permissions())?;
    replacement.file.sync_all()?;
    Ok(replacement)
}

/// Gives a file the owner and the group of another.
#[cfg(unix)]
fn set_owner(file: &File, original: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, fchown};
    let owner = |there: &Metadata| (there.uid(), there.gid());
    let (uid, gid) = owner(original);
    if owner(&file.metadata()?) == (uid, gid) {
        return Ok(());
    }
    fchown(file, Some(uid), Some(gid)).map_err(|error| {
        let why = format!(
            "it belongs to user {uid} and group {gid}, and a new file cannot be given to them ({error}): let its \
             owner do this"
        );
        io::Error::new(error.kind(), why)
    })
}

#[cfg(not(unix))]
fn set_owner(_: &File, _: &Metadata) -> io::Result<()> {
    Ok(())
}
