//! Failures of real solvers, each with the category and the advice that a numerical analyst expects.
//!
//! The expectations come from numerical knowledge and the manuals of PETSc, SUNDIALS, SciML, SciPy and LAPACK, not from
//! the output of the library. `tests/table` runs all cases and compares their records with the expectations.
//!
//! Most computations are annotated with `#[computation]` and write their trail with `trail!`. About one in eight uses
//! `tracing` alone (`#[instrument]`, `info_span!`, `error!`, `debug!`), so that both ways stay tested. Checks such as
//! `ensure_finite!` state their category. The unseen cases have none, so that their categories come from their texts.
//!
//! Each module is a subject. A subject with cases of several batches has a file for each [`Batch`].

mod arrays;
mod case;
mod domain;
mod examples;
mod input;
mod integrals;
mod linear;
mod nonlinear;
mod ode;
mod optimization;
mod pde;

pub use case::{Batch, Case};

/// All cases, by batch and then by subject.
pub fn cases() -> Vec<Case> {
    let subjects = [
        examples::cases(),
        ode::cases(),
        pde::cases(),
        linear::cases(),
        nonlinear::cases(),
        optimization::cases(),
        integrals::cases(),
        domain::cases(),
        arrays::cases(),
        input::cases(),
    ];
    let mut cases: Vec<Case> = subjects.into_iter().flatten().collect();
    cases.sort_by_key(|case| case.batch);
    cases
}
