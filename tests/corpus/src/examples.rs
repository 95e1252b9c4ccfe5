//! The computations of the examples of the library, with their parameters.

use std::f64::consts::PI;

use nalgebra::{DMatrix, Matrix2, Vector2, Vector3};
use ode_solvers::Dopri5;
use ode_solvers::dop_shared::{IntegrationError, OutputType, Stats, System};
use tracing::{Span, debug, info, info_span, instrument};
use tracing_failure::ResultExt;

use crate::case::{Batch, Case};

type Couplings = Vector3<f64>;

/// β_λ = −2λ + (9/8π²)λ², β_γ = (3/4π²)λγ, β_μ = 2μ + (1/2π²)λμ.
struct OneLoop;

impl System<f64, Couplings> for OneLoop {
    fn system(&self, _t: f64, couplings: &Couplings, beta: &mut Couplings) {
        let [lambda, gamma, mu] = [couplings[0], couplings[1], couplings[2]];
        beta[0] = -2.0 * lambda + 9.0 / (8.0 * PI * PI) * lambda * lambda;
        beta[1] = 3.0 / (4.0 * PI * PI) * lambda * gamma;
        beta[2] = 2.0 * mu + 1.0 / (2.0 * PI * PI) * lambda * mu;
    }

    fn solout(&mut self, t: f64, couplings: &Couplings, _beta: &Couplings) -> bool {
        debug!(t, norm = couplings.norm(), "step accepted");
        false
    }
}

#[instrument(fields(
    computation = "rg_flow_integration",
    theoretical_ref = "IRH v21.4 Part 1 §1.2, Eq. 1.12",
    method = "RK45"
))]
fn rg_flow(initial_couplings: [f64; 3], t_range: (f64, f64), rtol: f64, atol: f64) -> Result<Stats, IntegrationError> {
    let couplings = Couplings::from(initial_couplings);
    let mut stepper = Dopri5::new(OneLoop, t_range.0, t_range.1, 0.1, couplings, rtol, atol);
    stepper.set_output(OutputType::Sparse);
    stepper.integrate().record_failure()
}

#[derive(Debug, thiserror::Error)]
enum NewtonError {
    #[error("no convergence within {iterations} iterations: residual {residual:.3e}, tolerance {tolerance:.0e}")]
    MaxIterations { iterations: u32, residual: f64, tolerance: f64 },
    #[error("the Jacobian is singular at iteration {iteration}")]
    SingularJacobian { iteration: u32 },
}

/// The gap equation for mass and residue: m² + c = 0 and m z = 1. It has a real root where the coupling c is negative.
fn residual(x: &Vector2<f64>, coupling: f64) -> Vector2<f64> {
    Vector2::new(x[0] * x[0] + coupling, x[0] * x[1] - 1.0)
}

#[instrument(err, fields(computation = "observable_pole_mass", theoretical_ref = "IRH v21.4 Part 2 §4.1, Eq. 4.7"))]
fn pole_mass(coupling: f64, start: [f64; 2], tolerance: f64, max_iterations: u32) -> Result<f64, NewtonError> {
    let mut x = Vector2::from(start);
    for iteration in 0..max_iterations {
        let f = residual(&x, coupling);
        debug!(iteration, residual = f.norm(), mass = x[0], "newton step");
        if f.norm() < tolerance {
            return Ok(x[0]);
        }
        let lu = Matrix2::new(2.0 * x[0], 0.0, x[1], x[0]).lu();
        x -= lu.solve(&f).ok_or(NewtonError::SingularJacobian { iteration }).record_failure()?;
    }
    let residual = residual(&x, coupling).norm();
    Err(NewtonError::MaxIterations { iterations: max_iterations, residual, tolerance }).record_failure()
}

#[derive(Debug, thiserror::Error)]
enum ComplexError {
    #[error("shape mismatch: ∂₁ has {columns} columns for {edges} edges, which are the rows of ∂₂")]
    ShapeMismatch { columns: usize, edges: usize },
    #[error("the boundary of a boundary is not zero: ‖∂₁∂₂‖ = {norm}")]
    NotAComplex { norm: f64 },
}

/// bₖ = dim ker ∂ₖ − rank ∂ₖ₊₁, for k = 0, 1, 2.
#[instrument(err, skip_all, fields(
    computation = "topology_betti_numbers", theoretical_ref = "IRH v21.4 Part 3 §2.2, Eq. 2.9",
    boundary_1 = ?boundary_1, boundary_2 = ?boundary_2, tolerance = 1e-9,
))]
fn betti_numbers(boundary_1: &DMatrix<f64>, boundary_2: &DMatrix<f64>) -> Result<[usize; 3], ComplexError> {
    let (vertices, edges, faces) = (boundary_1.nrows(), boundary_2.nrows(), boundary_2.ncols());
    if boundary_1.ncols() != edges {
        return Err(ComplexError::ShapeMismatch { columns: boundary_1.ncols(), edges }).record_failure();
    }
    let norm = (boundary_1 * boundary_2).norm();
    if norm > 1e-9 {
        return Err(ComplexError::NotAComplex { norm }).record_failure();
    }
    let (rank_1, rank_2) = (boundary_1.rank(1e-9), boundary_2.rank(1e-9));
    info!(rank_1, rank_2, "ranks");
    Ok([vertices - rank_1, edges - rank_1 - rank_2, faces - rank_2])
}

/// The surface of a tetrahedron. Edges 01, 02, 03, 12, 13, 23; faces 012, 013, 023, 123.
fn tetrahedron() -> [DMatrix<f64>; 2] {
    let boundary_1 = [
        [-1.0, -1.0, -1.0, 0.0, 0.0, 0.0],
        [1.0, 0.0, 0.0, -1.0, -1.0, 0.0],
        [0.0, 1.0, 0.0, 1.0, 0.0, -1.0],
        [0.0, 0.0, 1.0, 0.0, 1.0, 1.0],
    ];
    let boundary_2 = [
        [1.0, 1.0, 0.0, 0.0],
        [-1.0, 0.0, 1.0, 0.0],
        [0.0, -1.0, -1.0, 0.0],
        [1.0, 0.0, 0.0, 1.0],
        [0.0, 1.0, 0.0, -1.0],
        [0.0, 0.0, 1.0, 1.0],
    ];
    [
        DMatrix::from_row_iterator(4, 6, boundary_1.into_iter().flatten()),
        DMatrix::from_row_iterator(6, 4, boundary_2.into_iter().flatten()),
    ]
}

/// x″ = μ(1 − x²)x′ − x.
struct VanDerPol {
    mu: f64,
}

impl System<f64, Vector2<f64>> for VanDerPol {
    fn system(&self, _t: f64, y: &Vector2<f64>, dy: &mut Vector2<f64>) {
        dy[0] = y[1];
        dy[1] = self.mu * (1.0 - y[0] * y[0]) * y[1] - y[0];
    }
}

#[instrument(parent = sweep, skip(sweep), fields(computation = "observable_limit_cycle", method = "Dopri5"))]
fn amplitude(sweep: &Span, mu: f64, rtol: f64) -> Result<f64, IntegrationError> {
    let (start, output) = (Vector2::new(2.0, 0.0), OutputType::Sparse);
    let mut stepper = Dopri5::from_param(
        VanDerPol { mu },
        0.0,
        5.0,
        5.0,
        start,
        rtol,
        rtol,
        0.9,
        0.04,
        0.2,
        10.0,
        5.0,
        0.0,
        200,
        1000,
        output,
    );
    stepper.integrate().record_failure()?;
    Ok(stepper.y_out().iter().map(|y| y[0].abs()).fold(0.0, f64::max))
}

/// One of the runs of the sweep.
fn sweep(run: u32, runs: u32) {
    let sweep = info_span!("sweep", theoretical_ref = "IRH v21.4 Part 2 §5.3", runs);
    _ = amplitude(&sweep, f64::from(run) * 100.0 / f64::from(runs), 1e-6);
}

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
            run: || _ = rg_flow([50.0, 100.0, 150.0], (-10.0, 10.0), 1e-6, 1e-9),
        },
        Case {
            batch: Batch::Development,
            name: "example_observable",
            solver: "hand-written Newton with nalgebra LU",
            problem: "m² + 0.75 = 0 has no real root: the iteration wanders for ever",
            category: "max_iterations",
            advice: "The residual wanders and does not fall: there is no real root at this coupling. Check that one exists, or \
                     search for a complex one; more iterations do not help.",
            run: || _ = pole_mass(0.75, [1.0, 1.0], 1e-12, 50),
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
                let [boundary_1, mut boundary_2] = tetrahedron();
                boundary_2[(3, 0)] = -1.0;
                _ = betti_numbers(&boundary_1, &boundary_2);
            },
        },
        Case {
            batch: Batch::Development,
            name: "example_sweep",
            solver: "ode_solvers Dopri5",
            problem: "a Van der Pol oscillator with μ = 90 is stiff: 200 steps of an explicit method are not enough",
            category: "max_iterations",
            advice: "The problem is stiff for large μ: use an implicit method (BDF, Radau) rather than more steps.",
            run: || sweep(45, 50),
        },
    ]
}
