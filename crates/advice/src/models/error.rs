//! Why a model did not answer, in words for people.

use std::fmt;
use std::time::Duration;

use ureq::http::StatusCode;

use super::key::{Key, redact_keys};
use text::{fit, one_line};

/// Columns of what a server says that are shown.
const MAX_MESSAGE_COLUMNS: usize = 300;

/// What happened at which URL, and what can be done.
#[derive(Debug)]
pub(crate) struct AskError {
    url: String,
    key_variable: &'static str,
    /// How often the server was asked.
    attempts: u32,
    /// What the server counted, although there is no answer.
    pub(crate) tokens: Option<u64>,
    kind: AskErrorKind,
}

/// What happened. Texts of servers are as they came, but for keys.
#[derive(Debug)]
pub(super) enum AskErrorKind {
    /// The provider wants a key, and there is none.
    NoKey,
    /// Nobody was reached, or the connection broke; it may be worth another try.
    Unreachable { reason: String, is_retryable: bool },
    /// All the time that it has was used.
    Timeout(Duration),
    Status {
        status: StatusCode,
        /// What the server says of it.
        message: String,
        /// How long it asks to wait.
        retry_after: Option<Duration>,
        /// Whether it says that waiting does not help.
        is_final: bool,
    },
    /// It sends us elsewhere.
    Redirect { status: StatusCode, to: String },
    /// It answers bit by bit.
    Stream,
    /// More than so many bytes.
    TooLarge(u64),
    /// What is in its place.
    NotJson(String),
    /// An error where the answer should be.
    ErrorReply(String),
    /// The question was not let through to the model, for this reason.
    Blocked(String),
    /// The model says why it does not answer.
    Refused(String),
    /// It came to the end of its tokens.
    Truncated,
    /// It was stopped, for this reason.
    Stopped(String),
    /// There is no text in it.
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

    /// Whether the model may have worked on the question, which is paid for although there is no answer.
    pub(crate) fn may_have_cost(&self) -> bool {
        !matches!(
            self.kind,
            AskErrorKind::NoKey
                | AskErrorKind::Unreachable { .. }
                | AskErrorKind::Status { .. }
                | AskErrorKind::Redirect { .. }
        )
    }

    /// What may help, where something is known to.
    fn hint(&self) -> Option<String> {
        let hint = match &self.kind {
            AskErrorKind::NoKey => format!("set {}, or ask another one with --provider", self.key_variable),
            AskErrorKind::Unreachable { .. } => {
                "is the network there, the server running, and --base-url right?".to_owned()
            }
            AskErrorKind::Timeout(_) => "--timeout gives it more time".to_owned(),
            AskErrorKind::Status { status, .. } => return self.status_hint(status.as_u16()),
            AskErrorKind::Redirect { .. } => "redirects are not followed, they could take the key elsewhere: \
                give the right address with --base-url"
                .to_owned(),
            AskErrorKind::NotJson(_) => "is --base-url right?".to_owned(),
            AskErrorKind::Truncated => "a model that can write more may get to the end".to_owned(),
            _ => return None,
        };
        Some(hint)
    }

    fn status_hint(&self, status: u16) -> Option<String> {
        match status {
            401 | 403 => Some(format!("is the key in {} right?", self.key_variable)),
            404 => Some("is there a model of this name, and is --base-url right?".to_owned()),
            _ => None,
        }
    }
}

impl std::error::Error for AskError {}

impl fmt::Display for AskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.url, self.kind)?;
        if self.attempts > 1 {
            write!(f, " (asked {} times)", self.attempts)?;
        }
        self.hint().map_or(Ok(()), |hint| write!(f, "; {hint}"))
    }
}

impl fmt::Display for AskErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AskErrorKind::NoKey => f.write_str("wants a key"),
            AskErrorKind::Unreachable { reason, .. } => write!(f, "is not reached: {}", excerpt(reason)),
            AskErrorKind::Timeout(after) => {
                write!(f, "has not answered within {}", humantime::format_duration(*after))
            }
            AskErrorKind::Status { status, message, retry_after, .. } => {
                write!(f, "answers {status}")?;
                write_message(f, message)?;
                retry_after.map_or(Ok(()), |retry_after| {
                    write!(f, "; it asks to wait {}", humantime::format_duration(retry_after))
                })
            }
            AskErrorKind::Redirect { status, to } => write!(f, "answers {status}: it sends us to {}", excerpt(to)),
            AskErrorKind::Stream => f.write_str("answers as a stream, which was not asked for"),
            AskErrorKind::TooLarge(bytes) => write!(f, "answers with more than {}", bytesize::ByteSize(*bytes)),
            AskErrorKind::NotJson(excerpt_start) => {
                write!(f, "answers with what is no JSON: {}", excerpt(excerpt_start))
            }
            AskErrorKind::ErrorReply(message) => write!(f, "answers with an error: {}", excerpt(message)),
            AskErrorKind::Blocked(reason) => {
                write!(f, "did not let the question through to the model: {}", excerpt(reason))
            }
            AskErrorKind::Refused(reason) => write!(f, "says that the model refuses to answer: {}", excerpt(reason)),
            AskErrorKind::Truncated => f.write_str("cut the answer: the model came to the end of its tokens"),
            AskErrorKind::Stopped(reason) => write!(f, "stopped the answer: {}", excerpt(reason)),
            AskErrorKind::Empty => f.write_str("answers without a text of the model"),
        }
    }
}

impl AskErrorKind {
    /// The same without the key, wherever a server repeated it.
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

/// On one line, and not all of a page.
fn excerpt(text: &str) -> String {
    fit(one_line(text).trim(), MAX_MESSAGE_COLUMNS).into_owned()
}
