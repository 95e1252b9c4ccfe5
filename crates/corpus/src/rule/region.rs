//! A region of the parameters in which runs fail.

use std::fmt;

use record::Map;
use serde::Serialize;

use super::condition::RuleCondition;
use super::counts::RunCounts;
use crate::table::cell::Cell;

/// The regions of the parameters in which a computation fails.
///
/// ```
/// use tracing_failure_corpus::RegionReport;
///
/// let report = RegionReport::default();
/// assert!(report.rules.is_empty());
/// assert!(serde_json::to_string(&report)?.contains(r#""rules":[]"#));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, Serialize)]
#[non_exhaustive]
pub struct RegionReport {
    /// The name of the computation.
    pub computation: String,
    /// All runs that were compared, without cancelled ones.
    #[serde(flatten)]
    pub counts: RunCounts,
    /// The regions, the one with most failures first.
    pub rules: Vec<Region>,
    /// The parameters that no rule can use, with the reasons.
    pub ignored: Vec<IgnoredParameter>,
    /// Limits of the answer, such as a single session. Each is a sentence.
    pub notes: Vec<String>,
}

/// A region of the parameters in which runs fail: the runs that satisfy all conditions.
///
/// ```
/// use tracing_failure_corpus::{Cell, CellTest, Region, RuleCondition};
///
/// let mut region = Region::default();
/// region.conditions = vec![RuleCondition { parameter: "lambda".to_owned(), test: CellTest::Greater(37.2) }];
/// assert_eq!(region.to_string(), "lambda > 37.2");
/// assert!(region.matches(|_| Cell::Number(41.0)));
/// ```
#[derive(Clone, Debug, Default, Serialize)]
#[non_exhaustive]
pub struct Region {
    /// The conditions, all of which hold in the region.
    pub conditions: Vec<RuleCondition>,
    /// All runs in the region.
    #[serde(flatten)]
    pub counts: RunCounts,
    /// The runs of held-out sessions in the region that was found without them. Absent if no session could be held out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held_out: Option<RunCounts>,
    /// The success outside the region that is nearest to its failures.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nearest_success: Option<NearestSuccess>,
}

impl Region {
    /// Returns true if the parameters are in the region. `cell` returns the value of a parameter by its name.
    ///
    /// ```
    /// use tracing_failure_corpus::{Cell, Region};
    ///
    /// assert!(Region::default().matches(|_| Cell::Missing));
    /// ```
    pub fn matches<'a>(&self, cell: impl Fn(&str) -> Cell<'a>) -> bool {
        self.conditions.iter().all(|condition| condition.test.matches(cell(&condition.parameter)))
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, condition) in self.conditions.iter().enumerate() {
            let separator = if index == 0 { "" } else { " and " };
            write!(f, "{separator}{condition}")?;
        }
        Ok(())
    }
}

/// A successful run near a failure or a region.
///
/// ```
/// let nearest = tracing_failure_corpus::NearestSuccess::default();
/// assert!(nearest.differs.is_empty());
/// ```
#[derive(Clone, Debug, Default, Serialize)]
#[non_exhaustive]
pub struct NearestSuccess {
    /// Its parameters, under the names of the columns.
    pub parameters: Map,
    /// The names of the parameters that differ.
    pub differs: Vec<String>,
}

/// A parameter that no rule can use.
///
/// ```
/// use tracing_failure_corpus::IgnoredParameter;
///
/// let ignored = IgnoredParameter { parameter: "seed".to_owned(), reason: "identifier".to_owned() };
/// assert_eq!(ignored.reason, "identifier");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct IgnoredParameter {
    /// The name of the parameter.
    pub parameter: String,
    /// Why no rule uses it: `constant`, `identifier`, or `too many texts`.
    pub reason: String,
}
