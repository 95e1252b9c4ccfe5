//! Why there is no advice.

use std::error::Error;
use std::fmt;
use text::error_chain;

/// Why a model was not asked, did not answer, or its answer is not kept.
///
/// `{}` says what happened, [`source`](Error::source) why, and `{:#}` both on one line.
///
/// ```
/// use tracing_failure_advice::{ErrorKind, Model, ModelOptions};
///
/// let error = Model::new(&ModelOptions::new().base_url("ftp://localhost").model("a-model")).unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::Settings);
/// assert_eq!(error.to_string(), "a base URL begins with http:// or https:// and a host");
/// ```
pub struct AdviceError {
    kind: ErrorKind,
    cause: anyhow::Error,
}

/// What went wrong, for programs.
///
/// ```
/// use tracing_failure_advice::{ErrorKind, Model, ModelOptions};
///
/// let error = Model::new(&ModelOptions::new().base_url("ftp://localhost").model("a-model")).unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::Settings);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// It is not said which model to ask, or what is said of it is wrong; nothing was sent.
    Settings,
    /// The model was not reached, did not answer, or not to its end.
    NoAnswer,
    /// What the model said is no answer.
    InvalidAnswer,
    /// A record, or what is kept beside records, cannot be read or written.
    Files,
}

impl AdviceError {
    /// What went wrong.
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
    /// The error of this kind with its cause.
    pub(crate) fn of(self) -> impl Fn(anyhow::Error) -> AdviceError {
        move |cause| AdviceError { kind: self, cause }
    }
}

/// A record, or a file beside records, that cannot be read or written.
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
