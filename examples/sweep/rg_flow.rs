//! A coupling flows up to `t_max`, or into its pole.
//!
//! The flow dλ/dt = −2λ + aλ² with a = 9/(8π²) has a pole if λ > 2/a. The pole lies at t* = −½ ln(1 − 2/(aλ)). A run
//! fails if it reaches the pole, t* ≤ t_max, so the threshold is λ = (2/a) / (1 − exp(−2 t_max)):
//!
//! | `t_max` | threshold of λ | |
//! | ---: | ---: | --- |
//! | 0.1 | 96.8 | above all λ of the sweep |
//! | 1 | 20.2923 | |
//!
//! The inverse u = 1/λ satisfies the linear equation du/dt = 2u − a and passes the pole without a failure. The failing
//! region is therefore `lambda > 20.2923 and t_max = 1 and variable is coupling`. The method and the tolerance do not
//! matter.

use std::f64::consts::PI;

use ode_solvers::dop_shared::{IntegrationError, OutputType, Stats, System};
use ode_solvers::{Dop853, Dopri5, SVector};
use tracing_failure::{computation, trail};

type Coupling = SVector<f64, 1>;

const A: f64 = 9.0 / (8.0 * PI * PI);
const ATOL: f64 = 1e-12;

struct Flow {
    is_inverse: bool,
}

impl System<f64, Coupling> for Flow {
    fn system(&self, _t: f64, x: &Coupling, beta: &mut Coupling) {
        beta[0] = if self.is_inverse { 2.0 * x[0] - A } else { -2.0 * x[0] + A * x[0] * x[0] };
    }

    fn solout(&mut self, t: f64, x: &Coupling, _beta: &Coupling) -> bool {
        trail!(t, coupling = if self.is_inverse { 1.0 / x[0] } else { x[0] }, "step accepted");
        false
    }
}

#[computation("IRH v21.4 Part 1 §1.2, Eq. 1.12", name = "rg_flow_integration")]
fn integrate(lambda: f64, t_max: f64, variable: &str, method: &str, rtol: f64) -> Result<Stats, IntegrationError> {
    let is_inverse = variable == "inverse";
    let start = Coupling::new(if is_inverse { 1.0 / lambda } else { lambda });
    let flow = Flow { is_inverse };
    if method == "DOP853" {
        let mut stepper = Dop853::new(flow, 0.0, t_max, t_max, start, rtol, ATOL);
        stepper.set_output(OutputType::Sparse);
        return stepper.integrate();
    }
    let mut stepper = Dopri5::new(flow, 0.0, t_max, t_max, start, rtol, ATOL);
    stepper.set_output(OutputType::Sparse);
    stepper.integrate()
}

/// The parameters of one run.
pub(crate) struct FlowParameters {
    lambda: f64,
    t_max: f64,
    variable: &'static str,
    method: &'static str,
    rtol: f64,
}

impl FlowParameters {
    /// Maps a point of the unit cube to parameters.
    pub(crate) fn at([lambda, t_max, variable, method, rtol]: [f64; 5]) -> Self {
        FlowParameters {
            lambda: 1.0 + 49.0 * lambda,
            t_max: if t_max < 0.3 { 0.1 } else { 1.0 },
            variable: if variable < 0.3 { "inverse" } else { "coupling" },
            method: if method < 0.5 { "RK45" } else { "DOP853" },
            rtol: 10_f64.powf(-9.0 + 3.0 * rtol),
        }
    }

    pub(crate) fn run(&self) -> Result<Stats, IntegrationError> {
        integrate(self.lambda, self.t_max, self.variable, self.method, self.rtol)
    }
}
