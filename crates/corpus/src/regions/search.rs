//! The search for regions: a beam search for one rule, and covering for several.

use super::bins::ColumnBins;
use super::candidate::{TestCandidate, candidates};
use super::counter::{RunCounter, Scope, ValueRequest};
use super::likelihood::{MIN_EVIDENCE, evidence};
use super::place::best_threshold;
use super::threshold::{Side, threshold_of};
use region::RunCounts;
use region::{CellTest, RuleCondition};

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

/// Difference of evidence, in nats, up to which two parameters explain the failures equally well.
const TIE: f64 = 1.0;
/// Difference of evidence up to which a parameter is compared after its threshold has moved to the best place.
const SUBSTITUTE_MARGIN: f64 = 50.0;

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
    search.separate(&mut rules, scope)?;
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
        self.substitute(&mut rule, all)?;
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
                let draft = &mut drafts[*draft];
                let moved = best_threshold(&draft.conditions[index].test, draft.counts, values, all);
                if let Some((test, counts)) = moved {
                    draft.conditions[index].test = test;
                    draft.update(counts, all);
                }
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
            ThresholdRange::NearCuts => bins.cuts_around(threshold),
            ThresholdRange::Whole => (f64::NEG_INFINITY, f64::INFINITY),
        };
        let mut rule = draft.conditions.clone();
        rule.remove(index);
        Some(ValueRequest { rule, parameter: condition.parameter.clone(), low, high })
    }

    /// Replaces each parameter by an earlier one, or by one with more evidence. A parameter may be the copy of another.
    fn substitute(&mut self, rule: &mut Draft, all: RunCounts) -> Result<(), C::Error> {
        for index in 0..rule.conditions.len() {
            let known = &rule.conditions[index];
            let Some((side, _)) = threshold_of(&known.test) else { continue };
            let place = |parameter: &str| self.bins.iter().position(|bins| bins.parameter() == parameter);
            let known_place = place(&known.parameter);
            let mut others = Draft { conditions: rule.conditions.clone(), cost: rule.cost - self.cost, ..rule.clone() };
            others.conditions.remove(index);
            let histograms = self.counter.histograms(&self.scope, std::slice::from_ref(&others.conditions))?;
            let Some(histograms) = histograms.first() else { continue };
            let mut drafts: Vec<Draft> = Vec::new();
            for (bins, histogram) in self.bins.iter().zip(histograms) {
                let found = candidates(bins, histogram, all, self.cost).into_iter().filter(|candidate| {
                    let [test] = &*candidate.tests else { return false };
                    threshold_of(test).is_some_and(|(found, _)| found == side)
                });
                drafts.extend(found.filter_map(|found| join(&others, bins.parameter(), &found)));
            }
            drafts.retain(|draft| draft.conditions.len() == rule.conditions.len());
            drafts.retain(|draft| draft.score > rule.score - SUBSTITUTE_MARGIN);
            self.refine(&mut drafts, all, ThresholdRange::NearCuts)?;
            let better = drafts.into_iter().find(|draft| {
                let parameter = draft.conditions.last().map_or("", |condition| &condition.parameter);
                let is_earlier = place(parameter) < known_place;
                draft.score > rule.score + TIE || (is_earlier && draft.score > rule.score - TIE)
            });
            if let Some(mut better) = better {
                // The condition stays in its place.
                if let Some(condition) = better.conditions.pop() {
                    better.conditions.insert(index, condition);
                }
                *rule = better;
            }
        }
        Ok(())
    }

    /// Moves the thresholds of each rule to the best places for the runs that no other rule explains.
    fn separate(&mut self, rules: &mut [Draft], scope: &Scope) -> Result<(), C::Error> {
        if rules.len() < 2 {
            return Ok(());
        }
        for index in 0..rules.len() {
            let others = rules.iter().enumerate().filter(|(other, _)| *other != index);
            self.scope.excluded = scope.excluded.clone();
            self.scope.excluded.extend(others.map(|(_, rule)| rule.conditions.clone()));
            let counts = self.counter.count(&self.scope, &[rules[index].conditions.clone(), Vec::new()])?;
            let [inside, all] = counts[..] else { return Ok(()) };
            rules[index].update(inside, all);
            self.refine(&mut rules[index..=index], all, ThresholdRange::Whole)?;
        }
        Ok(())
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

/// Returns the test, or the limit on the same side that the rule already has, if that is narrower. Cuts are coarser
/// than thresholds.
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
