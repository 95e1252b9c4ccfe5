//! A pole mass from its gap equation, by a Newton iteration that runs out of iterations.
//!
//! `cargo run --example observable [DIR]`. The second coupling leaves the equation without a real root: the iteration
//! wanders for ever, and the record says how many iterations it had, and the residual and tolerance where it stopped.

mod show;

use color_eyre::eyre::{Report, WrapErr};
use nalgebra::{Matrix2, Vector2};
use tracing_failure::{ResultExt, computation, trail};

/// Why Newton's iteration gave no root.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NewtonError {
    #[error("no convergence within {iterations} iterations: residual {residual:.3e}, tolerance {tolerance:.0e}")]
    MaxIterations { iterations: u32, residual: f64, tolerance: f64 },
    #[error("the Jacobian is singular at iteration {iteration}")]
    SingularJacobian { iteration: u32 },
}

/// The gap equation for mass and residue: m² + c = 0 and m z = 1. It has a real root where the coupling c is negative.
fn residual(x: &Vector2<f64>, coupling: f64) -> Vector2<f64> {
    Vector2::new(x[0] * x[0] + coupling, x[0] * x[1] - 1.0)
}

fn jacobian(x: &Vector2<f64>) -> Matrix2<f64> {
    Matrix2::new(2.0 * x[0], 0.0, x[1], x[0])
}

#[computation("IRH v21.4 Part 2 §4.1, Eq. 4.7", name = "observable_pole_mass")]
pub(crate) fn pole_mass(
    coupling: f64,
    start: [f64; 2],
    tolerance: f64,
    max_iterations: u32,
) -> Result<f64, NewtonError> {
    let mut x = Vector2::from(start);
    for iteration in 0..max_iterations {
        let f = residual(&x, coupling);
        trail!(iteration, residual = f.norm(), mass = x[0], "newton step");
        if f.norm() < tolerance {
            return Ok(x[0]);
        }
        let step = jacobian(&x).lu().solve(&f).ok_or(NewtonError::SingularJacobian { iteration })?;
        x -= step;
    }
    let residual = residual(&x, coupling).norm();
    Err(NewtonError::MaxIterations { iterations: max_iterations, residual, tolerance })
}

fn main() -> Result<(), Report> {
    let dir = std::env::args().nth(1).unwrap_or_else(|| "io".to_owned());
    let _show = show::Show::what_is_left_in(&dir);
    let _guard = tracing_failure::builder(&dir).build_info(tracing_failure::build_info!()).init()?;
    let mass = pole_mass(-2.25, [1.0, 1.0], 1e-12, 50)?;
    println!("below the threshold the pole is at m = {mass}");
    pole_mass(0.75, [1.0, 1.0], 1e-12, 50).wrap_err("no pole above the threshold").record_failure()?;
    Ok(())
}
