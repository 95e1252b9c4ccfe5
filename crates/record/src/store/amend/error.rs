//! Errors of amending a record.

use std::io;

/// Returns the error with a prefix.
pub(super) fn with_context(what: impl std::fmt::Display, error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{what}: {error}"))
}

/// Fails for this reason if the condition is false.
pub(super) fn ensure(condition: bool, why: impl FnOnce() -> String) -> io::Result<()> {
    if condition { Ok(()) } else { Err(io::Error::other(why())) }
}
