//! The failures of the programs in `examples/`.

#[allow(clippy::duplicate_mod, dead_code)]
#[path = "../../../examples/observable.rs"]
mod observable;
#[allow(clippy::duplicate_mod, dead_code)]
#[path = "../../../examples/rg_flow.rs"]
mod rg_flow;
#[allow(clippy::duplicate_mod, dead_code)]
#[path = "../../../examples/topology.rs"]
mod topology;
#[allow(clippy::duplicate_mod, dead_code)]
#[path = "../../../examples/sweep/van_der_pol.rs"]
mod van_der_pol;

use ode_solvers::dop_shared::OutputType;

use crate::case::{Batch, Case};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        Case {
            batch: Batch::Development,
            name: "example_rg_flow",
            solver: "ode_solvers Dopri5",
            problem: "the flow of the couplings runs into its pole (Landau)",
            category: "step_size_underflow",
            advice: "The coupling λ starts above its fixed point and has a pole at t ≈ −9.78: end before it, or flow from smaller \
                     couplings or in 1/λ; no step size gets past it.",
            run: || _ = rg_flow::integrate([50.0, 100.0, 150.0], (-10.0, 10.0), 1e-6, 1e-9, OutputType::Sparse),
        },
        Case {
            batch: Batch::Development,
            name: "example_observable",
            solver: "hand-written Newton with nalgebra LU",
            problem: "m² + 0.75 = 0 has no real root: the iteration wanders for ever",
            category: "max_iterations",
            advice: "The residual wanders and does not fall: there is no real root at this coupling. Check that one exists, or \
                     search for a complex one; more iterations do not help.",
            run: || _ = observable::pole_mass(0.75, [1.0, 1.0], 1e-12, 50),
        },
        Case {
            batch: Batch::Development,
            name: "example_topology",
            solver: "nalgebra",
            problem: "one edge of one face has the wrong orientation, so that ∂₁∂₂ is not zero",
            category: "constraint_violation",
            advice: "∂₁∂₂ is exactly zero for a complex, and a norm of order one is no rounding: look for the column of ∂₁∂₂ that is \
                     not zero; an edge of that face has the wrong sign.",
            run: || {
                let (boundary_1, mut boundary_2) = topology::tetrahedron();
                boundary_2[(3, 0)] = -1.0;
                _ = topology::betti_numbers(&boundary_1, &boundary_2, 1e-9);
            },
        },
        Case {
            batch: Batch::Development,
            name: "example_sweep",
            solver: "ode_solvers Dopri5",
            problem: "a Van der Pol oscillator with μ = 90 is stiff: 200 steps of an explicit method are not enough",
            category: "max_iterations",
            advice: "The problem is stiff for large μ: use an implicit method (BDF, Radau) rather than more steps.",
            run: || _ = van_der_pol::amplitude(90.0, "Dopri5", 0.01, 1e-6, Some(200)),
        },
    ]
}
