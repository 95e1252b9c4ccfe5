//! Successful runs that differ from the other successes of their computation.

use record::Map;
use region::Cell;
use serde::Serialize;

use crate::table::column::ValueColumn;
use crate::table::run_table::RunTable;

/// Minimum number of successes that have a usual range.
///
/// ```
/// assert_eq!(tracing_failure_corpus::MIN_SUCCESSES, 20);
/// ```
pub const MIN_SUCCESSES: usize = 20;
/// Number of interquartile ranges outside the quartiles up to which a value is usual: Tukey's outer fences. Source:
/// J. W. Tukey, Exploratory Data Analysis, Addison-Wesley, 1977, chapter 2.
const FENCE: f64 = 3.0;

/// A successful run with a value far outside the usual range of its computation.
///
/// ```
/// use tracing_failure_corpus::{RunFacts, RunOutcome, RunTable, odd_runs};
///
/// let mut runs = RunTable::new("rg_flow");
/// for run in 0..40 {
///     let mut facts = RunFacts::new(RunOutcome::Ok);
///     facts.duration_s = if run == 7 { 90.0 } else { 1.0 + f64::from(run) / 100.0 };
///     runs.push(facts, []);
/// }
/// let odd = odd_runs(&runs);
/// assert_eq!((odd.len(), odd[0].run, odd[0].value), (1, 7, 90.0));
/// ```
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct OddRun {
    /// The index of the run in its table.
    pub run: usize,
    /// The quantity: `duration_s`, or the name of a convergence digest.
    pub quantity: String,
    /// Its value.
    pub value: f64,
    /// The smallest and the largest usual value.
    pub usual: [f64; 2],
    /// The session of the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// The parameters of the run.
    pub parameters: Map,
}

/// Returns the successes whose duration or convergence is far outside the usual range, the farthest first.
///
/// A value is usual within three interquartile ranges of the quartiles of all successes, of the logarithms if all
/// values are positive. A computation with fewer than 20 successes has no usual range.
///
/// ```
/// assert!(tracing_failure_corpus::odd_runs(&tracing_failure_corpus::RunTable::new("rg_flow")).is_empty());
/// ```
pub fn odd_runs(table: &RunTable) -> Vec<OddRun> {
    let durations: Vec<f64> = table.runs().iter().map(|run| run.duration_s).collect();
    let mut odd = odd_values(table, "duration_s", &durations);
    for column in table.digests() {
        odd.extend(odd_values(table, column.name(), &numbers(column, table.len())));
    }
    odd.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    odd.into_iter().map(|(_, run)| run).collect()
}

fn numbers(column: &ValueColumn, runs: usize) -> Vec<f64> {
    let number = |run: usize| match (run < column.len()).then(|| column.cell(run)) {
        Some(Cell::Number(number)) => number,
        _ => f64::NAN,
    };
    (0..runs).map(number).collect()
}

/// The odd values, each with its distance from the usual range in interquartile ranges.
fn odd_values(table: &RunTable, quantity: &str, values: &[f64]) -> Vec<(f64, OddRun)> {
    let is_success = |run: &usize| table.runs()[*run].outcome.is_success() && values[*run].is_finite();
    let successes: Vec<usize> = (0..values.len()).filter(is_success).collect();
    let is_positive = successes.iter().all(|&run| values[run] > 0.0);
    let scaled = |value: f64| if is_positive { value.ln() } else { value };
    let mut sorted: Vec<f64> = successes.iter().map(|&run| scaled(values[run])).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    if sorted.len() < MIN_SUCCESSES {
        return Vec::new();
    }
    let quartile = |part: usize| sorted[part * (sorted.len() - 1) / 4];
    let (lower, upper) = (quartile(1), quartile(3));
    let range = upper - lower;
    let fences = [lower - FENCE * range, upper + FENCE * range];
    // Equal values have no range.
    if range <= 0.0 {
        return Vec::new();
    }
    let unscaled = |value: f64| if is_positive { value.exp() } else { value };
    let distance = |run: usize| (fences[0] - scaled(values[run])).max(scaled(values[run]) - fences[1]) / range;
    let odd = |run: usize| OddRun {
        run,
        quantity: quantity.to_owned(),
        value: values[run],
        usual: fences.map(unscaled),
        session: table.sessions().get(table.runs()[run].session as usize).map(|session| session.id.clone()),
        parameters: table.parameters_of(run),
    };
    successes.into_iter().filter(|&run| distance(run) > 0.0).map(|run| (distance(run), odd(run))).collect()
}
