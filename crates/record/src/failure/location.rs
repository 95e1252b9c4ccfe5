//! Source locations and stack frames.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// A source location.
///
/// ```
/// # let failure = tracing_failure::Failure::new("c", "r", "E", "m");
/// if let Some(location) = &failure.context.location {
///     println!("{}:{}", location.file.as_deref().unwrap_or("?"), location.line.unwrap_or(0));
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
#[non_exhaustive]
pub struct Location {
    /// Source file, as the compiler names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<Cow<'static, str>>,
    /// Line, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// Module path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub module: Option<Cow<'static, str>>,
    /// Target of the event or span.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<Cow<'static, str>>,
}

/// ```
/// use tracing_failure::record::Location;
///
/// let here = Location::from(std::panic::Location::caller());
/// assert!(here.line.is_some() && here.target.is_none());
/// ```
impl From<&std::panic::Location<'_>> for Location {
    fn from(caller: &std::panic::Location<'_>) -> Self {
        Location { file: Some(caller.file().to_owned().into()), line: Some(caller.line()), ..Location::default() }
    }
}

/// A frame of the stack.
///
/// ```
/// # let failure = tracing_failure::Failure::new("c", "r", "E", "m");
/// let mine: Vec<_> = failure.context.frames.iter().filter(|frame| frame.in_app).collect();
/// # assert!(mine.is_empty());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
#[non_exhaustive]
pub struct Frame {
    /// The path of the function.
    pub function: Cow<'static, str>,
    /// Source file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<Cow<'static, str>>,
    /// Line, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// True if the frame belongs to the program itself, not to a dependency or the standard library.
    pub in_app: bool,
}

impl Frame {
    /// Creates a frame of this function.
    ///
    /// ```
    /// let frame = tracing_failure::record::Frame::new("solver::newton");
    /// assert_eq!(frame.function, "solver::newton");
    /// ```
    pub fn new(function: impl Into<Cow<'static, str>>) -> Self {
        Frame { function: function.into(), ..Frame::default() }
    }
}
