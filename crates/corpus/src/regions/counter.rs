//! Counts runs for the search.

use super::bins::ColumnBins;
use region::RunCounts;
use region::{Label, RuleCondition};

/// Counts runs for the search. [`LocalCounter`](super::LocalCounter) counts the runs of a table; Python counts with
/// Spark.
///
/// A cancelled run is not counted.
pub trait RunCounter {
    /// The error of a count.
    type Error;

    /// Describes the parameters. At most [`MAX_LABELS`](super::MAX_LABELS) + 1 labels of each are needed.
    ///
    /// # Errors
    ///
    /// If the runs cannot be read.
    fn profiles(&mut self) -> Result<Vec<ParameterProfile>, Self::Error>;

    /// Counts the runs of each session, and those that ended without a statement.
    ///
    /// # Errors
    ///
    /// If the runs cannot be read.
    fn totals(&mut self) -> Result<RunTotals, Self::Error>;

    /// Sets the sessions that are held out.
    ///
    /// # Errors
    ///
    /// If the counter does not accept them.
    fn hold_out(&mut self, sessions: Vec<String>) -> Result<(), Self::Error>;

    /// Sets the bins in which [`histograms`](Self::histograms) counts.
    ///
    /// # Errors
    ///
    /// If the counter does not accept them.
    fn set_bins(&mut self, bins: Vec<ColumnBins>) -> Result<(), Self::Error>;

    /// Counts the runs in each bin of each column, for each rule: rule × column × bin.
    ///
    /// # Errors
    ///
    /// If the runs cannot be read.
    fn histograms(
        &mut self,
        scope: &Scope,
        rules: &[Vec<RuleCondition>],
    ) -> Result<Vec<Vec<Vec<RunCounts>>>, Self::Error>;

    /// Counts the runs that satisfy each rule.
    ///
    /// # Errors
    ///
    /// If the runs cannot be read.
    fn count(&mut self, scope: &Scope, rules: &[Vec<RuleCondition>]) -> Result<Vec<RunCounts>, Self::Error>;

    /// Counts the runs at each distinct value of a parameter, in ascending order. A counter may join neighbouring
    /// values if there are too many.
    ///
    /// # Errors
    ///
    /// If the runs cannot be read.
    fn values(&mut self, scope: &Scope, requests: &[ValueRequest]) -> Result<Vec<Vec<ValueCount>>, Self::Error>;
}

/// The numbers of runs that a search starts with.
///
/// ```
/// let totals = tracing_failure_corpus::search::RunTotals::default();
/// assert_eq!((totals.sessions.len(), totals.unknown), (0, 0));
/// ```
#[derive(Clone, Debug, Default)]
pub struct RunTotals {
    /// The name of the computation.
    pub computation: String,
    /// The runs of each session, by its id.
    pub sessions: Vec<(String, RunCounts)>,
    /// Number of runs that ended without a statement of success. They are among those of the sessions.
    pub unknown: u64,
}

/// The runs that a count includes.
///
/// ```
/// use tracing_failure_corpus::search::{Scope, SessionSet};
///
/// let scope = Scope::all();
/// assert!(scope.sessions == SessionSet::All && scope.excluded.is_empty());
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Scope {
    /// The sessions of the runs.
    pub sessions: SessionSet,
    /// Runs that satisfy one of these rules are not counted.
    pub excluded: Vec<Vec<RuleCondition>>,
}

impl Scope {
    /// Returns the scope of all runs.
    ///
    /// ```
    /// assert!(tracing_failure_corpus::search::Scope::all().excluded.is_empty());
    /// ```
    pub fn all() -> Self {
        Scope::of(SessionSet::All)
    }

    pub(super) fn of(sessions: SessionSet) -> Self {
        Scope { sessions, excluded: Vec::new() }
    }
}

/// A set of sessions.
///
/// ```
/// assert_ne!(tracing_failure_corpus::search::SessionSet::All, tracing_failure_corpus::search::SessionSet::HeldOut);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionSet {
    /// All sessions.
    All,
    /// The sessions that are not held out.
    Training,
    /// The sessions that are held out.
    HeldOut,
}

/// The kinds of values that a parameter has.
///
/// ```
/// let profile = tracing_failure_corpus::search::ParameterProfile::default();
/// assert_eq!((profile.missing, profile.labels.len()), (0, 0));
/// ```
#[derive(Clone, Debug, Default)]
pub struct ParameterProfile {
    /// The name of the parameter.
    pub name: String,
    /// Number of runs without a value.
    pub missing: u64,
    /// Number of runs whose value is NaN or infinite.
    pub not_finite: u64,
    /// Number of runs with a finite number.
    pub numbers: u64,
    /// Number of distinct finite numbers. A counter may stop at half the number of runs, or estimate it.
    pub distinct_numbers: u64,
    /// True if all numbers are integers.
    pub are_integers: bool,
    /// Numbers that represent the distribution: of failed runs, and of all others. At most some ten thousand each.
    pub samples: [Vec<f64>; 2],
    /// The texts and booleans. A counter may stop after [`MAX_LABELS`](super::MAX_LABELS) + 1.
    pub labels: Vec<Label>,
}

/// A request for the values of a parameter in an interval, among the runs that satisfy a rule.
///
/// ```
/// use tracing_failure_corpus::search::ValueRequest;
///
/// let request = ValueRequest { rule: vec![], parameter: "mu".to_owned(), low: 0.0, high: f64::INFINITY };
/// assert!(request.low < request.high);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct ValueRequest {
    /// The conditions that the runs satisfy.
    pub rule: Vec<RuleCondition>,
    /// The name of the parameter.
    pub parameter: String,
    /// The smallest value.
    pub low: f64,
    /// The largest value.
    pub high: f64,
}

/// The number of runs at a value, or at neighbouring values.
///
/// ```
/// use tracing_failure_corpus::RunCounts;
/// use tracing_failure_corpus::search::ValueCount;
///
/// let value = ValueCount { first: 1.0, last: 1.0, counts: RunCounts { failed: 1, runs: 2 } };
/// assert_eq!(value.counts.rate(), 0.5);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ValueCount {
    /// The smallest of the values.
    pub first: f64,
    /// The largest of the values.
    pub last: f64,
    /// The runs with these values.
    pub counts: RunCounts,
}
