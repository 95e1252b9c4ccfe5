//! Minima, fits, linear programs and clusters.

use argmin::core::{CostFunction, Executor};
use argmin::solver::goldensectionsearch::GoldenSectionSearch;
use levenberg_marquardt::{LeastSquaresProblem, LevenbergMarquardt, TerminationReason};
use microlp::{ComparisonOp, OptimizationDirection, Problem};
use nalgebra::storage::Owned;
use nalgebra::{DMatrix, DVector, Dyn, Matrix2, Matrix2xX, OMatrix, OVector, U2, Vector2};
use tracing::{debug, error, info, info_span, instrument};
use tracing_failure::{computation, trail};

use crate::case::{Batch, Case};

#[derive(Debug, thiserror::Error)]
enum OptimError {
    #[error("Desired error not necessarily achieved due to precision loss.")]
    Precision,
    #[error("EXIT: Converged to a point of local infeasibility. Problem may be infeasible.")]
    LocallyInfeasible,
    #[error(
        "glm.fit: algorithm did not converge after {0} iterations; fitted probabilities numerically 0 or 1 occurred"
    )]
    Glm(usize),
    #[error("simplex: {pivots} pivots done, objective still {objective}")]
    Pivots { pivots: usize, objective: f64 },
    #[error("trust region radius too small: Delta = {0:.1e}")]
    Radius(f64),
    #[error("LM: {0:?}")]
    Fit(TerminationReason),
    #[error("matrix D in quadratic function is not positive definite!")]
    QuadraticProgram,
}

struct Camber;

impl CostFunction for Camber {
    type Param = f64;
    type Output = f64;

    fn cost(&self, angle: &f64) -> Result<f64, argmin::core::Error> {
        Ok(0.02 + 0.001 * (angle - 4.0).powi(2))
    }
}

/// The angle of least drag, from an angle in degrees between bounds in radians.
#[computation("polar of the wing")]
fn least_drag(alpha_min: f64, alpha_max: f64, alpha_start: f64) -> Result<f64, argmin::core::Error> {
    let solver = GoldenSectionSearch::new(alpha_min, alpha_max)?;
    let result = Executor::new(Camber, solver).configure(|state| state.param(alpha_start).max_iters(100)).run()?;
    Ok(result.state.best_param.unwrap_or(f64::NAN))
}

/// BFGS with a gradient of finite differences whose step is lost in the noise of the function.
#[computation("Rosenbrock valley", fields(gtol = 1e-5))]
fn antenna_pattern(eps: f64, x0: &[f64; 2]) -> Result<f64, OptimError> {
    let f = |x: Vector2<f64>| {
        let inner_solver = 1e-6 * (1e9 * x[0] + 7e8 * x[1]).sin();
        (1.0 - x[0]).powi(2) + 100.0 * (x[1] - x[0] * x[0]).powi(2) + inner_solver
    };
    let gradient = |x: Vector2<f64>| {
        Vector2::from_fn(|i, _| {
            let mut y = x;
            y[i] += eps;
            (f(y) - f(x)) / eps
        })
    };
    let (mut x, mut h) = (Vector2::from(*x0), Matrix2::identity());
    let mut g = gradient(x);
    for nit in 0..200 {
        if g.norm() < 1e-5 {
            return Ok(x[0]);
        }
        let p = -h * g;
        let mut alpha = 1.0;
        while f(x + alpha * p) - f(x) > 1e-4 * alpha * g.dot(&p) {
            alpha *= 0.5;
            if alpha < 1e-12 {
                error!(nit, fun = f(x), jac_norm = g.norm(), "{}", OptimError::Precision);
                return Err(OptimError::Precision);
            }
        }
        let s = alpha * p;
        x += s;
        let new = gradient(x);
        let y = new - g;
        g = new;
        let ys = y.dot(&s);
        trail!(nit, fun = f(x), jac_norm = g.norm(), alpha, ys);
        if ys > 1e-300 {
            let left = Matrix2::identity() - s * y.transpose() / ys;
            h = left * h * left.transpose() + s * s.transpose() / ys;
        }
    }
    Ok(x[0])
}

/// The inverse kinematics of a robot with two links, for a target out of reach.
#[computation("planar 2R arm", fields(nlp_solver = "ipopt"))]
fn inverse_kinematics(l1: f64, l2: f64, target: [f64; 2]) -> Result<f64, OptimError> {
    let (mut a, mut b) = (0.4_f64, 0.7_f64);
    for iter in 0..200 {
        let c =
            Vector2::new(l1 * a.cos() + l2 * (a + b).cos() - target[0], l1 * a.sin() + l2 * (a + b).sin() - target[1]);
        let j = Matrix2::new(
            -l1 * a.sin() - l2 * (a + b).sin(),
            -l2 * (a + b).sin(),
            l1 * a.cos() + l2 * (a + b).cos(),
            l2 * (a + b).cos(),
        );
        let stationarity = (j.transpose() * c).norm();
        trail!(iter, inf_pr = c.norm(), inf_du = stationarity);
        if c.norm() < 1e-8 {
            return Ok(a);
        }
        if stationarity < 1e-6 {
            return Err(OptimError::LocallyInfeasible);
        }
        let damped: Matrix2<f64> = j.transpose() * j + Matrix2::identity() * 0.05;
        let d = damped.lu().solve(&(j.transpose() * c)).unwrap();
        a -= d[0];
        b -= d[1];
    }
    Ok(a)
}

/// A logistic regression of classes that a threshold separates.
#[computation("logit", fields(n = dose.len()))]
fn dose_response(dose: &[f64], died: &[bool], maxit: usize) -> Result<f64, OptimError> {
    let mut beta = Vector2::new(0.0, 0.0);
    for irls in 0..maxit {
        let (mut score, mut information, mut deviance) = (Vector2::zeros(), Matrix2::zeros(), 0.0);
        for (x, y) in dose.iter().zip(died) {
            let x = Vector2::new(1.0, *x);
            let p = 1.0 / (1.0 + (-beta.dot(&x)).exp());
            score += (f64::from(u8::from(*y)) - p) * x;
            information += p * (1.0 - p) * x * x.transpose();
            deviance -= 2.0 * if *y { p.ln() } else { (1.0 - p).ln() };
        }
        trail!(irls, deviance, slope = beta[1], intercept = beta[0]);
        let step = information.lu().solve(&score).unwrap();
        beta += step;
        if step.norm() < 1e-8 * beta.norm() {
            return Ok(beta[1]);
        }
    }
    Err(OptimError::Glm(maxit))
}

/// Beale's example, in which Dantzig's rule cycles at a degenerate vertex.
#[computation("primal simplex", fields(pricing = "Dantzig"))]
fn blending_lp(max_pivots: usize) -> Result<f64, OptimError> {
    let mut t: [[f64; 8]; 4] = [
        [0.25, -60.0, -0.04, 9.0, 1.0, 0.0, 0.0, 0.0],
        [0.5, -90.0, -0.02, 3.0, 0.0, 1.0, 0.0, 0.0],
        [0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 1.0],
        [-0.75, 150.0, -0.02, 6.0, 0.0, 0.0, 0.0, 0.0],
    ];
    for pivot in 0..max_pivots {
        let Some(enter) = (0..7).filter(|j| t[3][*j] < -1e-12).min_by(|a, b| t[3][*a].total_cmp(&t[3][*b])) else {
            return Ok(t[3][7]);
        };
        let leave = (0..3)
            .filter(|i| t[*i][enter] > 1e-12)
            .min_by(|a, b| (t[*a][7] / t[*a][enter]).total_cmp(&(t[*b][7] / t[*b][enter])))
            .unwrap();
        let row = t[leave].map(|x| x / t[leave][enter]);
        trail!(pivot, enter, leave, step = row[7], objective = t[3][7]);
        for (i, other) in t.iter_mut().enumerate() {
            let factor = other[enter];
            *other = if i == leave { row } else { std::array::from_fn(|j| other[j] - factor * row[j]) };
            // Rounding removes the rounding errors of the fractions, which could end the cycle.
            other.iter_mut().for_each(|x| *x = (*x * 1e9).round() / 1e9);
        }
    }
    Err(OptimError::Pivots { pivots: max_pivots, objective: t[3][7] })
}

/// A trust region whose gradient belongs to another function.
#[computation("Lennard-Jones pair", fields(optimizer = "trust region"))]
fn ligand_docking(epsilon: f64, sigma: f64, r0: f64) -> Result<f64, OptimError> {
    let energy = |r: f64| 4.0 * epsilon * ((sigma / r).powi(12) - (sigma / r).powi(6));
    let gradient = |r: f64| 4.0 * epsilon * (12.0 * (sigma / r).powi(12) - 6.0 * (sigma / r).powi(6)) / r;
    let (mut r, mut delta) = (r0, 0.1);
    for k in 0..500 {
        let g = gradient(r);
        let step = -g.signum() * delta;
        let rho = (energy(r) - energy(r + step)) / (-g * step);
        trail!(k, energy = energy(r), g, delta, rho);
        if rho > 0.1 {
            r += step;
            delta *= 2.0;
        } else {
            delta *= 0.25;
        }
        if delta < 1e-14 {
            return Err(OptimError::Radius(delta));
        }
        if g.abs() < 1e-8 {
            break;
        }
    }
    Ok(r)
}

struct Aftershocks {
    days: Vec<f64>,
    rates: Vec<f64>,
    p: Vector2<f64>,
}

impl LeastSquaresProblem<f64, Dyn, U2> for Aftershocks {
    type ResidualStorage = Owned<f64, Dyn>;
    type JacobianStorage = Owned<f64, Dyn, U2>;
    type ParameterStorage = Owned<f64, U2>;

    fn set_params(&mut self, p: &Vector2<f64>) {
        self.p = *p;
    }

    fn params(&self) -> Vector2<f64> {
        self.p
    }

    fn residuals(&self) -> Option<OVector<f64, Dyn>> {
        let r = DVector::from_fn(self.days.len(), |i, _| (self.days[i] - self.p[0]).powf(-self.p[1]) - self.rates[i]);
        trail!(onset = self.p[0], exponent = self.p[1], ssq = r.norm_squared());
        Some(r)
    }

    fn jacobian(&self) -> Option<OMatrix<f64, Dyn, U2>> {
        let columns = self.days.iter().map(|t| {
            let (c, p) = (t - self.p[0], self.p[1]);
            Vector2::new(p * c.powf(-p - 1.0), -c.ln() * c.powf(-p))
        });
        Some(Matrix2xX::from_columns(&columns.collect::<Vec<_>>()).transpose())
    }
}

/// Omori's law, with data from before its onset.
#[computation("Omori 1894")]
fn aftershock_rate(onset: f64, exponent: f64) -> Result<f64, OptimError> {
    let days: Vec<f64> = (1..20).map(|i| 0.5 * f64::from(i)).collect();
    let rates = days.iter().map(|t| (t + 0.3).powf(-1.1)).collect();
    let (problem, report) =
        LevenbergMarquardt::new().minimize(Aftershocks { days, rates, p: Vector2::new(onset, exponent) });
    if !report.termination.was_successful() {
        return Err(OptimError::Fit(report.termination));
    }
    Ok(problem.p[1])
}

/// Twelve assets with at least a tenth each.
#[instrument(err(Debug), fields(computation = "portfolio_weights", theoretical_ref = "mean return LP"))]
fn portfolio(n_assets: usize, min_weight: f64, max_weight: f64) -> Result<f64, microlp::Error> {
    let mut problem = Problem::new(OptimizationDirection::Maximize);
    let weights: Vec<_> =
        (0..n_assets).map(|i| problem.add_var(0.03 + 0.01 * i as f64, (min_weight, max_weight))).collect();
    problem.add_constraint(weights.iter().map(|w| (*w, 1.0)).collect::<Vec<_>>(), ComparisonOp::Eq, 1.0);
    info!(n_assets, "solve");
    problem.solve().map(|_| 1.0)
}

/// The portfolio of least variance, from fewer months than there are assets.
#[computation("Markowitz")]
fn minimum_variance(months: usize, assets: usize) -> Result<f64, OptimError> {
    let returns = DMatrix::from_fn(months, assets, |i, j| 0.02 * ((i * 7 + j * j * 3) as f64).sin());
    let mean = returns.row_mean();
    let centred = DMatrix::from_fn(months, assets, |i, j| returns[(i, j)] - mean[j]);
    let d = centred.transpose() * &centred / (months - 1) as f64;
    let smallest = d.clone().symmetric_eigenvalues().min();
    trail!(lambda_min = smallest, trace = d.trace());
    if smallest <= 1e-14 * d.trace() {
        return Err(OptimError::QuadraticProgram);
    }
    Ok(smallest)
}

/// K-means, with a centre that no point is closest to.
fn k_means(k: usize, iterations: usize) -> Option<f64> {
    let span = info_span!("k_means", computation = "galaxy_classes", theoretical_ref = "Lloyd's algorithm", k);
    let _entered = span.enter();
    let points: Vec<f64> = (0..90).map(|i| f64::from(i % 3) * 10.0 + f64::from(i % 7) * 0.1).collect();
    let mut centres: Vec<f64> = (0..k).map(|j| -20.0 + 10.0 * j as f64).collect();
    for iteration in 0..iterations {
        let (mut sum, mut count) = (vec![0.0; k], vec![0.0; k]);
        let mut inertia = 0.0;
        for p in &points {
            let nearest = (0..k).min_by(|a, b| (p - centres[*a]).abs().total_cmp(&(p - centres[*b]).abs())).unwrap();
            sum[nearest] += p;
            count[nearest] += 1.0;
            inertia += (p - centres[nearest]).powi(2);
        }
        debug!(iteration, inertia, smallest = count.iter().copied().fold(f64::MAX, f64::min));
        centres = sum.iter().zip(&count).map(|(s, c)| s / c).collect();
        if let Some(j) = centres.iter().position(|c| c.is_nan()) {
            error!(iteration, cluster = j, "centroid is NaN");
            return None;
        }
    }
    Some(centres[0])
}

pub(crate) fn cases() -> Vec<Case> {
    vec![
        Case {
            batch: Batch::Unseen,
            name: "least_drag_degrees",
            solver: "argmin GoldenSectionSearch",
            problem: "the bounds are in radians, the start in degrees",
            category: "initialization",
            advice: "The start is not within the bounds: put it there (and use the same units for both).",
            run: || _ = least_drag(-0.1, 0.3, 4.0),
        },
        Case {
            batch: Batch::Unseen,
            name: "antenna_difference_step",
            solver: "hand-written BFGS",
            problem: "differences over 10⁻⁸ of a function that is known to 10⁻⁶ are noise",
            category: "loss_of_accuracy",
            advice: "The gradient is noise: give an analytic gradient, or a larger step of the differences (√ of the noise in the function).",
            run: || _ = antenna_pattern(1e-8, &[-1.2, 1.0]),
        },
        Case {
            batch: Batch::Unseen,
            name: "arm_out_of_reach",
            solver: "hand-written Gauss–Newton",
            problem: "the target is farther away than both links are long",
            category: "infeasible",
            advice: "The constraints cannot be met: the target is out of reach. Check it, or minimise the distance instead.",
            run: || _ = inverse_kinematics(1.0, 0.8, [1.5, 1.4]),
        },
        Case {
            batch: Batch::Unseen,
            name: "dose_separation",
            solver: "hand-written IRLS",
            problem: "all died above a dose and none below: the slope grows for ever",
            category: "max_iterations",
            advice: "The classes are perfectly separated and no finite estimate exists: penalise (Firth, ridge), not more iterations.",
            run: || {
                let dose = [0.1, 0.2, 0.4, 0.7, 1.5, 2.0, 3.0, 5.0];
                _ = dose_response(&dose, &[false, false, false, false, true, true, true, true], 25);
            },
        },
        Case {
            batch: Batch::Unseen,
            name: "blending_cycle",
            solver: "hand-written simplex",
            problem: "Beale's example cycles with Dantzig's rule",
            category: "max_iterations",
            advice: "The simplex method cycles in a degenerate vertex: use Bland's rule, or perturb the right-hand side.",
            run: || _ = blending_lp(1000),
        },
        Case {
            batch: Batch::Unseen,
            name: "docking_gradient_sign",
            solver: "hand-written trust region",
            problem: "the gradient has the wrong sign",
            category: "step_size_underflow",
            advice: "The model does not predict the function in ever smaller regions: check the gradient against finite differences.",
            run: || _ = ligand_docking(0.2, 3.4, 4.5),
        },
        Case {
            batch: Batch::Unseen,
            name: "omori_before_onset",
            solver: "levenberg-marquardt",
            problem: "a power of a negative time: the onset is after the first data",
            category: "non_finite",
            advice: "The model is NaN at these parameters (power of a negative number): start with an onset before the first day, and \
                     bound it (or fit its logarithm).",
            run: || _ = aftershock_rate(0.8, 1.0),
        },
        Case {
            batch: Batch::Unseen,
            name: "portfolio_minimum_weights",
            solver: "microlp",
            problem: "12 × 0.1 > 1",
            category: "infeasible",
            advice: "The bounds contradict the sum: lower the minimal weight to at most 1/12 (relax the constraints).",
            run: || _ = portfolio(12, 0.1, 0.3),
        },
        Case {
            batch: Batch::Unseen,
            name: "markowitz_few_months",
            solver: "nalgebra symmetric eigenvalues",
            problem: "the covariance of 12 months has rank 11 at most, for 20 assets",
            category: "singular_matrix",
            advice: "The covariance is rank-deficient (fewer observations than assets): shrink it or add to its diagonal, or use more data.",
            run: || _ = minimum_variance(12, 20),
        },
        Case {
            batch: Batch::Unseen,
            name: "empty_cluster",
            solver: "hand-written k-means",
            problem: "a centre that is next to no point becomes 0/0",
            category: "non_finite",
            advice: "A cluster is empty (0/0): seed it anew from the data (k-means++), or use fewer clusters.",
            run: || _ = k_means(6, 20),
        },
    ]
}
