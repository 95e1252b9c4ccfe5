//! Failures that came after the rules: what they say is expected from numerical knowledge only.

mod arrays;
mod input;
mod integrals;
mod linear;
mod nonlinear;
mod ode;
mod optimization;
mod pde;

use crate::Case;

/// All of them, by kind.
pub(crate) fn cases() -> Vec<Case> {
    let kinds = [
        ode::cases(),
        pde::cases(),
        linear::cases(),
        nonlinear::cases(),
        optimization::cases(),
        integrals::cases(),
        arrays::cases(),
        input::cases(),
    ];
    kinds.into_iter().flatten().collect()
}
