//! A Van der Pol oscillator with two explicit methods. It is stiff if μ is large.
//!
//! The classical Runge–Kutta method of order 4 has a fixed step h. It is stable while h|λ| < 2.7853 for the fastest
//! mode λ, and the program stops before the first step that is not. The oscillator starts at x = 2, where the fastest
//! mode is λ = −3μ up to terms of order 1/μ. Later, |λ| is smaller. The threshold is therefore μ = 2.7853/(3h) = 92.84
//! for h = 0.01, with an error below 0.01.
//!
//! Dopri5 adapts its step and reaches the end. The failing region is `mu > 92.84 and method is RK4`. The tolerance and
//! the limit of the number of steps, which half of the runs do not have, do not matter here.

use ode_solvers::dop_shared::{IntegrationError, OutputType, System};
use ode_solvers::{Dopri5, Vector2};
use tracing_failure::{computation, trail};

const T_MAX: f64 = 5.0;
const STEP: f64 = 0.01;
/// The end of the real stability interval of the classical Runge–Kutta method.
const STABILITY_LIMIT: f64 = 2.785_293_563;
const DEFAULT_MAX_STEPS: u32 = 100_000;

/// Why there is no amplitude.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OscillatorError {
    #[error("step {step} is unstable at t = {t}: the largest stable step is {stable:.3e}")]
    UnstableStep { t: f64, step: f64, stable: f64 },
    #[error("the integration of the oscillator failed")]
    Integration(#[from] IntegrationError),
}

/// x″ = μ(1 − x²)x′ − x.
struct Oscillator {
    mu: f64,
}

impl Oscillator {
    fn derivative(&self, y: &Vector2<f64>) -> Vector2<f64> {
        Vector2::new(y[1], self.mu * (1.0 - y[0] * y[0]) * y[1] - y[0])
    }

    /// Returns the rate at which the fastest decaying mode decays.
    fn decay_rate(&self, y: &Vector2<f64>) -> f64 {
        let trace = self.mu * (1.0 - y[0] * y[0]);
        let determinant = 2.0 * self.mu * y[0] * y[1] + 1.0;
        let discriminant = (trace * trace - 4.0 * determinant).max(0.0);
        (discriminant.sqrt() - trace) / 2.0
    }
}

impl System<f64, Vector2<f64>> for Oscillator {
    fn system(&self, _t: f64, y: &Vector2<f64>, dy: &mut Vector2<f64>) {
        *dy = self.derivative(y);
    }
}

#[computation("IRH v21.4 Part 2 §5.3", name = "observable_limit_cycle")]
pub(crate) fn amplitude(
    mu: f64,
    method: &str,
    step: f64,
    rtol: f64,
    max_steps: Option<u32>,
) -> Result<f64, OscillatorError> {
    let (oscillator, start) = (Oscillator { mu }, Vector2::new(2.0, 0.0));
    if method == "RK4" {
        with_fixed_step(&oscillator, start, step)
    } else {
        adaptive(oscillator, start, rtol, max_steps)
    }
}

fn with_fixed_step(oscillator: &Oscillator, mut y: Vector2<f64>, step: f64) -> Result<f64, OscillatorError> {
    let mut amplitude = y[0].abs();
    for number in 0..(T_MAX / step).round() as u32 {
        let t = f64::from(number) * step;
        let rate = oscillator.decay_rate(&y);
        trail!(t, x = y[0], rate, "step");
        if step * rate > STABILITY_LIMIT {
            return Err(OscillatorError::UnstableStep { t, step, stable: STABILITY_LIMIT / rate });
        }
        let k1 = oscillator.derivative(&y);
        let k2 = oscillator.derivative(&(y + k1 * (step / 2.0)));
        let k3 = oscillator.derivative(&(y + k2 * (step / 2.0)));
        let k4 = oscillator.derivative(&(y + k3 * step));
        y += (k1 + (k2 + k3) * 2.0 + k4) * (step / 6.0);
        amplitude = amplitude.max(y[0].abs());
    }
    Ok(amplitude)
}

fn adaptive(
    oscillator: Oscillator,
    start: Vector2<f64>,
    rtol: f64,
    max_steps: Option<u32>,
) -> Result<f64, OscillatorError> {
    let mut stepper = Dopri5::from_param(
        oscillator,
        0.0,
        T_MAX,
        T_MAX,
        start,
        rtol,
        rtol,
        0.9,
        0.04,
        0.2,
        10.0,
        T_MAX,
        0.0,
        max_steps.unwrap_or(DEFAULT_MAX_STEPS),
        DEFAULT_MAX_STEPS,
        OutputType::Sparse,
    );
    stepper.integrate()?;
    Ok(stepper.y_out().iter().map(|y| y[0].abs()).fold(0.0, f64::max))
}

/// The parameters of one run.
pub(crate) struct OscillatorParameters {
    mu: f64,
    method: &'static str,
    rtol: f64,
    max_steps: Option<u32>,
}

impl OscillatorParameters {
    /// Maps a point of the unit cube to parameters.
    pub(crate) fn at([mu, method, rtol, max_steps, _]: [f64; 5]) -> Self {
        OscillatorParameters {
            mu: 200.0 * mu,
            method: if method < 0.5 { "RK4" } else { "Dopri5" },
            rtol: 10_f64.powf(-8.0 + 4.0 * rtol),
            max_steps: (max_steps < 0.5).then_some(5_000),
        }
    }

    pub(crate) fn run(&self) -> Result<f64, OscillatorError> {
        amplitude(self.mu, self.method, STEP, self.rtol, self.max_steps)
    }
}
