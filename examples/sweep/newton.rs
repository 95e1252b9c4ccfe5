//! Newton's map for the zero of a phase shift, δ(x) = arctan(x).
//!
//! The map x ← x − d(1 + x²) arctan(x) converges to 0, or jumps between both sides with growing |x|. Between the two
//! cases lies a cycle x → −x, where d(1 + x²) arctan(x) = 2x:
//!
//! | damping d | threshold of the absolute value of the start | |
//! | ---: | ---: | --- |
//! | not given: 1 | 1.391745 | |
//! | 0.5 | 2.886 | above all starts of the sweep |
//!
//! The sweep has starts between −2.5 and 2.5. It has two failing regions: `start > 1.391745 and damping is missing`,
//! and `start < -1.391745 and damping is missing`. The tolerance and the number of iterations do not matter.

use tracing_failure::{Check, computation, ensure_converged, ensure_finite, trail};

#[computation("IRH v21.4 Part 2 §4.3, Eq. 4.12", name = "observable_phase_zero")]
fn phase_zero(start: f64, damping: Option<f64>, tolerance: f64, max_iterations: u32) -> Result<f64, Check> {
    let (mut x, mut residual) = (start, f64::NAN);
    for iteration in 0..max_iterations {
        residual = x.atan().abs();
        trail!(iteration, x, residual, "newton step");
        if residual <= tolerance {
            break;
        }
        x -= damping.unwrap_or(1.0) * (1.0 + x * x) * x.atan();
        ensure_finite!(x)?;
    }
    ensure_converged!(residual <= tolerance, iterations = max_iterations)?;
    Ok(x)
}

/// The parameters of one run.
pub(crate) struct NewtonParameters {
    start: f64,
    damping: Option<f64>,
    tolerance: f64,
    max_iterations: u32,
}

impl NewtonParameters {
    /// Maps a point of the unit cube to parameters.
    pub(crate) fn at([start, damping, tolerance, max_iterations, _]: [f64; 5]) -> Self {
        NewtonParameters {
            start: 5.0 * start - 2.5,
            damping: (damping < 0.4).then_some(0.5),
            tolerance: 10_f64.powf(-10.0 + 4.0 * tolerance),
            max_iterations: 100 + (100.0 * max_iterations) as u32,
        }
    }

    pub(crate) fn run(&self) -> Result<f64, Check> {
        phase_zero(self.start, self.damping, self.tolerance, self.max_iterations)
    }
}
