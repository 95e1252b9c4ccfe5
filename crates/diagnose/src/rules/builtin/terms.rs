//! Methods and behaviours that the conditions of several rules name.

use record::Behaviour;

/// Integration methods that are stable for small steps only.
pub(super) const EXPLICIT_METHODS: &str = "rk45|rk23|rk4|dop853|dopri5|dopri|dopri54|rkf45|euler|heun|tsit5|\
                                           runge kutta|adams|explicit|ab2|ab4|leapfrog|ftcs|lax wendroff";
/// Words of implicit methods whose names may also contain a word of an explicit one.
pub(super) const IMPLICIT_METHODS: &str = "implicit|backward|bdf|radau|rosenbrock|esdirk|sdirk|crank|imex|moulton";

/// Behaviours of a residual that decreases.
pub(super) const DECAY: &[Behaviour] = &[Behaviour::GeometricDecay];
pub(super) const SLOW_DECAY: &[Behaviour] = &[Behaviour::SlowConvergence];
pub(super) const STAGNATION: &[Behaviour] = &[Behaviour::Stagnation];
pub(super) const COLLAPSE: &[Behaviour] = &[Behaviour::StepCollapse];
pub(super) const OSCILLATION: &[Behaviour] = &[Behaviour::Oscillation];
pub(super) const STALL: &[Behaviour] = &[Behaviour::Stagnation, Behaviour::Oscillation];
pub(super) const NO_TREND: &[Behaviour] = &[Behaviour::Irregular];
