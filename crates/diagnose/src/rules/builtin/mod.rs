//! The built-in rules, grouped by the part that failed.
//!
//! A rule whose only condition is a category gives the general advice for that category.

mod arithmetic;
mod constraints;
mod input;
mod iterations;
mod linear;
mod process;
mod steps;
mod terms;

use super::Rule;
use record::Category;
use runtime::lock::Lazy;

/// The rules that can match, by category.
static RULES_BY_CATEGORY: Lazy<Vec<Vec<&Rule>>> = Lazy::new(|| {
    let all: &'static [Rule] = all().leak();
    let of = |category| all.iter().filter(|rule| rule.covers(category)).collect();
    Category::all().iter().map(|category| of(*category)).collect()
});

/// Returns the rules that can match a failure of this category.
pub(super) fn rules_for(category: Category) -> &'static [&'static Rule] {
    RULES_BY_CATEGORY.get().get(category as usize).map(Vec::as_slice).unwrap_or_default()
}

fn all() -> Vec<Rule> {
    let modules = [
        steps::rules,
        iterations::rules,
        linear::rules,
        constraints::rules,
        arithmetic::rules,
        input::rules,
        process::rules,
    ];
    modules.into_iter().flat_map(|rules| rules()).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::rules::rule::RuleText;

    #[test]
    fn there_are_rules_for_every_kind_of_failure() {
        let rules = all();
        let ids: HashSet<&str> = rules.iter().map(|rule| &*rule.id).collect();
        assert_eq!(ids.len(), rules.len(), "two rules have one id");
        for category in Category::all().iter().filter(|category| **category != Category::Other) {
            assert!(rules.iter().any(|rule| rule.categories.contains(category)), "{}", category.name());
        }
        for rule in &rules {
            assert!(rule.source.as_ref().is_some_and(|source| !source.is_empty()), "{}", rule.id);
            assert!(!rule.categories.is_empty() || !rule.conditions.is_empty(), "{} holds always", rule.id);
        }
    }

    #[test]
    fn every_text_consists_of_whole_sentences() {
        for rule in all() {
            let RuleText::Template(text) = &rule.text else { panic!("{} is code", rule.id) };
            // A text may start with a name from the record.
            assert!(text.starts_with(|first: char| first.is_uppercase() || first == '{'), "{}", rule.id);
            assert!(text.trim_end_matches(']').ends_with('.'), "{}", rule.id);
            assert!(!text.contains("  "), "{}", rule.id);
        }
    }

    /// A placeholder without a value would appear verbatim in the record.
    #[test]
    fn every_placeholder_is_of_a_condition() {
        for rule in all() {
            let RuleText::Template(text) = &rule.text else { panic!("{} is code", rule.id) };
            assert_eq!(text.matches('[').count(), text.matches(']').count(), "{}", rule.id);
            for placeholder in text.split('{').skip(1).filter_map(|rest| rest.split('}').next()) {
                let (name, attribute) = placeholder.split_once('.').unwrap_or((placeholder, ""));
                let is_of = |condition: &super::super::condition::Condition| {
                    condition.name() == Some(name) && condition.attributes().contains(&attribute)
                };
                assert!(rule.conditions.iter().any(is_of), "{}: {{{placeholder}}}", rule.id);
            }
        }
    }
}
