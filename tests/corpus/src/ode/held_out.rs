//! Equations of motion, kinetics and constraints.

use diffsol::error::DiffsolError;
use diffsol::{NalgebraLU, NalgebraMat, OdeBuilder, OdeSolverMethod};
use ode_solvers::dop_shared::{IntegrationError, OutputType, Stats, System};
use ode_solvers::{Dop853, Vector1};
use tracing::{instrument, trace, warn};
use tracing_failure::{Check, ResultExt, computation, ensure_finite, ensure_in_range, trail};

use crate::case::{Batch, Case};

/// ṅ = n³/2.
struct Avalanche;

impl System<f64, Vector1<f64>> for Avalanche {
    fn system(&self, _t: f64, n: &Vector1<f64>, dn: &mut Vector1<f64>) {
        dn[0] = 0.5 * n[0].powi(3);
    }

    fn solout(&mut self, time_s: f64, n: &Vector1<f64>, _dn: &Vector1<f64>) -> bool {
        trace!(time_s, carriers = n[0]);
        false
    }
}

#[instrument(fields(computation = "carrier_avalanche", theoretical_ref = "n' = n^3/2", integrator = "DOP853"))]
fn avalanche(carriers: f64, t_max: f64, reltol: f64) -> Result<Stats, IntegrationError> {
    let mut dop = Dop853::new(Avalanche, 0.0, t_max, 0.01 * t_max, Vector1::new(carriers), reltol, 1e-12);
    dop.set_output(OutputType::Sparse);
    dop.integrate().record_failure()
}

#[derive(Debug, thiserror::Error)]
enum SolveError {
    #[error(transparent)]
    Check(#[from] Check),
    #[error(
        "dt({dt:.2e}) <= dtmin({dtmin:.0e}) at t={t}. Aborting. There is either an error in your model specification or \
         the true solution is unstable."
    )]
    DtLessThanMin { dt: f64, dtmin: f64, t: f64 },
    #[error("At t = {t} and h = {h:.3e}, the local error exceeded the tolerance {count} times in a row")]
    ErrTestFailures { t: f64, h: f64, count: u32 },
    #[error("At t = {t} and h = {h:.3e}, the corrector convergence failed repeatedly")]
    ConvFailures { t: f64, h: f64 },
    #[error("initial conditions violate the constraint: |q|^2 - L^2 = {defect}")]
    InconsistentStart { defect: f64 },
}

/// Two species. One of them decays at a rate of 4000 per second.
#[computation("linear kinetics", fields(method = "classical RK4", step = dt))]
fn radical_chain(k_fast: f64, dt: f64, t_final: f64) -> Result<[f64; 2], SolveError> {
    let f = |c: [f64; 2]| [-0.1 * c[0], 0.1 * c[0] - k_fast * c[1]];
    let axpy = |c: [f64; 2], s: f64, k: [f64; 2]| [c[0] + s * k[0], c[1] + s * k[1]];
    let mut c = [1.0, 0.0];
    let mut nstep = 0;
    while (nstep as f64) * dt < t_final {
        let k1 = f(c);
        let k2 = f(axpy(c, 0.5 * dt, k1));
        let k3 = f(axpy(c, 0.5 * dt, k2));
        let k4 = f(axpy(c, dt, k3));
        for i in 0..2 {
            c[i] += dt / 6.0 * (k1[i] + 2.0 * k2[i] + 2.0 * k3[i] + k4[i]);
        }
        nstep += 1;
        trail!(nstep, time = nstep as f64 * dt, fuel = c[0], radical = c[1]);
        ensure_finite!(c, iteration = nstep)?;
    }
    Ok(c)
}

/// A bubble that collapses: Ṙ = −1/R².
#[computation("R' = -1/R^2", fields(alg = "Heun21"))]
fn bubble_collapse(radius: f64, tspan: f64, abstol: f64, dtmin: f64) -> Result<f64, SolveError> {
    let f = |r: f64| -1.0 / (r * r);
    let (mut t, mut r, mut dt) = (0.0, radius, 1e-3);
    while t < tspan {
        let (k1, k2) = (f(r), f(r + dt * f(r)));
        let err = (0.5 * dt * (k2 - k1)).abs() / abstol;
        if err <= 1.0 {
            t += dt;
            r += 0.5 * dt * (k1 + k2);
            trail!(t, dt, radius = r);
        }
        dt *= (0.9 / err.sqrt()).clamp(0.2, 2.0);
        if dt <= dtmin {
            return Err(SolveError::DtLessThanMin { dt, dtmin, t });
        }
    }
    Ok(r)
}

/// A measured right-hand side, with a noise of 1e-3.
#[computation("Newton cooling", fields(integrator = "Heun–Euler 2(1)"))]
fn sensor_driven_heating(noise: f64, tol: f64, max_failures: u32) -> Result<f64, SolveError> {
    let mut state = 12345_u64;
    let mut sample = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        noise * ((state >> 33) as f64 / f64::from(1_u32 << 31) * 2.0 - 1.0)
    };
    let (mut t, mut temp, mut h, mut count) = (0.0, 300.0, 0.1, 0);
    while t < 10.0 {
        let k1 = -0.1 * (temp - 290.0) + sample();
        let k2 = -0.1 * (temp + h * k1 - 290.0) + sample();
        let est = (k2 - k1).abs() / tol;
        trail!(t, h, est, temp, "trial step");
        if est > 1.0 {
            count += 1;
            h *= 0.5;
            if count == max_failures {
                return Err(SolveError::ErrTestFailures { t, h, count });
            }
            continue;
        }
        (t, temp, count) = (t + h, temp + 0.5 * h * (k1 + k2), 0);
        h *= 1.2;
    }
    Ok(temp)
}

/// A relay, v̇ = −sgn(v) + 0.1, which slides along v = 0. The derivative there does not help implicit Euler.
#[computation("Coulomb friction", fields(integrator = "backward Euler", corrector = "Newton"))]
fn dry_friction(v0: f64, h0: f64, h_min: f64) -> Result<f64, SolveError> {
    let force = |v: f64| if v > 0.0 { -0.9 } else { 1.1 };
    let (mut t, mut v, mut h) = (0.0, v0, h0);
    while t < 5.0 {
        let mut w = v;
        let mut converged = false;
        for m in 0..4 {
            let del = v + h * force(w) - w;
            trace!(m, del, t, h, "corrector");
            w += del;
            if del.abs() < 1e-12 {
                converged = true;
                break;
            }
        }
        if converged {
            (t, v) = (t + h, w);
            trail!(t, h, v);
        } else {
            h *= 0.25;
            warn!(t, h, "corrector did not converge, step reduced");
            if h < h_min {
                return Err(SolveError::ConvFailures { t, h });
            }
        }
    }
    Ok(v)
}

/// The orbit of a planet by RK4 over many periods, with a check of its energy.
#[computation("Kepler problem", fields(integrator = "rk4"))]
fn exoplanet_orbit(eccentricity: f64, dt: f64, periods: f64, allowed: f64) -> Result<f64, SolveError> {
    let f = |s: [f64; 4]| {
        let r3 = s[0].hypot(s[1]).powi(3);
        [s[2], s[3], -s[0] / r3, -s[1] / r3]
    };
    let energy = |s: [f64; 4]| 0.5 * (s[2] * s[2] + s[3] * s[3]) - 1.0 / s[0].hypot(s[1]);
    let add = |s: [f64; 4], h: f64, k: [f64; 4]| std::array::from_fn(|i| s[i] + h * k[i]);
    let mut s = [1.0 - eccentricity, 0.0, 0.0, ((1.0 + eccentricity) / (1.0 - eccentricity)).sqrt()];
    let (e0, mut t) = (energy(s), 0.0);
    while t < periods * std::f64::consts::TAU {
        let k1 = f(s);
        let k2 = f(add(s, 0.5 * dt, k1));
        let k3 = f(add(s, 0.5 * dt, k2));
        let k4 = f(add(s, dt, k3));
        s = std::array::from_fn(|i| s[i] + dt / 6.0 * (k1[i] + 2.0 * k2[i] + 2.0 * k3[i] + k4[i]));
        t += dt;
        let drift = ((energy(s) - e0) / e0).abs();
        trail!(t, r = s[0].hypot(s[1]), drift);
        ensure_in_range!(drift, ..=allowed)?;
    }
    Ok(s[0])
}

/// A pendulum in Cartesian coordinates, whose start is not on its circle.
#[computation("x^2 + y^2 = L^2", fields(formulation = "index-3 DAE"))]
fn crane_pendulum(q: [f64; 2], length: f64, tol: f64) -> Result<f64, SolveError> {
    let defect = q[0] * q[0] + q[1] * q[1] - length * length;
    if defect.abs() > tol {
        return Err(SolveError::InconsistentStart { defect });
    }
    Ok(q[0].atan2(-q[1]))
}

/// x′ = z with 0 = x − sin t: the constraint does not contain z.
#[computation("0 = x - sin t", fields(formulation = "DAE", method = "BDF"))]
fn prescribed_motion(t_end: f64) -> Result<f64, DiffsolError> {
    let problem = OdeBuilder::<NalgebraMat<f64>>::new()
        .rhs_implicit(
            |x, _p, t, y| {
                y[0] = x[1];
                y[1] = x[0] - t.sin();
            },
            |_x, _p, _t, v, y| {
                y[0] = v[1];
                y[1] = v[0];
            },
        )
        .mass(|v, _p, _t, beta, y| {
            y[0] = v[0] + beta * y[0];
            y[1] *= beta;
        })
        .init(
            |_p, _t, y| {
                y[0] = 0.1;
                y[1] = 0.0;
            },
            2,
        )
        .build()?;
    let mut solver = problem.bdf::<NalgebraLU<f64>>()?;
    while solver.state().t < t_end {
        solver.step()?;
        trail!(t = solver.state().t, x = solver.state().y[0]);
    }
    Ok(solver.state().t)
}

/// Gompertz growth without an initial cell: 0 · ln 0.
#[computation("Gompertz", fields(solver = "diffsol bdf"))]
fn tumour_growth(cells: f64, capacity: f64, days: f64) -> Result<f64, DiffsolError> {
    let problem = OdeBuilder::<NalgebraMat<f64>>::new()
        .rhs_implicit(
            move |x, _p, _t, y| {
                y[0] = -x[0] * (x[0] / capacity).ln();
                trace!(cells = x[0], growth = y[0]);
            },
            move |x, _p, _t, v, y| y[0] = -((x[0] / capacity).ln() + 1.0) * v[0],
        )
        .init(move |_p, _t, y| y[0] = cells, 1)
        .build()?;
    let mut solver = problem.bdf::<NalgebraLU<f64>>()?;
    while solver.state().t < days {
        solver.step()?;
        trail!(day = solver.state().t, h = solver.state().h);
    }
    Ok(solver.state().y[0])
}

pub(crate) fn cases() -> Vec<Case> {
    [integrators(), constraints()].into_iter().flatten().collect()
}

fn integrators() -> Vec<Case> {
    vec![
        Case {
            batch: Batch::HeldOut,
            name: "avalanche_blow_up",
            solver: "ode_solvers Dop853",
            problem: "ṅ = n³/2 is infinite at t = 1/n₀², before the end of the interval",
            category: "step_size_underflow",
            advice: "The solution is infinite at a finite time: stop before it, or add the saturation that the model lacks.",
            run: || _ = avalanche(2.0, 1.0, 1e-8),
        },
        Case {
            batch: Batch::HeldOut,
            name: "radical_chain_rk4",
            solver: "hand-written RK4",
            problem: "λ dt = −4 is outside of the stability region of RK4, which ends at −2.79",
            category: "non_finite",
            advice: "The step is beyond the stability limit of RK4 (dt < 2.79/k): take a smaller one, or an implicit method.",
            run: || _ = radical_chain(4000.0, 1e-3, 2.0),
        },
        Case {
            batch: Batch::HeldOut,
            name: "bubble_dtmin",
            solver: "hand-written adaptive Heun",
            problem: "the radius reaches zero at t = 1/3, where its speed is infinite",
            category: "step_size_underflow",
            advice: "The radius collapses to a singularity: end at an event R = R_min, or put in what stops it (gas pressure).",
            run: || _ = bubble_collapse(1.0, 1.0, 1e-6, 1e-14),
        },
        Case {
            batch: Batch::HeldOut,
            name: "noisy_right_hand_side",
            solver: "hand-written adaptive Heun",
            problem: "the error estimate is the noise of the right-hand side, which no step makes smaller",
            category: "error_test",
            advice: "The right-hand side is noisy above the tolerance: smooth it (interpolate the data), or loosen the \
                     tolerance.",
            run: || _ = sensor_driven_heating(0.05, 1e-3, 12),
        },
        Case {
            batch: Batch::HeldOut,
            name: "friction_corrector",
            solver: "hand-written backward Euler",
            problem: "the friction force jumps at v = 0, so that the corrector jumps to and fro for every step",
            category: "nonlinear_convergence",
            advice: "The force is discontinuous at v = 0: regularise it (tanh v/ε), or treat sticking as an event.",
            run: || _ = dry_friction(0.5, 0.07, 1e-10),
        },
        Case {
            batch: Batch::HeldOut,
            name: "orbit_energy_drift",
            solver: "hand-written RK4",
            problem: "RK4 with a large step loses energy at each pericentre",
            category: "constraint_violation",
            advice: "Use a symplectic integrator (leapfrog), or adapt the step near the pericentre; a smaller step makes the \
                     drift smaller.",
            run: || _ = exoplanet_orbit(0.6, 0.05, 100.0, 1e-3),
        },
    ]
}

fn constraints() -> Vec<Case> {
    vec![
        Case {
            batch: Batch::HeldOut,
            name: "crane_off_circle",
            solver: "hand-written check",
            problem: "the initial position is 5 cm off the circle of the rope",
            category: "initialization",
            advice: "Project the initial values onto the constraint (and its derivative) before the integration.",
            run: || _ = crane_pendulum([0.6, -0.85], 1.0, 1e-8),
        },
        Case {
            batch: Batch::HeldOut,
            name: "prescribed_motion_index",
            solver: "diffsol BDF with a mass matrix",
            problem: "the algebraic equation does not contain the algebraic variable: the index is 2",
            category: "singular_matrix",
            advice: "The DAE has index 2: differentiate the constraint (index reduction), so that it determines the algebraic \
                     variable.",
            run: || _ = prescribed_motion(1.0),
        },
        Case {
            batch: Batch::HeldOut,
            name: "tumour_no_cells",
            solver: "diffsol BDF",
            problem: "0 · ln 0 is NaN at the initial value",
            category: "non_finite",
            advice: "The right-hand side is NaN at the initial value (0 · ln 0): start from a positive number, or write the \
                     limit.",
            run: || _ = tumour_growth(0.0, 1e9, 10.0),
        },
    ]
}
