//! The origin of a panic that ended a computation of another thread.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::location::{Frame, Location};

/// The panics of other threads that caused a failure, and how they were attributed to it.
///
/// ```
/// # let failure = tracing_failure::Failure::new("c", "r", "E", "m");
/// if let Some(origin) = &failure.context.panic_origin {
///     println!("{:?}: {} panics", origin.matched_by, origin.raised.len());
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct PanicOrigin {
    /// The evidence for the attribution.
    pub matched_by: PanicMatch,
    /// The panics, earliest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub raised: Vec<RaisedPanic>,
}

impl PanicOrigin {
    #[doc(hidden)]
    pub fn new(matched_by: PanicMatch, raised: Vec<RaisedPanic>) -> Self {
        PanicOrigin { matched_by, raised }
    }

    /// Returns the first panic, if the failure is known to come from these panics.
    #[doc(hidden)]
    pub fn cause(&self) -> Option<&RaisedPanic> {
        if self.matched_by == PanicMatch::Unknown { None } else { self.raised.first() }
    }
}

/// The evidence that a failure comes from a panic of another thread.
///
/// ```
/// use tracing_failure::record::PanicMatch;
///
/// assert_eq!(serde_json::to_string(&PanicMatch::Payload)?, r#""payload""#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PanicMatch {
    /// The program reported the payload that the panic hook saw.
    Payload,
    /// The text of the error contains the panic's message.
    Message,
    /// The panics were raised while no other computation of the process was open, and the computation unwound
    /// afterwards, or reported that a thread had panicked.
    Time,
    /// The origin is unknown. `raised` lists the panics since the computation was opened that no other record accounts
    /// for.
    Unknown,
}

/// A panic of another thread.
///
/// ```
/// # let failure = tracing_failure::Failure::new("c", "r", "E", "m");
/// for panic in failure.context.panic_origin.iter().flat_map(|origin| &origin.raised) {
///     println!("{} in {}", panic.message, panic.thread.as_deref().unwrap_or("?"));
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
#[non_exhaustive]
pub struct RaisedPanic {
    /// The panic's message.
    pub message: String,
    /// The location that raised the panic.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    /// The name of the thread, or its id if it has no name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thread: Option<String>,
    /// The time at which it was raised.
    #[serde(skip_serializing_if = "Option::is_none", with = "super::formats::optional_time")]
    #[cfg_attr(test, schemars(with = "Option<super::schema_generator::Timestamp>"))]
    pub timestamp: Option<DateTime<Utc>>,
    /// The stack of its thread, innermost first. Absent if it is the stack of the record itself.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub frames: Vec<Frame>,
}
