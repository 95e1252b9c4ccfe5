//! The success that is nearest to a run.

use chrono::{DateTime, Utc};
use record::{Map, Value};
use region::{Cell, CellTest, NearestSuccess, Region, RegionReport, RuleCondition};
use serde::Serialize;

use super::estimate::RiskEstimate;
use super::model::{RiskModel, usable_columns};
use super::query::RunQuery;
use crate::neighbours::{RankScale, RunSpace, distance};

/// A comparison of a run with the most similar success.
///
/// ```
/// use tracing_failure_corpus::{RiskModel, RunTable};
///
/// let runs = RunTable::new("rg_flow");
/// let comparison = RiskModel::new(&runs).nearest(&Default::default());
/// assert!(comparison.nearest_success.is_none());
/// assert_eq!(comparison.notes, ["No successes are available for comparison."]);
/// ```
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct RunComparison {
    /// The name of the computation.
    pub computation: String,
    /// The parameters of the run, under the names of columns.
    pub parameters: Map,
    /// The failing region that contains the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<Region>,
    /// The most similar success. Absent if no run has succeeded.
    pub nearest_success: Option<SimilarSuccess>,
    /// The smallest change of one parameter after which no region contains the run. Absent if no region contains it,
    /// or if one change is not enough.
    pub change: Option<ParameterChange>,
    /// Limits of the comparison. Each is a sentence.
    pub notes: Vec<String>,
}

/// A success that is similar to a run.
///
/// ```
/// use tracing_failure_corpus::{Cell, RiskModel, RunFacts, RunOutcome, RunTable};
///
/// let mut runs = RunTable::new("rg_flow");
/// runs.push(RunFacts::new(RunOutcome::Ok), [("lambda", Cell::Number(37.0))]);
/// let parameters = record::Map::from_iter([("lambda", 41.0)]);
/// let success = RiskModel::new(&runs).nearest(&parameters).nearest_success.unwrap();
/// assert_eq!(success.success.differs, ["lambda"]);
/// ```
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct SimilarSuccess {
    /// Its parameters, and the names of those that differ. Identifiers such as a seed are left out of the names.
    #[serde(flatten)]
    pub success: NearestSuccess,
    /// Gower's distance between 0 and 1: the mean difference of the parameters. Numbers differ by their ranks.
    pub distance: f64,
    /// The index of the run in its table.
    #[serde(skip)]
    pub run: usize,
    /// The session of the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// The time at which it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<DateTime<Utc>>,
}

/// A change of one parameter.
///
/// ```
/// # use tracing_failure_corpus::ParameterChange;
/// fn sentence(change: &ParameterChange) -> String {
///     format!("{} {} instead of {}", change.parameter, change.to, change.from)
/// }
/// ```
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct ParameterChange {
    /// The parameter.
    pub parameter: String,
    /// The value of the run; null if it is missing.
    pub from: Value,
    /// The nearest value of a success that leaves all regions; null if the parameter must be absent.
    pub to: Value,
    /// The risk after the change.
    pub risk: RiskEstimate,
}

impl RiskModel<'_> {
    /// Compares a run with the most similar success.
    ///
    /// ```
    /// use tracing_failure_corpus::{Cell, RiskModel, RunFacts, RunOutcome, RunTable};
    ///
    /// let mut runs = RunTable::new("rg_flow");
    /// for lambda in 0..60 {
    ///     let outcome = if lambda > 40 { RunOutcome::Failed } else { RunOutcome::Ok };
    ///     runs.push(RunFacts::new(outcome), [("lambda", Cell::Number(lambda.into()))]);
    /// }
    /// let comparison = RiskModel::new(&runs).nearest(&record::Map::from_iter([("lambda", 50.0)]));
    /// assert_eq!(comparison.region.unwrap().to_string(), "lambda > 40");
    /// assert_eq!(comparison.nearest_success.unwrap().success.parameters.get("lambda"), Some(&40.0.into()));
    /// assert_eq!(comparison.change.unwrap().to, 40.0.into());
    /// ```
    pub fn nearest(&mut self, parameters: &Map) -> RunComparison {
        let query = self.query(parameters);
        let mut notes = query.notes.clone();
        let nearest_success = self.nearest_success(&query);
        if nearest_success.is_none() {
            notes.push("No successes are available for comparison.".to_owned());
        }
        let region = self.region_of(&query).cloned();
        let change = region.is_some().then(|| self.smallest_change(&query)).flatten();
        if region.is_some() && change.is_none() {
            notes.push("No change of one parameter leaves the region.".to_owned());
        }
        let computation = self.table.computation().to_owned();
        RunComparison { computation, parameters: query.parameters(), region, nearest_success, change, notes }
    }

    fn success_rows(&self) -> Vec<u32> {
        let is_success = |row: &u32| self.table.runs()[*row as usize].outcome.is_success();
        (0..self.table.len() as u32).filter(is_success).collect()
    }

    fn nearest_success(&self, query: &RunQuery<'_>) -> Option<SimilarSuccess> {
        let columns = usable_columns(self.table, &self.report.ignored).into_iter().map(|column| (column, 1.0));
        let near = RunSpace::new(self.success_rows(), columns).nearest(1, |name| query.cell(name));
        let newest = near.iter().max_by_key(|near| self.table.runs()[near.row as usize].ended)?;
        let run = newest.row as usize;
        let facts = &self.table.runs()[run];
        let differs = |cell: Cell<'_>, name: &str| !equal(cell, query.cell(name));
        let columns = self.table.parameters().iter().filter(|column| !is_identifier(column.name(), &self.report));
        let columns = columns.filter(|column| differs(column.cell(run), column.name()));
        let differs = columns.map(|column| column.name().to_owned()).collect();
        let mut success = NearestSuccess::default();
        (success.parameters, success.differs) = (self.table.parameters_of(run), differs);
        Some(SimilarSuccess {
            success,
            distance: newest.distance.into(),
            run,
            session: self.table.sessions().get(facts.session as usize).map(|session| session.id.clone()),
            ended: facts.ended,
        })
    }

    fn smallest_change(&mut self, query: &RunQuery<'_>) -> Option<ParameterChange> {
        let table = self.table;
        let successes = self.success_rows();
        let mut smallest: Option<(f32, f64, &str, Cell<'_>)> = None;
        for name in self.parameters_of_regions(query) {
            let Some(column) = table.parameter(name) else { continue };
            let scale = RankScale::new(column);
            let from = query.cell(name);
            let leaves = self.exit(query, name);
            for &row in &successes {
                let to = column.cell(row as usize);
                let size = (distance(scale.code(from), scale.code(to)), difference(from, to));
                if smallest.is_some_and(|(rank, difference, ..)| size >= (rank, difference)) {
                    continue;
                }
                if leaves(to) {
                    smallest = Some((size.0, size.1, column.name(), to));
                }
            }
        }
        let (_, _, parameter, to) = smallest?;
        let risk = self.estimate_query(&query.with(parameter, to));
        Some(ParameterChange {
            parameter: parameter.to_owned(),
            from: query.cell(parameter).into(),
            to: to.into(),
            risk,
        })
    }

    /// Returns a test of the values of one parameter: with which of them is a run outside all regions?
    fn exit<'m>(&'m self, query: &RunQuery<'_>, parameter: &'m str) -> impl Fn(Cell<'_>) -> bool + use<'m> {
        let is_changed = |condition: &&RuleCondition| condition.parameter == parameter;
        let rules = self.report.rules.iter();
        // The regions for which the parameter decides.
        let rules = rules.filter(|rule| {
            let mut others = rule.conditions.iter().filter(|condition| !is_changed(condition));
            others.all(|condition| query.may_satisfy(condition))
        });
        let tests: Vec<Vec<&CellTest>> = rules
            .map(|rule| rule.conditions.iter().filter(is_changed).map(|condition| &condition.test).collect())
            .collect();
        move |cell| tests.iter().all(|tests| tests.iter().any(|test| !test.matches(cell)))
    }

    /// The parameters of the regions that contain a run.
    fn parameters_of_regions(&self, query: &RunQuery<'_>) -> Vec<&str> {
        let regions = self.report.rules.iter().filter(|region| query.is_in(region) != Some(false));
        let conditions = regions.flat_map(|region| &region.conditions);
        let mut names: Vec<&str> = conditions.map(|condition| &*condition.parameter).collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

fn is_identifier(parameter: &str, report: &RegionReport) -> bool {
    report.ignored.iter().any(|ignored| ignored.parameter == parameter && ignored.reason == "identifier")
}

fn equal(a: Cell<'_>, b: Cell<'_>) -> bool {
    match (a, b) {
        (Cell::NotFinite(a), Cell::NotFinite(b)) => a == b || (a.is_nan() && b.is_nan()),
        _ => a == b,
    }
}

/// The difference of two numbers; 0 for other values.
fn difference(a: Cell<'_>, b: Cell<'_>) -> f64 {
    match (a, b) {
        (Cell::Number(a), Cell::Number(b)) => (a - b).abs(),
        _ => 0.0,
    }
}
