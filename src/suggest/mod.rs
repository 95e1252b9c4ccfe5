//! What to try: rules over a record, without any network.

mod advice;
mod clue;
mod facts;
mod number;
mod own;
mod rule;
mod rules;

use std::cmp::Reverse;

pub(crate) use own::Rules;
pub use rule::{Rule, Test};

use crate::convergence;
use crate::failure::{Category, Confidence, Evidence, Failure, Origin, Suggestion};
use advice::{evidence, fill};
use clue::Found;
use facts::Facts;
use rule::Advice;

/// More than that nobody reads.
const MOST: usize = 5;

impl Failure {
    /// Says how the series of the trail went, and what the built-in rules suggest, where the record does not yet. Records of
    /// this library do; those of other programs may not.
    ///
    /// ```
    /// use tracing_failure::{Category, Failure};
    ///
    /// let mut failure = Failure::new("rg_flow", "Eq. 1.12", "LinAlgError", "Singular matrix");
    /// failure.context.category = Some(Category::SingularMatrix);
    /// failure.diagnose();
    /// assert!(failure.suggested_fixes[0].contains("rank-revealing"));
    /// assert_eq!(failure.context.suggestions[0].rule.as_deref(), Some("singular_matrix"));
    /// ```
    pub fn diagnose(&mut self) {
        diagnose(self, &Rules::default());
    }
}

/// Fills in what the trail shows, and what the rules say to it: those of the program and our own.
pub(crate) fn diagnose(failure: &mut Failure, own: &Rules) {
    if failure.context.convergence.is_empty() {
        failure.context.convergence = convergence::of(failure);
    }
    if failure.context.suggestions.iter().any(|suggestion| suggestion.origin == Origin::Rule) {
        return;
    }
    for suggestion in best(matches(failure, own)).take(MOST) {
        failure.suggested_fixes.push(suggestion.fix.clone());
        failure.context.suggestions.push(suggestion);
    }
}

/// The most specific first; of the program's own rules and ours with the same evidence, the own ones. Of our rules on one
/// topic the first says it all, and what can be said of any failure of a category is left out where the numbers of this one
/// say something.
fn best(mut matches: Vec<Match>) -> impl Iterator<Item = Suggestion> {
    matches.sort_by_key(|found| Reverse((found.weight, found.is_own)));
    let sure = |found: &Match| found.suggestion.confidence == Some(Confidence::High);
    let any_sure = matches.iter().any(sure);
    let mut topics = Vec::new();
    let is_new = move |found: &Match| {
        let topic = found.topic();
        let is_known = topics.contains(&topic);
        topics.push(topic);
        found.is_own || !is_known
    };
    let says_more =
        move |found: &Match| found.is_own || !any_sure || found.suggestion.confidence != Some(Confidence::Low);
    matches.into_iter().filter(says_more).filter(is_new).map(|found| found.suggestion)
}

impl Match {
    /// What its rule is about: the first part of its id.
    fn topic(&self) -> String {
        let id = self.suggestion.rule.as_deref().unwrap_or_default();
        id.split('.').next().unwrap_or_default().to_owned()
    }
}

/// What a rule has to say.
struct Match {
    weight: u32,
    is_own: bool,
    suggestion: Suggestion,
}

fn matches(failure: &Failure, own: &Rules) -> Vec<Match> {
    let category = failure.context.category.unwrap_or(Category::Other);
    let facts = Facts::of(failure);
    let mut matches = Vec::new();
    let mut asked = Vec::new();
    for (rule, is_own) in own.iter().map(|rule| (rule, true)).chain(rules::all().iter().map(|rule| (rule, false))) {
        let Some(found) = rule.find(category, &facts) else { continue };
        match &rule.advice {
            Advice::Text(text) => matches.push(rule.says(fill(text, &found, &facts), &found, is_own, &facts)),
            Advice::Own(_) => asked.push((rule, found)),
        }
    }
    let fixes = own.ask(asked.iter().map(|(rule, _)| *rule), failure);
    let own = asked.iter().zip(fixes).filter_map(|((rule, found), fix)| Some(rule.says(fix?, found, true, &facts)));
    matches.extend(own);
    matches
}

impl Rule {
    /// What meets its conditions, if all of them hold.
    fn find<'a>(&'a self, category: Category, facts: &'a Facts<'a>) -> Option<Vec<(Option<&'a str>, Found<'a>)>> {
        let has_conditions =
            !self.clues.is_empty() || !self.categories.is_empty() || matches!(self.advice, Advice::Own(_));
        let is_in_category = self.categories.is_empty() || self.categories.contains(&category);
        if !has_conditions || !is_in_category {
            return None;
        }
        self.clues.iter().map(|clue| Some((clue.name(), clue.find(facts)?))).collect()
    }

    fn says(&self, fix: String, found: &advice::Bound<'_>, is_own: bool, facts: &Facts<'_>) -> Match {
        let in_category = facts.failure.context.category.filter(|category| self.categories.contains(category));
        let category =
            in_category.map(|category| Evidence { field: "context.category".into(), value: category.name().into() });
        let found = found.iter().filter_map(|(_, found)| evidence(found, facts));
        let suggestion = Suggestion {
            fix,
            origin: Origin::Rule,
            rule: Some(self.id.clone()),
            evidence: category.into_iter().chain(found).collect(),
            source: self.source.clone(),
            confidence: Some(self.confidence()),
            ..Suggestion::default()
        };
        Match { weight: self.weight(), is_own, suggestion }
    }

    /// How specific its conditions are.
    fn weight(&self) -> u32 {
        u32::from(!self.categories.is_empty()) + self.clues.iter().map(clue::Clue::weight).sum::<u32>()
    }

    fn confidence(&self) -> Confidence {
        if self.clues.iter().any(clue::Clue::is_of_the_trail) {
            Confidence::High
        } else if self.weight() > 1 {
            Confidence::Medium
        } else {
            Confidence::Low
        }
    }
}
