//! The record of one failed computation.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::context::Context;
use crate::value::Map;

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
    #[serde(with = "super::formats::time")]
    #[cfg_attr(test, schemars(with = "super::schema_generator::Timestamp"))]
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
