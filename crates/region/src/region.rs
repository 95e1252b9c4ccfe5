//! A region of the parameters in which runs fail.

use std::fmt;

use record::internal::{brief, parameter};
use record::{Map, Value};
use serde::{Deserialize, Serialize};
use text::thousands;

use crate::cell::Cell;
use crate::condition::RuleCondition;
use crate::counts::RunCounts;

/// The regions of the parameters in which a computation fails.
///
/// ```
/// use tracing_failure_region::RegionReport;
///
/// let report = RegionReport::default();
/// assert!(report.rules.is_empty());
/// assert!(serde_json::to_string(&report)?.contains(r#""rules":[]"#));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
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
/// use tracing_failure_region::{Cell, CellTest, Region, RuleCondition};
///
/// let mut region = Region::default();
/// region.conditions = vec![RuleCondition { parameter: "lambda".to_owned(), test: CellTest::Greater(37.2) }];
/// assert_eq!(region.to_string(), "lambda > 37.2");
/// assert!(region.matches(|_| Cell::Number(41.0)));
/// ```
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
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
    /// use tracing_failure_region::{Cell, Region};
    ///
    /// assert!(Region::default().matches(|_| Cell::Missing));
    /// ```
    pub fn matches<'a>(&self, cell: impl Fn(&str) -> Cell<'a>) -> bool {
        self.conditions.iter().all(|condition| condition.test.matches(cell(&condition.parameter)))
    }
}

impl Region {
    /// Returns a sentence for a failure in the region.
    ///
    /// ```
    /// use tracing_failure_region::{CellTest, NearestSuccess, Region, RuleCondition, RunCounts};
    ///
    /// let mut region = Region::default();
    /// region.conditions = vec![RuleCondition { parameter: "lambda".to_owned(), test: CellTest::Greater(37.2) }];
    /// region.counts = RunCounts { failed: 1150, runs: 1163 };
    /// let mut nearest = NearestSuccess::default();
    /// nearest.parameters.insert("lambda", 37.1);
    /// nearest.differs = vec!["lambda".to_owned()];
    /// region.nearest_success = Some(nearest);
    /// assert_eq!(
    ///     region.sentence(),
    ///     "98.9 % of the runs with lambda > 37.2 failed (1,150 of 1,163). The nearest success has lambda 37.1."
    /// );
    /// ```
    pub fn sentence(&self) -> String {
        let RunCounts { failed, runs } = self.counts;
        let rate = self.counts.percent();
        let (failed, runs) = (thousands(failed), thousands(runs));
        let mut sentence = format!("{rate} of the runs with {self} failed ({failed} of {runs}).");
        if let Some(nearest) = self.nearest_text() {
            sentence += &format!(" The nearest success has {nearest}.");
        }
        sentence
    }

    /// Returns the values of the nearest success by which it lies outside the region: `lambda 37.1`.
    ///
    /// ```
    /// assert_eq!(tracing_failure_region::Region::default().nearest_text(), None);
    /// ```
    pub fn nearest_text(&self) -> Option<String> {
        let nearest = self.nearest_success.as_ref().filter(|nearest| !nearest.differs.is_empty())?;
        let value = |name: &String| match nearest.parameters.get(name) {
            Some(value) => format!("{name} {}", self.value_text(name, value)),
            None => format!("no {name}"),
        };
        Some(nearest.differs.iter().map(value).collect::<Vec<_>>().join(" and "))
    }

    /// The short text of a value outside the region, unless it would read as one inside.
    fn value_text(&self, name: &str, value: &Value) -> String {
        let Some(short) = value.as_f64().map(brief) else { return parameter(value) };
        let mut tests = self.conditions.iter().filter(|condition| condition.parameter == name);
        let rounded = short.parse::<f64>().map_or(Cell::Missing, Cell::from);
        if tests.all(|condition| condition.test.matches(rounded)) { parameter(value) } else { short }
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
/// let nearest = tracing_failure_region::NearestSuccess::default();
/// assert!(nearest.differs.is_empty());
/// ```
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct NearestSuccess {
    /// Its parameters, under the names of the columns.
    pub parameters: Map,
    /// The names of the parameters that differ.
    pub differs: Vec<String>,
}

/// A parameter that no rule can use.
///
/// ```
/// use tracing_failure_region::IgnoredParameter;
///
/// let ignored = IgnoredParameter { parameter: "seed".to_owned(), reason: "identifier".to_owned() };
/// assert_eq!(ignored.reason, "identifier");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IgnoredParameter {
    /// The name of the parameter.
    pub parameter: String,
    /// Why no rule uses it: `constant`, `identifier`, or `too many texts`.
    pub reason: String,
}
