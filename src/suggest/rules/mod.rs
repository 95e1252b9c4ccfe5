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
use crate::failure::Behaviour;

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
const WANDERS: &[Behaviour] = &[Behaviour::Irregular];

static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
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
});

pub(super) fn all() -> &'static [Rule] {
    &RULES
}
