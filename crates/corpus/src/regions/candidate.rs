//! The conditions that a histogram suggests.

use super::bins::ColumnBins;
use super::likelihood::evidence;
use region::RunCounts;
use region::{CellTest, Label};

/// One or two tests of a parameter, and the runs that pass them.
#[derive(Clone, Debug)]
pub(super) struct TestCandidate {
    pub(super) tests: Vec<CellTest>,
    pub(super) counts: RunCounts,
    pub(super) evidence: f64,
    /// The evidence that the choice of the tests costs.
    pub(super) cost: f64,
}

/// Returns the best tests of each kind for a column. `histogram` counts the runs of a rule, `all` those of the scope,
/// and `cost` is the cost of one condition.
pub(super) fn candidates(bins: &ColumnBins, histogram: &[RunCounts], all: RunCounts, cost: f64) -> Vec<TestCandidate> {
    let total = histogram.iter().copied().fold(RunCounts::default(), |sum, counts| sum + counts);
    let candidate = |tests: Vec<CellTest>, counts: RunCounts, cost: f64| {
        let evidence = evidence(counts, all);
        // A test that all runs pass adds nothing.
        (counts.runs < total.runs && evidence > 0.0).then_some(TestCandidate { tests, counts, evidence, cost })
    };
    let numbers = &histogram[..bins.numbers()];
    let sum = |bins: &[RunCounts]| bins.iter().copied().fold(RunCounts::default(), |sum, counts| sum + counts);
    let not_finite = histogram[bins.not_finite()];
    let missing = histogram[bins.missing()];
    let mut found =
        vec![candidate(vec![CellTest::NotFinite], not_finite, cost), candidate(vec![CellTest::Missing], missing, cost)];
    if missing.runs > 0 {
        found.push(candidate(vec![CellTest::NotMissing], total - missing, cost));
    }
    if not_finite.runs > 0 {
        found.push(candidate(vec![CellTest::Finite], sum(numbers), cost));
    }
    found.extend(intervals(bins, numbers, all, cost).map(|(tests, counts, cost)| candidate(tests, counts, cost)));
    found.extend(
        lists(bins, histogram, all, cost).into_iter().map(|(test, counts, cost)| candidate(vec![test], counts, cost)),
    );
    found.into_iter().flatten().collect()
}

/// The best upper limit, the best lower limit, and the best interval.
fn intervals(
    bins: &ColumnBins,
    numbers: &[RunCounts],
    all: RunCounts,
    cost: f64,
) -> impl Iterator<Item = (Vec<CellTest>, RunCounts, f64)> {
    let mut sums = vec![RunCounts::default()];
    for counts in numbers {
        sums.push(*sums.last().unwrap_or(&RunCounts::default()) + *counts);
    }
    // The interval of the bins from `first` up to, but not including, `end`.
    let interval = |first: usize, end: usize| {
        let mut tests = Vec::new();
        if first > 0 {
            tests.push(CellTest::Greater(bins.cuts()[first - 1]));
        }
        if end < numbers.len() {
            tests.push(CellTest::AtMost(bins.cuts()[end - 1]));
        }
        let cost = cost * tests.len() as f64;
        (tests, sums[end] - sums[first], cost)
    };
    let best = |intervals: &mut dyn Iterator<Item = (usize, usize)>| {
        let scored = intervals.map(|(first, end)| (evidence(sums[end] - sums[first], all), first, end));
        let best = scored.max_by(|a, b| a.0.total_cmp(&b.0));
        best.map(|(_, first, end)| interval(first, end))
    };
    let count = numbers.len();
    let below = best(&mut (1..count).map(|end| (0, end)));
    let above = best(&mut (1..count).map(|first| (first, count)));
    let inner = best(&mut (1..count).flat_map(|first| (first + 1..count).map(move |end| (first, end))));
    [below, above, inner].into_iter().flatten()
}

/// The best lists of labels: those with the highest failure rates. No other list of the same length can be better.
fn lists(bins: &ColumnBins, histogram: &[RunCounts], all: RunCounts, cost: f64) -> Vec<(CellTest, RunCounts, f64)> {
    let first = bins.first_label();
    let counted = bins.labels().iter().zip(&histogram[first..]);
    let mut labels: Vec<(&Label, RunCounts)> =
        counted.map(|(label, counts)| (label, *counts)).filter(|(_, counts)| counts.runs > 0).collect();
    labels.sort_by(|a, b| b.1.rate().total_cmp(&a.1.rate()).then_with(|| a.0.cmp(b.0)));
    let other_texts = histogram.last().is_some_and(|counts| counts.runs > 0);
    let mut sum = RunCounts::default();
    let lists = (1..=labels.len()).map(|length| {
        sum += labels[length - 1].1;
        let named = length.min(labels.len() - length + 1);
        let cost = cost + (named - 1) as f64 * (labels.len() as f64).ln();
        (length, sum, cost)
    });
    let gain = |list: &(usize, RunCounts, f64)| evidence(list.1, all) - list.2;
    let best = lists.collect::<Vec<_>>().into_iter().max_by(|a, b| gain(a).total_cmp(&gain(b)));
    let list = |(length, counts, cost): (usize, RunCounts, f64)| {
        let selected = labels[..length].iter().map(|(label, _)| (*label).clone()).collect();
        (bins.list(selected, other_texts), counts, cost)
    };
    best.map(list).into_iter().collect()
}
