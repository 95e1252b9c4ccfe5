//! How much a parameter tells about the outcome of a run.

use region::{Cell, RunCounts};

use super::rank_scale::RankScale;
use crate::regions::log_likelihood;
use crate::table::column::ValueColumn;

/// Number of groups of equally many numbers.
const GROUPS: usize = 16;
/// Number of standard deviations by which a statistic must exceed its mean without a relation.
const SIGNIFICANCE: f64 = 4.0;

/// Returns true if one of the columns tells something about the outcome of these runs.
pub(crate) fn is_any_relevant(columns: &[&ValueColumn], rows: &[u32], is_failure: &[bool]) -> bool {
    columns.iter().any(|column| relevance(column, &RankScale::new(column), rows, is_failure) > 0.0)
}

/// Returns the information that a parameter has about the outcome, in nats per run; 0 if it may be chance.
///
/// The likelihood ratio of a failure rate for each group of values against one rate for all. Without a relation, twice
/// its logarithm has a χ² distribution with one degree of freedom less than there are groups. Source: S. S. Wilks, The
/// large-sample distribution of the likelihood ratio, Ann. Math. Stat. 9 (1938) 60–62.
pub(super) fn relevance(column: &ValueColumn, scale: &RankScale<'_>, rows: &[u32], is_failure: &[bool]) -> f64 {
    let others = GROUPS + 4;
    let mut groups = vec![RunCounts::default(); others + column.texts().len()];
    for &row in rows {
        let group = match column.cell(row as usize) {
            cell @ Cell::Number(_) => ((scale.code(cell) * GROUPS as f32) as usize).min(GROUPS - 1),
            Cell::Missing => GROUPS,
            Cell::NotFinite(_) => GROUPS + 1,
            Cell::Bool(value) => GROUPS + 2 + usize::from(value),
            Cell::Text(text) => others + column.text_position(text).unwrap_or_default(),
        };
        groups[group] += RunCounts { failed: is_failure[row as usize].into(), runs: 1 };
    }
    groups.retain(|counts| counts.runs > 0);
    let all = groups.iter().fold(RunCounts::default(), |sum, counts| sum + *counts);
    let ratio = groups.iter().map(|counts| log_likelihood(*counts)).sum::<f64>() - log_likelihood(all);
    let freedom = groups.len().saturating_sub(1) as f64;
    let excess = 2.0 * ratio - freedom;
    if excess > SIGNIFICANCE * (2.0 * freedom).sqrt() { excess / (2.0 * all.runs as f64) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn relevance_of(cells: &[Cell<'_>], fails: impl Fn(usize) -> bool) -> f64 {
        let mut column = ValueColumn::new("x");
        cells.iter().for_each(|cell| column.push(*cell));
        let rows: Vec<u32> = (0..cells.len() as u32).collect();
        let is_failure: Vec<bool> = (0..cells.len()).map(fails).collect();
        relevance(&column, &RankScale::new(&column), &rows, &is_failure)
    }

    fn numbers() -> Vec<Cell<'static>> {
        (0..400).map(|run| Cell::Number(f64::from(run * 37 % 400))).collect()
    }

    #[test]
    fn a_threshold_a_band_and_a_text_are_relevant() {
        let number = |run: usize| run * 37 % 400;
        // Half of the runs fail: the outcome has ln 2 of information.
        let threshold = relevance_of(&numbers(), |run| number(run) >= 200);
        assert!((threshold - 2_f64.ln()).abs() < 0.03, "{threshold}");
        assert!(relevance_of(&numbers(), |run| (100..150).contains(&number(run))) > 0.2);
        let texts: Vec<_> = (0..400).map(|run| Cell::Text(["RK45", "BDF"][run % 2])).collect();
        assert!(relevance_of(&texts, |run| run % 2 == 0) > 0.6);
    }

    #[test]
    fn chance_is_not_relevant() {
        assert_eq!(relevance_of(&numbers(), |run| run.is_multiple_of(7)), 0.0);
        assert_eq!(relevance_of(&numbers(), |_| false), 0.0);
        assert_eq!(relevance_of(&[Cell::Missing; 50], |run| run < 9), 0.0);
        let names: Vec<String> = (0..200).map(|run| run.to_string()).collect();
        let texts: Vec<_> = names.iter().map(|name| Cell::Text(name)).collect();
        assert_eq!(relevance_of(&texts, |run| run % 3 == 0), 0.0);
    }
}
