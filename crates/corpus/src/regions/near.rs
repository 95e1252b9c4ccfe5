//! The success that is nearest to a region.

use crate::table::run_table::RunTable;
use region::Cell;
use region::NearestSuccess;
use region::{CellTest, RuleCondition};

/// Returns the success outside a region that would be inside after the smallest change: of the fewest parameters, then
/// by the fewest values in between.
pub(super) fn nearest_success(runs: &RunTable, conditions: &[RuleCondition]) -> Option<NearestSuccess> {
    let columns: Vec<_> = conditions.iter().map(|condition| runs.parameter(&condition.parameter)).collect();
    let cell = |condition: usize, row: usize| columns[condition].map_or(Cell::Missing, |column| column.cell(row));
    let sorted: Vec<Vec<f64>> = conditions.iter().map(|condition| sorted_numbers(runs, condition)).collect();
    let change = |row: usize| {
        let (mut violated, mut between) = (0_usize, 0.0);
        for (index, condition) in conditions.iter().enumerate() {
            let value = cell(index, row);
            if !condition.test.matches(value) {
                violated += 1;
                between += distance(&sorted[index], &condition.test, value);
            }
        }
        (violated, between)
    };
    let successes = (0..runs.len()).filter(|&row| runs.runs()[row].outcome.is_success());
    let outside = successes.map(|row| (change(row), row)).filter(|((violated, _), _)| *violated > 0);
    let (_, row) = outside.min_by(|(a, _), (b, _)| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)))?;
    let differing =
        conditions.iter().enumerate().filter(|(index, condition)| !condition.test.matches(cell(*index, row)));
    let mut differs: Vec<String> = differing.map(|(_, condition)| condition.parameter.clone()).collect();
    differs.dedup();
    Some(NearestSuccess { parameters: runs.parameters_of(row), differs })
}

/// The finite numbers of a condition with a threshold, in ascending order.
fn sorted_numbers(runs: &RunTable, condition: &RuleCondition) -> Vec<f64> {
    let Some(column) = runs.parameter(&condition.parameter) else { return Vec::new() };
    if threshold(&condition.test).is_none() {
        return Vec::new();
    }
    let mut numbers: Vec<f64> =
        column.cells().filter_map(|cell| if let Cell::Number(number) = cell { Some(number) } else { None }).collect();
    numbers.sort_unstable_by(f64::total_cmp);
    numbers
}

/// The fraction of values between a value and a threshold; 1 for values of another kind.
fn distance(sorted: &[f64], test: &CellTest, value: Cell<'_>) -> f64 {
    match (value, threshold(test)) {
        (Cell::Number(number), Some(threshold)) if !sorted.is_empty() => {
            let rank = |number: f64| sorted.partition_point(|&other| other < number) as f64;
            let ranks = (rank(number) - rank(threshold)).abs() / sorted.len() as f64;
            // Equal ranks of different distances: the number itself decides.
            ranks + (number - threshold).abs().min(1.0) * f64::EPSILON
        }
        _ => 1.0,
    }
}

fn threshold(test: &CellTest) -> Option<f64> {
    match *test {
        CellTest::Greater(threshold)
        | CellTest::AtLeast(threshold)
        | CellTest::Less(threshold)
        | CellTest::AtMost(threshold) => Some(threshold),
        _ => None,
    }
}
