//! Reading a record back.

use std::fmt;
use std::path::{Path, PathBuf};

use super::Failure;

impl Failure {
    /// Reads a record from JSON text.
    ///
    /// # Errors
    ///
    /// What is wrong, with line and column.
    ///
    /// ```
    /// let error = tracing_failure::Failure::from_json("{\n  \"timestamp\": 7 }").unwrap_err();
    /// assert_eq!((error.line(), error.column()), (2, 16));
    /// ```
    pub fn from_json(json: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(json)
    }

    /// Reads a record from its file.
    ///
    /// # Errors
    ///
    /// The file, and either why it cannot be read or the line and column where it is no record.
    ///
    /// ```
    /// let error = tracing_failure::Failure::from_path("io/failures/no_such.json").unwrap_err();
    /// assert!(error.to_string().starts_with("cannot read io/failures/no_such.json: "));
    /// ```
    pub fn from_path(path: impl AsRef<Path>) -> Result<Self, ReadError> {
        let path = path.as_ref();
        let failed = |kind| ReadError { path: path.to_owned(), kind };
        let json = std::fs::read(path).map_err(|error| failed(Kind::Io(error)))?;
        serde_json::from_slice(&json).map_err(|error| failed(Kind::Json(error)))
    }
}

/// A file that holds no record, or cannot be read.
///
/// ```
/// # let dir = std::env::temp_dir().join(format!("tracing-failure-read-{}", std::process::id()));
/// # std::fs::create_dir_all(&dir)?;
/// let path = dir.join("broken.json");
/// std::fs::write(&path, "{\n  \"timestamp\": 7\n}")?;
/// let error = tracing_failure::Failure::from_path(&path).unwrap_err();
/// assert!(error.to_string().contains("broken.json:2:16: "), "{error}");
/// assert_eq!(error.line(), Some(2));
/// # std::fs::remove_dir_all(&dir)?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct ReadError {
    path: PathBuf,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Io(std::io::Error),
    Json(serde_json::Error),
}

impl ReadError {
    /// The file.
    ///
    /// ```
    /// let error = tracing_failure::Failure::from_path("no_such.json").unwrap_err();
    /// assert_eq!(error.path(), std::path::Path::new("no_such.json"));
    /// ```
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The line that is no record, from 1; `None` if the file could not be read at all.
    ///
    /// ```
    /// let error = tracing_failure::Failure::from_path("no_such.json").unwrap_err();
    /// assert_eq!(error.line(), None);
    /// ```
    pub fn line(&self) -> Option<usize> {
        match &self.kind {
            Kind::Io(_) => None,
            Kind::Json(error) => Some(error.line()),
        }
    }

    /// The column in that line, from 1.
    ///
    /// ```
    /// let error = tracing_failure::Failure::from_path("no_such.json").unwrap_err();
    /// assert_eq!(error.column(), None);
    /// ```
    pub fn column(&self) -> Option<usize> {
        match &self.kind {
            Kind::Io(_) => None,
            Kind::Json(error) => Some(error.column()),
        }
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        match &self.kind {
            Kind::Io(error) => write!(f, "cannot read {path}: {error}"),
            Kind::Json(error) => {
                let text = error.to_string();
                let place = format!(" at line {} column {}", error.line(), error.column());
                let what = text.strip_suffix(&place).unwrap_or(&text);
                write!(f, "{path}:{}:{}: not a failure record: {what}", error.line(), error.column())
            }
        }
    }
}

impl std::error::Error for ReadError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.kind {
            Kind::Io(error) => Some(error),
            Kind::Json(error) => Some(error),
        }
    }
}
