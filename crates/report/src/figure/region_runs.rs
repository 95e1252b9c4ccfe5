//! The runs that a figure of a region compares.

use corpus::{Cell, CellTest, Region, RuleCondition, RunOutcome, RunTable};

/// The runs of a computation that satisfy all conditions of a region except those on the parameters of a figure.
#[derive(Debug)]
pub(crate) struct RegionRuns<'a> {
    table: &'a RunTable,
    pub(crate) region: &'a Region,
    /// The conditions on other parameters.
    others: Vec<&'a RuleCondition>,
}

impl<'a> RegionRuns<'a> {
    /// Selects the runs for a figure of these parameters.
    pub(crate) fn new(table: &'a RunTable, region: &'a Region, parameters: &[&str]) -> Self {
        let is_other = |condition: &&RuleCondition| !parameters.contains(&&*condition.parameter);
        RegionRuns { table, region, others: region.conditions.iter().filter(is_other).collect() }
    }

    /// Returns the indices of the runs.
    pub(crate) fn indices(&self) -> impl Iterator<Item = usize> {
        let is_counted = |run: &usize| self.table.runs()[*run].outcome != RunOutcome::Cancelled;
        (0..self.table.len()).filter(is_counted).filter(|&run| self.satisfies_others(run))
    }

    /// Returns true if a run failed.
    pub(crate) fn is_failure(&self, run: usize) -> bool {
        self.table.runs()[run].outcome.is_failure()
    }

    fn satisfies_others(&self, run: usize) -> bool {
        self.others.iter().all(|condition| condition.test.matches(self.cell(&condition.parameter, run)))
    }

    /// Returns the value of a parameter.
    pub(crate) fn cell(&self, parameter: &str, run: usize) -> Cell<'a> {
        match self.table.parameter(parameter) {
            Some(column) if run < column.len() => column.cell(run),
            _ => Cell::Missing,
        }
    }

    /// Returns the value of a parameter, NaN if it is no finite number.
    pub(crate) fn number(&self, parameter: &str, run: usize) -> f64 {
        match self.cell(parameter, run) {
            Cell::Number(number) => number,
            _ => f64::NAN,
        }
    }

    /// Returns the thresholds on a parameter: the largest lower and the smallest upper one.
    pub(crate) fn bounds(&self, parameter: &str) -> (Option<f64>, Option<f64>) {
        let tests = self.region.conditions.iter().filter(|condition| condition.parameter == parameter);
        tests.fold((None, None), |(low, high), condition| match condition.test {
            CellTest::Greater(threshold) | CellTest::AtLeast(threshold) => {
                (Some(low.map_or(threshold, |low: f64| low.max(threshold))), high)
            }
            CellTest::Less(threshold) | CellTest::AtMost(threshold) => {
                (low, Some(high.map_or(threshold, |high: f64| high.min(threshold))))
            }
            _ => (low, high),
        })
    }

    /// Returns ` with method is RK45`, or an empty text if no other parameter has a condition.
    pub(crate) fn restriction(&self) -> String {
        let others: Vec<String> = self.others.iter().map(|condition| condition.to_string()).collect();
        if others.is_empty() { String::new() } else { format!(" with {}", others.join(" and ")) }
    }
}

/// Returns the parameters of a region that have thresholds, in its order.
pub(crate) fn threshold_parameters(region: &Region) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for condition in &region.conditions {
        let is_threshold = matches!(
            condition.test,
            CellTest::Greater(_) | CellTest::AtLeast(_) | CellTest::Less(_) | CellTest::AtMost(_)
        );
        if is_threshold && !names.contains(&&*condition.parameter) {
            names.push(&condition.parameter);
        }
    }
    names
}
