//! The one-loop renormalisation group flow of three couplings, integrated into its pole.
//!
//! `cargo run --example rg_flow [DIR] [--dense]` leaves the failure in `DIR/failures` and the log in `DIR/logs`; DIR is
//! `io` unless given. With `--dense` the solver panics instead of returning an error, and the panic is recorded.

mod show;

use std::f64::consts::PI;

use color_eyre::eyre::{Report, WrapErr};
use ode_solvers::dop_shared::{IntegrationError, OutputType, Stats, System};
use ode_solvers::{Dopri5, Vector3};
use tracing::info;
use tracing_failure::{ResultExt, computation, trail};

type Couplings = Vector3<f64>;

/// β_λ = −2λ + (9/8π²)λ², β_γ = (3/4π²)λγ, β_μ = 2μ + (1/2π²)λμ.
struct OneLoop;

impl System<f64, Couplings> for OneLoop {
    fn system(&self, _t: f64, couplings: &Couplings, beta: &mut Couplings) {
        let [lambda, gamma, mu] = [couplings[0], couplings[1], couplings[2]];
        beta[0] = -2.0 * lambda + 9.0 / (8.0 * PI * PI) * lambda * lambda;
        beta[1] = 3.0 / (4.0 * PI * PI) * lambda * gamma;
        beta[2] = 2.0 * mu + 1.0 / (2.0 * PI * PI) * lambda * mu;
    }

    fn solout(&mut self, t: f64, couplings: &Couplings, _beta: &Couplings) -> bool {
        trail!(t, norm = couplings.norm(), "step accepted");
        false
    }
}

#[computation("IRH v21.4 Part 1 §1.2, Eq. 1.12", name = "rg_flow_integration", skip(output), fields(method = "RK45"))]
pub(crate) fn integrate(
    initial_couplings: [f64; 3],
    t_range: (f64, f64),
    rtol: f64,
    atol: f64,
    output: OutputType,
) -> Result<Stats, IntegrationError> {
    let couplings = Couplings::from(initial_couplings);
    let mut stepper = Dopri5::new(OneLoop, t_range.0, t_range.1, 0.1, couplings, rtol, atol);
    stepper.set_output(output);
    stepper.integrate()
}

fn main() -> Result<(), Report> {
    let (flags, dirs): (Vec<String>, Vec<String>) = std::env::args().skip(1).partition(|arg| arg.starts_with("--"));
    let dir = dirs.first().map_or("io", String::as_str);
    let output = if flags.iter().any(|flag| flag == "--dense") { OutputType::Dense } else { OutputType::Sparse };

    let _show = show::Show::what_is_left_in(dir);
    let _guard = tracing_failure::builder(dir).build_info(tracing_failure::build_info!()).init()?;
    let stats = integrate([50.0, 100.0, 150.0], (-10.0, 10.0), 1e-6, 1e-9, output)
        .wrap_err("the flow does not reach t = 10")
        .record_failure()?;
    info!(steps = stats.accepted_steps, "the flow is integrated");
    Ok(())
}
