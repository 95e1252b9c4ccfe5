//! The attribute `computation`.
mod functions;
mod outcomes;
#[path = "../support/mod.rs"]
mod support;

use support::in_child;
use tracing_failure::{computation, init};

#[derive(Debug, serde::Serialize)]
struct Options {
    tol: f64,
    max_iterations: usize,
}

#[derive(Debug, thiserror::Error)]
enum SolverError {
    #[error("step {step} failed")]
    Step {
        step: usize,
        #[source]
        source: std::num::ParseFloatError,
    },
}

#[computation("IRH v21.4 Part 1 §1.2, Eq. 1.12")]
fn flow(
    initial_couplings: [f64; 3],
    t_range: (f64, f64),
    options: &Options,
    rhs: impl Fn(f64) -> f64,
    grid: Vec<f64>,
    n: usize,
) -> Result<f64, SolverError> {
    for step in 0..options.max_iterations {
        tracing::debug!(step, residual = rhs(step as f64));
        "x".parse::<f64>().map_err(|source| SolverError::Step { step, source })?;
    }
    drop(grid);
    Ok(1.0)
}

#[test]
fn first() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        let _ = flow([1.0, 2.0, 3.0], (0.0, 1.0), &Options { tol: 1e-9, max_iterations: 3 }, |t| t, vec![0.5; 1000], 7);
    })
    .ok();
    println!("{}", run.stderr);
    println!("{}", run.failure().to_json());
    for line in run.log() {
        println!("{line}");
    }
}
