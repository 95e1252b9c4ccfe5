//! Self-consistency, equilibrium and root finding.

use nalgebra::{DMatrix, DVector, Matrix2, Vector2};
use tracing::{debug, info, instrument};
use tracing_failure::{computation, trail};

use crate::case::{Batch, Case};

#[derive(Debug, thiserror::Error)]
enum SnesError {
    #[error("SCF not converged after {cycles} cycles, last |dE| = {de:.2e} Ha")]
    Scf { cycles: u32, de: f64 },
    #[error("Broyden: |F| = {fnorm:.1e} is growing, giving up")]
    BroydenGrowing { fnorm: f64 },
    #[error("Nonlinear solve did not converge due to DIVERGED_MAX_IT iterations {its}")]
    DivergedMaxIt { its: u32 },
    #[error("Nonlinear solve did not converge due to DIVERGED_LINE_SEARCH iterations {its}")]
    DivergedLineSearch { its: u32 },
    #[error("ln of a negative concentration: c = {c:.3}")]
    NegativeConcentration { c: f64 },
    #[error("f(a) and f(b) must have different signs (f({a}) = {fa:.3}, f({b}) = {fb:.3})")]
    DifferentSigns { a: f64, b: f64, fa: f64, fb: f64 },
    #[error("power flow did not converge in {max_it} iterations, mismatch {mismatch:.3} p.u.")]
    PowerFlow { max_it: u32, mismatch: f64 },
    #[error("cannot get below {best:.1e}: xtol = {xtol:.0e} is too small, no further improvement possible")]
    TooAccurate { best: f64, xtol: f64 },
    #[error("regula falsi: {limit} iterations used up, bracket still [{a:.4}, {b:.4}]")]
    FalsePosition { limit: u32, a: f64, b: f64 },
    #[error("momentum predictor of time step {step} not solved")]
    Momentum { step: u32, source: InnerError },
}

#[derive(Debug, thiserror::Error)]
#[error("Gauss-Seidel: {sweeps} sweeps done, residual still {res:.2e}")]
struct InnerError {
    sweeps: u32,
    res: f64,
}

/// A charge that screens the potential too much: without mixing it sloshes.
#[computation("Kohn–Sham", fields(mixing = 1.0))]
fn atom_ground_state(screening: f64, e_tol: f64, max_cycles: u32) -> Result<f64, SnesError> {
    let (mut charge, mut energy, mut de) = (0.2_f64, 0.0, f64::MAX);
    for cycle in 1..=max_cycles {
        let potential = screening * charge - 2.0;
        charge = 2.0 / (1.0 + potential.exp());
        let new = -charge * 0.5 + 0.25 * screening * charge * charge;
        de = (new - energy).abs();
        energy = new;
        info!(cycle, energy, de, charge, "scf cycle");
        if de < e_tol {
            return Ok(energy);
        }
    }
    Err(SnesError::Scf { cycles: max_cycles, de })
}

/// Broyden's method from a unit matrix, far from the root.
#[instrument(
    err,
    fields(
        computation = "chemical_equilibrium",
        theoretical_ref = "mass action",
        solver = "Broyden (good)",
        jacobian = "identity"
    )
)]
fn broyden(start: [f64; 2], ftol: f64) -> Result<Vector2<f64>, SnesError> {
    let f = |x: &Vector2<f64>| Vector2::new(50.0 * x[0] + x[1].powi(3) - 3.0, -40.0 * x[1] + x[0] * x[0] + 2.0);
    let (mut x, mut b) = (Vector2::from(start), Matrix2::identity());
    let mut fx = f(&x);
    for k in 0..100 {
        debug!(k, fnorm = fx.norm(), x0 = x[0], x1 = x[1], "broyden");
        if fx.norm() < ftol {
            break;
        }
        if fx.norm() > 1e15 {
            return Err(SnesError::BroydenGrowing { fnorm: fx.norm() });
        }
        let s = b.lu().solve(&(-fx)).unwrap_or(-fx);
        x += s;
        fx = f(&x);
        b += fx * s.transpose() / s.norm_squared();
    }
    Ok(x)
}

/// Newton's method with the Jacobian of its first iterate.
#[computation("w^3 + w = q", fields(snes_type = "newtonls", lag_jacobian = -2))]
fn arch_deflection(load: f64, start: f64, atol: f64, max_it: u32) -> Result<f64, SnesError> {
    let f = |w: f64| w.powi(3) + w - load;
    let slope = 3.0 * start * start + 1.0;
    let mut w = start;
    for it in 0..max_it {
        trail!(it, function_norm = f(w).abs(), w);
        if f(w).abs() < atol {
            return Ok(w);
        }
        w -= f(w) / slope;
    }
    Err(SnesError::DivergedMaxIt { its: max_it })
}

/// A damped Newton method whose Jacobian lacks the coupling of the two fields.
#[computation("coupled contact", fields(snes_linesearch = "bt"))]
fn thermoelastic_contact(start: [f64; 2], atol: f64) -> Result<f64, SnesError> {
    let f = |x: &Vector2<f64>| Vector2::new(x[0] + 4.0 * x[1] - 1.0, 2.0 - x[1] - 4.0 * x[0]);
    let mut x = Vector2::from(start);
    for its in 0..50 {
        let fx = f(&x);
        trail!(its, fnorm = fx.norm(), "SNES Function norm");
        if fx.norm() < atol {
            return Ok(x[0]);
        }
        let mut lambda = 1.0;
        while f(&(x - fx * lambda)).norm() > (1.0 - 1e-4 * lambda) * fx.norm() {
            lambda *= 0.1;
            trail!(its, lambda, "backtracking");
            if lambda < 1e-8 {
                return Err(SnesError::DivergedLineSearch { its });
            }
        }
        x -= fx * lambda;
    }
    Ok(x[1])
}

/// μ = ln c + c: Newton's step takes the concentration below zero.
#[computation("mu = ln c + c")]
fn electrolyte_activity(mu: f64, c0: f64) -> Result<f64, SnesError> {
    let mut c = c0;
    for nit in 0..30 {
        if c <= 0.0 {
            return Err(SnesError::NegativeConcentration { c });
        }
        let g = c.ln() + c - mu;
        trail!(nit, c, g);
        if g.abs() < 1e-12 {
            break;
        }
        c -= g / (1.0 / c + 1.0);
    }
    Ok(c)
}

/// A wavefunction that touches zero and does not cross it.
#[computation("psi(r) = 0", fields(method = "bisection"))]
fn node_search(a: f64, b: f64) -> Result<f64, SnesError> {
    let f = |r: f64| (r - 1.3).powi(2) * (-r).exp();
    let (mut a, mut b, fa, fb) = (a, b, f(a), f(b));
    if fa * fb > 0.0 {
        return Err(SnesError::DifferentSigns { a, b, fa, fb });
    }
    while b - a > 1e-12 {
        let m = 0.5 * (a + b);
        if fa * f(m) <= 0.0 { b = m } else { a = m }
    }
    Ok(a)
}

/// Regula falsi, which never moves one end of its interval.
#[computation("present value", fields(method = "regula falsi"))]
fn yield_to_maturity(lower: f64, upper: f64, eps: f64, limit: u32) -> Result<f64, SnesError> {
    let price = |x: f64| x.powi(20) - 1.0;
    let (mut a, mut b) = (lower, upper);
    for n in 0..limit {
        let x = (a * price(b) - b * price(a)) / (price(b) - price(a));
        trail!(n, a, b, x, gap = price(x).abs());
        if price(x).abs() < eps {
            return Ok(x);
        }
        if price(x) < 0.0 { a = x } else { b = x }
    }
    Err(SnesError::FalsePosition { limit, a, b })
}

/// The load flow of a line with two nodes, beyond its largest load.
#[computation("power balance", fields(method = "Newton–Raphson", base_mva = 100.0))]
fn load_flow(p: f64, q: f64, reactance: f64, max_it: u32) -> Result<f64, SnesError> {
    let (mut theta, mut v, mut mismatch) = (0.0_f64, 1.0_f64, f64::MAX);
    for it in 0..max_it {
        let dp = v * theta.sin() / reactance + p;
        let dq = (v * v - v * theta.cos()) / reactance + q;
        mismatch = dp.abs().max(dq.abs());
        trail!(it, mismatch, v, theta, "power flow");
        if mismatch < 1e-8 {
            return Ok(v);
        }
        let j = Matrix2::new(
            v * theta.cos() / reactance,
            theta.sin() / reactance,
            v * theta.sin() / reactance,
            (2.0 * v - theta.cos()) / reactance,
        );
        let Some(step) = j.lu().solve(&Vector2::new(dp, dq)) else { break };
        theta -= step[0];
        v -= step[1];
    }
    Err(SnesError::PowerFlow { max_it, mismatch })
}

/// The derivative of a simulation by differences, with a tolerance below their rounding error.
#[computation("df/dx", fields(method = "central differences"))]
fn sensitivity(x: f64, xtol: f64) -> Result<f64, SnesError> {
    let model = |x: f64| (1.0 + x).ln() * 1e3;
    let exact = 1e3 / (1.0 + x);
    let (mut h, mut best) = (0.1, f64::MAX);
    for level in 0..40 {
        let derivative = (model(x + h) - model(x - h)) / (2.0 * h);
        let error = ((derivative - exact) / exact).abs();
        best = best.min(error);
        trail!(level, h, error, "difference quotient");
        if error < xtol {
            return Ok(derivative);
        }
        h *= 0.5;
    }
    Err(SnesError::TooAccurate { best, xtol })
}

fn gauss_seidel(a: &DMatrix<f64>, b: &DVector<f64>, sweeps: u32, tol: f64) -> Result<DVector<f64>, InnerError> {
    let mut x = DVector::zeros(b.len());
    let mut res = f64::MAX;
    for sweep in 0..sweeps {
        for i in 0..b.len() {
            let sigma = a.row(i).transpose().dot(&x) - a[(i, i)] * x[i];
            x[i] = (b[i] - sigma) / a[(i, i)];
        }
        res = (b - a * &x).norm() / b.norm();
        trail!(sweep, res);
        if res < tol {
            return Ok(x);
        }
    }
    Err(InnerError { sweeps, res })
}

#[computation("Navier–Stokes", fields(scheme = "PISO"))]
fn channel_flow(cells: usize, viscosity: f64, dt: f64) -> Result<f64, SnesError> {
    let off = -viscosity * dt * (cells * cells) as f64;
    let a = DMatrix::from_fn(cells, cells, |i, j| match i.abs_diff(j) {
        0 => 1.0 - 2.0 * off,
        1 => off,
        _ => 0.0,
    });
    let mut u = DVector::from_element(cells, 1.0);
    for step in 0..10 {
        u = gauss_seidel(&a, &u, 20, 1e-8).map_err(|source| SnesError::Momentum { step, source })?;
        trail!(step, umax = u.max(), "momentum predicted");
    }
    Ok(u.max())
}

pub(crate) fn cases() -> Vec<Case> {
    [systems(), scalars()].into_iter().flatten().collect()
}

fn systems() -> Vec<Case> {
    vec![
        Case {
            batch: Batch::HeldOut,
            name: "scf_charge_sloshing",
            solver: "hand-written SCF",
            problem: "the charge answers too much to the potential: it goes to and fro between two values",
            category: "max_iterations",
            advice: "The charge sloshes: mix old and new densities (0.1 to 0.3), or use DIIS (Pulay, Anderson) or a level shift; \
                     more cycles do not help.",
            run: || _ = atom_ground_state(9.0, 1e-8, 60),
        },
        Case {
            batch: Batch::HeldOut,
            name: "broyden_identity",
            solver: "hand-written Broyden",
            problem: "the unit matrix is far from the Jacobian, and the first steps go astray",
            category: "residual_divergence",
            advice: "Start Broyden's method from a Jacobian by finite differences, and with a line search.",
            run: || _ = broyden([1e4, 1e4], 1e-10),
        },
        Case {
            batch: Batch::HeldOut,
            name: "arch_lagged_jacobian",
            solver: "hand-written chord method",
            problem: "the Jacobian of the start is used for all iterations: the convergence is linear and slow",
            category: "max_iterations",
            advice: "The Jacobian is out of date, which makes the convergence linear: evaluate it anew every few iterations.",
            run: || _ = arch_deflection(2.0, 8.0, 1e-10, 50),
        },
        Case {
            batch: Batch::HeldOut,
            name: "contact_line_search",
            solver: "hand-written damped Newton",
            problem: "the Jacobian lacks the coupling terms, so that its step is no descent",
            category: "line_search",
            advice: "Check the Jacobian against finite differences: a coupling is missing, so that the step does not descend.",
            run: || _ = thermoelastic_contact([-0.5, 0.3], 1e-10),
        },
        Case {
            batch: Batch::HeldOut,
            name: "load_flow_nose",
            solver: "hand-written Newton",
            problem: "the load is beyond the nose of the P–V curve, where there is no solution",
            category: "max_iterations",
            advice: "There is no solution at this load: reduce it, and follow the solution towards it (continuation power flow).",
            run: || _ = load_flow(3.0, 1.0, 0.4, 40),
        },
        Case {
            batch: Batch::HeldOut,
            name: "channel_inner_sweeps",
            solver: "hand-written PISO with Gauss–Seidel",
            problem: "twenty sweeps of Gauss–Seidel do not solve the diffusion on a fine grid",
            category: "linear_solve",
            advice: "Solve the inner system with a better solver (multigrid, preconditioned CG, or a tridiagonal one): the outer \
                     iteration is not the cause.",
            run: || _ = channel_flow(200, 0.1, 0.1),
        },
    ]
}

fn scalars() -> Vec<Case> {
    vec![
        Case {
            batch: Batch::HeldOut,
            name: "electrolyte_negative",
            solver: "hand-written Newton",
            problem: "the first step of Newton's method makes the concentration negative",
            category: "domain_error",
            advice: "Damp the step so that c stays positive, or solve for ln c.",
            run: || _ = electrolyte_activity(-3.0, 2.0),
        },
        Case {
            batch: Batch::HeldOut,
            name: "node_touches_zero",
            solver: "hand-written bisection",
            problem: "the function touches zero and has the same sign on both sides",
            category: "initialization",
            advice: "There is no change of sign: choose the interval anew; for a double root find the minimum of |f| instead.",
            run: || _ = node_search(0.5, 2.0),
        },
        Case {
            batch: Batch::HeldOut,
            name: "maturity_regula_falsi",
            solver: "hand-written regula falsi",
            problem: "one end of the interval never moves for a function so convex",
            category: "max_iterations",
            advice: "Regula falsi keeps one end for convex functions: use Illinois, Brent or bisection.",
            run: || _ = yield_to_maturity(0.0, 1.6, 1e-12, 40),
        },
        Case {
            batch: Batch::HeldOut,
            name: "sensitivity_round_off",
            solver: "hand-written finite differences",
            problem: "the rounding error of the difference quotient is above the tolerance for every step",
            category: "accuracy_unattainable",
            advice: "Differences reach about ε^(2/3) = 1e-11 at best: loosen the tolerance, or differentiate exactly (complex \
                     step, dual numbers).",
            run: || _ = sensitivity(0.7, 1e-14),
        },
    ]
}
