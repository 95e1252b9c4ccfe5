//! The error of this crate.

use std::error::Error;
use std::fmt;
use text::error_chain;

/// The error of this crate.
///
/// `{}` describes what failed, [`source`](Error::source) is the cause, and `{:#}` prints both on one line.
///
/// ```
/// use tracing_failure_advice::{ErrorKind, Model, ModelOptions};
///
/// let error = Model::new(&ModelOptions::new().base_url("ftp://localhost").model("a-model")).unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::Settings);
/// assert_eq!(error.to_string(), "a base URL must begin with http:// or https:// and a host");
/// ```
pub struct AdviceError {
    kind: ErrorKind,
    cause: anyhow::Error,
}

/// The kind of an [`AdviceError`].
///
/// ```
/// use tracing_failure_advice::{ErrorKind, Model, ModelOptions};
///
/// let error = Model::new(&ModelOptions::new().base_url("ftp://localhost").model("a-model")).unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::Settings);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The model is not specified, or an option, variable or `failures.toml` is invalid. Nothing was sent.
    Settings,
    /// The model was not reached, did not answer, or did not complete its answer.
    NoAnswer,
    /// The reply of the model does not match the schema of an answer.
    InvalidAnswer,
    /// A record or a file in the directory of the records cannot be read or written.
    Files,
}

impl AdviceError {
    /// Returns the kind of the error.
    ///
    /// ```
    /// use tracing_failure_advice::{ErrorKind, Model, ModelOptions};
    ///
    /// let error = Model::new(&ModelOptions::new().base_url("http://localhost")).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Settings);
    /// ```
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }
}

impl ErrorKind {
    /// Returns a function that makes an error of this kind from its cause, for `map_err`.
    pub(crate) fn of(self) -> impl Fn(anyhow::Error) -> AdviceError {
        move |cause| AdviceError { kind: self, cause }
    }
}

/// A record, or another file in the directory of the records, that cannot be read or written.
impl From<std::io::Error> for AdviceError {
    fn from(error: std::io::Error) -> Self {
        AdviceError { kind: ErrorKind::Files, cause: error.into() }
    }
}

impl Error for AdviceError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.source()
    }
}

impl fmt::Display for AdviceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if f.alternate() { f.write_str(&error_chain(self.cause.chain())) } else { write!(f, "{}", self.cause) }
    }
}

impl fmt::Debug for AdviceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {self:#}", self.kind)
    }
}
