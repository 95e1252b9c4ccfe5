//! The match of a rule with a record, and the suggestion that follows from it.

use record::{Category, Confidence, Evidence, Origin, Suggestion};

use super::condition::{Condition, ConditionMatch};
use super::facts::Facts;
use super::rule::{Rule, RuleText};
use super::template::{evidence, fill};

/// A rule whose conditions hold.
pub(super) struct RuleMatch<'a> {
    pub(super) rule: &'a Rule,
    pub(super) is_user_rule: bool,
    pub(super) found: Findings<'a>,
    /// The text that the function of the rule returned.
    pub(super) fix: Option<String>,
}

/// The findings of a rule's conditions, with their names in its template.
pub(super) type Findings<'a> = Vec<(Option<&'a str>, ConditionMatch<'a>)>;

impl RuleMatch<'_> {
    /// Returns the suggestion, or `None` if a placeholder of a built-in rule has no value. A user rule is shown with
    /// the placeholder, so that its author sees it.
    pub(super) fn suggestion(self, facts: &Facts<'_>) -> Option<Suggestion> {
        let rule = self.rule;
        let fix = match &rule.text {
            RuleText::Template(text) => {
                let (fix, is_whole) = fill(text, &self.found, facts);
                Some(fix).filter(|fix| (is_whole || self.is_user_rule) && !fix.trim().is_empty())?
            }
            RuleText::Function(_) => self.fix.unwrap_or_default(),
        };
        let in_category = facts.failure.context.category.filter(|category| rule.categories.contains(category));
        let in_category = in_category.map(|category| Evidence::new("context.category", category.name()));
        let found = self.found.iter().filter_map(|(_, found)| evidence(found, facts));
        let mut suggestion = Suggestion::new(fix, Origin::Rule);
        suggestion.rule = Some(rule.id.clone());
        suggestion.evidence = in_category.into_iter().chain(found).collect();
        suggestion.source = rule.source.clone();
        suggestion.confidence = Some(rule.confidence());
        Some(suggestion)
    }
}

impl Rule {
    /// Returns the findings of the conditions if all of them hold.
    pub(super) fn find<'a>(&'a self, category: Category, facts: &'a Facts<'a>) -> Option<Findings<'a>> {
        let has_conditions = !self.conditions.is_empty() || !self.categories.is_empty() || self.function().is_some();
        if !has_conditions || !self.covers(category) {
            return None;
        }
        self.conditions.iter().map(|condition| Some((condition.name(), condition.find(facts)?))).collect()
    }

    /// Returns true if the rule may match failures of this category.
    pub(super) fn covers(&self, category: Category) -> bool {
        self.categories.is_empty() || self.categories.contains(&category)
    }

    /// The topic of the rule: the first part of its id.
    pub(super) fn topic(&self) -> &str {
        self.id.split('.').next().unwrap_or_default()
    }

    /// How specific the conditions are.
    pub(super) fn weight(&self) -> u32 {
        u32::from(!self.categories.is_empty()) + self.conditions.iter().map(Condition::weight).sum::<u32>()
    }

    pub(super) fn confidence(&self) -> Confidence {
        if self.conditions.iter().any(Condition::uses_trail) {
            Confidence::High
        } else if self.weight() > 1 {
            Confidence::Medium
        } else {
            Confidence::Low
        }
    }
}
