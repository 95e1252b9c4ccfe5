//! Why a model did not answer, in words for people.

use std::fmt;
use std::time::Duration;

use ureq::http::StatusCode;

use super::key::{Key, without_keys};
use crate::text::{fit, one_line};

/// Columns of what a server says that are shown.
const SHOWN: usize = 300;

/// What happened at which URL, and what can be done.
#[derive(Debug)]
pub(crate) struct AskError {
    url: String,
    key_variable: &'static str,
    /// How often the server was asked.
    tries: u32,
    /// What the server counted, although there is no answer.
    pub(crate) tokens: Option<u64>,
    trouble: Trouble,
}

/// What happened. Texts of servers are as they came, but for keys.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The provider wants a key, and there is none.
    NoKey,
    /// Nobody was reached, or the connection broke; it may be worth another try.
    Unreachable { why: String, again: bool },
    /// All the time that it has was used.
    TimeOut(Duration),
    Status {
        status: StatusCode,
        /// What the server says of it.
        message: String,
        /// How long it asks to wait.
        wait: Option<Duration>,
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
    NoJson(String),
    /// An error where the answer should be.
    ErrorInside(String),
    /// The question was not let through to the model, for this reason.
    Blocked(String),
    /// The model says why it does not answer.
    Refused(String),
    /// It came to the end of its tokens.
    Cut,
    /// It was stopped, for this reason.
    Ended(String),
    /// There is no text in it.
    Silent,
}

impl AskError {
    pub(super) fn new(
        url: String,
        key_variable: &'static str,
        tries: u32,
        tokens: Option<u64>,
        trouble: Trouble,
    ) -> Self {
        AskError { url, key_variable, tries, tokens, trouble }
    }

    /// Whether the model may have worked on the question, which is paid for although there is no answer.
    pub(crate) fn may_have_cost(&self) -> bool {
        !matches!(
            self.trouble,
            Trouble::NoKey | Trouble::Unreachable { .. } | Trouble::Status { .. } | Trouble::Redirect { .. }
        )
    }

    /// What may help, where something is known to.
    fn advice(&self) -> Option<String> {
        let advice = match &self.trouble {
            Trouble::NoKey => format!("set {}, or ask another one with --provider", self.key_variable),
            Trouble::Unreachable { .. } => "is the network there, the server running, and --base-url right?".to_owned(),
            Trouble::TimeOut(_) => "--timeout gives it more time".to_owned(),
            Trouble::Status { status, .. } => return self.advice_on_status(status.as_u16()),
            Trouble::Redirect { .. } => "redirects are not followed, they could take the key elsewhere: \
                give the right address with --base-url"
                .to_owned(),
            Trouble::NoJson(_) => "is --base-url right?".to_owned(),
            Trouble::Cut => "a model that can write more may get to the end".to_owned(),
            _ => return None,
        };
        Some(advice)
    }

    fn advice_on_status(&self, status: u16) -> Option<String> {
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
        write!(f, "{} {}", self.url, self.trouble)?;
        if self.tries > 1 {
            write!(f, " (asked {} times)", self.tries)?;
        }
        self.advice().map_or(Ok(()), |advice| write!(f, "; {advice}"))
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Trouble::NoKey => f.write_str("wants a key"),
            Trouble::Unreachable { why, .. } => write!(f, "is not reached: {}", shown(why)),
            Trouble::TimeOut(after) => {
                write!(f, "has not answered within {}", humantime::format_duration(*after))
            }
            Trouble::Status { status, message, wait, .. } => {
                write!(f, "answers {status}")?;
                said(f, message)?;
                wait.map_or(Ok(()), |wait| write!(f, "; it asks to wait {}", humantime::format_duration(wait)))
            }
            Trouble::Redirect { status, to } => write!(f, "answers {status}: it sends us to {}", shown(to)),
            Trouble::Stream => f.write_str("answers as a stream, which was not asked for"),
            Trouble::TooLarge(bytes) => write!(f, "answers with more than {}", bytesize::ByteSize(*bytes)),
            Trouble::NoJson(beginning) => write!(f, "answers with what is no JSON: {}", shown(beginning)),
            Trouble::ErrorInside(message) => write!(f, "answers with an error: {}", shown(message)),
            Trouble::Blocked(reason) => write!(f, "did not let the question through to the model: {}", shown(reason)),
            Trouble::Refused(why) => write!(f, "says that the model refuses to answer: {}", shown(why)),
            Trouble::Cut => f.write_str("cut the answer: the model came to the end of its tokens"),
            Trouble::Ended(reason) => write!(f, "stopped the answer: {}", shown(reason)),
            Trouble::Silent => f.write_str("answers without a text of the model"),
        }
    }
}

impl Trouble {
    /// The same without the key, wherever a server repeated it.
    pub(super) fn without(mut self, key: Option<&Key>) -> Self {
        match &mut self {
            Trouble::Unreachable { why: text, .. }
            | Trouble::Status { message: text, .. }
            | Trouble::Redirect { to: text, .. }
            | Trouble::NoJson(text)
            | Trouble::ErrorInside(text)
            | Trouble::Blocked(text)
            | Trouble::Refused(text)
            | Trouble::Ended(text) => *text = without_keys(text, key),
            _ => {}
        }
        self
    }
}

fn said(f: &mut fmt::Formatter<'_>, message: &str) -> fmt::Result {
    if message.trim().is_empty() { Ok(()) } else { write!(f, ": {}", shown(message)) }
}

/// On one line, and not all of a page.
fn shown(text: &str) -> String {
    fit(one_line(text).trim(), SHOWN).into_owned()
}
