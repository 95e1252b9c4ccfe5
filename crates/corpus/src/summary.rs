//! The number, the outcomes and the durations of runs.

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::table::run::RunOutcome;
use crate::table::run_table::RunTable;

/// The number, the outcomes and the durations of the runs of a computation.
///
/// ```
/// use tracing_failure_corpus::{RunFacts, RunOutcome, RunSummary, RunTable};
///
/// let mut runs = RunTable::new("rg_flow");
/// runs.push(RunFacts::new(RunOutcome::Ok), []);
/// runs.push(RunFacts::new(RunOutcome::Failed), []);
/// let summary = RunSummary::of(&runs);
/// assert_eq!((summary.runs, summary.ok, summary.failed, summary.rate), (2, 1, 1, Some(0.5)));
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct RunSummary {
    /// The name of the computation.
    pub computation: String,
    /// Number of runs.
    pub runs: usize,
    /// Number of runs that succeeded.
    pub ok: usize,
    /// Number of runs that failed or panicked.
    pub failed: usize,
    /// Number of cancelled runs.
    pub cancelled: usize,
    /// Number of runs that ended without a statement.
    pub unknown: usize,
    /// The failed runs as a fraction of all runs without the cancelled ones. Absent if there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<f64>,
    /// The median duration in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub median_s: Option<f64>,
    /// The longest duration in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub longest_s: Option<f64>,
    /// The time at which the first run ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<DateTime<Utc>>,
    /// The time at which the last run ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<DateTime<Utc>>,
}

impl RunSummary {
    /// Summarises the runs of a computation.
    ///
    /// ```
    /// use tracing_failure_corpus::{RunSummary, RunTable};
    ///
    /// assert_eq!(RunSummary::of(&RunTable::new("rg_flow")).rate, None);
    /// ```
    pub fn of(table: &RunTable) -> Self {
        let mut durations: Vec<f64> =
            table.runs().iter().map(|run| run.duration_s).filter(|duration| duration.is_finite()).collect();
        durations.sort_unstable_by(f64::total_cmp);
        let failed = table.failed_count();
        let cancelled = table.count(RunOutcome::Cancelled);
        let counted = table.len() - cancelled;
        let ends = || table.runs().iter().filter_map(|run| run.ended);
        RunSummary {
            computation: table.computation().to_owned(),
            runs: table.len(),
            ok: table.count(RunOutcome::Ok),
            failed,
            cancelled,
            unknown: table.count(RunOutcome::Unknown),
            rate: (counted > 0).then(|| failed as f64 / counted as f64),
            median_s: durations.get(durations.len() / 2).copied(),
            longest_s: durations.last().copied(),
            first: ends().min(),
            last: ends().max(),
        }
    }
}
