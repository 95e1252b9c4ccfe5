//! Where a suggested fix is from.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::value::Value;

/// One line of `suggested_fixes`, and what is known of it.
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
    /// What to try, as it stands in `suggested_fixes`.
    pub fix: String,
    /// Who says so.
    pub origin: Origin,
    /// The rule's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<Cow<'static, str>>,
    /// What the rule saw.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Evidence>,
    /// Where the advice is from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Cow<'static, str>>,
    /// How sure it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidence: Option<Confidence>,
    /// What the model takes for the cause.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub root_cause: Option<String>,
    /// Where in the program to change something.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// Why it should help.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The change as code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Who offers the model: `gemini`, `openai`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// The model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// SHA-256 of what the model was asked, in hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt_hash: Option<String>,
    /// When the model or the person said it.
    #[serde(skip_serializing_if = "Option::is_none", with = "super::optional_time")]
    #[cfg_attr(test, schemars(with = "Option<super::schema::Timestamp>"))]
    pub time: Option<DateTime<Utc>>,
    /// The failure that this fixed before.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Option<super::schema::Id>"))]
    pub fixed: Option<uuid::Uuid>,
}

impl Suggestion {
    /// What to try, and who says so.
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

/// Who suggests a fix.
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
    /// The code that reported the error, with it.
    Author,
    /// What fixed the same failure before.
    Resolution,
    /// A rule, at capture.
    Rule,
    /// A language model, on request.
    Model,
    /// Not known.
    #[default]
    #[serde(other)]
    Other,
}

/// How sure a suggestion is.
///
/// Of a rule: high where the numbers of the failure itself show it, medium where a parameter, an error's type or its words do,
/// low where nothing but the category is known.
///
/// ```
/// assert_eq!(serde_json::to_value(tracing_failure::record::Confidence::High)?, "high");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// One possibility among others.
    Low,
    /// Likely.
    Medium,
    /// Nearly certain.
    High,
}

impl Confidence {
    /// The name in the record.
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

    /// The class of this name: `low`, `medium`, `high`.
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

/// Something in the record that a rule goes by.
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
    /// Where it stands in the record: `context.category`, `parameters.rtol`, `context.trail[0].columns.norm`.
    pub field: String,
    /// What stands there; of a series, how it goes.
    pub value: Value,
}

impl Evidence {
    /// A field of the record and its value.
    ///
    /// ```
    /// let evidence = tracing_failure::record::Evidence::new("parameters.rtol", 1e-6);
    /// assert_eq!(evidence.field, "parameters.rtol");
    /// ```
    pub fn new(field: impl Into<String>, value: impl Into<Value>) -> Self {
        Evidence { field: field.into(), value: value.into() }
    }
}

/// What fixed a failure, as somebody found.
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
    /// What was done.
    pub fix: String,
    /// When it was said.
    #[serde(skip_serializing_if = "Option::is_none", with = "super::optional_time")]
    #[cfg_attr(test, schemars(with = "Option<super::schema::Timestamp>"))]
    pub time: Option<DateTime<Utc>>,
}
