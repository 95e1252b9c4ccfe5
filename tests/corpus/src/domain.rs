//! Arguments outside the domain of a function, overflow and cancellation.

use std::panic::catch_unwind;

use ode_solvers::dop_shared::{IntegrationError, OutputType, System};
use ode_solvers::{Dopri5, Vector1};
use statrs::distribution::{ContinuousCDF, Normal, NormalError};
use tracing::{debug, error, instrument};
use tracing_failure::{computation, trail};

use crate::case::{Batch, Case};

#[derive(Debug, thiserror::Error)]
enum DomainError {
    #[error("acos({argument}) is undefined")]
    ArcCosine { argument: f64 },
    #[error("logarithm of the non-positive value {value}")]
    Logarithm { value: f64 },
    #[error("argument {argument} of the square root is outside its domain")]
    SquareRoot { argument: f64 },
}

#[computation("cos θ = 1 − q²/2k²")]
fn scattering_angle(momentum_transfer: f64, wave_number: f64) -> Result<f64, DomainError> {
    let argument = 1.0 - momentum_transfer.powi(2) / (2.0 * wave_number.powi(2));
    trail!(argument);
    if argument.abs() > 1.0 {
        return Err(DomainError::ArcCosine { argument });
    }
    Ok(argument.acos())
}

/// Torricelli's law: the tank is empty at a finite time, and its level goes below zero after it.
struct Tank {
    outflow: f64,
}

impl System<f64, Vector1<f64>> for Tank {
    fn system(&self, _t: f64, y: &Vector1<f64>, dy: &mut Vector1<f64>) {
        dy[0] = -self.outflow * y[0].sqrt();
        if dy[0].is_nan() {
            trail!(level = y[0], rate = dy[0], "negative level under the root");
        }
    }

    fn solout(&mut self, t: f64, y: &Vector1<f64>, _dy: &Vector1<f64>) -> bool {
        trail!(t, level = y[0]);
        false
    }
}

#[computation("Torricelli's law", fields(method = "Dopri5"))]
fn tank_level(level: f64, outflow: f64, t_end: f64, rtol: f64) -> Result<f64, IntegrationError> {
    let mut stepper = Dopri5::new(Tank { outflow }, 0.0, t_end, 0.1, Vector1::new(level), rtol, rtol);
    stepper.set_output(OutputType::Sparse);
    stepper.integrate()?;
    Ok(stepper.y_out().last().map_or(level, |y| y[0]))
}

/// h′ = −√h by Euler's method, with a check of the argument.
#[instrument(err, fields(computation = "reservoir_depth", theoretical_ref = "h′ = −k √h", scheme = "Euler"))]
fn reservoir(depth: f64, k: f64, dt: f64, steps: u32) -> Result<f64, DomainError> {
    let mut h = depth;
    for step in 0..steps {
        if h < 0.0 {
            return Err(DomainError::SquareRoot { argument: h });
        }
        h -= dt * k * h.sqrt();
        debug!(step, dt, depth = h, "euler");
    }
    Ok(h)
}

/// Gradient descent on −Σ log(1 − x/limit), a barrier, with a step that jumps over it.
#[computation("log barrier", fields(method = "gradient descent"))]
fn barrier_minimum(limit: f64, step_length: f64, iterations: u32) -> Result<f64, DomainError> {
    let mut x = 0.0;
    for iteration in 0..iterations {
        let slack = limit - x;
        if slack <= 0.0 {
            return Err(DomainError::Logarithm { value: slack });
        }
        let objective = -x - 1e-3 * slack.ln();
        trail!(iteration, x, slack, objective);
        x += step_length * (1.0 - 1e-3 / slack);
    }
    Ok(x)
}

#[computation("N(μ, σ²)")]
fn noise_model(mean: f64, variance_measured: f64, variance_background: f64) -> Result<Normal, NormalError> {
    let std_dev = (variance_measured - variance_background).sqrt();
    trail!(mean, std_dev);
    Normal::new(mean, std_dev)
}

#[computation("Φ⁻¹(p)")]
fn confidence_limit(percent: f64) -> f64 {
    let standard = Normal::new(0.0, 1.0).unwrap();
    standard.inverse_cdf(percent)
}

/// e⁻³⁰ from its Taylor series, the terms of which are as large as 10¹².
#[computation("e^x = Σ xⁿ/n!", fields(method = "Taylor series"))]
fn boltzmann_factor(x: f64, rtol: f64) -> Option<f64> {
    let (mut sum, mut term, mut largest) = (1.0_f64, 1.0_f64, 1.0_f64);
    for n in 1..500 {
        term *= x / f64::from(n);
        sum += term;
        largest = largest.max(term.abs());
        trail!(n, term, sum, "partial sum");
        if term.abs() < f64::EPSILON * sum.abs() {
            break;
        }
    }
    let relative_error = (sum - x.exp()).abs() / x.exp();
    if relative_error > rtol {
        error!(sum, largest, relative_error, "loss of significance in the series");
        return None;
    }
    Some(sum)
}

/// Σ (−1)ⁿ n! xⁿ, which is asymptotic and does not converge for any x.
#[computation("Euler's series", fields(method = "partial sums"))]
fn borel_sum(x: f64, tolerance: f64, max_terms: u32) -> Option<f64> {
    let (mut sum, mut term) = (1.0_f64, 1.0_f64);
    for n in 1..max_terms {
        term *= -x * f64::from(n);
        sum += term;
        trail!(n, term = term.abs(), sum);
        if term.abs() < tolerance {
            return Some(sum);
        }
    }
    error!(term, max_terms, "series diverges: terms grow instead of falling");
    None
}

/// The partition function of many levels, in units that make it overflow.
#[computation("Z = Σ e^(−βE)")]
fn partition_function(beta: f64, ground_energy: f64, spacing: f64, levels: u32) -> Option<f64> {
    let mut z = 0.0;
    for level in 0..levels {
        let exponent = -beta * (ground_energy + spacing * f64::from(level));
        z += exponent.exp();
        trail!(level, exponent, z);
    }
    if !z.is_finite() {
        error!(z, "partition function overflows");
        return None;
    }
    Some(z.ln())
}

pub(crate) fn cases() -> Vec<Case> {
    [arguments(), digits()].into_iter().flatten().collect()
}

fn arguments() -> Vec<Case> {
    vec![
        Case {
            batch: Batch::Development,
            name: "acos_domain",
            solver: "std f64::acos",
            problem: "a momentum transfer above 2k has no scattering angle: the cosine is −1.42",
            category: "domain_error",
            advice: "The argument is far outside of [−1, 1], which is no rounding: check the kinematics (q ≤ 2k) instead of \
                     clamping.",
            run: || _ = scattering_angle(2.2, 1.0),
        },
        Case {
            batch: Batch::Development,
            name: "tank_nan_right_hand_side",
            solver: "ode_solvers Dopri5",
            problem: "the level goes below zero in a trial step, and its square root makes the right-hand side NaN",
            category: "domain_error",
            advice: "The state leaves the domain of the square root: stop at an event where the level reaches zero, or \
                     write √max(h, 0).",
            run: || _ = tank_level(1.0, 0.5, 10.0, 1e-6),
        },
        Case {
            batch: Batch::Development,
            name: "reservoir_square_root",
            solver: "hand-written explicit Euler",
            problem: "a step takes the depth below zero",
            category: "domain_error",
            advice: "The state left the domain: detect the event depth = 0, or shorten the steps near it.",
            run: || _ = reservoir(1.0, 0.8, 0.3, 100),
        },
        Case {
            batch: Batch::Development,
            name: "barrier_logarithm",
            solver: "hand-written gradient descent",
            problem: "a step of constant length jumps over the barrier, where its logarithm is undefined",
            category: "domain_error",
            advice: "Limit the step so that the slack stays positive (fraction to the boundary, backtracking).",
            run: || _ = barrier_minimum(1.0, 0.04, 100),
        },
        Case {
            batch: Batch::Development,
            name: "quantile_of_percent",
            solver: "statrs Normal::inverse_cdf",
            problem: "a probability is given in percent",
            category: "domain_error",
            advice: "A probability lies in [0, 1]: divide the percentage by 100.",
            run: || _ = catch_unwind(|| confidence_limit(97.5)),
        },
        Case {
            batch: Batch::Development,
            name: "standard_deviation_nan",
            solver: "statrs Normal",
            problem: "the background has more variance than the measurement: σ is the root of a negative number",
            category: "domain_error",
            advice: "The difference of the variances is negative: check the estimates, and bound the variance below.",
            run: || _ = noise_model(0.3, 1.1e-3, 1.4e-3),
        },
    ]
}

fn digits() -> Vec<Case> {
    vec![
        Case {
            batch: Batch::Development,
            name: "taylor_cancellation",
            solver: "hand-written series",
            problem: "terms of size 1e12 cancel to 1e-13: no digit is left",
            category: "loss_of_accuracy",
            advice: "Terms of alternating sign cancel: sum for −x and invert, or use the library function.",
            run: || _ = boltzmann_factor(-30.0, 1e-6),
        },
        Case {
            batch: Batch::Development,
            name: "asymptotic_series",
            solver: "hand-written series",
            problem: "the terms n! xⁿ fall at first, and then grow for ever",
            category: "residual_divergence",
            advice: "The series is asymptotic: stop at the smallest term, or resum it (Borel, Padé).",
            run: || _ = borel_sum(0.1, 1e-12, 60),
        },
        Case {
            batch: Batch::Development,
            name: "partition_overflow",
            solver: "std f64::exp",
            problem: "e^(−βE) overflows for the low levels",
            category: "non_finite",
            advice: "Compute with logarithms: subtract the largest exponent first (log-sum-exp).",
            run: || _ = partition_function(40.0, -20.0, 0.01, 300),
        },
    ]
}
