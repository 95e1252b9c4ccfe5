//! The content of a report.

use chrono::{DateTime, Utc};
use corpus::{RegionReport, RunTable};
use record::Failure;

/// The content of a report about all computations of a corpus.
///
/// ```
/// use tracing_failure_report::CorpusReport;
///
/// let report = CorpusReport::new("Sweep of December", "2026-12-01T04:00:00Z".parse()?);
/// assert!(report.tables.is_empty() && report.groups.is_empty());
/// # Ok::<(), chrono::ParseError>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CorpusReport<'a> {
    /// The title of the page.
    pub title: String,
    /// The time at which the report was made.
    pub generated: DateTime<Utc>,
    /// The computations.
    pub tables: Vec<ReportTable<'a>>,
    /// The groups of equal failures.
    pub groups: Vec<ReportGroup>,
    /// Number of further groups, which are only counted.
    pub omitted_groups: usize,
    /// Limits of the report, such as skipped files. Each is a sentence.
    pub notes: Vec<String>,
}

impl CorpusReport<'_> {
    /// Creates a report without content.
    ///
    /// ```
    /// let report = tracing_failure_report::CorpusReport::new("Sweep", "2026-12-01T04:00:00Z".parse()?);
    /// assert_eq!(report.title, "Sweep");
    /// # Ok::<(), chrono::ParseError>(())
    /// ```
    pub fn new(title: impl Into<String>, generated: DateTime<Utc>) -> Self {
        CorpusReport {
            title: title.into(),
            generated,
            tables: Vec::new(),
            groups: Vec::new(),
            omitted_groups: 0,
            notes: Vec::new(),
        }
    }
}

/// All runs of a computation, and the regions in which they fail.
///
/// ```
/// use corpus::{RegionReport, RunTable};
/// use tracing_failure_report::ReportTable;
///
/// let (runs, regions) = (RunTable::new("rg_flow"), RegionReport::default());
/// let table = ReportTable { runs: &runs, regions: &regions };
/// assert!(table.runs.is_empty());
/// ```
#[derive(Clone, Copy, Debug)]
pub struct ReportTable<'a> {
    /// The runs.
    pub runs: &'a RunTable,
    /// The regions in which they fail.
    pub regions: &'a RegionReport,
}

/// Failures with the same fingerprint.
///
/// ```
/// use record::Failure;
/// use tracing_failure_report::ReportGroup;
///
/// let mut group = ReportGroup::of(Failure::new("rg_flow", "Eq. 1.12", "StepError", "step size underflow"));
/// group.join(group.clone());
/// assert_eq!(group.count, 2);
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ReportGroup {
    /// Number of failures.
    pub count: u64,
    /// The time of the first failure.
    pub first: DateTime<Utc>,
    /// The time of the last failure.
    pub last: DateTime<Utc>,
    /// The newest failure.
    pub newest: Failure,
}

impl ReportGroup {
    /// Creates a group of one failure.
    ///
    /// ```
    /// use tracing_failure_report::ReportGroup;
    ///
    /// let failure = record::Failure::new("rg_flow", "Eq. 1.12", "StepError", "step size underflow");
    /// assert_eq!(ReportGroup::of(failure).count, 1);
    /// ```
    pub fn of(failure: Failure) -> Self {
        ReportGroup { count: 1, first: failure.timestamp, last: failure.timestamp, newest: failure }
    }

    /// Adds the failures of another group with the same fingerprint.
    ///
    /// ```
    /// use tracing_failure_report::ReportGroup;
    ///
    /// let failure = || record::Failure::new("rg_flow", "Eq. 1.12", "StepError", "step size underflow");
    /// let mut group = ReportGroup::of(failure());
    /// group.join(ReportGroup::of(failure()));
    /// assert!(group.count == 2 && group.first <= group.last);
    /// ```
    pub fn join(&mut self, other: ReportGroup) {
        self.count += other.count;
        self.first = self.first.min(other.first);
        let id = |group: &ReportGroup| (group.last, group.newest.context.id);
        if id(&other) > id(self) {
            self.newest = other.newest;
        }
        self.last = self.last.max(other.last);
    }
}
