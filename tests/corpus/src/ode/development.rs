//! Explicit integrators of ordinary differential equations.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use ode_solvers::dop_shared::{IntegrationError, OutputType, Stats, System};
use ode_solvers::{Dop853, Dopri5, Vector1, Vector2, Vector3};
use tracing::{info, instrument};
use tracing_failure::{Check, ResultExt, computation, ensure_finite, trail};

use crate::case::{Batch, Case};

type Scalar = Vector1<f64>;

/// y′ = 1 + y²: the tangent, with a pole at π/2.
struct Riccati;

impl System<f64, Scalar> for Riccati {
    fn system(&self, _t: f64, y: &Scalar, dy: &mut Scalar) {
        dy[0] = 1.0 + y[0] * y[0];
    }

    fn solout(&mut self, t: f64, y: &Scalar, _dy: &Scalar) -> bool {
        trail!(t, y = y[0], "step accepted");
        false
    }
}

#[computation("y′ = 1 + y²", fields(method = "Dopri5"))]
fn riccati_flow(y0: f64, t_end: f64, rtol: f64, atol: f64) -> Result<Stats, IntegrationError> {
    let mut stepper = Dopri5::new(Riccati, 0.0, t_end, 0.1, Scalar::new(y0), rtol, atol);
    stepper.set_output(OutputType::Sparse);
    stepper.integrate()
}

/// Two bodies on a line that fall into each other.
struct Collision {
    time: f64,
}

impl System<f64, Vector2<f64>> for Collision {
    fn system(&self, _t: f64, y: &Vector2<f64>, dy: &mut Vector2<f64>) {
        dy[0] = y[1];
        dy[1] = -1.0 / (y[0] * y[0].abs());
    }

    fn solout(&mut self, t: f64, y: &Vector2<f64>, dy: &Vector2<f64>) -> bool {
        let step_size = t - self.time;
        self.time = t;
        trail!(time = t, step_size, distance = y[0], acceleration = dy[1]);
        false
    }
}

#[computation("r″ = −1/r²", fields(integrator = "Dop853"))]
fn two_body_collision(distance: f64, time_span: (f64, f64), rtol: f64, atol: f64) -> Result<Stats, IntegrationError> {
    let system = Collision { time: time_span.0 };
    let start = Vector2::new(distance, 0.0);
    let mut stepper = Dop853::new(system, time_span.0, time_span.1, 0.1, start, rtol, atol);
    stepper.set_output(OutputType::Sparse);
    stepper.integrate()
}

/// x″ = μ(1 − x²)x′ − x.
struct VanDerPol {
    mu: f64,
}

impl System<f64, Vector2<f64>> for VanDerPol {
    fn system(&self, _t: f64, y: &Vector2<f64>, dy: &mut Vector2<f64>) {
        dy[0] = y[1];
        dy[1] = self.mu * (1.0 - y[0] * y[0]) * y[1] - y[0];
    }

    fn solout(&mut self, t: f64, y: &Vector2<f64>, _dy: &Vector2<f64>) -> bool {
        trail!(t, x = y[0], v = y[1]);
        false
    }
}

#[instrument(err, fields(computation = "relaxation_oscillation", theoretical_ref = "Van der Pol", method = "RK45"))]
fn van_der_pol(mu: f64, t_range: (f64, f64), rtol: f64) -> Result<Stats, IntegrationError> {
    let start = Vector2::new(2.0, 0.0);
    Dopri5::new(VanDerPol { mu }, t_range.0, t_range.1, 1.0, start, rtol, rtol).integrate().record_failure()
}

/// Robertson's chemical kinetics: rates from 0.04 to 3e7.
struct Robertson {
    t: f64,
}

impl System<f64, Vector3<f64>> for Robertson {
    fn system(&self, _t: f64, y: &Vector3<f64>, dy: &mut Vector3<f64>) {
        dy[0] = -0.04 * y[0] + 1e4 * y[1] * y[2];
        dy[2] = 3e7 * y[1] * y[1];
        dy[1] = -dy[0] - dy[2];
    }

    fn solout(&mut self, t: f64, y: &Vector3<f64>, _dy: &Vector3<f64>) -> bool {
        trail!(t, h = t - self.t, mass = y.sum());
        self.t = t;
        false
    }
}

#[computation("Robertson 1966", fields(method = "Dopri5"))]
fn robertson_kinetics(t_end: f64, rtol: f64, atol: f64, max_steps: u32) -> Result<Stats, IntegrationError> {
    let start = Vector3::new(1.0, 0.0, 0.0);
    let system = Robertson { t: 0.0 };
    let never = u32::MAX;
    let output = OutputType::Sparse;
    Dopri5::from_param(
        system, 0.0, t_end, 1.0, start, rtol, atol, 0.9, 0.04, 0.2, 10.0, t_end, 0.0, max_steps, never, output,
    )
    .integrate()
}

/// The motion of a pendulum, to more digits than a double has.
struct Pendulum {
    t: f64,
}

impl System<f64, Vector2<f64>> for Pendulum {
    fn system(&self, _t: f64, y: &Vector2<f64>, dy: &mut Vector2<f64>) {
        dy[0] = y[1];
        dy[1] = -y[0].sin();
    }

    fn solout(&mut self, t: f64, y: &Vector2<f64>, _dy: &Vector2<f64>) -> bool {
        trail!(t, dt = t - self.t, energy = 0.5 * y[1] * y[1] - y[0].cos());
        self.t = t;
        false
    }
}

#[computation("θ″ = −sin θ", fields(method = "Dopri5"))]
fn pendulum_period(theta: f64, t_start: f64, t_end: f64, rtol: f64, atol: f64) -> Result<Stats, IntegrationError> {
    let start = Vector2::new(theta, 0.0);
    Dopri5::new(Pendulum { t: t_start }, t_start, t_end, 1.0, start, rtol, atol).integrate()
}

/// Lane and Emden's equation, whose 2/ξ is 0/0 at the centre.
struct LaneEmden {
    index: f64,
}

impl System<f64, Vector2<f64>> for LaneEmden {
    fn system(&self, xi: f64, y: &Vector2<f64>, dy: &mut Vector2<f64>) {
        dy[0] = y[1];
        dy[1] = -y[0].powf(self.index) - 2.0 / xi * y[1];
        trail!(xi, theta = y[0], dtheta = y[1], d2theta = dy[1], "right-hand side");
    }
}

#[computation("Lane–Emden", fields(solver = "dopri5"))]
fn stellar_structure(index: f64, xi_end: f64, rtol: f64) -> Result<f64, IntegrationError> {
    let start = Vector2::new(1.0, 0.0);
    let mut stepper = Dopri5::new(LaneEmden { index }, 0.0, xi_end, 0.1, start, rtol, rtol);
    stepper.integrate()?;
    Ok(stepper.y_out().last().map_or(1.0, |y| y[0]))
}

#[derive(Debug, thiserror::Error)]
enum EulerError {
    #[error("solution blew up: |y| = {norm:.3e} at t = {t}")]
    BlewUp { t: f64, norm: f64 },
}

/// y′ = λ(y − cos t): fast relaxation to a slow solution.
#[computation("Newton's law of cooling", fields(method = "explicit Euler"))]
fn thermal_relaxation(lambda: f64, dt: f64, t_end: f64) -> Result<f64, Check> {
    let (mut t, mut y, mut step) = (0.0_f64, 0.0_f64, 0);
    while t < t_end {
        y += dt * lambda * (y - t.cos());
        step += 1;
        t = f64::from(step) * dt;
        trail!(step, t, dt, y);
        ensure_finite!(y, iteration = step)?;
    }
    Ok(y)
}

/// A harmonic oscillator, whose energy explicit Euler multiplies by 1 + (ωh)² in each step.
#[computation("x″ = −ω²x", fields(scheme = "forward Euler"))]
fn oscillator_energy(omega: f64, h: f64, steps: u32) -> Result<f64, EulerError> {
    let (mut x, mut v) = (1.0_f64, 0.0_f64);
    for n in 0..steps {
        (x, v) = (x + h * v, v - h * omega * omega * x);
        let norm = x.hypot(v / omega);
        trail!(n, h, norm);
        if norm > 1e6 {
            return Err(EulerError::BlewUp { t: f64::from(n) * h, norm });
        }
    }
    Ok(x)
}

#[derive(Debug, thiserror::Error)]
#[error("wall time of {budget:?} is used up before t = {t_end}")]
struct OutOfTime {
    budget: Duration,
    t_end: f64,
}

#[computation("r″ = −r/|r|³", fields(method = "leapfrog"))]
fn kepler_long_run(dt: f64, t_end: f64, budget: Duration) -> Result<f64, OutOfTime> {
    let started = Instant::now();
    let (mut r, mut v, mut t) = (Vector2::new(1.0_f64, 0.0), Vector2::new(0.0_f64, 1.0), 0.0);
    while t < t_end {
        v -= r * (dt / r.norm().powi(3));
        r += v * dt;
        t += dt;
        trail!(t, energy = 0.5 * v.norm_squared() - 1.0 / r.norm());
        if started.elapsed() > budget {
            return Err(OutOfTime { budget, t_end });
        }
    }
    info!(t, "done");
    Ok(r.norm())
}

#[derive(Debug, thiserror::Error)]
#[error("interrupted after {steps} steps")]
struct Interrupted {
    steps: u32,
}

/// Checks the flag of a signal handler after each step. Here the flag is set in step 300.
#[computation("Lorenz 1963", fields(method = "Euler"))]
fn lorenz_attractor(stop: &AtomicBool, dt: f64, steps: u32) -> Result<Vector3<f64>, Interrupted> {
    let mut x = Vector3::new(1.0_f64, 1.0, 1.0);
    for step in 0..steps {
        let rate = Vector3::new(10.0 * (x[1] - x[0]), x[0] * (28.0 - x[2]) - x[1], x[0] * x[1] - 8.0 / 3.0 * x[2]);
        x += rate * dt;
        trail!(step, x = x[0], y = x[1], z = x[2]);
        stop.store(step >= 300, Ordering::Relaxed);
        if stop.load(Ordering::Relaxed) {
            return Err(Interrupted { steps: step });
        }
    }
    Ok(x)
}

pub(crate) fn cases() -> Vec<Case> {
    vec![
        Case {
            batch: Batch::Development,
            name: "riccati_pole",
            solver: "ode_solvers Dopri5",
            problem: "y′ = 1 + y² is integrated past its pole at π/2: steps shrink to nothing there",
            category: "step_size_underflow",
            advice: "The solution blows up at the last accepted t: stop before it or transform the variable (u = 1/y); \
                     neither a smaller tolerance nor a stiff method passes a pole.",
            run: || _ = riccati_flow(0.0, 2.0, 1e-6, 1e-9),
        },
        Case {
            batch: Batch::Development,
            name: "collision_singularity",
            solver: "ode_solvers Dop853",
            problem: "two bodies meet at a finite time, where the acceleration is infinite",
            category: "step_size_underflow",
            advice: "The right-hand side is singular at the collision: end at an event before it, or regularise \
                     (softening, Levi-Civita).",
            run: || _ = two_body_collision(1.0, (0.0, 2.0), 1e-9, 1e-12),
        },
        Case {
            batch: Batch::Development,
            name: "van_der_pol_stiff",
            solver: "ode_solvers Dopri5",
            problem: "the relaxation oscillation with μ = 1000 is stiff, and the explicit method sees it",
            category: "other",
            advice: "The problem is stiff: use an implicit method (BDF, Radau, SDIRK).",
            run: || _ = van_der_pol(1000.0, (0.0, 2000.0), 1e-6),
        },
        Case {
            batch: Batch::Development,
            name: "robertson_max_steps",
            solver: "ode_solvers Dopri5",
            problem: "stiff kinetics over a long time: stability keeps the explicit steps tiny until they run out",
            category: "max_iterations",
            advice: "Steps of constant size far below the time scale of the solution mean stiffness: use BDF or Radau \
                     rather than more steps.",
            run: || _ = robertson_kinetics(1e4, 1e-6, 1e-9, 5000),
        },
        Case {
            batch: Batch::Development,
            name: "tolerance_below_epsilon",
            solver: "ode_solvers Dopri5",
            problem: "a relative tolerance of 1e-18 at t = 1e6 cannot be had in double precision",
            category: "accuracy_unattainable",
            advice: "The relative tolerance is below machine epsilon: ask for 1e-13 at most, and give an absolute \
                     tolerance above zero.",
            run: || _ = pendulum_period(1.0, 1e6, 1e6 + 10.0, 1e-18, 0.0),
        },
        Case {
            batch: Batch::Development,
            name: "lane_emden_centre",
            solver: "ode_solvers Dopri5",
            problem: "the right-hand side is 0 · ∞ = NaN at the initial point ξ = 0, on which the solver spends all of its steps",
            category: "non_finite",
            advice: "The derivative is not finite at the initial point: start at a small ξ > 0 from the series expansion, \
                     or write the limit into the right-hand side.",
            run: || _ = stellar_structure(3.0, 6.0, 1e-8),
        },
        Case {
            batch: Batch::Development,
            name: "euler_stiff_overflow",
            solver: "hand-written explicit Euler",
            problem: "λ dt = −10 lies outside of the stability region, so that the solution grows by 9 in each step",
            category: "non_finite",
            advice: "The step is too large for explicit Euler (stable only for dt < 2/|λ|): take a smaller one, or \
                     implicit Euler.",
            run: || _ = thermal_relaxation(-1000.0, 0.01, 100.0),
        },
        Case {
            batch: Batch::Development,
            name: "euler_oscillator_growth",
            solver: "hand-written explicit Euler",
            problem: "explicit Euler is unstable on the imaginary axis for every step: the amplitude grows exponentially",
            category: "residual_divergence",
            advice: "Explicit Euler amplifies every undamped oscillation: use a symplectic method (leapfrog) or RK4.",
            run: || _ = oscillator_energy(2.0, 0.1, 10_000),
        },
        Case {
            batch: Batch::Development,
            name: "kepler_wall_time",
            solver: "hand-written leapfrog",
            problem: "an orbit over 1e12 time units does not fit into the wall time",
            category: "time_limit",
            advice: "Save a checkpoint and restart, or take larger steps of a method of higher order: the budget is far \
                     below what the number of steps needs.",
            run: || _ = kepler_long_run(1e-3, 1e12, Duration::from_millis(20)),
        },
        Case {
            batch: Batch::Development,
            name: "lorenz_interrupted",
            solver: "hand-written explicit Euler",
            problem: "the user pressed Ctrl-C, and the loop stops after its step",
            category: "interrupted",
            advice: "Nothing is wrong with the numbers: go on from the last checkpoint.",
            run: || _ = lorenz_attractor(&AtomicBool::new(false), 1e-3, 10_000),
        },
    ]
}
