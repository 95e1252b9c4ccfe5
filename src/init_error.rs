//! The error of setting up a recorder.

use std::fmt;
use std::io;

use crate::observe::target_filter::FilterError;

/// The reason why a recorder cannot be created.
///
/// ```
/// use tracing_failure::InitError;
///
/// let error = tracing_failure::init("/dev/null/io").unwrap_err();
/// assert!(matches!(error, InitError::Io(_)));
/// assert!(error.to_string().contains("/dev/null/io/failures"));
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum InitError {
    /// The process already has a global subscriber, and there can be only one.
    AlreadyInitialized,
    /// This thread is panicking and therefore cannot install a panic hook.
    Panicking,
    /// A directory or file cannot be created. The error contains its path.
    Io(io::Error),
    /// The filter of the log or of the trail cannot be parsed.
    Filter(FilterError),
    /// A context entry has a reserved name.
    ReservedContext(String),
}

impl fmt::Display for InitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            InitError::AlreadyInitialized => f.write_str("this process already has a global tracing subscriber"),
            InitError::Panicking => f.write_str(
                "this thread is panicking, and a panicking thread cannot install a panic hook: call `init` earlier, or \
                 turn the hooks off with `panic_hook(false)` and `color_eyre(false)`",
            ),
            InitError::Io(error) => error.fmt(f),
            InitError::Filter(error) => error.fmt(f),
            InitError::ReservedContext(name) => {
                write!(f, "the name of the context entry `{name}` is reserved: choose another name")
            }
        }
    }
}

impl std::error::Error for InitError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            // The message contains that of the error, so only the source of the error is new.
            InitError::Io(error) => error.source(),
            InitError::Filter(error) => error.source(),
            _ => None,
        }
    }
}
