//! Minimisation, least squares and linear programs.

use argmin::core::{CostFunction, Error, Executor, Gradient, State};
use argmin::solver::gradientdescent::SteepestDescent;
use argmin::solver::linesearch::MoreThuenteLineSearch;
use argmin::solver::neldermead::NelderMead;
use argmin::solver::quasinewton::BFGS;
use levenberg_marquardt::{LeastSquaresProblem, LevenbergMarquardt, TerminationReason};
use microlp::{ComparisonOp, OptimizationDirection, Problem};
use nalgebra::storage::Owned;
use nalgebra::{Dyn, OMatrix, OVector, U2, Vector2};
use tracing::{error, instrument};
use tracing_failure::{Check, ResultExt, computation, ensure_finite, ensure_in_range, trail};

use crate::case::{Batch, Case};

/// Rosenbrock's valley.
struct Rosenbrock;

impl CostFunction for Rosenbrock {
    type Param = Vec<f64>;
    type Output = f64;

    fn cost(&self, x: &Vec<f64>) -> Result<f64, Error> {
        let cost = (1.0 - x[0]).powi(2) + 100.0 * (x[1] - x[0] * x[0]).powi(2);
        trail!(cost, x = x[0], y = x[1]);
        Ok(cost)
    }
}

impl Gradient for Rosenbrock {
    type Param = Vec<f64>;
    type Gradient = Vec<f64>;

    fn gradient(&self, x: &Vec<f64>) -> Result<Vec<f64>, Error> {
        let valley = x[1] - x[0] * x[0];
        let gradient = vec![-2.0 * (1.0 - x[0]) - 400.0 * x[0] * valley, 200.0 * valley];
        trail!(grad_norm = gradient[0].hypot(gradient[1]));
        Ok(gradient)
    }
}

#[computation("Rosenbrock", fields(method = "steepest descent"))]
fn potential_minimum(start: [f64; 2], max_iters: u64) -> Result<f64, Error> {
    let solver = SteepestDescent::new(MoreThuenteLineSearch::new());
    let executor = Executor::new(Rosenbrock, solver);
    let result = executor.configure(|state| state.param(start.to_vec()).max_iters(max_iters)).run()?;
    let status = result.state.get_termination_status();
    if result.state.get_best_cost() > 1e-8 {
        return Err(Error::msg(status.to_string()));
    }
    Ok(result.state.get_best_cost())
}

#[instrument(fields(computation = "saddle_search", theoretical_ref = "Rosenbrock", method = "BFGS"))]
fn bfgs(start: [f64; 2], inverse_hessian: [[f64; 2]; 2]) -> Result<f64, Error> {
    let solver = BFGS::new(MoreThuenteLineSearch::new());
    let inverse = inverse_hessian.map(|row| row.to_vec()).to_vec();
    let executor = Executor::new(Rosenbrock, solver);
    let configured = executor.configure(|state| state.param(start.to_vec()).inv_hessian(inverse).max_iters(50));
    Ok(configured.run().record_failure()?.state.get_best_cost())
}

#[computation("Rosenbrock", fields(method = "steepest descent"))]
fn relaxed_geometry(max_iters: u64) -> Result<f64, Error> {
    let solver = SteepestDescent::new(MoreThuenteLineSearch::new());
    let configured = Executor::new(Rosenbrock, solver).configure(|state| state.max_iters(max_iters));
    Ok(configured.run()?.state.get_best_cost())
}

/// The negative log-likelihood of an exponential decay, given its rate.
struct Likelihood {
    total_time: f64,
    events: f64,
}

impl CostFunction for Likelihood {
    type Param = Vec<f64>;
    type Output = f64;

    fn cost(&self, rate: &Vec<f64>) -> Result<f64, Error> {
        let cost = rate[0] * self.total_time - self.events * rate[0].ln();
        trail!(rate = rate[0], cost);
        Ok(cost)
    }
}

impl Gradient for Likelihood {
    type Param = Vec<f64>;
    type Gradient = Vec<f64>;

    fn gradient(&self, rate: &Vec<f64>) -> Result<Vec<f64>, Error> {
        Ok(vec![self.total_time - self.events / rate[0]])
    }
}

#[computation("maximum likelihood", fields(method = "steepest descent"))]
fn decay_rate(start: f64, total_time: f64, events: f64) -> Result<f64, Error> {
    let solver = SteepestDescent::new(MoreThuenteLineSearch::new());
    let executor = Executor::new(Likelihood { total_time, events }, solver);
    let result = executor.configure(|state| state.param(vec![start]).max_iters(100)).run()?;
    Ok(result.state.get_best_cost())
}

#[computation("Rosenbrock", fields(method = "Nelder–Mead"))]
fn alignment(simplex: [[f64; 2]; 3], sd_tolerance: f64, max_iters: u64) -> Result<f64, Error> {
    let solver = NelderMead::new(simplex.map(|point| point.to_vec()).to_vec()).with_sd_tolerance(sd_tolerance)?;
    let executor = Executor::new(Rosenbrock, solver);
    let result = executor.configure(|state| state.max_iters(max_iters)).run()?;
    let cost = result.state.get_best_cost();
    if cost > 1e-3 {
        let status = result.state.get_termination_status();
        error!(cost, %status, "simplex did not reach the minimum");
    }
    Ok(cost)
}

#[derive(Debug, thiserror::Error)]
enum DescentError {
    #[error("line search failed: no sufficient decrease down to step length {step_length:.1e}")]
    LineSearch { step_length: f64 },
    #[error(transparent)]
    Check(#[from] Check),
    #[error("exceeded the maximum number of function evaluations ({max_evaluations})")]
    MaxEvaluations { max_evaluations: u32 },
    #[error("stuck at a local minimum: |F| = {residual:.2e}, |grad| = {gradient:.1e}")]
    LocalMinimum { residual: f64, gradient: f64 },
}

/// Backtracking on a quartic, the gradient of which has a wrong sign in one component.
#[computation("merit function", fields(method = "gradient descent"))]
fn lens_design(start: [f64; 2], max_iterations: u32) -> Result<f64, DescentError> {
    let f = |x: f64, y: f64| (x - 1.0).powi(4) + 10.0 * (y + 0.5).powi(2);
    let [mut x, mut y] = start;
    for iteration in 0..max_iterations {
        let (gx, gy) = (4.0 * (x - 1.0).powi(3), -20.0 * (y + 0.5));
        let (cost, slope) = (f(x, y), gx * gx + gy * gy);
        trail!(iteration, cost, gradient_norm = slope.sqrt(), "descent");
        let mut lambda = 1.0;
        while f(x - lambda * gx, y - lambda * gy) > cost - 1e-4 * lambda * slope {
            lambda *= 0.5;
            trail!(iteration, lambda, trial = f(x - lambda * gx, y - lambda * gy), "backtrack");
            if lambda < 1e-12 {
                return Err(DescentError::LineSearch { step_length: lambda });
            }
        }
        (x, y) = (x - lambda * gx, y - lambda * gy);
    }
    Ok(f(x, y))
}

/// Linear regression of unscaled features by gradient descent.
#[computation("least squares", fields(optimizer = "SGD"))]
fn calibration_curve(learning_rate: f64, epochs: u32) -> Result<f64, DescentError> {
    let samples: Vec<(f64, f64)> = (0..50).map(|i| (f64::from(i) * 10.0, f64::from(i) * 3.0 + 1.0)).collect();
    let (mut slope, mut offset, mut loss) = (0.0, 0.0, 0.0);
    for epoch in 0..epochs {
        let errors: Vec<_> = samples.iter().map(|(x, y)| (slope * x + offset - y, *x)).collect();
        loss = errors.iter().map(|(error, _)| error * error).sum::<f64>() / 50.0;
        trail!(epoch, loss, learning_rate);
        ensure_finite!(loss, iteration = epoch)?;
        slope -= learning_rate * errors.iter().map(|(error, x)| error * x).sum::<f64>() / 25.0;
        offset -= learning_rate * errors.iter().map(|(error, _)| error).sum::<f64>() / 25.0;
    }
    Ok(loss)
}

/// Compass search in eight dimensions.
#[computation("array factor", fields(method = "pattern search"))]
fn antenna_layout(dimension: usize, step: f64, tolerance: f64, max_evaluations: u32) -> Result<f64, DescentError> {
    let f = |x: &[f64]| x.windows(2).map(|w| 100.0 * (w[1] - w[0] * w[0]).powi(2) + (1.0 - w[0]).powi(2)).sum::<f64>();
    let (mut x, mut step, mut evaluations) = (vec![-1.2; dimension], step, 1);
    let mut best = f(&x);
    while step > tolerance {
        let before = best;
        for coordinate in 0..dimension {
            for sign in [-1.0, 1.0] {
                let mut trial = x.clone();
                trial[coordinate] += sign * step;
                evaluations += 1;
                let value = f(&trial);
                if value < best {
                    (x, best) = (trial, value);
                }
            }
        }
        trail!(evaluations, best, step);
        if evaluations >= max_evaluations {
            return Err(DescentError::MaxEvaluations { max_evaluations });
        }
        if best == before {
            step *= 0.5;
        }
    }
    Ok(best)
}

/// The lightest box of volume 1, with a penalty that is too weak.
#[computation("min surface, V = 1", fields(method = "penalty"))]
fn box_design(weight: f64, feasibility_tolerance: f64) -> Result<f64, DescentError> {
    let mut side = 1.5_f64;
    let mut violation = 0.0;
    for iteration in 0..400 {
        violation = 1.0 - side.powi(3);
        let gradient = 12.0 * side - 6.0 * weight * violation * side * side;
        trail!(iteration, side, violation, penalty = weight * violation * violation);
        side -= 1e-3 * gradient;
    }
    ensure_in_range!(violation.abs(), ..=feasibility_tolerance)?;
    Ok(side)
}

/// A root of x² + 1 as a minimum of its square: there is none on the real line.
#[computation("F(x) = 0", fields(method = "minimise |F|²"))]
fn equilibrium_point(start: f64, tolerance: f64) -> Result<f64, DescentError> {
    let mut x = start;
    for iteration in 0..10_000 {
        let residual = x * x + 1.0;
        let gradient = 2.0 * residual * x;
        trail!(iteration, residual, gradient);
        if residual < tolerance {
            return Ok(x);
        }
        if gradient.abs() < 1e-9 {
            return Err(DescentError::LocalMinimum { residual, gradient: gradient.abs() });
        }
        x -= 0.1 * gradient;
    }
    Ok(x)
}

/// a e^(b t), fitted to samples.
struct Exponential {
    parameters: Vector2<f64>,
    samples: Vec<(f64, f64)>,
}

impl LeastSquaresProblem<f64, Dyn, U2> for Exponential {
    type ResidualStorage = Owned<f64, Dyn>;
    type JacobianStorage = Owned<f64, Dyn, U2>;
    type ParameterStorage = Owned<f64, U2>;

    fn set_params(&mut self, parameters: &Vector2<f64>) {
        self.parameters = *parameters;
    }

    fn params(&self) -> Vector2<f64> {
        self.parameters
    }

    fn residuals(&self) -> Option<OVector<f64, Dyn>> {
        let [a, b] = self.parameters.into();
        let residuals = self.samples.iter().map(|(t, y)| a * (b * t).exp() - y);
        let residuals = OVector::<f64, Dyn>::from_iterator(self.samples.len(), residuals);
        trail!(a, b, residual_norm = residuals.norm());
        Some(residuals)
    }

    fn jacobian(&self) -> Option<OMatrix<f64, Dyn, U2>> {
        let [a, b] = self.parameters.into();
        let row = |i: usize, j: usize| {
            let (t, _) = self.samples[i];
            if j == 0 { (b * t).exp() } else { a * t * (b * t).exp() }
        };
        Some(OMatrix::<f64, Dyn, U2>::from_fn(self.samples.len(), row))
    }
}

#[derive(Debug, thiserror::Error)]
#[error("Levenberg-Marquardt terminated: {reason:?} (cost {cost:.3e})")]
struct FitError {
    reason: TerminationReason,
    cost: f64,
}

fn samples(times: impl Iterator<Item = f64>) -> Vec<(f64, f64)> {
    times.map(|t| (t, 2.0 * (-0.7 * t).exp() + 0.1 * (9.0 * t).sin())).collect()
}

#[computation("a e^(b t)", fields(points = samples.len()))]
fn decay_fit(samples: Vec<(f64, f64)>, start: [f64; 2], ftol: f64, patience: usize) -> Result<[f64; 2], FitError> {
    let problem = Exponential { parameters: Vector2::from(start), samples };
    let method = LevenbergMarquardt::new().with_ftol(ftol).with_xtol(ftol).with_gtol(ftol).with_patience(patience);
    let (problem, report) = method.minimize(problem);
    if !report.termination.was_successful() {
        let error = FitError { reason: report.termination, cost: report.objective_function };
        return Err(error);
    }
    Ok(problem.parameters.into())
}

#[computation("linear program", fields(solver = "simplex"))]
fn diet_plan(min_protein: f64, max_weight: f64) -> Result<f64, microlp::Error> {
    let mut problem = Problem::new(OptimizationDirection::Minimize);
    let beans = problem.add_var(2.0, (0.0, f64::INFINITY));
    let bread = problem.add_var(1.0, (0.0, f64::INFINITY));
    problem.add_constraint([(beans, 0.2), (bread, 0.1)], ComparisonOp::Ge, min_protein);
    problem.add_constraint([(beans, 1.0), (bread, 1.0)], ComparisonOp::Le, max_weight);
    let outcome = problem.solve()?;
    Ok(outcome.solution().map_or(f64::NAN, |solution| solution.objective()))
}

#[computation("linear program", fields(solver = "simplex"))]
fn production_plan(profit: [f64; 2], labour: f64) -> Result<f64, microlp::Error> {
    let mut problem = Problem::new(OptimizationDirection::Maximize);
    let [chairs, tables] = profit.map(|value| problem.add_var(value, (0.0, f64::INFINITY)));
    // The sign of the second coefficient should be plus.
    problem.add_constraint([(chairs, 1.0), (tables, -2.0)], ComparisonOp::Le, labour);
    Ok(problem.solve()?.solution().map_or(f64::NAN, |solution| solution.objective()))
}

pub(crate) fn cases() -> Vec<Case> {
    [argmin_cases(), descent_cases(), fit_cases(), program_cases()].into_iter().flatten().collect()
}

fn argmin_cases() -> Vec<Case> {
    vec![
        Case {
            batch: Batch::Development,
            name: "steepest_descent_max_iterations",
            solver: "argmin SteepestDescent with More–Thuente",
            problem: "steepest descent creeps along Rosenbrock's valley until its 60 iterations are over",
            category: "max_iterations",
            advice: "Steepest descent zigzags in a narrow valley: use BFGS or Newton, or rescale the variables.",
            run: || _ = potential_minimum([-1.2, 1.0], 60),
        },
        Case {
            batch: Batch::Development,
            name: "bfgs_no_descent_direction",
            solver: "argmin BFGS with More–Thuente",
            problem: "the initial inverse Hessian is taken at a saddle and not positive definite: its direction goes uphill",
            category: "line_search",
            advice: "The direction is not one of descent: start from a positive definite Hessian (the identity), and check \
                     the gradient.",
            run: || _ = bfgs([-1.2, 1.0], [[-1.0, 0.0], [0.0, 0.1]]),
        },
        Case {
            batch: Batch::Development,
            name: "no_initial_guess",
            solver: "argmin SteepestDescent",
            problem: "the optimiser is run without an initial parameter",
            category: "missing_input",
            advice: "Give an initial guess to the solver.",
            run: || _ = relaxed_geometry(100),
        },
        Case {
            batch: Batch::Development,
            name: "likelihood_nan",
            solver: "argmin SteepestDescent with More–Thuente",
            problem: "the first step takes the rate below zero, where its logarithm is NaN",
            category: "non_finite",
            advice: "The step leaves the domain of the logarithm: optimise the logarithm of the rate, or bound the first \
                     step.",
            run: || _ = decay_rate(1.0, 50.0, 3.0),
        },
        Case {
            batch: Batch::Development,
            name: "nelder_mead_max_iterations",
            solver: "argmin NelderMead",
            problem: "a simplex far from the valley has 15 iterations",
            category: "max_iterations",
            advice: "Allow more iterations or start closer; with a gradient at hand use a quasi-Newton method.",
            run: || _ = alignment([[-8.0, 9.0], [-7.0, 9.0], [-8.0, 8.0]], 1e-10, 15),
        },
    ]
}

fn descent_cases() -> Vec<Case> {
    vec![
        Case {
            batch: Batch::Development,
            name: "line_search_wrong_gradient",
            solver: "hand-written gradient descent",
            problem: "one component of the gradient has the wrong sign: no step along it reduces the merit function",
            category: "line_search",
            advice: "Compare the gradient with finite differences.",
            run: || _ = lens_design([4.0, -0.4], 100),
        },
        Case {
            batch: Batch::Development,
            name: "training_nan",
            solver: "hand-written gradient descent",
            problem: "the step is far above 2/λ_max for features up to 500: the loss overflows to NaN",
            category: "non_finite",
            advice: "The loss grows from the first epoch: reduce the learning rate, and scale the features.",
            run: || _ = calibration_curve(0.01, 1000),
        },
        Case {
            batch: Batch::Development,
            name: "compass_max_evaluations",
            solver: "hand-written compass search",
            problem: "a search without gradients in 8 dimensions uses up its 2000 evaluations",
            category: "max_evaluations",
            advice: "Use a method with gradients, or allow more evaluations while the objective still falls.",
            run: || _ = antenna_layout(8, 0.5, 1e-8, 2000),
        },
        Case {
            batch: Batch::Development,
            name: "penalty_constraint",
            solver: "hand-written penalty method",
            problem: "the penalty is too weak, so that the minimum violates the constraint",
            category: "constraint_violation",
            advice: "Increase the penalty step by step, or use an augmented Lagrangian.",
            run: || _ = box_design(20.0, 1e-3),
        },
        Case {
            batch: Batch::Development,
            name: "local_minimum",
            solver: "hand-written gradient descent",
            problem: "the least square of a function without a real root is a minimum with a residual of one",
            category: "stagnation",
            advice: "The gradient vanishes and the residual does not: another start, and check that a root exists.",
            run: || _ = equilibrium_point(0.8, 1e-8),
        },
    ]
}

fn fit_cases() -> Vec<Case> {
    vec![
        Case {
            batch: Batch::Development,
            name: "fit_lost_patience",
            solver: "levenberg-marquardt",
            problem: "a start far away needs more evaluations than a patience of 2 allows",
            category: "max_evaluations",
            advice: "Begin from a better estimate (a fit of the logarithm), or allow more evaluations.",
            run: || _ = decay_fit(samples((0..40).map(|i| f64::from(i) * 0.1)), [50.0, 0.9], 1e-12, 2),
        },
        Case {
            batch: Batch::Development,
            name: "fit_tolerance_too_small",
            solver: "levenberg-marquardt",
            problem: "tolerances of zero cannot be met in double precision",
            category: "accuracy_unattainable",
            advice: "The fit is as good as the arithmetic allows: set the tolerances to 1e-8 or so, not to zero.",
            run: || _ = decay_fit(samples((0..40).map(|i| f64::from(i) * 0.1)), [1.0, -0.5], 0.0, 100),
        },
        Case {
            batch: Batch::Development,
            name: "fit_overflow",
            solver: "levenberg-marquardt",
            problem: "e^(b t) overflows for times in the thousands and a positive start of b",
            category: "non_finite",
            advice: "The model overflows at the start: rescale the time, and start with the right sign of the exponent.",
            run: || _ = decay_fit(samples((0..40).map(|i| f64::from(i) * 100.0)), [1.0, 0.5], 1e-10, 100),
        },
        Case {
            batch: Batch::Development,
            name: "fit_too_few_points",
            solver: "levenberg-marquardt",
            problem: "two parameters are to be found from no data",
            category: "missing_input",
            advice: "There are no data points: look at the selection before the fit.",
            run: || _ = decay_fit(Vec::new(), [1.0, -0.5], 1e-10, 100),
        },
    ]
}

fn program_cases() -> Vec<Case> {
    vec![
        Case {
            batch: Batch::Development,
            name: "diet_infeasible",
            solver: "microlp simplex",
            problem: "the protein that is asked for weighs more than is allowed",
            category: "infeasible",
            advice: "Two constraints contradict each other: relax them with slack variables to find which.",
            run: || _ = diet_plan(3.0, 10.0),
        },
        Case {
            batch: Batch::Development,
            name: "production_nan_profit",
            solver: "microlp simplex",
            problem: "a profit is NaN, which comes from 0/0 in the price table",
            category: "non_finite",
            advice: "A coefficient of the model is NaN: find where the price table divides by zero.",
            run: || _ = production_plan([3.0, f64::NAN], 40.0),
        },
        Case {
            batch: Batch::Development,
            name: "production_unbounded",
            solver: "microlp simplex",
            problem: "a wrong sign in the labour constraint lets the profit grow without limit",
            category: "other",
            advice: "A constraint is missing or has a wrong sign: put upper bounds on the variables and see which is active.",
            run: || _ = production_plan([3.0, 5.0], 40.0),
        },
    ]
}
