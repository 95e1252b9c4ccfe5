//! Explicit and implicit schemes on grids.

use tracing::{error, warn};
use tracing_failure::{computation, trail};

use crate::case::{Batch, Case};

#[derive(Debug, thiserror::Error)]
enum SchemeError {
    #[error("free energy is diverging: F = {now:.2e}, initially {initial:.2e}")]
    FreeEnergy { now: f64, initial: f64 },
    #[error("concentration diverges although the Courant number is {courant:.2} (max c = {peak:.1e})")]
    Plume { courant: f64, peak: f64 },
    #[error("negative delta of a digital call: {delta:.3} at S = {spot}")]
    Option { delta: f64, spot: f64 },
    #[error("pressure solve stalled at ||b - A p|| = {residual:.3e} after {sweeps} sweeps")]
    Pressure { residual: f64, sweeps: usize },
}

/// cₜ = M (c³ − c − κ cₓₓ)ₓₓ by explicit Euler.
#[computation("Cahn–Hilliard", fields(mobility = 1.0))]
fn spinodal_decomposition(kappa: f64, dx: f64, dt: f64) -> Result<f64, SchemeError> {
    let n = 128;
    let mut c: Vec<f64> = (0..n).map(|i| 0.1 * (1.7 * f64::from(i)).sin()).collect();
    let n = n as usize;
    let laplace = |c: &[f64], i: usize| (c[(i + 1) % n] - 2.0 * c[i] + c[(i + n - 1) % n]) / (dx * dx);
    let energy = |c: &[f64]| {
        let cell = |i: usize| 0.25 * (c[i] * c[i] - 1.0).powi(2) + 0.5 * kappa * ((c[(i + 1) % n] - c[i]) / dx).powi(2);
        (0..n).map(cell).sum::<f64>() * dx
    };
    let initial = energy(&c);
    for step in 0..10_000 {
        let mu: Vec<f64> = (0..n).map(|i| c[i].powi(3) - c[i] - kappa * laplace(&c, i)).collect();
        (0..n).for_each(|i| c[i] += dt * laplace(&mu, i));
        let now = energy(&c);
        trail!(step, dt, free_energy = now);
        if now > 1e4 * initial {
            return Err(SchemeError::FreeEnergy { now, initial });
        }
    }
    Ok(c[0])
}

/// cₜ + a cₓ = 0, forward in time and centred in space.
#[computation("linear advection", fields(scheme = "FTCS"))]
fn plume_transport(a: f64, dx: f64, dt: f64, steps: usize) -> Result<f64, SchemeError> {
    let n = 100;
    let courant = a * dt / dx;
    let mut c: Vec<f64> = (0..n).map(|i| f64::from(u8::from((20..30).contains(&i)))).collect();
    for k in 0..steps {
        let old = c.clone();
        (0..n).for_each(|i| c[i] -= 0.5 * courant * (old[(i + 1) % n] - old[(i + n - 1) % n]));
        let peak = c.iter().fold(0.0_f64, |m, c| m.max(c.abs()));
        trail!(k, time = k as f64 * dt, peak, courant);
        if peak > 1e6 {
            return Err(SchemeError::Plume { courant, peak });
        }
    }
    Ok(c[0])
}

/// A digital option by Crank–Nicolson, with large time steps.
#[computation("Black–Scholes", fields(scheme = "Crank-Nicolson"))]
fn digital_call(sigma: f64, strike: f64, n_time: usize, n_space: usize) -> Result<f64, SchemeError> {
    let (ds, dt, r) = (2.0 * strike / n_space as f64, 1.0 / n_time as f64, 0.02);
    let mut v: Vec<f64> = (0..=n_space).map(|i| f64::from(u8::from(i as f64 * ds > strike))).collect();
    for level in 0..n_time {
        let coefficients = |i: usize| {
            let s2 = (sigma * i as f64).powi(2);
            let drift = r * i as f64;
            (0.25 * dt * (s2 - drift), -0.5 * dt * (s2 + r), 0.25 * dt * (s2 + drift))
        };
        // Thomas' algorithm for (I − A) v = (I + A) v_old
        let (mut c, mut d) = (vec![0.0; n_space + 1], vec![0.0; n_space + 1]);
        d[0] = v[0];
        for i in 1..n_space {
            let (lo, mid, up) = coefficients(i);
            let rhs = lo * v[i - 1] + (1.0 + mid) * v[i] + up * v[i + 1];
            let pivot = 1.0 - mid + lo * c[i - 1];
            c[i] = -up / pivot;
            d[i] = (rhs + lo * d[i - 1]) / pivot;
        }
        for i in (1..n_space).rev() {
            v[i] = d[i] - c[i] * v[i + 1];
        }
        let slopes = v.windows(2).map(|w| (w[1] - w[0]) / ds);
        let (i, delta) = slopes.enumerate().min_by(|a, b| a.1.total_cmp(&b.1)).unwrap();
        trail!(level, dt, min_delta = delta, "time level");
        if delta < -0.01 {
            return Err(SchemeError::Option { delta, spot: i as f64 * ds });
        }
    }
    Ok(v[n_space / 2])
}

/// The pressure of a projection method, with walls only and more inflow than outflow.
#[computation("Chorin 1968", fields(boundary = "Neumann"))]
fn pressure_projection(side: usize, inflow: f64, outflow: f64, omega: f64) -> Result<f64, SchemeError> {
    let mut p = vec![vec![0.0; side]; side];
    let mut b = vec![vec![0.0; side]; side];
    b[0][side / 2] = -inflow;
    b[side - 1][side / 2] = outflow;
    let (mut residual, sweeps) = (0.0, 3000);
    for sweep in 0..sweeps {
        residual = 0.0;
        for i in 0..side {
            for j in 0..side {
                let mut around = vec![];
                if i > 0 {
                    around.push(p[i - 1][j]);
                }
                if j > 0 {
                    around.push(p[i][j - 1]);
                }
                if i + 1 < side {
                    around.push(p[i + 1][j]);
                }
                if j + 1 < side {
                    around.push(p[i][j + 1]);
                }
                let r = around.iter().sum::<f64>() - around.len() as f64 * p[i][j] - b[i][j];
                residual += r * r;
                p[i][j] += omega * r / around.len() as f64;
            }
        }
        residual = f64::sqrt(residual);
        trail!(sweep, r2 = residual);
        if residual < 1e-6 {
            return Ok(p[0][0]);
        }
    }
    warn!(inflow, outflow, "pressure not converged");
    Err(SchemeError::Pressure { residual, sweeps })
}

/// A shear layer by the lattice Boltzmann method, with almost no viscosity.
#[computation("BGK, D2Q9")]
fn lattice_boltzmann(tau: f64, u_lattice: f64, nodes: usize) -> Option<f64> {
    const C: [(i32, i32); 9] = [(0, 0), (1, 0), (0, 1), (-1, 0), (0, -1), (1, 1), (-1, 1), (-1, -1), (1, -1)];
    let w = |k: usize| {
        if k == 0 {
            4.0 / 9.0
        } else if k < 5 {
            1.0 / 9.0
        } else {
            1.0 / 36.0
        }
    };
    let equilibrium = |k: usize, rho: f64, u: f64, v: f64| {
        let cu = f64::from(C[k].0) * u + f64::from(C[k].1) * v;
        w(k) * rho * (1.0 + 3.0 * cu + 4.5 * cu * cu - 1.5 * (u * u + v * v))
    };
    let turn = std::f64::consts::TAU / nodes as f64;
    let mut f: Vec<[f64; 9]> = (0..nodes * nodes)
        .map(|at| {
            let (x, y) = ((at % nodes) as f64 * turn, (at / nodes) as f64 * turn);
            let u = if y.sin() > 0.0 { u_lattice } else { -u_lattice };
            std::array::from_fn(|k| equilibrium(k, 1.0, u, 0.05 * x.sin()))
        })
        .collect();
    for timestep in 0..3000 {
        let (mut umax, mut rho_max) = (0.0_f64, 0.0_f64);
        let mut new = f.clone();
        for (at, here) in f.iter().enumerate() {
            let rho: f64 = here.iter().sum();
            let u = (0..9).map(|k| f64::from(C[k].0) * here[k]).sum::<f64>() / rho;
            let v = (0..9).map(|k| f64::from(C[k].1) * here[k]).sum::<f64>() / rho;
            umax = umax.max((u * u + v * v).sqrt());
            rho_max = rho_max.max(rho);
            if rho.is_nan() {
                error!(timestep, x = at % nodes, y = at / nodes, "rho is NaN");
                return None;
            }
            for k in 0..9 {
                let to = |p: usize, c: i32| (p as i32 + c).rem_euclid(nodes as i32) as usize;
                let target = to(at % nodes, C[k].0) + nodes * to(at / nodes, C[k].1);
                new[target][k] = here[k] - (here[k] - equilibrium(k, rho, u, v)) / tau;
            }
        }
        f = new;
        trail!(timestep, umax, rho_max, "collide and stream");
    }
    Some(f[0][0])
}

pub(crate) fn cases() -> Vec<Case> {
    vec![
        Case {
            batch: Batch::Unseen,
            name: "cahn_hilliard_step",
            solver: "hand-written explicit Euler",
            problem: "κ dt/dx⁴ = 0.2 is above the limit of ⅛",
            category: "residual_divergence",
            advice: "The step of time is too large for the fourth derivative: dt < dx⁴/(8κ), or treat it implicitly (Eyre's splitting).",
            run: || _ = spinodal_decomposition(0.5, 0.5, 0.025),
        },
        Case {
            batch: Batch::Unseen,
            name: "plume_centred_advection",
            solver: "hand-written FTCS",
            problem: "centred differences with explicit Euler are unstable for any step",
            category: "residual_divergence",
            advice: "FTCS is unconditionally unstable for advection: use upwind, Lax–Wendroff or a Runge–Kutta method.",
            run: || _ = plume_transport(1.0, 1.0, 0.5, 5000),
        },
        Case {
            batch: Batch::Unseen,
            name: "digital_option_ringing",
            solver: "hand-written Crank–Nicolson",
            problem: "Crank–Nicolson does not damp the jump of the payoff with σ²S²dt/dS² far above one",
            category: "constraint_violation",
            advice: "Begin with a few steps of implicit Euler (Rannacher), or shorten the time step: Crank–Nicolson rings at the jump.",
            run: || _ = digital_call(0.4, 100.0, 10, 400),
        },
        Case {
            batch: Batch::Unseen,
            name: "projection_incompatible",
            solver: "hand-written SOR",
            problem: "with walls only the sources have to sum up to zero, and they do not",
            category: "stagnation",
            advice: "The Neumann problem is singular and its right-hand side inconsistent: make inflow equal to outflow (subtract the \
                     mean), and fix the pressure in one point.",
            run: || _ = pressure_projection(24, 1.0, 0.9, 1.5),
        },
        Case {
            batch: Batch::Unseen,
            name: "lattice_boltzmann_relaxation",
            solver: "hand-written lattice Boltzmann method",
            problem: "τ is next to ½ and the velocity is no small fraction of the speed of sound",
            category: "non_finite",
            advice: "Raise τ above ½ (more viscosity or more nodes) and lower the lattice velocity (< 0.1); or collide with MRT.",
            run: || _ = lattice_boltzmann(0.5005, 0.25, 40),
        },
    ]
}
