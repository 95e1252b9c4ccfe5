//! Failures of real solvers, with what a numerical analyst says of each.
//!
//! What is expected here is written from what the manuals of PETSc, SUNDIALS, SciML, SciPy and LAPACK say, not from what the
//! library answers. `tests/table.rs` runs all of them and puts the two side by side.

mod arrays;
mod coupled;
mod domain;
mod examples;
mod held_out;
mod input;
mod later;
mod linear;
mod nonlinear;
mod ode;
mod ode_implicit;
mod optimization;
mod pde;
mod quadrature;

/// One computation that fails.
pub struct Case {
    /// Its name, in snake case.
    pub name: &'static str,
    /// The crate and the method.
    pub solver: &'static str,
    /// What is computed, and why it fails.
    pub what: &'static str,
    /// What an analyst calls this failure, from the list of `tracing_failure::Category`.
    pub category: &'static str,
    /// What an analyst says to try first.
    pub advice: &'static str,
    /// Computes it.
    pub run: fn(),
}

/// Those that rules are developed with, by kind.
pub fn cases() -> Vec<Case> {
    let kinds = [
        examples::cases(),
        ode::cases(),
        ode_implicit::cases(),
        pde::cases(),
        linear::cases(),
        nonlinear::cases(),
        coupled::cases(),
        optimization::cases(),
        quadrature::cases(),
        domain::cases(),
        arrays::cases(),
        input::cases(),
        held_out::cases(),
    ];
    kinds.into_iter().flatten().collect()
}

/// Those that came after the rules, by kind. What they brought up was added since: for another honest number, write others.
pub fn later() -> Vec<Case> {
    later::cases()
}
