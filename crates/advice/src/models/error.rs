//! Errors of requests to models.

use std::fmt;
use std::time::Duration;

use ureq::http::StatusCode;

use super::key::{Key, redact_keys};
use text::{one_line, truncate_to_width};

/// Maximum width of a server's message.
const MAX_MESSAGE_COLUMNS: usize = 300;

/// The error of a request, with its URL and a hint.
#[derive(Debug)]
pub(crate) struct AskError {
    url: String,
    key_variable: &'static str,
    /// Number of requests that were sent.
    attempts: u32,
    /// Tokens that the server reports although there is no answer.
    pub(crate) tokens: Option<u64>,
    kind: AskErrorKind,
}

/// The kind of an error. Texts come from the server, with keys redacted.
#[derive(Debug)]
pub(super) enum AskErrorKind {
    /// The provider requires a key, and there is none.
    NoKey,
    /// The server was not reached, or the connection failed.
    Unreachable { reason: String, is_retryable: bool },
    /// There was no answer within this time.
    Timeout(Duration),
    Status {
        status: StatusCode,
        /// The server's message.
        message: String,
        /// The delay that the server requests.
        retry_after: Option<Duration>,
        /// True if retrying cannot help.
        is_final: bool,
    },
    /// A redirect, which is not followed.
    Redirect { status: StatusCode, to: String },
    /// A stream of events instead of one reply.
    Stream,
    /// The reply has more than this number of bytes.
    TooLarge(u64),
    /// The reply is not JSON but this text.
    NotJson(String),
    /// The reply is an error message.
    ErrorReply(String),
    /// The server blocked the prompt for this reason.
    Blocked(String),
    /// The model refused to answer for this reason.
    Refused(String),
    /// The model reached its token limit.
    Truncated,
    /// The server stopped the answer for this reason.
    Stopped(String),
    /// The reply contains no text.
    Empty,
}

impl AskError {
    pub(super) fn new(
        url: String,
        key_variable: &'static str,
        attempts: u32,
        tokens: Option<u64>,
        kind: AskErrorKind,
    ) -> Self {
        AskError { url, key_variable, attempts, tokens, kind }
    }

    /// Returns true if the model may have processed the prompt, which costs tokens even without an answer.
    pub(crate) fn may_have_cost(&self) -> bool {
        !matches!(
            self.kind,
            AskErrorKind::NoKey
                | AskErrorKind::Unreachable { .. }
                | AskErrorKind::Status { .. }
                | AskErrorKind::Redirect { .. }
        )
    }

    /// A hint about what may help.
    fn hint(&self) -> Option<String> {
        let hint = match &self.kind {
            AskErrorKind::NoKey => format!("set {}, or choose another provider with --provider", self.key_variable),
            AskErrorKind::Unreachable { .. } => "check the network, the server and --base-url".to_owned(),
            AskErrorKind::Timeout(_) => "use --timeout to wait longer".to_owned(),
            AskErrorKind::Status { status, .. } => return self.status_hint(status.as_u16()),
            AskErrorKind::Redirect { .. } => "redirects are not followed, since they could leak the key: \
                use the final URL as --base-url"
                .to_owned(),
            AskErrorKind::NotJson(_) => "check --base-url".to_owned(),
            AskErrorKind::Truncated => "use a model with a higher limit".to_owned(),
            _ => return None,
        };
        Some(hint)
    }

    fn status_hint(&self, status: u16) -> Option<String> {
        match status {
            401 | 403 => Some(format!("check the key in {}", self.key_variable)),
            404 => Some("check --model and --base-url".to_owned()),
            _ => None,
        }
    }
}

impl std::error::Error for AskError {}

impl fmt::Display for AskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.url, self.kind)?;
        if self.attempts > 1 {
            write!(f, " ({} attempts)", self.attempts)?;
        }
        self.hint().map_or(Ok(()), |hint| write!(f, "; {hint}"))
    }
}

impl fmt::Display for AskErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AskErrorKind::NoKey => f.write_str("requires a key"),
            AskErrorKind::Unreachable { reason, .. } => write!(f, "cannot be reached: {}", excerpt(reason)),
            AskErrorKind::Timeout(after) => {
                write!(f, "did not answer within {}", humantime::format_duration(*after))
            }
            AskErrorKind::Status { status, message, retry_after, .. } => {
                write!(f, "answers {status}")?;
                write_message(f, message)?;
                retry_after.map_or(Ok(()), |retry_after| {
                    write!(f, "; retry after {}", humantime::format_duration(retry_after))
                })
            }
            AskErrorKind::Redirect { status, to } => write!(f, "answers {status}: it redirects to {}", excerpt(to)),
            AskErrorKind::Stream => f.write_str("answers with a stream instead of JSON"),
            AskErrorKind::TooLarge(bytes) => write!(f, "answers with more than {}", bytesize::ByteSize(*bytes)),
            AskErrorKind::NotJson(text) => {
                write!(f, "does not answer with JSON: {}", excerpt(text))
            }
            AskErrorKind::ErrorReply(message) => write!(f, "answers with an error: {}", excerpt(message)),
            AskErrorKind::Blocked(reason) => {
                write!(f, "blocked the prompt: {}", excerpt(reason))
            }
            AskErrorKind::Refused(reason) => write!(f, "reports that the model refuses to answer: {}", excerpt(reason)),
            AskErrorKind::Truncated => f.write_str("truncated the answer: the model reached its token limit"),
            AskErrorKind::Stopped(reason) => write!(f, "stopped the answer: {}", excerpt(reason)),
            AskErrorKind::Empty => f.write_str("answers without text"),
        }
    }
}

impl AskErrorKind {
    /// Redacts the key in all texts.
    pub(super) fn redact(mut self, key: Option<&Key>) -> Self {
        match &mut self {
            AskErrorKind::Unreachable { reason: text, .. }
            | AskErrorKind::Status { message: text, .. }
            | AskErrorKind::Redirect { to: text, .. }
            | AskErrorKind::NotJson(text)
            | AskErrorKind::ErrorReply(text)
            | AskErrorKind::Blocked(text)
            | AskErrorKind::Refused(text)
            | AskErrorKind::Stopped(text) => *text = redact_keys(text, key),
            _ => {}
        }
        self
    }
}

fn write_message(f: &mut fmt::Formatter<'_>, message: &str) -> fmt::Result {
    if message.trim().is_empty() { Ok(()) } else { write!(f, ": {}", excerpt(message)) }
}

/// The text on one line, truncated.
fn excerpt(text: &str) -> String {
    truncate_to_width(one_line(text).trim(), MAX_MESSAGE_COLUMNS).into_owned()
}
