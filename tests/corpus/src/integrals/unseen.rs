//! Quadrature, Monte Carlo methods and statistics.

use quadrature::double_exponential;
use statrs::distribution::{Binomial, Categorical};
use tracing::{debug, error, info_span, instrument};
use tracing_failure::{computation, trail};

use crate::case::{Batch, Case};

#[derive(Debug, thiserror::Error)]
enum IntegralError {
    #[error("QAGS IER=1: maximum number of subdivisions ({limit}) achieved, ABSERR = {abserr:.3E}")]
    Subdivisions { limit: usize, abserr: f64 },
    #[error("error estimate {error:.2e} exceeds tolerance {tol:.0e} ({evaluations} function evaluations)")]
    Estimate { error: f64, tol: f64, evaluations: u32 },
    #[error("chains have not converged after {draws} draws: R-hat = {rhat:.2}")]
    Chains { draws: usize, rhat: f64 },
    #[error("extinction model: {0}")]
    Binomial(#[from] statrs::distribution::BinomialError),
    #[error("cannot resample walkers")]
    Resample(#[source] statrs::distribution::CategoricalError),
}

fn uniform(seed: &mut u64) -> f64 {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*seed >> 11) as f64 / (1_u64 << 53) as f64
}

fn normal(seed: &mut u64) -> f64 {
    (0..12).map(|_| uniform(seed)).sum::<f64>() - 6.0
}

/// Gauss quadrature with five points. Returns the integral and the difference from three points.
fn gauss(f: &dyn Fn(f64) -> f64, a: f64, b: f64) -> (f64, f64) {
    let (c, h) = (0.5 * (a + b), 0.5 * (b - a));
    let at = |x: f64| f(c + h * x) + f(c - h * x);
    let five = h
        * (0.568_888_888_888_888_9 * f(c)
            + 0.478_628_670_499_366_5 * at(0.538_469_310_105_683_1)
            + 0.236_926_885_056_189_1 * at(0.906_179_845_938_664));
    let three = h * (8.0 / 9.0 * f(c) + 5.0 / 9.0 * at(0.774_596_669_241_483_4));
    (five, (five - three).abs())
}

/// A density of states with a root in its denominator, in the middle of the interval.
#[computation("van Hove singularity")]
fn density_of_states(e0: f64, epsabs: f64, limit: usize) -> Result<f64, IntegralError> {
    let f = move |e: f64| 1.0 / (e - e0).abs().sqrt();
    let mut pieces = vec![(0.0, 1.0, gauss(&f, 0.0, 1.0))];
    loop {
        let abserr: f64 = pieces.iter().map(|p| p.2.1).sum();
        trail!(subdivisions = pieces.len(), abserr);
        if abserr < epsabs {
            return Ok(pieces.iter().map(|p| p.2.0).sum());
        }
        if pieces.len() >= limit {
            return Err(IntegralError::Subdivisions { limit, abserr });
        }
        let worst = (0..pieces.len()).max_by(|a, b| pieces[*a].2.1.total_cmp(&pieces[*b].2.1)).unwrap();
        let (a, b, _) = pieces.swap_remove(worst);
        let m = 0.5 * (a + b);
        pieces.push((a, m, gauss(&f, a, m)));
        pieces.push((m, b, gauss(&f, m, b)));
    }
}

/// A tariff that jumps at noon, by a rule for analytic functions.
#[computation("time-of-use tariff", fields(rule = "tanh-sinh"))]
fn energy_cost(t0: f64, t1: f64, tol: f64) -> Result<f64, IntegralError> {
    let price = |t: f64| if t < 12.37 { 0.08 } else { 0.31 };
    let out = double_exponential::integrate(|t| price(t) * (1.0 + 0.2 * (0.3 * t).sin()), t0, t1, tol);
    if out.error_estimate > tol {
        let (error, evaluations) = (out.error_estimate, out.num_function_evaluations);
        return Err(IntegralError::Estimate { error, tol, evaluations });
    }
    Ok(out.integral)
}

/// Four Markov chains in two modes.
#[computation("Metropolis", fields(sampler = "random walk"))]
fn ligand_binding_posterior(separation: f64, proposal_sd: f64, draws: usize) -> Result<f64, IntegralError> {
    let log_density = |x: f64| {
        let (a, b) = (-0.5 * (x - separation).powi(2), -0.5 * (x + separation).powi(2));
        a.max(b) + (-(a - b).abs()).exp().ln_1p()
    };
    let mut seed = 7;
    let mut means = vec![];
    let mut within = 0.0;
    for chain in 0..4 {
        let mut x = if chain % 2 == 0 { separation } else { -separation };
        let (mut sum, mut squares, mut accepted) = (0.0, 0.0, 0);
        for _ in 0..draws {
            let y = x + proposal_sd * normal(&mut seed);
            if uniform(&mut seed).ln() < log_density(y) - log_density(x) {
                x = y;
                accepted += 1;
            }
            sum += x;
            squares += x * x;
        }
        let mean = sum / draws as f64;
        within += (squares / draws as f64 - mean * mean) / 4.0;
        trail!(chain, mean, acceptance = f64::from(accepted) / draws as f64, "chain done");
        means.push(mean);
    }
    let grand = means.iter().sum::<f64>() / 4.0;
    let between = means.iter().map(|m| (m - grand).powi(2)).sum::<f64>() / 3.0;
    let rhat = ((within + between) / within).sqrt();
    if rhat > 1.01 {
        return Err(IntegralError::Chains { draws, rhat });
    }
    Ok(grand)
}

/// A particle filter with an observation far from all particles.
#[computation("bootstrap filter", fields(particles = n))]
fn glider_position(n: usize, process_sd: f64, observation_sd: f64) -> Option<f64> {
    let mut seed = 11;
    let mut particles: Vec<f64> = (0..n).map(|_| normal(&mut seed)).collect();
    for k in 0..60 {
        let z = 0.02 * f64::from(k * k);
        particles.iter_mut().for_each(|x| *x += process_sd * normal(&mut seed));
        let w: Vec<f64> = particles.iter().map(|x| (-0.5 * ((z - x) / observation_sd).powi(2)).exp()).collect();
        let total: f64 = w.iter().sum();
        let ess = 1.0 / w.iter().map(|w| (w / total).powi(2)).sum::<f64>();
        trail!(k, z, total_weight = total, ess);
        if ess.is_nan() {
            error!(k, "effective sample size is NaN");
            return None;
        }
        let mut new = vec![];
        for _ in 0..n {
            let mut u = uniform(&mut seed) * total;
            let i = w.iter().position(|w| {
                u -= w;
                u <= 0.0
            });
            new.push(particles[i.unwrap_or(n - 1)]);
        }
        particles = new;
    }
    Some(particles[0])
}

/// A survival probability above one, from a rate per year times years.
#[instrument(err, fields(computation = "extinction_risk", theoretical_ref = "demographic noise"))]
fn extinction(n_individuals: u64, yearly_mortality: f64, years: f64) -> Result<f64, IntegralError> {
    let p_death = yearly_mortality * years;
    debug!(p_death, "per individual");
    let deaths = Binomial::new(p_death, n_individuals)?;
    Ok(deaths.n() as f64)
}

/// Walkers of diffusion Monte Carlo whose weights are all zero.
#[computation("imaginary time")]
fn diffusion_monte_carlo(n: usize, tau: f64, e_trial: f64) -> Result<f64, IntegralError> {
    let mut seed = 3;
    let energy: Vec<f64> = (0..n).map(|_| 0.5 * (40.0 + normal(&mut seed)).powi(2)).collect();
    let weights: Vec<f64> = energy.iter().map(|e| (-tau * (e - e_trial)).exp()).collect();
    trail!(e_mean = energy.iter().sum::<f64>() / n as f64, w_max = weights.iter().copied().fold(0.0, f64::max));
    Categorical::new(&weights).map_err(IntegralError::Resample)?;
    Ok(weights[0])
}

/// A station that reports a constant value.
fn correlation() -> Option<f64> {
    let _span =
        info_span!("teleconnection", computation = "station_correlation", theoretical_ref = "Pearson", station = 4411)
            .entered();
    let x: Vec<f64> = (0..40).map(|i| (0.4 * f64::from(i)).sin()).collect();
    let y = vec![-999.0; 40];
    let mean = |x: &[f64]| x.iter().sum::<f64>() / x.len() as f64;
    let (mx, my) = (mean(&x), mean(&y));
    let sxx: f64 = x.iter().map(|x| (x - mx).powi(2)).sum();
    let syy: f64 = y.iter().map(|y| (y - my).powi(2)).sum();
    let sxy: f64 = x.iter().zip(&y).map(|(x, y)| (x - mx) * (y - my)).sum();
    let r = sxy / (sxx * syy).sqrt();
    debug!(sxx, syy, sxy, mean_x = mx, mean_y = my);
    if r.is_nan() {
        error!("correlation coefficient r = NaN");
        return None;
    }
    Some(r)
}

/// A variance as the difference of two large numbers.
#[computation("<x^2> - <x>^2")]
fn interferometer_noise(offset: f64, amplitude: f64, samples: usize) -> Option<f64> {
    let (mut sum, mut squares) = (0.0, 0.0);
    for i in 0..samples {
        let x = offset + amplitude * (0.7 * i as f64).sin();
        sum += x;
        squares += x * x;
    }
    let mean = sum / samples as f64;
    let variance = squares / samples as f64 - mean * mean;
    trail!(mean, mean_square = squares / samples as f64, variance);
    if variance < 0.0 {
        error!(variance, "variance came out negative: lost all significant digits");
        return None;
    }
    Some(variance)
}

pub(crate) fn cases() -> Vec<Case> {
    vec![
        Case {
            batch: Batch::Unseen,
            name: "van_hove_singularity",
            solver: "hand-written adaptive Gauss rule",
            problem: "the integrand is infinite, but integrable, within the interval",
            category: "max_iterations",
            advice: "Split the interval at the singularity, and substitute it away (or use a rule for endpoint singularities).",
            run: || _ = density_of_states(0.3, 1e-10, 50),
        },
        Case {
            batch: Batch::Unseen,
            name: "tariff_step",
            solver: "quadrature double exponential",
            problem: "the integrand jumps within the interval",
            category: "accuracy_unattainable",
            advice: "Split the interval where the integrand jumps.",
            run: || _ = energy_cost(0.0, 24.0, 1e-9),
        },
        Case {
            batch: Batch::Unseen,
            name: "chains_two_modes",
            solver: "hand-written Metropolis",
            problem: "the modes are farther apart than the proposals reach",
            category: "max_iterations",
            advice: "The chains sit in different modes: use wider or mode-jumping proposals, tempering, more than longer chains.",
            run: || _ = ligand_binding_posterior(8.0, 0.5, 4000),
        },
        Case {
            batch: Batch::Unseen,
            name: "glider_filter_lost",
            solver: "hand-written particle filter",
            problem: "all weights underflow to zero, and are divided by their sum",
            category: "non_finite",
            advice: "All weights underflow (0/0): use logarithms of the weights (subtract the largest), and more process noise or \
                     particles.",
            run: || _ = glider_position(200, 0.05, 0.05),
        },
        Case {
            batch: Batch::Unseen,
            name: "extinction_probability",
            solver: "statrs Binomial",
            problem: "a rate times years is no probability: 0.15 × 8 > 1",
            category: "domain_error",
            advice: "The probability is above one: use 1 − exp(−rate · time), or check the parameter.",
            run: || _ = extinction(250, 0.15, 8.0),
        },
        Case {
            batch: Batch::Unseen,
            name: "walkers_without_weight",
            solver: "statrs Categorical",
            problem: "exp(−τ(E − E_T)) underflows for all walkers",
            category: "domain_error",
            advice: "All weights underflow: subtract the lowest energy before the exponential (set E_T near it), or a smaller τ.",
            run: || _ = diffusion_monte_carlo(100, 2.0, 0.5),
        },
        Case {
            batch: Batch::Unseen,
            name: "constant_station",
            solver: "hand-written correlation",
            problem: "all values are the marker of missing data: the variance is zero",
            category: "non_finite",
            advice: "A series is constant (zero variance, 0/0): check it – −999 marks missing data – and leave it out.",
            run: || _ = correlation(),
        },
        Case {
            batch: Batch::Unseen,
            name: "interferometer_variance",
            solver: "hand-written sum of squares",
            problem: "⟨x²⟩ − ⟨x⟩² cancels for an offset that is 10⁹ times the noise",
            category: "loss_of_accuracy",
            advice: "Cancellation: subtract the mean first (two passes), or use Welford's algorithm.",
            run: || _ = interferometer_noise(1e9, 0.5, 1000),
        },
    ]
}
