//! The interface of a place for exported files.

use std::fs::File;
use std::io::{self, Write};

/// A function that writes the content of a part. A store may call it several times.
pub type WritePart<'a> = dyn FnMut(&mut (dyn Write + Send)) -> io::Result<()> + 'a;

/// A place for the files of an export: a directory, or a bucket.
///
/// The name of a part is a relative path: `computation=rg_flow/date=2025-12-27/part-01a2.parquet`. Its components are
/// neither empty nor `.` nor `..`, contain no control character, and take at most 255 bytes. Errors name the part.
///
/// ```
/// use std::io::Write;
/// use tracing_failure_export::{PartDirectory, PartStore, PartReplacement};
///
/// # let dir = std::env::temp_dir().join(format!("tracing-failure-parts-{}", std::process::id()));
/// let store = PartDirectory::new(&dir);
/// let written = store.replace("date=2025-12-27/part-1.jsonl", None, &mut |file| file.write_all(b"{}\n"))?;
/// assert_eq!(written, PartReplacement::Written);
/// assert_eq!(store.list()?[0].name, "date=2025-12-27/part-1.jsonl");
/// # std::fs::remove_dir_all(&dir)?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub trait PartStore: Sync {
    /// Returns the address of the store for people, without secrets: a directory, or an URL.
    fn address(&self) -> String;

    /// Returns all files of the store, sorted by name. Temporary files do not count. A store that does not exist yet is
    /// empty.
    ///
    /// # Errors
    ///
    /// Fails if the store is unreadable.
    fn list(&self) -> io::Result<Vec<StoredPart>>;

    /// Opens a part; `None` if there is no part of this name.
    ///
    /// # Errors
    ///
    /// Fails if the part is unreadable.
    fn read(&self, name: &str) -> io::Result<Option<PartContent>>;

    /// Creates or replaces a part. The part has either its old or its new content, even if the program is killed.
    ///
    /// `version` is the version of the content that is replaced; `None` if there is no part yet.
    ///
    /// # Errors
    ///
    /// Fails if the part cannot be written, or if `write` fails. The part then keeps its content.
    fn replace(&self, name: &str, version: Option<&str>, write: &mut WritePart<'_>) -> io::Result<PartReplacement>;
}

/// The result of [`PartStore::replace`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartReplacement {
    /// The part has the new content.
    Written,
    /// Nothing was written, because the part has another version by now. Read it again and merge.
    Conflict,
}

/// A file of a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredPart {
    /// The name, relative to the store.
    pub name: String,
    /// The size in bytes.
    pub bytes: u64,
}

/// An open part.
#[derive(Debug)]
pub struct PartContent {
    /// The content.
    pub source: PartSource,
    /// A text that changes with the content, for example an ETag.
    pub version: String,
}

/// The place of the content of a part.
#[derive(Debug)]
pub enum PartSource {
    /// A file, read from its beginning.
    File(File),
    /// The whole content.
    Bytes(Vec<u8>),
}
