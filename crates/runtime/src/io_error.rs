//! Errors that name the file.

use std::io;
use std::path::Path;

/// Returns the error with the action that failed and the path that it concerns.
///
/// ```
/// let error = std::io::Error::other("no space left");
/// let error = tracing_failure_runtime::io_error::about("io/latest.json".as_ref(), "cannot write", error);
/// assert_eq!(error.to_string(), "cannot write io/latest.json: no space left");
/// ```
pub fn about(path: &Path, action: &str, error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{action} {}: {error}", path.display()))
}
