//! The cost of details about successful computations in their closing lines.

use std::hint::black_box;

use tracing::debug;
use tracing_failure::computation;

use crate::operations::Operation;

/// Number of events with numbers in a computation.
const EVENTS: u32 = 100;

#[derive(Clone, Debug, serde::Serialize)]
struct SolverOptions {
    rtol: f64,
    atol: f64,
    max_steps: u32,
    method: &'static str,
    bounds: [f64; 2],
}

const OPTIONS: SolverOptions =
    SolverOptions { rtol: 1e-6, atol: 1e-9, max_steps: 500, method: "RK45", bounds: [-10.0, 10.0] };

/// An annotated function whose argument is no plain data.
#[computation("Eq. 1.12")]
#[inline(never)]
fn with_options(n: u32, options: &SolverOptions) -> f64 {
    black_box(options.rtol + f64::from(n))
}

/// An annotated function with a trail.
#[computation("Eq. 1.12")]
#[inline(never)]
fn with_trail(n: u32) -> f64 {
    for step in 0..EVENTS {
        debug!(step, residual = black_box(0.25), dt = black_box(1e-3), "step accepted");
    }
    f64::from(black_box(n))
}

fn call_with_options() {
    black_box(with_options(black_box(3), black_box(&OPTIONS)));
}

fn call_with_trail() {
    black_box(with_trail(black_box(3)));
}

pub(crate) const ARGUMENTS: Operation =
    Operation { name: "successful call with options", spans: Vec::new, work: call_with_options };

pub(crate) const DIGEST: Operation =
    Operation { name: "successful call with 100 trail events", spans: Vec::new, work: call_with_trail };
