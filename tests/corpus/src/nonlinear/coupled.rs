//! Nested solvers: the outer solver fails because the inner one does.

use nalgebra::{DMatrix, DVector};
use tracing_failure::{computation, trail};

use crate::case::{Batch, Case};

type Matrix = DMatrix<f64>;
type Vector = DVector<f64>;

#[derive(Debug, thiserror::Error)]
enum KrylovError {
    #[error("minimal residual iteration reached {iterations} iterations at residual {residual:.1e}")]
    Iterations { iterations: usize, residual: f64 },
}

#[derive(Debug, thiserror::Error)]
enum OuterError {
    #[error("linear solver failed in Newton iteration {iteration}")]
    LinearSolve { iteration: usize, source: KrylovError },
    #[error("nonlinear solve failed in time step {step} at t = {t}")]
    TimeStep { step: usize, t: f64, source: ImplicitError },
}

#[derive(Debug, thiserror::Error)]
enum ImplicitError {
    #[error("Newton iteration for the implicit step did not converge: |r| = {norm:.1e}")]
    Newton { norm: f64 },
}

/// The minimal residual iteration: each step along r minimises |b − Ax|.
fn minimal_residual(a: &Matrix, b: &Vector, rtol: f64, max_iterations: usize) -> Result<Vector, KrylovError> {
    let (mut x, mut r) = (Vector::zeros(b.len()), b.clone());
    for linear_iteration in 0..max_iterations {
        let ar = a * &r;
        let step = r.dot(&ar) / ar.norm_squared();
        x += &r * step;
        r -= ar * step;
        let residual = r.norm() / b.norm();
        trail!(linear_iteration, residual);
        if residual < rtol {
            return Ok(x);
        }
    }
    Err(KrylovError::Iterations { iterations: max_iterations, residual: r.norm() / b.norm() })
}

/// −u″ + u³ = f by Newton's method with an iterative linear solver.
#[computation("−u″ + u³ = f", fields(method = "Newton–Krylov"))]
fn nonlinear_poisson(points: usize, linear_rtol: f64, linear_max_iterations: usize) -> Result<f64, OuterError> {
    let h = 1.0 / (points + 1) as f64;
    let mut u = Vector::zeros(points);
    let at = |u: &Vector, i: isize| if i < 0 || i >= points as isize { 0.0 } else { u[i as usize] };
    for iteration in 0..20 {
        let residual = Vector::from_fn(points, |i, _| {
            let i = i as isize;
            (2.0 * at(&u, i) - at(&u, i - 1) - at(&u, i + 1)) / (h * h) + at(&u, i).powi(3) - 10.0
        });
        trail!(iteration, fnorm = residual.norm());
        if residual.norm() < 1e-8 {
            break;
        }
        let jacobian = Matrix::from_fn(points, points, |i, j| match i.abs_diff(j) {
            0 => 2.0 / (h * h) + 3.0 * u[i] * u[i],
            1 => -1.0 / (h * h),
            _ => 0.0,
        });
        let step = minimal_residual(&jacobian, &residual, linear_rtol, linear_max_iterations);
        u -= step.map_err(|source| OuterError::LinearSolve { iteration, source })?;
    }
    Ok(u.norm())
}

/// One implicit Euler step of an ignition: y − dt e^y = y₀.
#[computation("y − dt e^y = y₀", fields(method = "Newton"))]
fn implicit_step(y0: f64, dt: f64, max_iterations: u32) -> Result<f64, ImplicitError> {
    let mut y = y0;
    let mut norm = f64::INFINITY;
    for iteration in 0..max_iterations {
        let residual = y - dt * y.exp() - y0;
        norm = residual.abs();
        trail!(iteration, y, norm);
        if norm < 1e-10 {
            return Ok(y);
        }
        y -= residual / (1.0 - dt * y.exp());
    }
    Err(ImplicitError::Newton { norm })
}

/// Two nested computations: the time loop fails because its step does. Both leave a record.
#[computation("y′ = e^y", fields(method = "implicit Euler"))]
fn ignition(dt: f64, t_end: f64) -> Result<f64, OuterError> {
    let mut y = 0.0;
    for step in 0..(t_end / dt) as usize {
        let t = step as f64 * dt;
        let solved = implicit_step(y, dt, 50);
        y = solved.map_err(|source| OuterError::TimeStep { step, t, source })?;
        trail!(step, t, dt, y, "time step");
    }
    Ok(y)
}

pub(crate) fn cases() -> Vec<Case> {
    vec![
        Case {
            batch: Batch::Development,
            name: "newton_krylov_inner",
            solver: "hand-written Newton with minimal residuals",
            problem: "the inner iteration without a preconditioner does not solve the linear system of the Newton step",
            category: "linear_solve",
            advice: "The linear solver is the cause: try a direct one (LU) first, then a preconditioner.",
            run: || _ = nonlinear_poisson(40, 1e-6, 200),
        },
        Case {
            batch: Batch::Development,
            name: "ignition_implicit_step",
            solver: "hand-written implicit Euler with Newton",
            problem: "y′ = e^y ignites at t = 1: the implicit equation of the step has no solution near there",
            category: "nonlinear_convergence",
            advice: "The step is too large near the ignition: let the step size adapt (halve it when Newton fails).",
            run: || _ = ignition(0.1, 2.0),
        },
    ]
}
