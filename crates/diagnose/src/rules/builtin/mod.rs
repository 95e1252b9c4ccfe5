//! The built-in rules, by what failed. A rule without conditions beyond its category is what can be said of any such failure.

mod arithmetic;
mod constraints;
mod input;
mod iterations;
mod linear;
mod process;
mod steps;

use super::Rule;
use record::{Behaviour, Category};
use runtime::lock::Lazy;

/// Methods of integration that are stable for small steps only.
const EXPLICIT_METHODS: &str = "rk45|rk23|rk4|dop853|dopri5|dopri|dopri54|rkf45|euler|heun|tsit5|runge kutta|adams|explicit|ab2|ab4|leapfrog|ftcs|lax wendroff";
/// Those that are not, though a word of theirs is among the former.
const IMPLICIT_METHODS: &str = "implicit|backward|bdf|radau|rosenbrock|esdirk|sdirk|crank|imex|moulton";

/// A residual that goes down.
const DECAY: &[Behaviour] = &[Behaviour::GeometricDecay];
const SLOW_DECAY: &[Behaviour] = &[Behaviour::SlowConvergence];
const STAGNATION: &[Behaviour] = &[Behaviour::Stagnation];
const COLLAPSE: &[Behaviour] = &[Behaviour::StepCollapse];
const OSCILLATION: &[Behaviour] = &[Behaviour::Oscillation];
const STALL: &[Behaviour] = &[Behaviour::Stagnation, Behaviour::Oscillation];
const NO_TREND: &[Behaviour] = &[Behaviour::Irregular];

/// By category, the rules that can hold for it.
static RULES_BY_CATEGORY: Lazy<Vec<Vec<&Rule>>> = Lazy::new(|| {
    let all: &'static [Rule] = all().leak();
    let of = |category| all.iter().filter(|rule| rule.covers(category)).collect();
    Category::all().iter().map(|category| of(*category)).collect()
});

/// The rules that can hold for a failure of this category.
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

    /// A placeholder that nothing fills would stand in the record as it is.
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
