//! The built-in rules, by what failed. A rule without conditions beyond its category is what can be said of any such failure.

mod arithmetic;
mod constraints;
mod input;
mod iterations;
mod linear;
mod process;
mod steps;

use std::sync::LazyLock;

use super::Rule;
use crate::failure::{Behaviour, Category};

/// Methods of integration that are stable for small steps only.
const EXPLICIT: &str = "rk45|rk23|rk4|dop853|dopri5|dopri|dopri54|rkf45|euler|heun|tsit5|runge kutta|adams|explicit|ab2|ab4|leapfrog|ftcs|lax wendroff";
/// Those that are not, though a word of theirs is among the former.
const IMPLICIT: &str = "implicit|backward|bdf|radau|rosenbrock|esdirk|sdirk|crank|imex|moulton";

/// A quantity that has become large.
const GROWS: &[Behaviour] = &[Behaviour::GeometricGrowth];
/// A residual that goes down.
const FALLS: &[Behaviour] = &[Behaviour::GeometricDecay];
const FALLS_SLOWLY: &[Behaviour] = &[Behaviour::SlowConvergence];
const STAYS: &[Behaviour] = &[Behaviour::Stagnation];
const COLLAPSES: &[Behaviour] = &[Behaviour::StepCollapse];
const OSCILLATES: &[Behaviour] = &[Behaviour::Oscillation];
const RESTS: &[Behaviour] = &[Behaviour::Stagnation, Behaviour::Oscillation];
const WANDERS: &[Behaviour] = &[Behaviour::Irregular];

/// By category, the rules that can hold for it.
static BY_CATEGORY: LazyLock<Vec<Vec<Rule>>> = LazyLock::new(|| {
    let all = all();
    let of = |category| all.iter().filter(|rule| rule.is_for(category)).cloned().collect();
    Category::all().iter().map(|category| of(*category)).collect()
});

/// The rules that can hold for a failure of this category.
pub(super) fn of(category: Category) -> &'static [Rule] {
    BY_CATEGORY.get(category as usize).map(Vec::as_slice).unwrap_or_default()
}

fn all() -> Vec<Rule> {
    let rooms = [
        steps::rules,
        iterations::rules,
        linear::rules,
        arithmetic::rules,
        constraints::rules,
        input::rules,
        process::rules,
    ];
    rooms.into_iter().flat_map(|rules| rules()).collect()
}
