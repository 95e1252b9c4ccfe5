//! Estimates the risk of further runs of a computation from its known runs.

use std::collections::HashMap;

use record::Map;
use region::{IgnoredParameter, Region, RegionReport, RunCounts};

use super::estimate::{RiskBasis, RiskEstimate};
use super::known_values::KnownValues;
use super::membership::{RegionBits, RegionMembership, rows_in};
use super::query::RunQuery;
use crate::neighbours::{RunSpace, is_any_relevant, weighted_columns};
use crate::regions::{find_regions, ignored_parameters};
use crate::table::column::ValueColumn;
use crate::table::run_table::RunTable;

/// Failure rate, as the lower end of Wilson's interval, from which a region decides.
const DECISIVE_RATE: f64 = 0.98;
/// Number of nearest runs whose failure rate is an estimate of the risk.
const NEIGHBOURS: usize = 20;

/// Compares further runs of a computation with its known runs: the risk that they fail, and the nearest successes.
///
/// ```
/// use record::Map;
/// use tracing_failure_corpus::{Cell, RiskBasis, RiskModel, RunFacts, RunOutcome, RunTable, Session};
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
/// let mut model = RiskModel::new(&runs);
/// let inside = model.estimate(&Map::from_iter([("lambda", 85.0)]));
/// assert!(inside.by == RiskBasis::Rule && inside.risk.unwrap() > 0.98);
/// let outside = model.estimate(&Map::from_iter([("lambda", 20.0)]));
/// assert!(outside.by == RiskBasis::Neighbours && outside.risk.unwrap() < 0.02);
/// ```
pub struct RiskModel<'a> {
    pub(super) table: &'a RunTable,
    pub(super) report: RegionReport,
    /// The regions that decide: nearly all of their runs fail, or no parameter tells which of them fail.
    decisive: Vec<Region>,
    values: KnownValues,
    is_failure: Vec<bool>,
    membership: RegionMembership,
    /// The runs outside some regions, by these regions.
    outside: HashMap<RegionBits, RunSpace<'a>>,
}

impl<'a> RiskModel<'a> {
    /// Searches the failing regions of a computation.
    ///
    /// ```
    /// use tracing_failure_corpus::{RiskModel, RunTable};
    ///
    /// let runs = RunTable::new("rg_flow");
    /// assert!(RiskModel::new(&runs).regions().rules.is_empty());
    /// ```
    pub fn new(table: &'a RunTable) -> Self {
        Self::with_regions(table, find_regions(table))
    }

    /// Uses regions that [`find_regions`] has found in these runs before.
    ///
    /// ```
    /// use tracing_failure_corpus::{RiskModel, RunTable, find_regions};
    ///
    /// let runs = RunTable::new("rg_flow");
    /// let model = RiskModel::with_regions(&runs, find_regions(&runs));
    /// assert!(model.regions().rules.is_empty());
    /// ```
    pub fn with_regions(table: &'a RunTable, mut report: RegionReport) -> Self {
        if report.ignored.is_empty() {
            // With few failures, there was no search.
            report.ignored = ignored_parameters(table);
        }
        let is_failure: Vec<bool> = table.runs().iter().map(|run| run.outcome.is_failure()).collect();
        let is_counted = |row: &u32| {
            let outcome = table.runs()[*row as usize].outcome;
            outcome.is_failure() || outcome.is_success()
        };
        let rows: Vec<u32> = (0..table.len() as u32).filter(is_counted).collect();
        let columns = usable_columns(table, &report.ignored);
        let decides = |region: &&Region| {
            let inside = || rows_in(table, &rows, region);
            region.counts.lower_bound() >= DECISIVE_RATE || !is_any_relevant(&columns, &inside(), &is_failure)
        };
        let decisive: Vec<Region> = report.rules.iter().filter(decides).cloned().collect();
        RiskModel {
            table,
            values: KnownValues::of(table),
            is_failure,
            membership: RegionMembership::new(table, rows, &decisive),
            decisive,
            report,
            outside: HashMap::new(),
        }
    }

    /// Returns the failing regions.
    ///
    /// ```
    /// use tracing_failure_corpus::{RiskModel, RunTable};
    ///
    /// let runs = RunTable::new("rg_flow");
    /// assert_eq!(RiskModel::new(&runs).regions().computation, "rg_flow");
    /// ```
    pub fn regions(&self) -> &RegionReport {
        &self.report
    }

    /// Estimates the risk of a run with these parameters. Nested parameters are compared under their paths, such as
    /// `opts.rtol`.
    ///
    /// An absent parameter counts as missing. If all known runs have the parameter, or if none has such a value, a rule
    /// with it may remain undecided; a note says so, and the neighbours include the runs of this rule.
    ///
    /// ```
    /// use tracing_failure_corpus::{RiskBasis, RiskModel, RunTable};
    ///
    /// let runs = RunTable::new("rg_flow");
    /// assert_eq!(RiskModel::new(&runs).estimate(&Default::default()).by, RiskBasis::Nothing);
    /// ```
    pub fn estimate(&mut self, parameters: &Map) -> RiskEstimate {
        let query = self.query(parameters);
        self.estimate_query(&query)
    }

    pub(super) fn query<'q>(&self, parameters: &'q Map) -> RunQuery<'q> {
        RunQuery::new(self.table, &self.values, parameters)
    }

    pub(super) fn estimate_query(&mut self, query: &RunQuery<'_>) -> RiskEstimate {
        let mut estimate = RiskEstimate::nothing(query.notes.clone());
        let all = self.report.counts;
        if all.failed == all.runs {
            estimate.notes.push("No successes are available for comparison.".to_owned());
            return estimate;
        }
        match most_failing(&self.decisive, query) {
            Some(region) => {
                estimate.conditions.clone_from(&region.conditions);
                if region.held_out.is_none() {
                    estimate.notes.push("The rule could not be checked in another session.".to_owned());
                }
                estimate.count(RiskBasis::Rule, region.counts, all)
            }
            None => self.estimate_by_neighbours(query, estimate),
        }
    }

    fn estimate_by_neighbours(&mut self, query: &RunQuery<'_>, mut estimate: RiskEstimate) -> RiskEstimate {
        let regions = &self.decisive;
        for region in regions.iter().filter(|region| query.is_in(region).is_none()) {
            let unknown = region.conditions.iter().find(|condition| query.is_unknown(&condition.parameter));
            let unknown = unknown.map_or("", |condition| &condition.parameter);
            estimate.notes.push(format!("Without a known {unknown}, the rule {region} is undecided."));
        }
        let without = RegionMembership::regions_without(query, regions);
        let (table, is_failure) = (self.table, &self.is_failure);
        let space = self.outside.entry(without).or_insert_with(|| {
            let mut rows = self.membership.rows_outside(without);
            let columns = usable_columns(table, &self.report.ignored);
            // The regions do not explain these failures, so their own runs are neighbours too.
            if is_any_relevant(&columns, &rows, is_failure) {
                rows = self.membership.rows_outside(0);
            }
            let columns = weighted_columns(columns, &rows, is_failure);
            RunSpace::new(rows, columns)
        });
        let known = space.rows().len();
        if known < NEIGHBOURS {
            estimate.notes.push(format!("{known} known runs are comparable. An estimate needs {NEIGHBOURS}."));
            return estimate;
        }
        let near = space.nearest(NEIGHBOURS, |name| query.cell(name));
        let failed = near.iter().filter(|near| is_failure[near.row as usize]).count() as u64;
        estimate.count(RiskBasis::Neighbours, RunCounts { failed, runs: near.len() as u64 }, self.report.counts)
    }

    /// The region that contains a run; of several, the one with the highest failure rate.
    pub(super) fn region_of(&self, query: &RunQuery<'_>) -> Option<&Region> {
        most_failing(&self.report.rules, query)
    }
}

fn most_failing<'r>(regions: &'r [Region], query: &RunQuery<'_>) -> Option<&'r Region> {
    let containing = regions.iter().filter(|region| query.is_in(region) == Some(true));
    containing.max_by(|a, b| a.counts.lower_bound().total_cmp(&b.counts.lower_bound()))
}

/// The columns that are neither constant nor identifiers.
pub(super) fn usable_columns<'a>(table: &'a RunTable, ignored: &[IgnoredParameter]) -> Vec<&'a ValueColumn> {
    let is_usable = |column: &&ValueColumn| !ignored.iter().any(|ignored| ignored.parameter == column.name());
    table.parameters().iter().filter(is_usable).collect()
}
