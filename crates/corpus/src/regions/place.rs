//! The best place of a threshold among the values of a parameter.

use super::counter::ValueCount;
use super::likelihood::evidence;
use super::threshold::{Side, between, threshold_of};
use region::Cell;
use region::CellTest;
use region::RunCounts;

/// The evidence, in nats, that one more digit of a threshold must add. It corresponds to half a decimal digit, so that
/// a single run with a random outcome does not turn `x > 0.5` into `x > 0.50004`.
const EVIDENCE_PER_DIGIT: f64 = 1.15;
/// Maximum number of digits of a number.
const MAX_DIGITS: f64 = 17.0;
/// Maximum number of places whose digits are compared.
const MAX_PLACES: usize = 1000;

/// Returns the limit with most evidence instead of `test`, and the runs of the rule with it. `values` are those among
/// which the threshold may lie, and `counts` the runs of the rule with `test`.
pub(super) fn best_threshold(
    test: &CellTest,
    counts: RunCounts,
    values: &[ValueCount],
    all: RunCounts,
) -> Option<(CellTest, RunCounts)> {
    let (side, _) = threshold_of(test)?;
    let is_inside = |value: &ValueCount| test.matches(Cell::Number(value.first));
    let inside = values.iter().filter(|value| is_inside(value));
    let beyond = counts - inside.fold(RunCounts::default(), |sum, value| sum + value.counts);
    // From the side of the region outwards.
    let ordered: Vec<&ValueCount> = match side {
        Side::Above => values.iter().rev().collect(),
        Side::Below => values.iter().collect(),
    };
    let mut counts = beyond;
    let mut places: Vec<Place> = Vec::new();
    for pair in ordered.windows(2) {
        counts += pair[0].counts;
        let (low, high) = match side {
            Side::Above => (pair[1].last, pair[0].first),
            Side::Below => (pair[0].last, pair[1].first),
        };
        places.push(Place { low, high, counts, evidence: evidence(counts, all) });
    }
    best_place(&places, side)
}

/// A place for a threshold, between two neighbouring values.
struct Place {
    low: f64,
    high: f64,
    /// The runs inside.
    counts: RunCounts,
    evidence: f64,
}

/// Returns the test with most evidence, less the cost of its digits.
fn best_place(places: &[Place], side: Side) -> Option<(CellTest, RunCounts)> {
    let best = places.iter().map(|place| place.evidence).fold(f64::NEG_INFINITY, f64::max);
    if best == f64::NEG_INFINITY {
        return None;
    }
    let mut close: Vec<&Place> =
        places.iter().filter(|place| place.evidence > best - EVIDENCE_PER_DIGIT * MAX_DIGITS).collect();
    close.sort_by(|a, b| b.evidence.total_cmp(&a.evidence));
    close.truncate(MAX_PLACES);
    let scored = close.into_iter().map(|place| {
        let (test, digits) = between(side, place.low, place.high);
        (place.evidence - EVIDENCE_PER_DIGIT * digits as f64, test, place.counts)
    });
    let (_, test, counts) = scored.reduce(|best, place| if place.0 > best.0 { place } else { best })?;
    Some((test, counts))
}
