//! The search for regions: a beam search for one rule, and covering for several.

use super::bins::ColumnBins;
use super::candidate::{TestCandidate, candidates};
use super::counter::{RunCounter, Scope, ValueCount, ValueRequest};
use super::likelihood::{MIN_EVIDENCE, evidence};
use super::threshold::{Side, between};
use crate::rule::condition::{CellTest, RuleCondition};
use crate::rule::counts::RunCounts;
use crate::table::cell::Cell;

/// Maximum number of rules.
const MAX_RULES: usize = 8;
/// Maximum number of conditions in a rule. An interval is two conditions.
const MAX_CONDITIONS: usize = 6;
/// Number of rules that each step of the search continues.
const BEAM_WIDTH: usize = 8;
/// Number of these that may extend the same rule by the same parameter.
const MAX_SAME_PARAMETER: usize = 2;
/// Minimum number of failures in a rule.
const MIN_FAILURES: u64 = 3;

/// A rule of the search.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub(super) conditions: Vec<RuleCondition>,
    pub(super) counts: RunCounts,
    /// The evidence less the cost of the conditions, in nats.
    score: f64,
    cost: f64,
}

impl Draft {
    fn root(all: RunCounts) -> Self {
        Draft { conditions: Vec::new(), counts: all, score: 0.0, cost: 0.0 }
    }

    fn update(&mut self, counts: RunCounts, all: RunCounts) {
        self.counts = counts;
        self.score = evidence(counts, all) - self.cost;
    }
}

/// Searches rules in the runs of a scope, one after the other. Each excludes the runs of those before it.
pub(super) fn find_rules<C: RunCounter>(
    counter: &mut C,
    bins: &[ColumnBins],
    scope: &Scope,
) -> Result<Vec<Draft>, C::Error> {
    let tests: usize = bins.iter().map(ColumnBins::test_count).sum();
    let mut search = RuleSearch { counter, bins, scope: scope.clone(), cost: (tests.max(1) as f64).ln() };
    let mut rules = Vec::new();
    while rules.len() < MAX_RULES {
        let Some(rule) = search.find_rule()? else { break };
        search.scope.excluded.push(rule.conditions.clone());
        rules.push(rule);
    }
    Ok(rules)
}

struct RuleSearch<'a, C> {
    counter: &'a mut C,
    bins: &'a [ColumnBins],
    scope: Scope,
    /// The cost of one condition: the logarithm of the number of conditions to choose from.
    cost: f64,
}

impl<C: RunCounter> RuleSearch<'_, C> {
    fn find_rule(&mut self) -> Result<Option<Draft>, C::Error> {
        let Some(&all) = self.counter.count(&self.scope, &[Vec::new()])?.first() else { return Ok(None) };
        if all.failed < MIN_FAILURES || self.bins.is_empty() {
            return Ok(None);
        }
        let mut beam = vec![Draft::root(all)];
        let mut best: Option<Draft> = None;
        let mut steps_without_progress = 0;
        while steps_without_progress < 2 {
            beam = self.extend(&beam, all)?;
            // The beam is in descending order of its scores before refinement.
            let top = beam.iter().reduce(|best, draft| if draft.score > best.score { draft } else { best });
            match top {
                None => break,
                Some(top) if best.as_ref().is_none_or(|best| top.score > best.score) => best = Some(top.clone()),
                Some(_) => steps_without_progress += 1,
            }
        }
        let Some(mut rule) = best else { return Ok(None) };
        self.simplify(&mut rule, all)?;
        self.refine(std::slice::from_mut(&mut rule), all, ThresholdRange::Whole)?;
        self.simplify(&mut rule, all)?;
        let (rate, base) = (rule.counts.rate(), all.rate());
        let is_clear = rate >= (2.0 * base).min((1.0 + base) / 2.0) && rule.counts.failed >= MIN_FAILURES;
        Ok((rule.score >= MIN_EVIDENCE && is_clear).then_some(rule))
    }

    /// Extends each rule of the beam by one condition or one interval, and returns the best extensions.
    fn extend(&mut self, beam: &[Draft], all: RunCounts) -> Result<Vec<Draft>, C::Error> {
        let rules: Vec<_> = beam.iter().map(|draft| draft.conditions.clone()).collect();
        let histograms = self.counter.histograms(&self.scope, &rules)?;
        let mut extended: Vec<Draft> = Vec::new();
        for (parent, histograms) in beam.iter().zip(&histograms) {
            for (bins, histogram) in self.bins.iter().zip(histograms) {
                let mut best = candidates(bins, histogram, all, self.cost);
                best.sort_by(|a, b| (b.evidence - b.cost).total_cmp(&(a.evidence - a.cost)));
                best.truncate(MAX_SAME_PARAMETER);
                extended.extend(best.iter().filter_map(|best| join(parent, bins.parameter(), best)));
            }
        }
        extended.sort_by(|a, b| b.score.total_cmp(&a.score));
        // Rules of different order that select the same runs are the same rule.
        let mut different: Vec<Draft> = Vec::new();
        for draft in extended {
            let is_same = |other: &Draft| {
                other.counts == draft.counts
                    && draft.conditions.iter().all(|a| other.conditions.iter().any(|b| a.parameter == b.parameter))
            };
            if different.len() < BEAM_WIDTH && !different.iter().any(is_same) {
                different.push(draft);
            }
        }
        self.refine(&mut different, all, ThresholdRange::NearCuts)?;
        Ok(different)
    }

    /// Moves each threshold to the best place between two neighbouring values, the other conditions fixed.
    fn refine(&mut self, drafts: &mut [Draft], all: RunCounts, range: ThresholdRange) -> Result<(), C::Error> {
        let longest = drafts.iter().map(|draft| draft.conditions.len()).max().unwrap_or_default();
        let rounds = if range == ThresholdRange::Whole { 2 } else { 1 };
        for index in (0..rounds).flat_map(|_| 0..longest) {
            let requests: Vec<(usize, ValueRequest)> = drafts
                .iter()
                .enumerate()
                .filter_map(|(draft, rule)| Some((draft, self.request(rule, index, range)?)))
                .collect();
            if requests.is_empty() {
                continue;
            }
            let asked: Vec<ValueRequest> = requests.iter().map(|(_, request)| request.clone()).collect();
            let values = self.counter.values(&self.scope, &asked)?;
            for ((draft, _), values) in requests.iter().zip(&values) {
                move_threshold(&mut drafts[*draft], index, values, all);
            }
        }
        Ok(())
    }

    /// The request for the values near the threshold of a condition.
    fn request(&self, draft: &Draft, index: usize, range: ThresholdRange) -> Option<ValueRequest> {
        let condition = draft.conditions.get(index)?;
        let (_, threshold) = threshold_of(&condition.test)?;
        let bins = self.bins.iter().find(|bins| bins.parameter() == condition.parameter)?;
        let (low, high) = match range {
            ThresholdRange::NearCuts => bins.around(threshold),
            ThresholdRange::Whole => (f64::NEG_INFINITY, f64::INFINITY),
        };
        let mut rule = draft.conditions.clone();
        rule.remove(index);
        Some(ValueRequest { rule, parameter: condition.parameter.clone(), low, high })
    }

    /// Removes conditions that are not worth their cost.
    fn simplify(&mut self, rule: &mut Draft, all: RunCounts) -> Result<(), C::Error> {
        while rule.conditions.len() > 1 {
            let without = |index: usize| {
                let mut conditions = rule.conditions.clone();
                conditions.remove(index);
                conditions
            };
            let shorter: Vec<_> = (0..rule.conditions.len()).map(without).collect();
            let counts = self.counter.count(&self.scope, &shorter)?;
            let scored = shorter.into_iter().zip(counts).map(|(conditions, counts)| {
                let cost = (rule.cost - self.cost).max(self.cost);
                Draft { conditions, counts, score: evidence(counts, all) - cost, cost }
            });
            match scored.max_by(|a, b| a.score.total_cmp(&b.score)) {
                Some(shorter) if shorter.score >= rule.score => *rule = shorter,
                _ => return Ok(()),
            }
        }
        Ok(())
    }
}

/// The values among which a better threshold is searched.
#[derive(Clone, Copy, PartialEq)]
enum ThresholdRange {
    /// Those between the neighbouring cuts.
    NearCuts,
    /// All values.
    Whole,
}

/// Adds the tests of a candidate to a rule. A limit replaces a wider one of the same side.
fn join(parent: &Draft, parameter: &str, candidate: &TestCandidate) -> Option<Draft> {
    let mut conditions = parent.conditions.clone();
    let mut cost = parent.cost + candidate.cost;
    let condition_cost = candidate.cost / candidate.tests.len() as f64;
    for test in &candidate.tests {
        let Some(test) = narrower(&conditions, parameter, test) else { continue };
        let before = conditions.len();
        conditions.retain(|known| known.parameter != parameter || !is_implied(&known.test, &test));
        cost -= condition_cost * (before - conditions.len()) as f64;
        conditions.push(RuleCondition { parameter: parameter.to_owned(), test });
    }
    let score = candidate.evidence - cost;
    (conditions.len() <= MAX_CONDITIONS).then_some(Draft { conditions, counts: candidate.counts, score, cost })
}

/// Returns the test, or the limit on the same side that the rule already has, if that is narrower. Cuts are coarser than
/// thresholds.
fn narrower(conditions: &[RuleCondition], parameter: &str, test: &CellTest) -> Option<CellTest> {
    let Some((side, threshold)) = threshold_of(test) else { return Some(test.clone()) };
    let of_parameter = conditions.iter().filter(|known| known.parameter == parameter);
    let known = of_parameter.filter_map(|known| threshold_of(&known.test)).find(|(known, _)| *known == side);
    let is_wider = known.is_some_and(|(_, known)| match side {
        Side::Above => threshold <= known,
        Side::Below => threshold >= known,
    });
    (!is_wider).then(|| test.clone())
}

/// Returns true if a test of the same parameter adds nothing to a new one.
fn is_implied(known: &CellTest, new: &CellTest) -> bool {
    match (threshold_of(known), threshold_of(new)) {
        (Some((known, _)), Some((new, _))) => known == new,
        (None, Some(_)) => matches!(known, CellTest::Finite | CellTest::NotMissing),
        (None, None) => true,
        (Some(_), None) => false,
    }
}

/// The side and the threshold of a limit.
fn threshold_of(test: &CellTest) -> Option<(Side, f64)> {
    match *test {
        CellTest::Greater(threshold) | CellTest::AtLeast(threshold) => Some((Side::Above, threshold)),
        CellTest::Less(threshold) | CellTest::AtMost(threshold) => Some((Side::Below, threshold)),
        _ => None,
    }
}

/// Moves a threshold to the place with most evidence. `values` contains all values among which it may lie, and the
/// runs beyond them stay where they are.
fn move_threshold(draft: &mut Draft, index: usize, values: &[ValueCount], all: RunCounts) {
    let test = &draft.conditions[index].test;
    let Some((side, _)) = threshold_of(test) else { return };
    let is_inside = |value: &ValueCount| test.matches(Cell::Number(value.first));
    let inside = values.iter().filter(|value| is_inside(value));
    let beyond = draft.counts - inside.fold(RunCounts::default(), |sum, value| sum + value.counts);
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
    let Some((test, counts)) = best_place(&places, side) else { return };
    draft.conditions[index].test = test;
    draft.update(counts, all);
}

/// A place for a threshold, between two neighbouring values.
struct Place {
    low: f64,
    high: f64,
    /// The runs inside.
    counts: RunCounts,
    evidence: f64,
}

/// The evidence, in nats, that one more digit of a threshold must add. It corresponds to half a decimal digit, so that
/// a single run with a random outcome does not turn `x > 0.5` into `x > 0.50004`.
const EVIDENCE_PER_DIGIT: f64 = 1.15;
/// Maximum number of digits of a number.
const MAX_DIGITS: f64 = 17.0;
/// Maximum number of places whose digits are compared.
const MAX_PLACES: usize = 1000;

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
