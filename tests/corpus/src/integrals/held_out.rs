//! Integrals, series, special functions and statistics.

use statrs::distribution::{Poisson, PoissonError};
use tracing::{debug, error, instrument};
use tracing_failure::{Check, computation, ensure_converged, trail};

use crate::case::{Batch, Case};

#[derive(Debug, thiserror::Error)]
enum NumericError {
    #[error(transparent)]
    Check(#[from] Check),
    #[error("Laguerre polynomial of degree {degree} is {value}")]
    Polynomial { degree: usize, value: f64 },
    #[error("|J_{n}({x})| = {value:.2e} is above 1: recurrence lost all significant digits")]
    Recurrence { n: u32, x: f64, value: f64 },
    #[error("average sign {sign:.4} +- {error:.4} is compatible with zero, all precision lost")]
    Sign { sign: f64, error: f64 },
    #[error("variance came out negative: {variance:.3e}")]
    NegativeVariance { variance: f64 },
    #[error("asin argument {argument} not in [-1, 1]")]
    Asin { argument: f64 },
}

#[computation("int_0^1 sqrt(x) ln x dx", fields(method = "Romberg"))]
fn collapse_time(a: f64, b: f64, epsabs: f64, rows: usize) -> Result<f64, NumericError> {
    let f = |x: f64| if x == 0.0 { 0.0 } else { x.sqrt() * x.ln() };
    let mut last = vec![0.5 * (b - a) * (f(a) + f(b))];
    let mut difference = f64::MAX;
    for row in 1..=rows {
        let n = 1_usize << row;
        let h = (b - a) / n as f64;
        let midpoints = (1..n).step_by(2).map(|i| f(a + h * i as f64)).sum::<f64>();
        let mut next = vec![0.5 * last[0] + h * midpoints];
        for k in 1..=row {
            next.push(next[k - 1] + (next[k - 1] - last[k - 1]) / (4_f64.powi(k as i32) - 1.0));
        }
        difference = (next[row] - last[row - 1]).abs();
        trail!(row, n, estimate = next[row], difference);
        last = next;
        if difference < epsabs {
            break;
        }
    }
    ensure_converged!(difference < epsabs, iterations = rows)?;
    Ok(last[last.len() - 1])
}

/// The weights of Gauss–Laguerre quadrature, by the unscaled recurrence of textbooks.
#[instrument(
    err,
    fields(computation = "plasma_dispersion", theoretical_ref = "int exp(-x) f dx", quadrature = "Gauss–Laguerre")
)]
fn laguerre_weights(n: usize, largest_node: f64) -> Result<f64, NumericError> {
    let (mut before, mut here) = (1.0, 1.0 - largest_node);
    for k in 1..n {
        let next = ((2 * k + 1) as f64 - largest_node) * here - k as f64 * before;
        (before, here) = (here, next);
        debug!(k, polynomial = here, weight = largest_node / (here * here));
        if !here.is_finite() {
            return Err(NumericError::Polynomial { degree: k + 1, value: here });
        }
    }
    Ok(here)
}

/// Jₙ(x) by the upward three-term recurrence, which is unstable for n > x.
#[computation("J_{n+1} = (2n/x) J_n - J_{n-1}")]
fn partial_waves(x: f64, order: u32) -> Result<f64, NumericError> {
    let series = |n: u32| {
        let mut term = (1..=n).fold(1.0, |product, k| product * 0.5 * x / f64::from(k));
        let mut sum = term;
        for m in 1..60 {
            term *= -0.25 * x * x / (f64::from(m) * f64::from(m + n));
            sum += term;
        }
        sum
    };
    let (mut before, mut here) = (series(0), series(1));
    for n in 1..order {
        (before, here) = (here, 2.0 * f64::from(n) / x * here - before);
        trail!(n, j_n = here);
        if here.abs() > 1.0 {
            return Err(NumericError::Recurrence { n: n + 1, x, value: here.abs() });
        }
    }
    Ok(here)
}

#[computation("Hubbard model", fields(method = "determinant quantum Monte Carlo"))]
fn hubbard_energy(beta: f64, configurations: u32) -> Result<f64, NumericError> {
    let mean = (-beta).exp();
    let (mut state, mut sum) = (7_u64, 0.0);
    let (mut sign, mut error) = (0.0, f64::MAX);
    for n in 1..=configurations {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let u = (state >> 11) as f64 / (1_u64 << 53) as f64;
        sum += if u < 0.5 * (1.0 + mean) { 1.0 } else { -1.0 };
        if n % 500 == 0 {
            sign = sum / f64::from(n);
            error = ((1.0 - sign * sign) / f64::from(n)).sqrt();
            trail!(n, sign, error, beta);
        }
    }
    if sign.abs() < 3.0 * error { Err(NumericError::Sign { sign, error }) } else { Ok(sign) }
}

/// ⟨x²⟩ − ⟨x⟩² of small fluctuations around a large mean.
#[computation("C = (<E^2> - <E>^2)/T^2")]
fn specific_heat(offset: f64, samples: u32) -> Result<f64, NumericError> {
    let (mut sum, mut squares) = (0.0, 0.0);
    for i in 0..samples {
        let energy = offset + 1e-3 * (f64::from(i) * 0.7).sin();
        sum += energy;
        squares += energy * energy;
    }
    let (mean, mean_square) = (sum / f64::from(samples), squares / f64::from(samples));
    let variance = mean_square - mean * mean;
    trail!(mean, mean_square, variance);
    if variance < 0.0 { Err(NumericError::NegativeVariance { variance }) } else { Ok(variance) }
}

/// The elevation of a star: rounding takes the sine above one.
#[computation("sin h = u . z")]
fn star_elevation(unit: [f64; 3], zenith: [f64; 3]) -> Result<f64, NumericError> {
    let argument = unit.iter().zip(zenith).map(|(a, b)| a * b).sum::<f64>();
    trail!(argument);
    if argument.abs() > 1.0 {
        return Err(NumericError::Asin { argument });
    }
    Ok(argument.asin())
}

#[computation("Poisson")]
fn expected_counts(signal: f64, background: f64) -> Result<Poisson, PoissonError> {
    let lambda = signal - background;
    trail!(lambda);
    Poisson::new(lambda)
}

/// A softmax that does not subtract the largest logit.
#[computation("softmax")]
fn class_probabilities(logits: &[f64]) -> Option<f64> {
    let exponentials: Vec<f64> = logits.iter().map(|logit| logit.exp()).collect();
    let total: f64 = exponentials.iter().sum();
    trail!(total, largest_logit = logits.iter().copied().fold(f64::MIN, f64::max));
    let first = exponentials[1] / total;
    if first.is_nan() {
        error!(first, total, "softmax returned NaN");
        return None;
    }
    Some(first)
}

pub(crate) fn cases() -> Vec<Case> {
    vec![
        Case {
            batch: Batch::HeldOut,
            name: "romberg_endpoint",
            solver: "hand-written Romberg",
            problem: "√x ln x has no expansion in even powers of h at x = 0, which Romberg extrapolates in",
            category: "max_iterations",
            advice: "The integrand is singular at the end of the interval: substitute (x = u²), or use a tanh-sinh or \
                     Gauss–Jacobi rule.",
            run: || _ = collapse_time(0.0, 1.0, 1e-12, 12),
        },
        Case {
            batch: Batch::HeldOut,
            name: "laguerre_weights_overflow",
            solver: "hand-written recurrence",
            problem: "unscaled polynomials overflow beyond degree 100 or so",
            category: "non_finite",
            advice: "The polynomials overflow: scale the recurrence (normalised functions with e^(−x/2)), or use Golub and \
                     Welsch's eigenvalues.",
            run: || _ = laguerre_weights(300, 1100.0),
        },
        Case {
            batch: Batch::HeldOut,
            name: "bessel_upwards",
            solver: "hand-written recurrence",
            problem: "upward recurrence amplifies the rounding error by the growing second solution",
            category: "loss_of_accuracy",
            advice: "Recur downwards (Miller's algorithm) and normalise: upwards is unstable for n > x.",
            run: || _ = partial_waves(1.0, 60),
        },
        Case {
            batch: Batch::HeldOut,
            name: "hubbard_sign",
            solver: "hand-written Monte Carlo",
            problem: "the average sign falls exponentially with β, below its statistical error",
            category: "loss_of_accuracy",
            advice: "This is the sign problem: the samples needed grow as the inverse square of the sign. Another basis, a higher \
                     temperature or a constrained path, not longer runs.",
            run: || _ = hubbard_energy(8.0, 20_000),
        },
        Case {
            batch: Batch::HeldOut,
            name: "specific_heat_cancellation",
            solver: "hand-written statistics",
            problem: "⟨E²⟩ − ⟨E⟩² cancels all digits for a mean of 1e6 and fluctuations of 1e-3",
            category: "loss_of_accuracy",
            advice: "The difference cancels: subtract the mean first (two passes, or Welford's update).",
            run: || _ = specific_heat(1e6, 5000),
        },
        Case {
            batch: Batch::HeldOut,
            name: "star_at_zenith",
            solver: "std f64::asin",
            problem: "the scalar product of two unit vectors is above one by rounding",
            category: "domain_error",
            advice: "The argument is above one by rounding only: clamp it to [−1, 1] (or use atan2).",
            run: || _ = star_elevation([0.36, 0.48, 0.8 + 1e-15], [0.36, 0.48, 0.8]),
        },
        Case {
            batch: Batch::HeldOut,
            name: "counts_below_background",
            solver: "statrs Poisson",
            problem: "the background is larger than the signal, so that the mean is negative",
            category: "domain_error",
            advice: "The rate of a Poisson distribution is positive: model signal and background together instead of \
                     subtracting, or bound the rate.",
            run: || _ = expected_counts(12.0, 15.5),
        },
        Case {
            batch: Batch::HeldOut,
            name: "softmax_overflow",
            solver: "std f64::exp",
            problem: "e^800 is infinite, and ∞/∞ is NaN",
            category: "non_finite",
            advice: "Subtract the largest logit before the exponential (log-sum-exp).",
            run: || _ = class_probabilities(&[800.0, 790.0, 3.0]),
        },
    ]
}
