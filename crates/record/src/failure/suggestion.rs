//! Suggested fixes with their origin and evidence.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::value::Value;

/// An entry of `suggested_fixes` with its origin and evidence.
///
/// ```
/// # let failure = tracing_failure::Failure::new("c", "r", "E", "m");
/// for suggestion in &failure.context.suggestions {
///     println!("{} ({:?})", suggestion.fix, suggestion.confidence);
///     for evidence in &suggestion.evidence {
///         println!("  because of {} = {}", evidence.field, evidence.value);
///     }
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
#[non_exhaustive]
pub struct Suggestion {
    /// The suggested fix, identical to the entry of `suggested_fixes`.
    pub fix: String,
    /// The origin of the suggestion.
    pub origin: Origin,
    /// The id of the rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<Cow<'static, str>>,
    /// The fields of the record that the rule matched.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Evidence>,
    /// The publication or documentation that the advice is from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Cow<'static, str>>,
    /// The confidence of the suggestion.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidence: Option<Confidence>,
    /// The root cause, according to the model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub root_cause: Option<String>,
    /// The location in the program to change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// The reason why the fix should help.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The change as code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The provider of the model: `gemini`, `openai`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// The name of the model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// SHA-256 of the prompt, in hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt_hash: Option<String>,
    /// The time of the model's answer or of the resolution.
    #[serde(skip_serializing_if = "Option::is_none", with = "super::formats::optional_time")]
    #[cfg_attr(test, schemars(with = "Option<super::schema_generator::Timestamp>"))]
    pub time: Option<DateTime<Utc>>,
    /// The id of the earlier failure that this fix resolved.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Option<super::schema_generator::Id>"))]
    pub fixed: Option<uuid::Uuid>,
}

impl Suggestion {
    /// Creates a suggestion from a fix and its origin.
    ///
    /// ```
    /// use tracing_failure::record::{Origin, Suggestion};
    ///
    /// let suggestion = Suggestion::new("raise mxstep", Origin::Author);
    /// assert_eq!(suggestion.fix, "raise mxstep");
    /// ```
    pub fn new(fix: impl Into<String>, origin: Origin) -> Self {
        Suggestion { fix: fix.into(), origin, ..Suggestion::default() }
    }
}

/// The origin of a suggestion.
///
/// ```
/// assert_eq!(serde_json::to_value(tracing_failure::record::Origin::Rule)?, "rule");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Origin {
    /// The code that reported the error.
    Author,
    /// A resolution of an earlier failure with the same fingerprint.
    Resolution,
    /// A rule, when the failure was recorded.
    Rule,
    /// A language model, on request.
    Model,
    /// The origin is unknown.
    #[default]
    #[serde(other)]
    Other,
}

/// The confidence of a suggestion.
///
/// The confidence of a rule is high if it matches numbers of the failure itself, medium if it matches a parameter, an
/// error type or a message, and low if it matches only the category.
///
/// ```
/// assert_eq!(serde_json::to_value(tracing_failure::record::Confidence::High)?, "high");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Confidence {
    /// One possibility among others.
    Low,
    /// Likely.
    Medium,
    /// Nearly certain.
    High,
}

impl Confidence {
    /// Returns the name that the record contains.
    ///
    /// ```
    /// assert_eq!(tracing_failure::record::Confidence::High.name(), "high");
    /// ```
    pub fn name(self) -> &'static str {
        match self {
            Confidence::Low => "low",
            Confidence::Medium => "medium",
            Confidence::High => "high",
        }
    }

    /// Returns the confidence with this name: `low`, `medium` or `high`.
    ///
    /// ```
    /// use tracing_failure::record::Confidence;
    ///
    /// assert_eq!(Confidence::from_name("medium"), Some(Confidence::Medium));
    /// assert_eq!(Confidence::from_name("70 %"), None);
    /// ```
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "low" => Some(Confidence::Low),
            "medium" => Some(Confidence::Medium),
            "high" => Some(Confidence::High),
            _ => None,
        }
    }
}

/// A field of the record that a rule matched.
///
/// ```
/// # let failure = tracing_failure::Failure::new("c", "r", "E", "m");
/// let fields = failure.context.suggestions.iter().flat_map(|suggestion| &suggestion.evidence);
/// # assert_eq!(fields.count(), 0);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
#[non_exhaustive]
pub struct Evidence {
    /// The path of the field in the record: `context.category`, `parameters.rtol`, `context.trail[0].columns.norm`.
    pub field: String,
    /// The value of the field, or the behaviour of a series.
    pub value: Value,
}

impl Evidence {
    /// Creates evidence from a field of the record and its value.
    ///
    /// ```
    /// let evidence = tracing_failure::record::Evidence::new("parameters.rtol", 1e-6);
    /// assert_eq!(evidence.field, "parameters.rtol");
    /// ```
    pub fn new(field: impl Into<String>, value: impl Into<Value>) -> Self {
        Evidence { field: field.into(), value: value.into() }
    }
}

/// The fix of a failure, as recorded by a user.
///
/// ```
/// # let failure = tracing_failure::Failure::new("c", "r", "E", "m");
/// if let Some(resolution) = &failure.context.resolution {
///     println!("fixed by: {}", resolution.fix);
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
#[non_exhaustive]
pub struct Resolution {
    /// The fix.
    pub fix: String,
    /// The time at which the fix was recorded.
    #[serde(skip_serializing_if = "Option::is_none", with = "super::formats::optional_time")]
    #[cfg_attr(test, schemars(with = "Option<super::schema_generator::Timestamp>"))]
    pub time: Option<DateTime<Utc>>,
}
