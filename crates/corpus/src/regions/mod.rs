//! Finds the regions of the parameters in which runs fail.
//!
//! The search looks for conjunctions of conditions by a beam search, and for several of them by covering: P. Clark and
//! T. Niblett, The CN2 induction algorithm, Machine Learning 3 (1989) 261–283. It scores a rule by the likelihood ratio
//! of two failure rates, less the logarithm of the number of conditions that it could choose from.

mod bins;
mod candidate;
mod counter;
mod likelihood;
mod local_counter;
mod near;
mod parameters;
mod place;
mod search;
mod split;
mod threshold;

use std::convert::Infallible;

use crate::table::run_table::RunTable;
use region::RunCounts;
use region::{IgnoredParameter, Region, RegionReport};
use search::{Draft, find_rules};

pub(crate) use likelihood::log_likelihood;

pub use bins::{ColumnBins, MAX_LABELS};
pub use counter::{ParameterProfile, RunCounter, RunTotals, Scope, SessionSet, ValueCount, ValueRequest};
pub use local_counter::LocalCounter;

/// Minimum number of failures that a search needs.
const MIN_FAILURES: u64 = 5;

/// Finds the regions of the parameters in which a computation fails.
///
/// A rule counts only if it holds in sessions that were held out. If there is only one session, the report says that no
/// rule could be checked.
///
/// ```
/// use tracing_failure_corpus::{Cell, RunFacts, RunOutcome, RunTable, Session, find_regions};
///
/// let mut runs = RunTable::new("rg_flow_integration");
/// for session in 0..6 {
///     let session = runs.push_session(Session::new(session.to_string()));
///     for step in 0..100 {
///         let lambda = f64::from(step) + f64::from(session) / 8.0;
///         let mut run = RunFacts::new(if lambda > 80.0 { RunOutcome::Failed } else { RunOutcome::Ok });
///         run.session = session;
///         runs.push(run, [("lambda", Cell::Number(lambda))]);
///     }
/// }
/// let report = find_regions(&runs);
/// assert_eq!(report.rules[0].to_string(), "lambda > 80");
/// assert_eq!(report.rules[0].counts.rate(), 1.0);
/// assert!(report.rules[0].held_out.unwrap().failed > 30);
/// ```
pub fn find_regions(runs: &RunTable) -> RegionReport {
    let mut counter = LocalCounter::new(runs);
    let Ok(mut report): Result<_, Infallible> = find_regions_with(&mut counter);
    for region in &mut report.rules {
        region.nearest_success = near::nearest_success(runs, &region.conditions);
    }
    report
}

/// Returns the parameters that no rule can use.
pub(crate) fn ignored_parameters(runs: &RunTable) -> Vec<IgnoredParameter> {
    let Ok(profiles) = LocalCounter::new(runs).profiles();
    parameters::divide(&profiles).1
}

/// Finds regions in runs that `counter` counts. The report has no nearest successes.
///
/// # Errors
///
/// If the counter fails.
///
/// ```
/// use tracing_failure_corpus::search::{LocalCounter, find_regions_with};
///
/// let runs = tracing_failure_corpus::RunTable::new("rg_flow");
/// let report = find_regions_with(&mut LocalCounter::new(&runs)).unwrap();
/// assert!(report.rules.is_empty());
/// ```
pub fn find_regions_with<C: RunCounter>(counter: &mut C) -> Result<RegionReport, C::Error> {
    let totals = counter.totals()?;
    let mut report = RegionReport::default();
    report.counts = totals.sessions.iter().fold(RunCounts::default(), |sum, (_, counts)| sum + *counts);
    match obstacle(report.counts) {
        Some(note) => report.notes.push(note),
        None => add_regions(counter, &totals.sessions, &mut report)?,
    }
    report.computation = totals.computation;
    if totals.unknown > 0 {
        let unknown = totals.unknown;
        report.notes.push(format!("{unknown} runs ended without a statement of success. They count as not failed."));
    }
    Ok(report)
}

/// Adds the regions to a report.
fn add_regions<C: RunCounter>(
    counter: &mut C,
    sessions: &[(String, RunCounts)],
    report: &mut RegionReport,
) -> Result<(), C::Error> {
    let (bins, ignored) = parameters::divide(&counter.profiles()?);
    report.ignored = ignored;
    counter.set_bins(bins.clone())?;
    let drafts = find_rules(counter, &bins, &Scope::all())?;
    let held_out = split::held_out_sessions(sessions);
    if held_out.is_empty() {
        report.notes.push(no_held_out_note(sessions));
        report.rules = drafts.into_iter().map(|draft| region(draft, None)).collect();
    } else {
        counter.hold_out(held_out)?;
        let found = drafts.len();
        report.rules = confirm(counter, &bins, drafts)?;
        let unconfirmed = found - report.rules.len();
        if unconfirmed > 0 {
            report.notes.push(match unconfirmed {
                1 => "One rule does not hold in the sessions that were held out. It is not shown.".to_owned(),
                _ => format!("{unconfirmed} rules do not hold in the sessions that were held out. They are not shown."),
            });
        }
    }
    if report.rules.is_empty() {
        report.notes.insert(0, "No pattern: no parameter separates the failures from the successes.".to_owned());
    }
    let counts: Vec<_> = report.rules.iter().map(|rule| rule.conditions.clone()).collect();
    for (rule, counts) in report.rules.iter_mut().zip(counter.count(&Scope::all(), &counts)?) {
        rule.counts = counts;
    }
    report.rules.sort_by_key(|rule| std::cmp::Reverse(rule.counts.failed));
    Ok(())
}

fn region(draft: Draft, held_out: Option<RunCounts>) -> Region {
    Region { conditions: draft.conditions, counts: draft.counts, held_out, nearest_success: None }
}

/// Returns why the runs cannot be searched.
fn obstacle(counts: RunCounts) -> Option<String> {
    let RunCounts { failed, runs } = counts;
    if runs == 0 {
        Some("There are no runs.".to_owned())
    } else if failed == runs {
        Some("No successes are available for comparison, so nothing can separate failures from them.".to_owned())
    } else if failed < MIN_FAILURES {
        Some(format!("{failed} of {runs} runs failed. A search needs at least {MIN_FAILURES} failures."))
    } else {
        None
    }
}

fn no_held_out_note(sessions: &[(String, RunCounts)]) -> String {
    match sessions {
        [_] => {
            "All runs belong to one session, so no rule could be checked in another one. Run the program again, with \
                other parameters, to check the rules."
                .to_owned()
        }
        _ => "Too few sessions have failures, so no rule could be checked in sessions that were held out.".to_owned(),
    }
}

/// Searches without the held-out sessions, and returns the rules that this search finds as well and that hold in these
/// sessions.
fn confirm<C: RunCounter>(counter: &mut C, bins: &[ColumnBins], drafts: Vec<Draft>) -> Result<Vec<Region>, C::Error> {
    let trained = find_rules(counter, bins, &Scope::of(SessionSet::Training))?;
    let trained: Vec<_> = trained.into_iter().map(|draft| draft.conditions).collect();
    let held_out = counter.count(&Scope::of(SessionSet::HeldOut), &trained)?;
    let [base] = counter.count(&Scope::of(SessionSet::HeldOut), &[Vec::new()])?[..] else { return Ok(Vec::new()) };
    let sizes = counter.count(&Scope::all(), &trained)?;
    let mut regions = Vec::new();
    for draft in drafts {
        let both: Vec<_> = trained.iter().map(|rule| [&*draft.conditions, rule].concat()).collect();
        let both = counter.count(&Scope::all(), &both)?;
        let [size] = counter.count(&Scope::all(), std::slice::from_ref(&draft.conditions))?[..] else { continue };
        let overlap = |index: usize| {
            let (shared, trained) = (both[index].failed, sizes[index].failed);
            shared as f64 / (size.failed + trained - shared) as f64
        };
        let closest = (0..trained.len()).max_by(|&a, &b| overlap(a).total_cmp(&overlap(b)));
        if let Some(closest) = closest
            && overlap(closest) >= 0.5
            && held_out[closest].lower_bound() > base.rate()
        {
            regions.push(region(draft, Some(held_out[closest])));
        }
    }
    Ok(regions)
}
