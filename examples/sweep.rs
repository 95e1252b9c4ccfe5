//! A sweep over parameters on all cores, in which some thousands of runs fail and the others do not.
//!
//! `cargo run --release --example sweep [DIR] [RUNS]`. Each run integrates a Van der Pol oscillator with an explicit
//! method that is allowed a number of steps: where the oscillator is stiff, they run out. Every failed run has its
//! record, and the runtime log holds the parameters and the outcome of every run: what tells failing parameters from
//! good ones. In a terminal, the sweep shows its progress.

mod show;

use color_eyre::eyre::Report;
use ode_solvers::dop_shared::{IntegrationError, OutputType, System};
use ode_solvers::{Dopri5, Vector2};
use tracing_failure::{Sweep, computation};

/// x″ = μ(1 − x²)x′ − x.
struct VanDerPol {
    mu: f64,
}

impl System<f64, Vector2<f64>> for VanDerPol {
    fn system(&self, _t: f64, y: &Vector2<f64>, dy: &mut Vector2<f64>) {
        dy[0] = y[1];
        dy[1] = self.mu * (1.0 - y[0] * y[0]) * y[1] - y[0];
    }
}

#[computation("IRH v21.4 Part 2 §5.3", name = "observable_limit_cycle", fields(method = "Dopri5"))]
pub(crate) fn amplitude(mu: f64, rtol: f64) -> Result<f64, IntegrationError> {
    let mut stepper = Dopri5::from_param(
        VanDerPol { mu },
        0.0,
        5.0,
        5.0,
        Vector2::new(2.0, 0.0),
        rtol,
        rtol,
        0.9,
        0.04,
        0.2,
        10.0,
        5.0,
        0.0,
        200,
        1000,
        OutputType::Sparse,
    );
    stepper.integrate()?;
    Ok(stepper.y_out().iter().map(|y| y[0].abs()).fold(0.0, f64::max))
}

fn main() -> Result<(), Report> {
    let dir = std::env::args().nth(1).unwrap_or_else(|| "io".to_owned());
    let runs = std::env::args().nth(2).map_or(Ok(8_000), |runs| runs.parse::<u32>())?;
    let _show = show::Show::what_is_left_in(&dir);
    let guard = tracing_failure::builder(&dir).build_info(tracing_failure::build_info!()).init()?;

    let grid = (0..runs).map(|run| f64::from(run) * 100.0 / f64::from(runs));
    let results = Sweep::over(grid).run(|&mu| amplitude(mu, 1e-6));
    guard.flush();
    let (found, recorded) = (results.success_count(), guard.stats().recorded);
    println!("{found} of {runs} runs have an amplitude; {recorded} failures are recorded");
    if let Some((mu, error)) = results.failures().next() {
        println!("the first that fails has mu = {mu}: {error}");
    }
    Ok(())
}
