//! Roots and fixed points.

use argmin::core::{CostFunction, Error, Executor};
use argmin::solver::brent::BrentRoot;
use nalgebra::{Matrix2, Vector2};
use roots::{Convergency, SearchError, find_root_brent, find_root_newton_raphson, find_root_secant};
use tracing::{error, instrument};
use tracing_failure::{Check, computation, ensure_converged, trail};

use crate::case::{Batch, Case};

#[derive(Debug, thiserror::Error)]
enum NewtonError {
    #[error(transparent)]
    Check(#[from] Check),
    #[error("Newton's method diverged at iteration {iteration}: |f| = {residual:.2e}, |dx| = {update:.2e}")]
    Diverged { iteration: u32, residual: f64, update: f64 },
    #[error("Jacobian is singular at iteration {iteration}")]
    SingularJacobian { iteration: u32 },
    #[error("update stays at {update:.1e}, above the tolerance {tolerance:.0e}")]
    ToleranceNotReached { update: f64, tolerance: f64 },
}

/// Newton's method in one variable, given f and f′ together.
fn newton(f: impl Fn(f64) -> (f64, f64), x0: f64, tol: f64, max_iterations: u32) -> Result<f64, NewtonError> {
    let (mut x, mut residual) = (x0, f64::INFINITY);
    for iteration in 0..max_iterations {
        let (value, slope) = f(x);
        residual = value.abs();
        let update = value / slope;
        trail!(iteration, x, residual, update);
        if residual < tol {
            return Ok(x);
        }
        if update.abs() > 1e10 {
            return Err(NewtonError::Diverged { iteration, residual, update: update.abs() });
        }
        x -= update;
    }
    ensure_converged!(residual < tol, iterations = max_iterations)?;
    Ok(x)
}

#[computation("arctan x = 0", fields(method = "Newton"))]
fn phase_locking(x0: f64, tol: f64) -> Result<f64, NewtonError> {
    newton(|x| (x.atan(), 1.0 / (1.0 + x * x)), x0, tol, 50)
}

#[instrument(err, fields(computation = "equation_of_state", theoretical_ref = "x³ − 2x + 2 = 0", method = "Newton"))]
fn cubic(x0: f64, tol: f64, max_iterations: u32) -> Result<f64, NewtonError> {
    newton(|x| (x.powi(3) - 2.0 * x + 2.0, 3.0 * x * x - 2.0), x0, tol, max_iterations)
}

/// A root of multiplicity 12, to which Newton's method converges by a factor of 11/12.
#[computation("(cos x − 1)⁶ = 0", fields(method = "Newton"))]
fn multiple_root(x0: f64, tol: f64, max_iterations: u32) -> Result<f64, NewtonError> {
    let f = |x: f64| ((x.cos() - 1.0).powi(6), -6.0 * (x.cos() - 1.0).powi(5) * x.sin());
    newton(f, x0, tol, max_iterations)
}

/// The branch of steady states x² = λ, y = x, followed in λ through its fold.
#[computation("x² = λ", fields(method = "natural continuation"))]
fn bifurcation_branch(lambda_start: f64, lambda_end: f64, steps: u32) -> Result<Vector2<f64>, NewtonError> {
    let mut x = Vector2::from_element(lambda_start.sqrt());
    for step in 0..=steps {
        let lambda = lambda_start + (lambda_end - lambda_start) * f64::from(step) / f64::from(steps);
        // The predictor follows the exact branch, as far as it goes.
        x.fill(lambda.max(0.0).sqrt());
        for iteration in 0..20 {
            let f = Vector2::new(x[0] * x[0] - lambda, x[1] - x[0]);
            let jacobian = Matrix2::new(2.0 * x[0], 0.0, -1.0, 1.0);
            let determinant = jacobian.determinant();
            trail!(step, lambda, iteration, fnorm = f.norm(), determinant);
            let dx = jacobian.lu().solve(&f).ok_or(NewtonError::SingularJacobian { iteration })?;
            x -= dx;
            if dx.norm() < 1e-10 {
                break;
            }
        }
    }
    Ok(x)
}

/// Kepler's equation, to more digits than a double has.
#[computation("E − e sin E = M", fields(method = "Newton"))]
fn eccentric_anomaly(mean_anomaly: f64, eccentricity: f64, tolerance: f64) -> Result<f64, NewtonError> {
    let mut anomaly = mean_anomaly;
    let mut update = f64::INFINITY;
    for iteration in 0..100 {
        let f = anomaly - eccentricity * anomaly.sin() - mean_anomaly;
        update = f / (1.0 - eccentricity * anomaly.cos());
        anomaly -= update;
        trail!(iteration, anomaly, update);
        if update.abs() < tolerance {
            return Ok(anomaly);
        }
    }
    Err(NewtonError::ToleranceNotReached { update: update.abs(), tolerance })
}

/// Writes each iteration of a search to the trail.
struct Watched {
    tolerance: f64,
    max_iter: usize,
}

impl Convergency<f64> for Watched {
    fn is_root_found(&mut self, y: f64) -> bool {
        trail!(f = y, tolerance = self.tolerance, "function value");
        y.abs() < self.tolerance
    }

    fn is_converged(&mut self, x1: f64, x2: f64) -> bool {
        trail!(width = (x1 - x2).abs());
        (x1 - x2).abs() < self.tolerance
    }

    fn is_iteration_limit_reached(&mut self, iter: usize) -> bool {
        iter >= self.max_iter
    }
}

#[computation("z tan z = √(z₀² − z²)", fields(method = "Brent"))]
fn ground_state_energy(depth: f64, bracket: (f64, f64)) -> Result<f64, SearchError> {
    let quantisation = |z: f64| {
        let f = z * z.tan() - (depth * depth - z * z).max(0.0).sqrt();
        trail!(z, f, "quantisation condition");
        f
    };
    let mut convergency = Watched { tolerance: 1e-10, max_iter: 100 };
    find_root_brent(bracket.0, bracket.1, quantisation, &mut convergency)
}

#[computation("Antoine equation", fields(method = "secant"))]
fn dew_point(pressure: f64, guesses: (f64, f64), max_iterations: usize) -> Result<f64, SearchError> {
    let vapour = |t: f64| 10_f64.powf(8.07131 - 1730.63 / (233.426 + t)) - pressure;
    let mut convergency = Watched { tolerance: 1e-12, max_iter: max_iterations };
    find_root_secant(guesses.0, guesses.1, vapour, &mut convergency)
}

#[computation("V(φ) = V₀", fields(method = "Newton–Raphson"))]
fn inflection_start(level: f64, start: f64) -> Result<f64, SearchError> {
    let mut convergency = Watched { tolerance: 1e-10, max_iter: 50 };
    let potential = |phi: f64| (phi * phi - 1.0).powi(2) - level;
    let slope = |phi: f64| 4.0 * phi * (phi * phi - 1.0);
    find_root_newton_raphson(start, potential, slope, &mut convergency)
}

/// The value of a bond at a yield, minus its price.
struct Yield {
    price: f64,
}

impl CostFunction for Yield {
    type Param = f64;
    type Output = f64;

    fn cost(&self, rate: &f64) -> Result<f64, Error> {
        let value = (1..=10).map(|year| 5.0 / (1.0 + rate).powi(year)).sum::<f64>() + 100.0 / (1.0 + rate).powi(10);
        trail!(rate, value);
        Ok(value - self.price)
    }
}

#[computation("present value", fields(method = "BrentRoot"))]
fn bond_yield(price: f64, min: f64, max: f64) -> Result<f64, Error> {
    let solved = Executor::new(Yield { price }, BrentRoot::new(min, max, 1e-10)).run()?;
    Ok(solved.state.best_param.unwrap_or(f64::NAN))
}

/// The mean field of a magnet: m = tanh(−J m / T + h), a two-cycle for a strong coupling.
#[computation("m = tanh((h − J m)/T)", fields(method = "fixed point"))]
fn mean_field(coupling: f64, temperature: f64, field: f64, max_iterations: u32) -> Result<f64, Check> {
    let mut magnetisation = 0.9_f64;
    let mut change = f64::INFINITY;
    for iteration in 0..max_iterations {
        let next = ((field - coupling * magnetisation) / temperature).tanh();
        change = (next - magnetisation).abs();
        trail!(iteration, magnetisation, change);
        magnetisation = next;
        if change < 1e-10 {
            break;
        }
    }
    ensure_converged!(change < 1e-10, iterations = max_iterations)?;
    Ok(magnetisation)
}

/// A fixed point that attracts by a factor of 0.999.
#[computation("x = g(x)", fields(method = "Picard"))]
fn renewal_density(rate: f64, tol: f64, maxiter: u32) -> Result<f64, String> {
    let mut x = 0.0_f64;
    for k in 0..maxiter {
        let next = rate * x + (1.0 - rate) * x.cos();
        let err = (next - x).abs();
        trail!(k, x, err);
        if err < tol {
            return Ok(next);
        }
        x = next;
    }
    Err(format!("Picard iteration not converged after {maxiter} iterations"))
}

/// An expanding map: the slope at the fixed point is −1.8.
#[computation("N = r e^(−N)", fields(method = "Picard"))]
fn population_balance(slope: f64, start: f64) -> Option<f64> {
    let mut x = start;
    for iteration in 0..1000 {
        let next = 1.0 + slope * (x - 1.0);
        let residual = (next - x).abs();
        trail!(iteration, x, residual);
        if residual < 1e-12 {
            return Some(next);
        }
        if residual > 1e6 {
            error!(iteration, residual, "fixed-point iteration is diverging");
            return None;
        }
        x = next;
    }
    Some(x)
}

pub(crate) fn cases() -> Vec<Case> {
    [newton_cases(), bracket_cases(), fixed_point_cases()].into_iter().flatten().collect()
}

fn newton_cases() -> Vec<Case> {
    vec![
        Case {
            batch: Batch::Development,
            name: "newton_bad_start",
            solver: "hand-written Newton",
            problem: "from |x| > 1.39 each Newton step for arctan x = 0 overshoots more than the last",
            category: "residual_divergence",
            advice: "The start is outside of the region of convergence: damp the steps (line search, trust region), or \
                     begin closer to the root.",
            run: || _ = phase_locking(1.5, 1e-12),
        },
        Case {
            batch: Batch::Development,
            name: "newton_cycle",
            solver: "hand-written Newton",
            problem: "for x³ − 2x + 2 from x = 0 the iterates are 0, 1, 0, 1, …",
            category: "max_iterations",
            advice: "The iterates cycle: another start or a damped step; more iterations change nothing.",
            run: || _ = cubic(0.0, 1e-12, 100),
        },
        Case {
            batch: Batch::Development,
            name: "newton_multiple_root",
            solver: "hand-written Newton",
            problem: "a root of multiplicity 12 makes the convergence linear, by a factor of 11/12",
            category: "max_iterations",
            advice: "Linear convergence points to a multiple root (singular Jacobian): multiply the step by the \
                     multiplicity, or solve for f/f′.",
            run: || _ = multiple_root(1.0, 1e-30, 40),
        },
        Case {
            batch: Batch::Development,
            name: "newton_fold",
            solver: "hand-written Newton with nalgebra LU",
            problem: "natural continuation arrives at a turning point, where the Jacobian is singular",
            category: "singular_matrix",
            advice: "The branch turns here: continue by pseudo-arclength, not in the parameter.",
            run: || _ = bifurcation_branch(1.0, -1.0, 20),
        },
        Case {
            batch: Batch::Development,
            name: "kepler_tolerance",
            solver: "hand-written Newton",
            problem: "a tolerance of 1e-20 on a number of order one is below the rounding error",
            category: "accuracy_unattainable",
            advice: "The tolerance is below machine precision: use a relative one of some 1e-15.",
            run: || _ = eccentric_anomaly(2.0, 0.6, 1e-20),
        },
    ]
}

fn bracket_cases() -> Vec<Case> {
    vec![
        Case {
            batch: Batch::Development,
            name: "brent_no_bracket",
            solver: "roots find_root_brent",
            problem: "the function has the same sign at both ends of the interval",
            category: "initialization",
            advice: "The interval does not bracket a root: scan for a change of sign, and check the function at both ends.",
            run: || _ = ground_state_energy(8.0, (0.1, 0.9)),
        },
        Case {
            batch: Batch::Development,
            name: "secant_no_convergence",
            solver: "roots find_root_secant",
            problem: "the secant method from far away needs more than the five iterations it is given",
            category: "max_iterations",
            advice: "Start closer, or use a bracketing method (Brent); allow more iterations only if the error falls.",
            run: || _ = dew_point(17.5, (80.0, 120.0), 5),
        },
        Case {
            batch: Batch::Development,
            name: "newton_zero_derivative",
            solver: "roots find_root_newton_raphson",
            problem: "the start is the top of the potential, where the derivative is zero",
            category: "breakdown",
            advice: "The derivative vanishes at the start: move it off the stationary point, or use a bracketing method.",
            run: || _ = inflection_start(0.3, 0.0),
        },
        Case {
            batch: Batch::Development,
            name: "brent_root_wrong_sign",
            solver: "argmin BrentRoot",
            problem: "the yield lies outside of the interval that is searched",
            category: "initialization",
            advice: "The interval does not bracket the root: widen it until the function changes its sign.",
            run: || _ = bond_yield(180.0, 0.0, 0.2),
        },
    ]
}

fn fixed_point_cases() -> Vec<Case> {
    vec![
        Case {
            batch: Batch::Development,
            name: "mean_field_two_cycle",
            solver: "hand-written fixed point",
            problem: "the slope at the fixed point is below −1: the iterates jump between two values",
            category: "max_iterations",
            advice: "It oscillates between two values: mix old and new (damping, Anderson); more iterations do not help.",
            run: || _ = mean_field(2.0, 0.5, 0.1, 300),
        },
        Case {
            batch: Batch::Development,
            name: "picard_slow",
            solver: "hand-written fixed point",
            problem: "the slope at the fixed point is 0.999: the error halves in 700 iterations only",
            category: "max_iterations",
            advice: "Linear convergence at a rate near 1: accelerate it (Aitken, Anderson), or use Newton.",
            run: || _ = renewal_density(0.999, 1e-12, 500),
        },
        Case {
            batch: Batch::Development,
            name: "fixed_point_diverges",
            solver: "hand-written fixed point",
            problem: "the slope at the fixed point is −1.8, so that it repels",
            category: "residual_divergence",
            advice: "The map is not a contraction there: under-relax it (ω < 2/(1 + 1.8)), or use Newton.",
            run: || _ = population_balance(-1.8, 1.01),
        },
    ]
}
