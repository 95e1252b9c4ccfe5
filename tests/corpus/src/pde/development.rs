//! Explicit schemes for partial differential equations.

use tracing::{debug, error, info, instrument};
use tracing_failure::{Check, computation, ensure_in_range, trail};

use crate::case::{Batch, Case};

#[derive(Debug, thiserror::Error)]
enum SchemeError {
    #[error("scheme is unstable: max |u| = {max:.2e} after {step} steps")]
    Unstable { step: u32, max: f64 },
    #[error("negative density {density} in cell {cell} at step {step}")]
    NegativeDensity { cell: usize, density: f64, step: u32 },
}

fn max_norm(u: &[f64]) -> f64 {
    u.iter().fold(0.0, |max: f64, value| max.max(value.abs()))
}

/// uₜ = κ uₓₓ by forward time and centred space, stable for κ dt / dx² ≤ ½ only.
#[computation("Fourier's law", fields(scheme = "FTCS"))]
fn heat_conduction(kappa: f64, cells: usize, dt: f64, t_end: f64) -> Result<Vec<f64>, SchemeError> {
    let dx = 1.0 / cells as f64;
    let number = kappa * dt / (dx * dx);
    let mut u: Vec<f64> = (0..=cells).map(|i| if i == cells / 2 { 1.0 } else { 0.0 }).collect();
    for step in 0..(t_end / dt) as u32 {
        let old = u.clone();
        for i in 1..cells {
            u[i] = old[i] + number * (old[i + 1] - 2.0 * old[i] + old[i - 1]);
        }
        let max = max_norm(&u);
        trail!(step, t = f64::from(step) * dt, dt, dx, diffusion_number = number, max);
        if max > 1e3 {
            return Err(SchemeError::Unstable { step, max });
        }
    }
    Ok(u)
}

/// uₜ + c uₓ = 0 by the upwind scheme, in a periodic box.
#[computation("uₜ + c uₓ = 0", fields(scheme = "upwind"))]
fn tracer_advection(velocity: f64, cells: usize, dt: f64, steps: u32) -> Option<f64> {
    let dx = 1.0 / cells as f64;
    let courant = velocity * dt / dx;
    let mut u: Vec<f64> = (0..cells).map(|i| if i < cells / 2 { 1.0 } else { 0.0 }).collect();
    for step in 0..steps {
        let old = u.clone();
        for i in 0..cells {
            u[i] = old[i] - courant * (old[i] - old[(i + cells - 1) % cells]);
        }
        let norm = u.iter().map(|u| u * u * dx).sum::<f64>().sqrt();
        trail!(step, courant, norm);
        if norm > 1e8 {
            error!(step, courant, norm, "the solution blows up");
            return None;
        }
    }
    info!(courant, "advected");
    Some(max_norm(&u))
}

/// ρₜ + (ρ v)ₓ = 0 by the Lax–Wendroff scheme, which undershoots behind a steep front.
#[instrument(
    err,
    fields(computation = "gas_density", theoretical_ref = "continuity equation", scheme = "Lax-Wendroff")
)]
fn density(velocity: f64, cells: usize, cfl: f64, steps: u32) -> Result<f64, SchemeError> {
    let mut rho: Vec<f64> = (0..cells).map(|i| 1e-4 + (-0.1 * (i as f64 - 20.0).powi(2)).exp()).collect();
    for step in 0..steps {
        let old = rho.clone();
        for i in 0..cells {
            let (left, right) = (old[(i + cells - 1) % cells], old[(i + 1) % cells]);
            rho[i] = old[i] - 0.5 * cfl * (right - left) + 0.5 * cfl * cfl * (right - 2.0 * old[i] + left);
        }
        let min_density = rho.iter().copied().fold(f64::INFINITY, f64::min);
        debug!(step, cfl, min_density, total = rho.iter().sum::<f64>(), "sweep");
        if let Some(cell) = rho.iter().position(|density| *density < 0.0) {
            return Err(SchemeError::NegativeDensity { cell, density: rho[cell], step });
        }
    }
    Ok(rho.iter().sum::<f64>() * velocity)
}

/// ṗ = W p of a two-state system by explicit Euler, while the pump is turned up.
#[computation("ṗ = W p", fields(method = "Euler"))]
fn master_equation(rate_up: f64, rate_down: f64, tau: f64, steps: u32) -> Result<[f64; 2], Check> {
    let mut p = [1.0, 0.0];
    for n in 0..steps {
        let pump = rate_up * f64::from(n) / f64::from(steps);
        let flow = tau * (pump * p[0] - rate_down * p[1]);
        p = [p[0] - flow, p[1] + flow];
        trail!(n, tau, pump, p_ground = p[0], p_excited = p[1]);
        for probability in p {
            ensure_in_range!(probability, 0.0..=1.0, iteration = n)?;
        }
    }
    Ok(p)
}

pub(crate) fn cases() -> Vec<Case> {
    vec![
        Case {
            batch: Batch::Development,
            name: "heat_diffusion_number",
            solver: "hand-written FTCS",
            problem: "κ dt/dx² = 0.64 is above ½: the shortest wave grows in each step",
            category: "residual_divergence",
            advice: "The time step breaks the stability limit dt ≤ dx²/(2κ): make it smaller, or use an implicit scheme \
                     (Crank–Nicolson).",
            run: || _ = heat_conduction(1.0, 80, 1e-4, 1.0),
        },
        Case {
            batch: Batch::Development,
            name: "advection_courant",
            solver: "hand-written upwind scheme",
            problem: "the Courant number is 1.2, above the limit of 1",
            category: "residual_divergence",
            advice: "The Courant number is above 1: reduce dt so that c dt/dx < 1.",
            run: || _ = tracer_advection(1.0, 100, 0.012, 1000),
        },
        Case {
            batch: Batch::Development,
            name: "negative_density",
            solver: "hand-written Lax–Wendroff scheme",
            problem: "a scheme of second order without a limiter undershoots behind a steep front of the density",
            category: "constraint_violation",
            advice: "Use a positivity-preserving scheme (flux limiter, MUSCL or first-order upwind at the front); a smaller \
                     step alone does not remove the undershoot.",
            run: || _ = density(1.0, 60, 0.5, 100),
        },
        Case {
            batch: Batch::Development,
            name: "negative_probability",
            solver: "hand-written explicit Euler",
            problem: "rate × step exceeds 2 as the pump is turned up, so that more leaves a state than is in it",
            category: "constraint_violation",
            advice: "The step is too large for the rates: keep rate × dt below 1, or use the matrix exponential or an \
                     implicit step, which keep probabilities.",
            run: || _ = master_equation(120.0, 2.0, 0.05, 20),
        },
    ]
}
