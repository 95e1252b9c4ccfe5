//! The example of the README, which is the text between the two lines below.

// README
use tracing_failure::{Check, computation, ensure_converged, ensure_finite, trail};

#[derive(Debug)]
struct Options {
    dt: f64,
    tol: f64,
    max_iterations: usize,
}

#[computation("IRH v21.4 Part 1 §1.2, Eq. 1.12")]
fn rg_flow_integration(
    couplings: [f64; 2],
    options: &Options,
    beta: impl Fn(&[f64]) -> [f64; 2],
) -> Result<[f64; 2], Check> {
    let (mut g, mut residual) = (couplings, f64::INFINITY);
    for iteration in 0..options.max_iterations {
        let b = beta(&g);
        residual = b[0].hypot(b[1]);
        trail!(iteration, residual, norm = g[0].hypot(g[1])); // one row of the trail
        ensure_finite!(residual, g)?; // names the first value that is not finite
        g = [g[0] + options.dt * b[0], g[1] + options.dt * b[1]];
    }
    ensure_converged!(residual <= options.tol, iterations = options.max_iterations)?; // NaN is no convergence
    Ok(g)
}
// README

use tracing_failure::init;

use crate::support::in_child;

#[test]
fn x() {
    let run = in_child(|dir| {
        let _guard = init(dir).unwrap();
        let options = Options { dt: 0.05, tol: 1e-9, max_iterations: 500 };
        let beta = |g: &[f64]| [-2.0 * g[0] + 0.114 * g[0] * g[0], 2.0 * g[1] + 0.05 * g[0] * g[1]];
        let beta2 = |g: &[f64]| [-2.0 * g[0] + 0.114 * g[0] * g[0], -2.0 * g[1] + 0.05 * g[0] * g[1]];
        println!("{:?}", rg_flow_integration([5.0, 1.0], &options, beta2));
        println!("{:?}", rg_flow_integration([50.0, 100.0], &options, beta));
    })
    .ok();
    println!("{}{}", run.stdout, run.failure().to_json());
}
