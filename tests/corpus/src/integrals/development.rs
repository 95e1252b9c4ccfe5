//! Integrals that do not converge.

use quadrature::{Output, clenshaw_curtis, double_exponential};
use tracing::{error, info, instrument};
use tracing_failure::{Check, computation, ensure_converged, trail};

use crate::case::{Batch, Case};

#[derive(Debug, thiserror::Error)]
enum IntegralError {
    #[error("integral not converged: error estimate {error_estimate:.1e} after {evaluations} evaluations")]
    NotConverged { error_estimate: f64, evaluations: u32 },
    #[error("adaptive Simpson: subdivision limit {max_depth} reached at x = {x}")]
    SubdivisionLimit { max_depth: u32, x: f64 },
}

fn checked(output: Output, tolerance: f64) -> Result<f64, IntegralError> {
    let (error_estimate, evaluations) = (output.error_estimate, output.num_function_evaluations);
    info!(error_estimate, evaluations, tolerance, integral = output.integral, "integrated");
    if output.error_estimate > tolerance {
        return Err(IntegralError::NotConverged { error_estimate, evaluations });
    }
    Ok(output.integral)
}

#[computation("∫ dr/r", fields(method = "double exponential"))]
fn self_energy(cutoff: f64, radius: f64, tolerance: f64) -> Result<f64, IntegralError> {
    checked(double_exponential::integrate(|r| 1.0 / r, cutoff, radius, tolerance), tolerance)
}

#[instrument(
    err,
    fields(computation = "fourier_coefficient", theoretical_ref = "∫ f cos ωt dt", method = "Clenshaw–Curtis")
)]
fn fourier(omega: f64, duration: f64, tolerance: f64) -> Result<f64, IntegralError> {
    let integrand = |t: f64| (omega * t).cos() / (1.0 + t);
    checked(clenshaw_curtis::integrate(integrand, 0.0, duration, tolerance), tolerance)
}

#[computation("∫ −p ln p dx", fields(method = "midpoint"), finite)]
fn entropy_integral(width: f64, half_interval: f64, points: u32) -> f64 {
    let density = |x: f64| 0.75 * (1.0 - (x / width).powi(2)) / width;
    let h = 2.0 * half_interval / f64::from(points);
    let mut integral = 0.0;
    for i in 0..points {
        let x = -half_interval + (f64::from(i) + 0.5) * h;
        integral -= h * density(x) * density(x).ln();
        trail!(i, x, density = density(x), integral);
    }
    integral
}

fn simpson(f: &dyn Fn(f64) -> f64, a: f64, b: f64) -> f64 {
    (b - a) / 6.0 * (f(a) + 4.0 * f(0.5 * (a + b)) + f(b))
}

fn adaptive(
    f: &dyn Fn(f64) -> f64,
    (a, b): (f64, f64),
    tol: f64,
    depth: u32,
    max_depth: u32,
) -> Result<f64, IntegralError> {
    let middle = 0.5 * (a + b);
    let (left, right) = (simpson(f, a, middle), simpson(f, middle, b));
    let error = (left + right - simpson(f, a, b)).abs() / 15.0;
    trail!(depth, a, width = b - a, error);
    if error < tol {
        return Ok(left + right);
    }
    if depth == max_depth {
        return Err(IntegralError::SubdivisionLimit { max_depth, x: middle });
    }
    let left = adaptive(f, (a, middle), 0.5 * tol, depth + 1, max_depth)?;
    Ok(left + adaptive(f, (middle, b), 0.5 * tol, depth + 1, max_depth)?)
}

#[computation("∫ dx/√|x − x₀|", fields(method = "adaptive Simpson"))]
fn tunnelling_action(turning_point: f64, end: f64, tol: f64, max_depth: u32) -> Result<f64, IntegralError> {
    let integrand = move |x: f64| 1.0 / (x - turning_point).abs().sqrt();
    adaptive(&integrand, (0.0, end), tol, 0, max_depth)
}

#[computation("∫ T(x) dx", fields(method = "trapezoid"))]
fn slit_transmission(half_width: f64, tolerance: f64, max_levels: u32) -> Option<f64> {
    let f = |x: f64| if x.abs() < 1.0 / 3.0 { 1.0 } else { 0.0 };
    let (mut previous, mut change) = (f64::NAN, f64::NAN);
    for level in 1..=max_levels {
        let n = 2_u32.pow(level);
        let h = 2.0 * half_width / f64::from(n);
        let value = (0..=n).map(|i| f(-half_width + f64::from(i) * h)).sum::<f64>() * h;
        change = (value - previous).abs();
        trail!(level, n, h, value, change);
        if change < tolerance {
            return Some(value);
        }
        previous = value;
    }
    error!(change, tolerance, max_levels, "trapezoidal rule did not converge");
    None
}

/// The mean of u^(−0.8) over uniform u. Its variance is infinite, so that no number of samples suffices.
#[computation("E[u^(−0.8)]", fields(method = "Monte Carlo"))]
fn heavy_tail_mean(samples: u32, seed: u64, tolerance: f64) -> Result<f64, Check> {
    let (mut state, mut sum, mut squares) = (seed, 0.0, 0.0);
    let mut standard_error = f64::INFINITY;
    for n in 1..=samples {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let u = ((state >> 11) as f64 + 0.5) / (1_u64 << 53) as f64;
        let value = u.powf(-0.8);
        (sum, squares) = (sum + value, squares + value * value);
        if n % 1000 == 0 {
            let mean = sum / f64::from(n);
            standard_error = ((squares / f64::from(n) - mean * mean) / f64::from(n)).sqrt();
            trail!(n, mean, standard_error);
        }
    }
    ensure_converged!(standard_error <= tolerance, iterations = samples)?;
    Ok(sum / f64::from(samples))
}

pub(crate) fn cases() -> Vec<Case> {
    vec![
        Case {
            batch: Batch::Development,
            name: "divergent_integral",
            solver: "quadrature double_exponential",
            problem: "∫ dr/r from zero does not exist: the rule runs out of its points",
            category: "max_evaluations",
            advice: "The integral diverges at the lower end: put in a cutoff or subtract the singular part.",
            run: || _ = self_energy(0.0, 1.0, 1e-8),
        },
        Case {
            batch: Batch::Development,
            name: "oscillating_integral",
            solver: "quadrature clenshaw_curtis",
            problem: "the integrand has a thousand periods, and the rule has a few hundred points",
            category: "max_evaluations",
            advice: "The integrand oscillates faster than the rule can see: split the interval, or use a method for \
                     oscillatory integrals (Filon, Levin).",
            run: || _ = fourier(6000.0, 1.0, 1e-10),
        },
        Case {
            batch: Batch::Development,
            name: "entropy_nan",
            solver: "hand-written midpoint rule",
            problem: "the density is negative at the ends of the interval, where its logarithm is NaN",
            category: "non_finite",
            advice: "The integrand is NaN on a part of the interval: integrate over the support of the density only.",
            run: || _ = entropy_integral(2.0, 3.0, 100),
        },
        Case {
            batch: Batch::Development,
            name: "simpson_depth",
            solver: "hand-written adaptive Simpson",
            problem: "the integrand has an integrable singularity inside, towards which it subdivides for ever",
            category: "max_iterations",
            advice: "Split the interval at the singularity x₀ and substitute x = x₀ ± u², or use a tanh-sinh rule on both parts.",
            run: || _ = tunnelling_action(std::f64::consts::FRAC_1_SQRT_2, 2.0, 1e-8, 30),
        },
        Case {
            batch: Batch::Development,
            name: "trapezoid_discontinuity",
            solver: "hand-written trapezoidal rule",
            problem: "the integrand jumps between the points: the rule is of first order only",
            category: "max_iterations",
            advice: "The integrand is discontinuous: split the interval where it jumps.",
            run: || _ = slit_transmission(1.0, 1e-10, 12),
        },
        Case {
            batch: Batch::Development,
            name: "monte_carlo_variance",
            solver: "hand-written Monte Carlo",
            problem: "the samples have no finite variance, so that the error bar does not fall as it should",
            category: "max_iterations",
            advice: "The variance is not finite: sample by importance (substitute u = v⁵), not more often.",
            run: || _ = heavy_tail_mean(50_000, 42, 1e-3),
        },
    ]
}
