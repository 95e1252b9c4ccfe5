//! Implicit integrators, and equations with algebraic constraints.

use diffsol::error::DiffsolError;
use diffsol::{NalgebraLU, NalgebraMat, OdeBuilder, OdeSolverMethod};
use tracing::instrument;
use tracing_failure::{ResultExt, computation, trail};

use crate::case::{Batch, Case};

type Mat = NalgebraMat<f64>;
type Lu = NalgebraLU<f64>;

/// Integrates to the end and writes each step to the trail.
macro_rules! step_until {
    ($solver:expr, $end:expr) => {{
        let mut solver = $solver;
        loop {
            let (t, h) = (solver.state().t, solver.state().h);
            trail!(t, h, y0 = solver.state().y[0]);
            if t >= $end {
                break Ok(t);
            }
            if let Err(error) = solver.step() {
                break Err(error);
            }
        }
    }};
}

#[computation("y′ = y²", fields(method = "BDF"))]
fn thermal_runaway(y0: f64, t_end: f64, rtol: f64) -> Result<f64, DiffsolError> {
    let problem = OdeBuilder::<Mat>::new()
        .rtol(rtol)
        .atol([1e-9])
        .rhs_implicit(|x, _p, _t, y| y[0] = x[0] * x[0], |x, _p, _t, v, y| y[0] = 2.0 * x[0] * v[0])
        .init(move |_p, _t, y| y[0] = y0, 1)
        .build()?;
    step_until!(problem.bdf::<Lu>()?, t_end)
}

/// Robertson's kinetics with two wrong signs in the Jacobian.
#[instrument(
    err,
    fields(computation = "stiff_kinetics", theoretical_ref = "Robertson 1966", method = "BDF", jacobian = "by hand")
)]
fn wrong_jacobian(t_end: f64, rtol: f64, atol: f64) -> Result<f64, DiffsolError> {
    let problem = OdeBuilder::<Mat>::new()
        .rtol(rtol)
        .atol([atol])
        .rhs_implicit(
            |x, _p, _t, y| {
                y[0] = -0.04 * x[0] + 1e4 * x[1] * x[2];
                y[2] = 3e7 * x[1] * x[1];
                y[1] = -y[0] - y[2];
            },
            |x, _p, _t, v, y| {
                y[0] = 0.04 * v[0] + 1e4 * (v[1] * x[2] + x[1] * v[2]);
                y[2] = -6e7 * x[1] * v[1];
                y[1] = -y[0] - y[2];
            },
        )
        .init(|_p, _t, y| y[0] = 1.0, 3)
        .build()?;
    step_until!(problem.bdf::<Lu>()?, t_end).record_failure()
}

/// A right-hand side that jumps at t = 1, with a low limit of rejected steps.
#[computation("RC circuit", fields(method = "ESDIRK34"))]
fn switched_circuit(current: f64, t_end: f64, rtol: f64, max_error_test_failures: usize) -> Result<f64, DiffsolError> {
    let mut problem = OdeBuilder::<Mat>::new()
        .rtol(rtol)
        .atol([1e-10])
        .rhs_implicit(
            move |x, _p, t, y| y[0] = if t < 1.0 { -x[0] } else { current - x[0] },
            |_x, _p, _t, v, y| y[0] = -v[0],
        )
        .init(|_p, _t, y| y[0] = 1.0, 1)
        .build()?;
    problem.ode_options.max_error_test_failures = max_error_test_failures;
    step_until!(problem.esdirk34::<Lu>()?, t_end)
}

/// x′ = −x with 0 = y² + x: no real y belongs to the initial x = 1.
#[computation("index-1 DAE", fields(method = "BDF"))]
fn constrained_reaction(x0: f64, y0: f64) -> Result<f64, DiffsolError> {
    let problem = OdeBuilder::<Mat>::new()
        .rhs_implicit(
            |x, _p, _t, y| {
                y[0] = -x[0];
                y[1] = x[1] * x[1] + x[0];
            },
            |x, _p, _t, v, y| {
                y[0] = -v[0];
                y[1] = 2.0 * x[1] * v[1] + v[0];
            },
        )
        .mass(|v, _p, _t, beta, y| {
            y[0] = v[0] + beta * y[0];
            y[1] *= beta;
        })
        .init(
            move |_p, _t, y| {
                y[0] = x0;
                y[1] = y0;
            },
            2,
        )
        .build()?;
    let solver = problem.bdf::<Lu>()?;
    Ok(solver.state().t)
}

/// A fuel whose rate is NaN once its amount is negative.
#[computation("m′ = −k m^(1/2)", fields(method = "TR-BDF2"))]
fn fuel_burn(fuel: f64, rate: f64, t_end: f64) -> Result<f64, DiffsolError> {
    let problem = OdeBuilder::<Mat>::new()
        .rtol(1e-6)
        .atol([1e-8])
        .rhs_implicit(
            move |x, _p, _t, y| y[0] = -rate * x[0].sqrt(),
            move |x, _p, _t, v, y| y[0] = -0.5 * rate / x[0].sqrt() * v[0],
        )
        .init(move |_p, _t, y| y[0] = fuel, 1)
        .build()?;
    step_until!(problem.tr_bdf2::<Lu>()?, t_end)
}

/// Output times that are not in order.
#[computation("y′ = −y", fields(method = "BDF"))]
fn output_schedule(outputs: [f64; 3]) -> Result<f64, DiffsolError> {
    let problem = OdeBuilder::<Mat>::new()
        .rhs_implicit(|x, _p, _t, y| y[0] = -x[0], |_x, _p, _t, v, y| y[0] = -v[0])
        .init(|_p, _t, y| y[0] = 1.0, 1)
        .build()?;
    let mut solver = problem.bdf::<Lu>()?;
    for stop in outputs {
        solver.set_stop_time(stop)?;
        while solver.state().t < stop {
            solver.step()?;
            trail!(t = solver.state().t, h = solver.state().h, stop);
        }
    }
    Ok(solver.state().t)
}

pub(crate) fn cases() -> Vec<Case> {
    vec![
        Case {
            batch: Batch::Development,
            name: "bdf_runaway",
            solver: "diffsol BDF",
            problem: "y′ = y² has a pole at t = 1, before the end of the interval",
            category: "step_size_underflow",
            advice: "The solution is singular near the last t: an implicit method does not help; stop before it or \
                     transform the variable.",
            run: || _ = thermal_runaway(1.0, 2.0, 1e-6),
        },
        Case {
            batch: Batch::Development,
            name: "bdf_wrong_jacobian",
            solver: "diffsol BDF",
            problem: "the Jacobian by hand has wrong signs, so that Newton's method in each step does not converge",
            category: "nonlinear_convergence",
            advice: "Check the Jacobian against finite differences; smaller steps only hide it.",
            run: || _ = wrong_jacobian(100.0, 1e-4, 1e-8),
        },
        Case {
            batch: Batch::Development,
            name: "esdirk_discontinuity",
            solver: "diffsol ESDIRK34",
            problem: "the right-hand side jumps at t = 1, where step after step fails the error test",
            category: "error_test",
            advice: "The right-hand side is discontinuous there: stop at the switch and start again (event, stop time).",
            run: || _ = switched_circuit(1e6, 2.0, 1e-10, 4),
        },
        Case {
            batch: Batch::Development,
            name: "dae_inconsistent_initial",
            solver: "diffsol BDF with a mass matrix",
            problem: "no real value of the algebraic variable satisfies the constraint at the initial point",
            category: "initialization",
            advice: "The initial values contradict the algebraic equation: give values that satisfy it, and check that one \
                     exists.",
            run: || _ = constrained_reaction(1.0, 0.5),
        },
        Case {
            batch: Batch::Development,
            name: "tr_bdf2_fuel",
            solver: "diffsol TR-BDF2",
            problem: "the square root of a negative fuel makes right-hand side and Jacobian NaN",
            category: "domain_error",
            advice: "The state leaves the domain of the right-hand side: end at an event where the fuel is used up, or \
                     extend the function to negative values.",
            run: || _ = fuel_burn(1.0, 1.0, 10.0),
        },
        Case {
            batch: Batch::Development,
            name: "bdf_stop_times",
            solver: "diffsol BDF",
            problem: "the output times are not in order: one of them lies before the time that is reached",
            category: "initialization",
            advice: "Sort the output times: they have to increase in the direction of integration.",
            run: || _ = output_schedule([0.5, 2.0, 1.0]),
        },
    ]
}
