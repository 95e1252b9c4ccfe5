//! Fits, programs and samplers.

use argmin::core::{CostFunction, Error, Executor, Gradient};
use argmin::solver::goldensectionsearch::GoldenSectionSearch;
use argmin::solver::linesearch::MoreThuenteLineSearch;
use argmin::solver::quasinewton::LBFGS;
use levenberg_marquardt::{LeastSquaresProblem, LevenbergMarquardt, TerminationReason};
use microlp::{ComparisonOp, OptimizationDirection, Problem};
use nalgebra::storage::Owned;
use nalgebra::{Dyn, OMatrix, OVector, U2, Vector2};
use rayon::prelude::*;
use tracing::{instrument, trace};
use tracing_failure::{computation, ensure_finite, in_current_computation, trail};

use crate::case::{Batch, Case};

/// Three atoms on a line with Lennard-Jones' potential.
struct Cluster;

impl Cluster {
    fn pairs(x: &[f64]) -> impl Iterator<Item = (usize, usize, f64)> {
        [(0, 1), (0, 2), (1, 2)].map(|(i, j)| (i, j, x[j] - x[i])).into_iter()
    }
}

impl CostFunction for Cluster {
    type Param = Vec<f64>;
    type Output = f64;

    fn cost(&self, x: &Vec<f64>) -> Result<f64, Error> {
        let energy = Self::pairs(x).map(|(_, _, r)| r.powi(-12) - 2.0 * r.powi(-6)).sum::<f64>();
        trail!(energy, x0 = x[0], x1 = x[1], x2 = x[2]);
        ensure_finite!(energy)?;
        Ok(energy)
    }
}

impl Gradient for Cluster {
    type Param = Vec<f64>;
    type Gradient = Vec<f64>;

    fn gradient(&self, x: &Vec<f64>) -> Result<Vec<f64>, Error> {
        let mut forces = vec![0.0; 3];
        for (i, j, r) in Self::pairs(x) {
            let slope = -12.0 * r.powi(-13) + 12.0 * r.powi(-7);
            forces[i] -= slope;
            forces[j] += slope;
        }
        Ok(forces)
    }
}

#[computation("Lennard-Jones", fields(optimizer = "L-BFGS"))]
fn cluster_relaxation(positions: [f64; 3], max_iters: u64) -> Result<f64, Error> {
    let solver = LBFGS::new(MoreThuenteLineSearch::new(), 5);
    let executor = Executor::new(Cluster, solver).configure(|s| s.param(positions.to_vec()).max_iters(max_iters));
    Ok(executor.run()?.state.get_best_cost())
}

#[instrument(
    err,
    fields(computation = "optimal_bandwidth", theoretical_ref = "cross-validation", optimizer = "golden section")
)]
fn bandwidth(lower: f64, upper: f64) -> Result<(), Error> {
    GoldenSectionSearch::new(lower, upper)?.with_tolerance(1e-6)?;
    Ok(())
}

/// A stretched exponential, exp(−(t/τ)^β), that refuses a negative τ.
struct Relaxation {
    p: Vector2<f64>,
    data: Vec<(f64, f64)>,
    jacobian_rows: usize,
}

impl LeastSquaresProblem<f64, Dyn, U2> for Relaxation {
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
        let (tau, beta) = (self.p[0], self.p[1]);
        trace!(tau, beta, "model");
        if tau <= 0.0 {
            return None;
        }
        Some(OVector::<f64, Dyn>::from_iterator(
            self.data.len(),
            self.data.iter().map(|(t, y)| (-(t / tau).powf(beta)).exp() - y),
        ))
    }

    fn jacobian(&self) -> Option<OMatrix<f64, Dyn, U2>> {
        let (tau, beta) = (self.p[0], self.p[1]);
        Some(OMatrix::<f64, Dyn, U2>::from_fn(self.jacobian_rows, |i, j| {
            let t = self.data[i].0;
            let u = (t / tau).powf(beta);
            let slope = -(-u).exp();
            if j == 0 { -slope * u * beta / tau } else { slope * u * (t / tau).ln() }
        }))
    }
}

#[derive(Debug, thiserror::Error)]
#[error("curve fit failed, lmfit says {0:?}")]
struct CurveFit(TerminationReason);

#[computation("Kohlrausch")]
fn glass_relaxation(start: [f64; 2], points: u32, jacobian_rows: usize) -> Result<Vector2<f64>, CurveFit> {
    let data = (1..=points).map(|i| (0.1 * f64::from(i), (-(0.2 * f64::from(i)).powf(0.6)).exp())).collect();
    let problem = Relaxation { p: Vector2::from(start), data, jacobian_rows };
    let (problem, report) = LevenbergMarquardt::new().with_stepbound(1e3).minimize(problem);
    if report.termination.was_successful() { Ok(problem.p) } else { Err(CurveFit(report.termination)) }
}

#[derive(Debug, thiserror::Error)]
#[error("no dispatch for hour {hour}")]
struct Dispatch {
    hour: usize,
    source: microlp::Error,
}

#[computation("merit order", fields(solver = "LP relaxation"))]
fn unit_commitment(demand: &[f64], capacities: [f64; 3]) -> Result<f64, Dispatch> {
    let cost_of_hour = in_current_computation(|(hour, demand): (usize, &f64)| {
        let mut lp = Problem::new(OptimizationDirection::Minimize);
        let plants = capacities.map(|capacity| lp.add_var(30.0 + capacity, (0.0, capacity)));
        lp.add_constraint(plants.map(|plant| (plant, 1.0)), ComparisonOp::Eq, *demand);
        let outcome = lp.solve().map_err(|source| Dispatch { hour, source })?;
        let cost = outcome.solution().map_or(0.0, |s| s.objective());
        trail!(hour, demand, cost);
        Ok(cost)
    });
    demand.par_iter().enumerate().map(cost_of_hour).sum()
}

#[derive(Debug, thiserror::Error)]
enum LearnError {
    #[error("training diverged: loss {loss:.1e} is {factor:.0}x the initial loss")]
    Diverged { loss: f64, factor: f64 },
    #[error("mixture component {component} collapsed: its covariance is singular (variance {variance:.1e})")]
    Collapsed { component: usize, variance: f64 },
    #[error("chain is stuck: acceptance rate {rate:.4} after {proposals} proposals")]
    Stuck { rate: f64, proposals: u32 },
}

/// Gradient descent with momentum for a quadratic of curvature 1 to 200.
#[computation("mean squared error", fields(optimizer = "SGD", momentum = 0.9))]
fn potential_training(lr: f64, steps: u32) -> Result<f64, LearnError> {
    let curvatures = [1.0, 10.0, 200.0];
    let (mut w, mut velocity, mut first) = ([1.0; 3], [0.0; 3], 0.0);
    for batch in 0..steps {
        let loss = (0..3).map(|i| 0.5 * curvatures[i] * w[i] * w[i]).sum::<f64>();
        if batch == 0 {
            first = loss;
        }
        trail!(batch, train_loss = loss, lr);
        if loss > 1e6 * first {
            return Err(LearnError::Diverged { loss, factor: loss / first });
        }
        for i in 0..3 {
            velocity[i] = 0.9 * velocity[i] - lr * curvatures[i] * w[i];
            w[i] += velocity[i];
        }
    }
    Ok(w[0])
}

/// A mixture of two Gaussians by expectation maximisation. One of them starts on a single point.
#[computation("Gaussian mixture", fields(algorithm = "EM", n = data.len()))]
fn mass_spectrum_clusters(data: &[f64], mut means: [f64; 2], mut variances: [f64; 2]) -> Result<[f64; 2], LearnError> {
    for em_iter in 0..200 {
        let mut sums = [[0.0; 3]; 2];
        for x in data {
            let density: [f64; 2] =
                std::array::from_fn(|k| (-0.5 * (x - means[k]).powi(2) / variances[k]).exp() / variances[k].sqrt());
            let total = density[0] + density[1];
            for k in 0..2 {
                let weight = density[k] / total;
                for (sum, power) in sums[k].iter_mut().zip([1.0, *x, x * x]) {
                    *sum += weight * power;
                }
            }
        }
        for (component, [weight, first, second]) in sums.into_iter().enumerate() {
            means[component] = first / weight;
            let variance = second / weight - means[component].powi(2);
            trail!(em_iter, component, mean = means[component], variance);
            if variance < 1e-9 {
                return Err(LearnError::Collapsed { component, variance });
            }
            variances[component] = variance;
        }
    }
    Ok(means)
}

/// The Metropolis algorithm with proposals a thousand times wider than the target.
#[computation("Bayes", fields(sampler = "Metropolis"))]
fn posterior(proposal_width: f64, target_width: f64, proposals: u32) -> Result<f64, LearnError> {
    let (mut x, mut state, mut accepted) = (0.0_f64, 99_u64, 0_u32);
    let mut uniform = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    for sweep in 1..=proposals {
        let trial = x + proposal_width * (2.0 * uniform() - 1.0);
        let log_ratio = 0.5 * (x * x - trial * trial) / (target_width * target_width);
        if uniform().ln() < log_ratio {
            x = trial;
            accepted += 1;
        }
        if sweep % 100 == 0 {
            trail!(sweep, acceptance = f64::from(accepted) / f64::from(sweep), x);
        }
    }
    let rate = f64::from(accepted) / f64::from(proposals);
    if rate < 0.01 { Err(LearnError::Stuck { rate, proposals }) } else { Ok(x) }
}

fn peaks() -> Vec<f64> {
    let mut data: Vec<f64> = (0..40).map(|i| 10.0 + f64::from(i % 8) * 0.1).collect();
    data.push(25.0);
    data
}

pub(crate) fn cases() -> Vec<Case> {
    [minimisers(), learners()].into_iter().flatten().collect()
}

fn minimisers() -> Vec<Case> {
    vec![
        Case {
            batch: Batch::HeldOut,
            name: "cluster_overlap",
            solver: "argmin L-BFGS with More–Thuente",
            problem: "two atoms are at the same place: ∞ − ∞ in the potential",
            category: "non_finite",
            advice: "Two atoms coincide at the start, where the potential is infinite: move them apart, or start with a softened \
                     potential.",
            run: || _ = cluster_relaxation([0.0, 0.0, 1.5], 100),
        },
        Case {
            batch: Batch::HeldOut,
            name: "bandwidth_bounds",
            solver: "argmin GoldenSectionSearch",
            problem: "the lower bound is above the upper one",
            category: "initialization",
            advice: "The bounds are the wrong way round: exchange them, and see where they come from.",
            run: || _ = bandwidth(2.0, 0.1),
        },
        Case {
            batch: Batch::HeldOut,
            name: "kohlrausch_negative_tau",
            solver: "levenberg-marquardt",
            problem: "a step makes the relaxation time negative, for which the model is not defined",
            category: "domain_error",
            advice: "The step leaves the domain of the model (τ > 0): fit ln τ, or bound the step.",
            run: || _ = glass_relaxation([5.0, 0.2], 60, 60),
        },
        Case {
            batch: Batch::HeldOut,
            name: "kohlrausch_jacobian_rows",
            solver: "levenberg-marquardt",
            problem: "the Jacobian has a row fewer than there are residuals",
            category: "dimension_mismatch",
            advice: "The Jacobian needs a row for each residual and a column for each parameter: compare the shapes.",
            run: || _ = glass_relaxation([0.8, 0.5], 60, 59),
        },
        Case {
            batch: Batch::HeldOut,
            name: "dispatch_peak_hour",
            solver: "microlp simplex",
            problem: "the demand of one hour is above the sum of all capacities",
            category: "infeasible",
            advice: "The demand exceeds the capacity: add a slack (load shedding) at a high price, and see where it is used.",
            run: || _ = unit_commitment(&[180.0, 240.0, 410.0], [100.0, 120.0, 150.0]),
        },
    ]
}

fn learners() -> Vec<Case> {
    vec![
        Case {
            batch: Batch::HeldOut,
            name: "training_learning_rate",
            solver: "hand-written SGD with momentum",
            problem: "the learning rate is above 2(1 + β)/λ_max",
            category: "residual_divergence",
            advice: "The learning rate is too large for the largest curvature: reduce it (or clip the gradients), and scale the \
                     inputs.",
            run: || _ = potential_training(0.03, 2000),
        },
        Case {
            batch: Batch::HeldOut,
            name: "mixture_collapse",
            solver: "hand-written EM",
            problem: "one component takes a single point, so that its variance goes to zero",
            category: "singular_matrix",
            advice: "A component collapsed onto one point: put a floor under the variances (a prior), or start elsewhere or with \
                     fewer components.",
            run: || _ = mass_spectrum_clusters(&peaks(), [10.0, 25.0], [1.0, 1.0]),
        },
        Case {
            batch: Batch::HeldOut,
            name: "posterior_acceptance",
            solver: "hand-written Metropolis",
            problem: "proposals a thousand times as wide as the target are almost never accepted",
            category: "stagnation",
            advice: "Make the proposals smaller until some 25 to 40 % are accepted.",
            run: || _ = posterior(10.0, 0.01, 5000),
        },
    ]
}
