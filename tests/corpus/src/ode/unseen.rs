//! Initial value problems, a boundary value problem and a process with noise.

use diffsol::{NalgebraLU, NalgebraMat, OdeBuilder, OdeSolverMethod};
use nalgebra::Vector2;
use ode_solvers::{Dopri5, System};
use tracing::{debug, error, info_span, instrument};
use tracing_failure::{ResultExt, computation, trail};

use crate::case::{Batch, Case};

#[derive(Debug, thiserror::Error)]
enum IvpError {
    #[error("RKF45: IFLAG = 4, more than {nfe} derivative evaluations were needed (T = {t:.4E})")]
    TooMuchWork { nfe: usize, t: f64 },
    #[error(
        "Failure at t={t:.6e}. Unable to meet integration tolerances without reducing the step size below the smallest \
         value allowed ({hmin:.6e}) at time t."
    )]
    Tolerances { t: f64, hmin: f64 },
    #[error(
        "CV_CONV_FAILURE: at t = {t} and h = {h:e}, the corrector convergence test failed repeatedly or with |h| = hmin"
    )]
    Corrector { t: f64, h: f64 },
    #[error("error test failed {failures} times in one step (t = {t:.5}, h = {h:.2e})")]
    ErrorTest { failures: usize, t: f64, h: f64 },
    #[error("Could not compute the friction drive")]
    Drive(#[from] ode_solvers::dop_shared::IntegrationError),
    #[error("ice floe run aborted: {0}")]
    Floe(#[from] diffsol::error::DiffsolError),
}

type Ivp<T> = Result<T, IvpError>;

/// A Runge–Kutta–Fehlberg step of orders two and three. Returns the new value and the error.
fn rk23<const N: usize>(f: &dyn Fn(f64, [f64; N]) -> [f64; N], t: f64, y: [f64; N], h: f64) -> ([f64; N], [f64; N]) {
    let add = |y: [f64; N], k: [f64; N], a: f64| std::array::from_fn(|i| y[i] + a * k[i]);
    let k1 = f(t, y);
    let k2 = f(t + h / 2.0, add(y, k1, h / 2.0));
    let k3 = f(t + 0.75 * h, add(y, k2, 0.75 * h));
    let new: [f64; N] = std::array::from_fn(|i| y[i] + h * (2.0 * k1[i] + 3.0 * k2[i] + 4.0 * k3[i]) / 9.0);
    let k4 = f(t + h, new);
    let error = std::array::from_fn(|i| h * (-5.0 * k1[i] / 72.0 + k2[i] / 12.0 + k3[i] / 9.0 - k4[i] / 8.0));
    (new, error)
}

/// The Oregonator, which is stiff, with an explicit method.
#[computation("Oregonator", fields(integrator = "RKF45"))]
fn belousov_zhabotinsky(t_end: f64, rtol: f64, max_nfe: usize) -> Ivp<f64> {
    let (s, w, q) = (77.27, 0.161, 8.375e-6);
    let f = move |_: f64, y: [f64; 3]| {
        [s * (y[1] + y[0] * (1.0 - q * y[0] - y[1])), (y[2] - (1.0 + y[0]) * y[1]) / s, w * (y[0] - y[2])]
    };
    let (mut t, mut h, mut y, mut nfe) = (0.0, 1e-4, [1.0, 2.0, 3.0], 0);
    while t < t_end {
        let (new, e) = rk23(&f, t, y, h);
        nfe += 4;
        let err = (0..3).map(|i| (e[i] / (rtol * new[i].abs() + 1e-8)).powi(2)).sum::<f64>().sqrt();
        if err <= 1.0 {
            t += h;
            y = new;
        }
        trail!(t, h, err, nfe);
        if nfe > max_nfe {
            return Err(IvpError::TooMuchWork { nfe: max_nfe, t });
        }
        h *= (0.9 * err.max(1e-9).powf(-1.0 / 3.0)).clamp(0.2, 5.0);
    }
    Ok(y[0])
}

/// θ' = δ exp(θ): an explosion.
#[computation("Frank-Kamenetskii", fields(tspan = ?(0.0, t_final)))]
fn thermal_runaway(delta: f64, t_final: f64) -> Ivp<f64> {
    let f = move |_: f64, y: [f64; 1]| [delta * y[0].exp()];
    let (mut t, mut h, mut theta) = (0.0_f64, 1e-3_f64, 0.0);
    while t < t_final {
        let hmin = 16.0 * f64::EPSILON * t;
        if h < hmin {
            return Err(IvpError::Tolerances { t, hmin });
        }
        let (new, e) = rk23(&f, t, [theta], h);
        let err = e[0].abs() / (1e-6 * new[0].abs().max(1e-3));
        if err <= 1.0 {
            t += h;
            theta = new[0];
            trail!(t, h, theta);
        }
        h *= if err.is_finite() { (0.8 * err.max(1e-9).powf(-1.0 / 3.0)).clamp(0.1, 5.0) } else { 0.1 };
    }
    Ok(theta)
}

/// Implicit Euler. Newton's method uses the Jacobian of the initial point in all steps.
#[computation("van der Pol, mu = 500", fields(corrector = "modified Newton"))]
fn stiff_oscillator(mu: f64, h0: f64, hmin: f64, tout: f64) -> Ivp<f64> {
    let (mut x, mut v, mut t, mut h) = (2.0_f64, 0.0_f64, 0.0, h0);
    let (j21, j22) = (-2.0 * mu * x * v - 1.0, mu * (1.0 - x * x)); // at t = 0
    while t < tout {
        let (mut a, mut b, mut converged) = (x, v, false);
        let mut del = 0.0;
        for m in 0..3 {
            let g1 = a - x - h * b;
            let g2 = b - v - h * (mu * (1.0 - a * a) * b - a);
            // (1, −h; −h j21, 1 − h j22)
            let det = 1.0 - h * j22 - h * h * j21;
            let (da, db) = ((-g1 * (1.0 - h * j22) - h * g2) / det, (-g2 - h * j21 * g1) / det);
            a += da;
            b += db;
            del = da.abs().max(db.abs());
            trail!(t, h, m, del, "nls iteration");
            if del < 1e-8 {
                converged = true;
                break;
            }
        }
        if converged {
            (x, v, t) = (a, b, t + h);
            h = (1.5 * h).min(h0);
        } else {
            h *= 0.25;
            trail!(t, h, del, "ncfn");
            if h < hmin {
                return Err(IvpError::Corrector { t, h });
            }
        }
    }
    Ok(x)
}

/// A purely relative tolerance, for a pendulum that swings through zero.
fn swing(rtol: f64, atol: f64) -> Ivp<f64> {
    let span = info_span!("swing", computation = "pendulum_swing", theoretical_ref = "phi'' = -sin phi", rtol, atol);
    let _entered = span.entered();
    let f = |t: f64, y: [f64; 2]| [y[1], -y[0].sin() + 0.0 * t];
    let (mut t, mut h, mut y, mut failures) = (0.0, 1e-2, [0.5, 0.0], 0);
    while t < 50.0 {
        let (new, e) = rk23(&f, t, y, h);
        let est = (0..2).map(|i| e[i].abs() / (rtol * y[i].abs() + atol)).fold(0.0, f64::max);
        debug!(t, h, est, phi = y[0], omega = y[1]);
        if est <= 1.0 {
            (t, y, failures) = (t + h, new, 0);
            h *= (0.9 * est.max(1e-6).powf(-1.0 / 3.0)).min(4.0);
        } else {
            failures += 1;
            if failures > 7 {
                return Err(IvpError::ErrorTest { failures, t, h }).record_failure();
            }
            h *= 0.5;
        }
    }
    Ok(y[0])
}

struct Drive {
    mu: f64,
    belt: f64,
}

impl System<f64, Vector2<f64>> for Drive {
    fn system(&self, t: f64, y: &Vector2<f64>, dy: &mut Vector2<f64>) {
        dy[0] = y[1];
        dy[1] = -y[0] - self.mu * (y[1] - self.belt).signum() + 0.01 * t.sin();
        trail!(t, x = y[0], slip = y[1] - self.belt);
    }
}

/// A block that sticks to a belt, with a friction that jumps there.
#[computation("Coulomb friction", fields(method = "DOPRI5"))]
fn stick_slip(mu: f64, belt: f64, rtol: f64) -> Ivp<u32> {
    let mut solver = Dopri5::new(Drive { mu, belt }, 0.0, 200.0, 0.1, Vector2::new(0.0, belt), rtol, 1e-10);
    let stats = solver.integrate().map_err(IvpError::from)?;
    Ok(stats.accepted_steps)
}

/// h' = −k/h, to a time at which there is no ice any more.
#[instrument(err, fields(computation = "ice_thickness", theoretical_ref = "Stefan's law", solver = "diffsol bdf"))]
fn melting(k: f64, h0: f64, days: f64) -> Ivp<f64> {
    let problem = OdeBuilder::<NalgebraMat<f64>>::new()
        .rtol(1e-6)
        .atol([1e-9])
        .p([k])
        .rhs_implicit(|y, p, _, dy| dy[0] = -p[0] / y[0], |y, p, _, v, jv| jv[0] = p[0] / (y[0] * y[0]) * v[0])
        .init(move |_, _, y| y[0] = h0, 1)
        .build()?;
    let mut solver = problem.bdf::<NalgebraLU<f64>>()?;
    while solver.state().t < days {
        let reason = solver.step()?;
        let state = solver.state();
        debug!(t = state.t, step = state.h, thickness = state.y[0], ?reason, "day");
    }
    Ok(solver.state().y[0])
}

/// y'' = n sinh(n y), y(0) = 0, y(1) = 1, from the left.
#[computation("Troesch's problem")]
fn troesch_shooting(n: f64, slope: f64) -> Option<f64> {
    let f = move |_: f64, y: [f64; 2]| [y[1], n * (n * y[0]).sinh()];
    let (mut y, steps) = ([0.0, slope], 2000);
    for i in 0..steps {
        let x = f64::from(i) / f64::from(steps);
        y = rk23(&f, x, y, 1.0 / f64::from(steps)).0;
        trail!(x, y = y[0], dydx = y[1]);
        if !y[0].is_finite() {
            error!(x, "trial trajectory is not finite, the end x = 1 was not reached");
            return None;
        }
    }
    Some(y[0] - 1.0)
}

/// dv = κ(θ − v) dt + ξ √v dW by Euler and Maruyama.
#[computation("CIR process")]
fn heston_variance(kappa: f64, theta: f64, xi: f64, dt: f64) -> Option<f64> {
    let (mut v, mut seed) = (theta, 1_u64);
    for step in 0..100_000 {
        let mut uniform = || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 11) as f64 / (1_u64 << 53) as f64
        };
        let z = (0..12).map(|_| uniform()).sum::<f64>() - 6.0;
        v += kappa * (theta - v) * dt + xi * v.sqrt() * dt.sqrt() * z;
        trail!(step, v);
        if v < 0.0 {
            error!(step, v, "cannot take sqrt of negative variance");
            return None;
        }
    }
    Some(v)
}

pub(crate) fn cases() -> Vec<Case> {
    vec![
        Case {
            batch: Batch::Unseen,
            name: "oregonator_evaluations",
            solver: "hand-written RK23",
            problem: "the reactions are stiff, and an explicit method needs steps of the fastest one",
            category: "max_evaluations",
            advice: "The problem is stiff: use an implicit method (BDF, Rosenbrock, Radau).",
            run: || _ = belousov_zhabotinsky(360.0, 1e-5, 20_000),
        },
        Case {
            batch: Batch::Unseen,
            name: "thermal_runaway",
            solver: "hand-written RK23",
            problem: "the temperature is infinite at t = 1/δ",
            category: "step_size_underflow",
            advice: "The solution has a singularity at this time (it blows up): end before it, or put into the model what limits it.",
            run: || _ = thermal_runaway(0.8, 2.0),
        },
        Case {
            batch: Batch::Unseen,
            name: "corrector_old_jacobian",
            solver: "hand-written implicit Euler",
            problem: "the Jacobian of t = 0 serves for all steps",
            category: "nonlinear_convergence",
            advice: "Evaluate the Jacobian anew when the corrector fails, and see that it is right.",
            run: || _ = stiff_oscillator(500.0, 1.0, 1e-4, 1000.0),
        },
        Case {
            batch: Batch::Unseen,
            name: "pendulum_no_absolute_tolerance",
            solver: "hand-written RK23",
            problem: "atol = 0, and the pendulum begins at rest",
            category: "error_test",
            advice: "Set an absolute tolerance above zero: a relative one asks for no error at all where a component is zero.",
            run: || _ = swing(1e-6, 0.0),
        },
        Case {
            batch: Batch::Unseen,
            name: "stick_slip_friction",
            solver: "ode_solvers Dopri5",
            problem: "the friction changes its sign in every step where the block sticks",
            category: "max_iterations",
            advice: "The right-hand side is discontinuous: detect sticking as an event, or smooth the sign of the slip.",
            run: || _ = stick_slip(0.4, 0.1, 1e-8),
        },
        Case {
            batch: Batch::Unseen,
            name: "ice_melts_away",
            solver: "diffsol BDF",
            problem: "there is no ice any more after h₀²/2k days, where h' is infinite",
            category: "step_size_underflow",
            advice: "The solution ends where the thickness is zero: stop there with an event, or formulate for h².",
            run: || _ = melting(0.02, 1.0, 40.0),
        },
        Case {
            batch: Batch::Unseen,
            name: "troesch_shooting",
            solver: "hand-written shooting",
            problem: "a slope that is too large by little has a pole before the end",
            category: "non_finite",
            advice: "Use multiple shooting or collocation: the initial value problem is unstable; else a smaller slope.",
            run: || _ = troesch_shooting(10.0, 0.05),
        },
        Case {
            batch: Batch::Unseen,
            name: "heston_negative_variance",
            solver: "hand-written Euler–Maruyama",
            problem: "2κθ < ξ²: a Gaussian step goes below zero",
            category: "domain_error",
            advice: "Use full truncation (max(v, 0) under the root), or a scheme that keeps v positive (exact, QE); Feller's condition \
                     does not hold.",
            run: || _ = heston_variance(1.0, 0.04, 0.6, 0.01),
        },
    ]
}
