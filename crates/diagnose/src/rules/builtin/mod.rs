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
const EXPLICIT: &str = "rk45|rk23|rk4|dop853|dopri5|dopri|dopri54|rkf45|euler|heun|tsit5|runge kutta|adams|explicit|ab2|ab4|leapfrog|ftcs|lax wendroff";
/// Those that are not, though a word of theirs is among the former.
const IMPLICIT: &str = "implicit|backward|bdf|radau|rosenbrock|esdirk|sdirk|crank|imex|moulton";

/// A residual that goes down.
const FALLS: &[Behaviour] = &[Behaviour::GeometricDecay];
const FALLS_SLOWLY: &[Behaviour] = &[Behaviour::SlowConvergence];
const STAYS: &[Behaviour] = &[Behaviour::Stagnation];
const COLLAPSES: &[Behaviour] = &[Behaviour::StepCollapse];
const OSCILLATES: &[Behaviour] = &[Behaviour::Oscillation];
const RESTS: &[Behaviour] = &[Behaviour::Stagnation, Behaviour::Oscillation];
const WANDERS: &[Behaviour] = &[Behaviour::Irregular];

/// By category, the rules that can hold for it.
static BY_CATEGORY: Lazy<Vec<Vec<&Rule>>> = Lazy::new(|| {
    let all: &'static [Rule] = all().leak();
    let of = |category| all.iter().filter(|rule| rule.is_for(category)).collect();
    Category::all().iter().map(|category| of(*category)).collect()
});

/// The rules that can hold for a failure of this category.
pub(super) fn of(category: Category) -> &'static [&'static Rule] {
    BY_CATEGORY.get().get(category as usize).map(Vec::as_slice).unwrap_or_default()
}

fn all() -> Vec<Rule> {
    let rooms = [
        steps::rules,
        iterations::rules,
        linear::rules,
        constraints::rules,
        arithmetic::rules,
        input::rules,
        process::rules,
    ];
    rooms.into_iter().flat_map(|rules| rules()).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::rules::rule::Advice;

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
            assert!(!rule.categories.is_empty() || !rule.clues.is_empty(), "{} holds always", rule.id);
        }
    }

    /// A placeholder that nothing fills would stand in the record as it is.
    #[test]
    fn every_placeholder_is_of_a_condition() {
        for rule in all() {
            let Advice::Text(text) = &rule.advice else { panic!("{} is code", rule.id) };
            assert_eq!(text.matches('[').count(), text.matches(']').count(), "{}", rule.id);
            for placeholder in text.split('{').skip(1).filter_map(|rest| rest.split('}').next()) {
                let (name, attribute) = placeholder.split_once('.').unwrap_or((placeholder, ""));
                let is_of = |clue: &super::super::condition::Clue| {
                    clue.name() == Some(name) && clue.attributes().contains(&attribute)
                };
                assert!(rule.clues.iter().any(is_of), "{}: {{{placeholder}}}", rule.id);
            }
        }
    }
}
