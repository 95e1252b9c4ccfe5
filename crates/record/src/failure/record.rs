//! The record of one failure.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::context::{Context, RESERVED_KEYS};
use crate::value::Map;

/// Returns true if the record format reserves this name in the context.
pub fn reserved_in_context(name: &str) -> bool {
    RESERVED_KEYS.contains(&name)
}

/// Version of the record format, written to `context.schema_version`.
pub const SCHEMA_VERSION: u32 = 1;

/// The text of `io/failure.schema.json`: the JSON Schema (2020-12) that every record conforms to.
///
/// ```
/// let schema: serde_json::Value = serde_json::from_str(tracing_failure::record::SCHEMA)?;
/// assert_eq!(schema["properties"]["computation"]["type"], "string");
/// # Ok::<(), serde_json::Error>(())
/// ```
pub const SCHEMA: &str = include_str!("../../failure.schema.json");

/// The record of one failed computation: plain, owned data, as stored in a file.
///
/// The nine fields are the nine keys of the file, in this order. Records of other programs in the same format can be
/// read as well. Context entries that they lack are `None`.
///
/// ```
/// use tracing_failure::{Failure, Value};
///
/// let failure = Failure::from_json(r#"{
///     "timestamp": "2025-12-27T04:30:00.000Z",
///     "computation": "rg_flow_integration",
///     "theoretical_ref": "IRH v21.4 Part 1 §1.2, Eq. 1.12",
///     "error_type": "ConvergenceError",
///     "error_message": "RG flow integration failed to converge",
///     "parameters": { "initial_couplings": [50.0, 100.0, 150.0], "method": "RK45" },
///     "stack_trace": "",
///     "context": { "cell_number": 15 },
///     "suggested_fixes": []
/// }"#)?;
/// assert_eq!(failure.parameters.get("method"), Some(&Value::from("RK45")));
/// assert_eq!(failure.context.cell_number, Some(15));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Failure {
    /// The time of the failure: RFC 3339, UTC, milliseconds.
    #[serde(serialize_with = "write_time", deserialize_with = "read_time")]
    #[cfg_attr(test, schemars(with = "super::schema::Timestamp"))]
    pub timestamp: DateTime<Utc>,
    /// The name of the computation, such as `rg_flow_integration`.
    pub computation: String,
    /// The equation or section that the computation implements. Empty if none was given and none was required.
    pub theoretical_ref: String,
    /// The type of the error if it is known, otherwise `ErrorEvent`, `ErrorSpan`, `Panic` or `Error`.
    pub error_type: String,
    /// The message of the error.
    pub error_message: String,
    /// The parameters of the computation.
    pub parameters: Map,
    /// The stack trace as text.
    pub stack_trace: String,
    /// All other information about the failure.
    pub context: Context,
    /// Suggested fixes, the best first.
    pub suggested_fixes: Vec<String>,
}

impl Failure {
    /// Creates a record with the current time that contains only the computation and its error.
    ///
    /// ```
    /// let failure = tracing_failure::Failure::new("betti_numbers", "§3.1", "RankError", "rank 7 of 5 rows");
    /// assert_eq!(failure.error_type, "RankError");
    /// assert!(failure.parameters.is_empty());
    /// ```
    pub fn new(
        computation: impl Into<String>,
        theoretical_ref: impl Into<String>,
        error_type: impl Into<String>,
        error_message: impl Into<String>,
    ) -> Self {
        Failure {
            timestamp: crate::time::now(),
            computation: computation.into(),
            theoretical_ref: theoretical_ref.into(),
            error_type: error_type.into(),
            error_message: error_message.into(),
            parameters: Map::new(),
            stack_trace: String::new(),
            context: Context::default(),
            suggested_fixes: Vec::new(),
        }
    }
}

/// Reads an id, or `None` if it is no UUID. The ids of other programs may have another form; their records are still
/// valid.
pub(super) fn deserialize_id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<uuid::Uuid>, D::Error> {
    let value = crate::value::Value::deserialize(deserializer)?;
    Ok(value.as_str().and_then(|text| text.parse().ok()))
}

/// An optional time in the format of `timestamp`.
pub(super) mod optional_time {
    use super::*;

    pub(in crate::failure) fn serialize<S: Serializer>(
        time: &Option<DateTime<Utc>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match time {
            Some(time) => write_time(time, serializer),
            None => serializer.serialize_none(),
        }
    }

    pub(in crate::failure) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<DateTime<Utc>>, D::Error> {
        match Option::<String>::deserialize(deserializer)? {
            Some(text) => parse_time(&text).map(Some),
            None => Ok(None),
        }
    }
}

fn write_time<S: Serializer>(time: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&crate::time_text::rfc3339_string(*time))
}

fn read_time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<DateTime<Utc>, D::Error> {
    parse_time(&String::deserialize(deserializer)?)
}

fn parse_time<E: serde::de::Error>(text: &str) -> Result<DateTime<Utc>, E> {
    match DateTime::parse_from_rfc3339(text) {
        Ok(time) => Ok(time.with_timezone(&Utc)),
        Err(error) => Err(E::custom(format_args!("timestamp {text:?}: {error}"))),
    }
}
