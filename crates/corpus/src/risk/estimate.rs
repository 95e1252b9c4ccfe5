//! An estimate of a failure rate.

use region::{RuleCondition, RunCounts};
use serde::Serialize;

/// The basis of an estimate.
///
/// ```
/// use tracing_failure_corpus::RiskBasis;
///
/// assert_eq!(serde_json::to_string(&RiskBasis::Neighbours)?, "\"neighbours\"");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RiskBasis {
    /// The runs of the failing region that contains the parameters.
    Rule,
    /// The 20 nearest runs outside the regions, and those at the same distance.
    Neighbours,
    /// There are too few runs to compare with.
    Nothing,
}

/// The risk that a run fails.
///
/// ```
/// use tracing_failure_corpus::{RiskModel, RunTable};
///
/// let runs = RunTable::new("rg_flow");
/// let estimate = RiskModel::new(&runs).estimate(&Default::default());
/// assert_eq!(estimate.risk, None);
/// ```
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct RiskEstimate {
    /// The risk between 0 and 1: the failure rate of the counted runs and of one more, which fails at the rate of all
    /// runs. Absent if there is no basis.
    pub risk: Option<f64>,
    /// The basis of the estimate.
    pub by: RiskBasis,
    /// The runs that were counted.
    #[serde(flatten)]
    pub counts: RunCounts,
    /// The conditions of the region, if the estimate is by rule.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<RuleCondition>,
    /// Limits of the estimate, such as a value beyond all known ones. Each is a sentence.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

impl RiskEstimate {
    /// Returns an estimate without a basis.
    ///
    /// ```
    /// let estimate = tracing_failure_corpus::RiskEstimate::nothing(vec![]);
    /// assert_eq!(serde_json::to_string(&estimate)?, r#"{"risk":null,"by":"nothing","failed":0,"runs":0}"#);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn nothing(notes: Vec<String>) -> Self {
        let counts = RunCounts::default();
        RiskEstimate { risk: None, by: RiskBasis::Nothing, counts, conditions: Vec::new(), notes }
    }

    /// Sets the counted runs. `all` are those whose failure rate is expected if nothing else is known.
    pub(super) fn count(mut self, by: RiskBasis, counts: RunCounts, all: RunCounts) -> Self {
        self.risk = Some((counts.failed as f64 + all.rate()) / (counts.runs as f64 + 1.0));
        (self.by, self.counts) = (by, counts);
        self
    }
}
