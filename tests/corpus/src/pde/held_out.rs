//! Waves, gases and wave functions on grids.

use tracing::{debug, info_span};
use tracing_failure::{Check, ResultExt, computation, ensure_finite, trail};

use crate::case::{Batch, Case};

#[derive(Debug)]
enum Blowup {
    Elevation(f64, usize),
    Pressure { p: f64, i: usize, n: usize },
    Norm { deviation: f64 },
    Dt { dt: f64, t: f64 },
}

impl std::fmt::Display for Blowup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Blowup::Elevation(eta, n) => write!(f, "solution exploded: max|eta| = {eta:.1e} m after {n} steps"),
            Blowup::Pressure { p, i, n } => write!(f, "pressure became negative (p = {p:.3e}) in cell {i}, step {n}"),
            Blowup::Norm { deviation } => {
                write!(f, "wave function not normalised any more: |<psi|psi> - 1| = {deviation:.2}")
            }
            Blowup::Dt { dt, t } => write!(f, "time step collapsed to {dt:.1e} at t = {t:.6}"),
        }
    }
}

impl std::error::Error for Blowup {}

/// ηₜₜ = c²ηₓₓ by leapfrog.
#[computation("linear shallow water", fields(scheme = "leapfrog"))]
fn tsunami_run(depth: f64, dx: f64, dt: f64, n_steps: usize) -> Result<f64, Blowup> {
    let c = (9.81 * depth).sqrt();
    let cfl = c * dt / dx;
    let mut old: Vec<f64> = (0..200).map(|i| (-(f64::from(i) - 100.0).powi(2) / 20.0).exp()).collect();
    let mut eta = old.clone();
    for n in 0..n_steps {
        let mut new = eta.clone();
        for i in 1..eta.len() - 1 {
            new[i] = 2.0 * eta[i] - old[i] + cfl * cfl * (eta[i + 1] - 2.0 * eta[i] + eta[i - 1]);
        }
        old = std::mem::replace(&mut eta, new);
        let peak = eta.iter().fold(0.0_f64, |m, e| m.max(e.abs()));
        trail!(n, cfl, max_eta = peak);
        if peak > 1e4 {
            return Err(Blowup::Elevation(peak, n));
        }
    }
    Ok(eta[100])
}

/// Two streams of gas that move apart and leave a near vacuum, by MacCormack's scheme.
#[computation("Euler equations", fields(scheme = "MacCormack"))]
fn receding_streams(mach: f64, cells: usize, cfl: f64, steps: usize) -> Result<f64, Blowup> {
    let gamma = 1.4_f64;
    let pressure = |u: [f64; 3]| (gamma - 1.0) * (u[2] - 0.5 * u[1] * u[1] / u[0]);
    let flux = |u: [f64; 3]| {
        let (v, p) = (u[1] / u[0], pressure(u));
        [u[1], u[1] * v + p, (u[2] + p) * v]
    };
    let speed = mach * gamma.sqrt();
    let state = |i: usize| [1.0, if i < cells / 2 { -speed } else { speed }, 1.0 / (gamma - 1.0) + 0.5 * speed * speed];
    let mut u: Vec<[f64; 3]> = (0..cells).map(state).collect();
    for n in 0..steps {
        let speed = |u: &[f64; 3]| (u[1] / u[0]).abs() + (gamma * pressure(*u) / u[0]).sqrt();
        let fastest = u.iter().map(speed).fold(0.0, f64::max);
        let lambda = cfl / fastest;
        let mut p: Vec<[f64; 3]> = u.clone();
        for i in 0..cells - 1 {
            let (a, b) = (flux(u[i]), flux(u[i + 1]));
            p[i] = std::array::from_fn(|k| u[i][k] - lambda * (b[k] - a[k]));
        }
        for i in 1..cells - 1 {
            let (a, b) = (flux(p[i - 1]), flux(p[i]));
            u[i] = std::array::from_fn(|k| 0.5 * (u[i][k] + p[i][k] - lambda * (b[k] - a[k])));
        }
        let (i, p) = u.iter().map(|u| pressure(*u)).enumerate().min_by(|a, b| a.1.total_cmp(&b.1)).unwrap();
        trail!(n, fastest, p_min = p, rho_min = u.iter().map(|u| u[0]).fold(f64::MAX, f64::min));
        if p < 0.0 {
            return Err(Blowup::Pressure { p, i, n });
        }
    }
    Ok(u[0][0])
}

/// Gray and Scott's reaction on a square, with a diffusion number above a quarter.
#[computation("Gray–Scott")]
fn pattern_formation(diffusivity: f64, dt: f64, side: usize, max_it: usize) -> Result<f64, Check> {
    let dx = 1.0 / side as f64;
    let d = diffusivity * dt / (dx * dx);
    let at = |i: usize, j: usize| (i % side) * side + j % side;
    let mut u: Vec<f64> = (0..side * side).map(|i| 1.0 - 0.5 * f64::from(u32::from(i % 7 == 0))).collect();
    for it in 0..max_it {
        let old = u.clone();
        for i in 0..side {
            for j in 0..side {
                let around =
                    old[at(i + 1, j)] + old[at(i + side - 1, j)] + old[at(i, j + 1)] + old[at(i, j + side - 1)];
                let here = old[at(i, j)];
                u[at(i, j)] = here + d * (around - 4.0 * here) + dt * 0.04 * (1.0 - here);
            }
        }
        let mean_square = u.iter().map(|u| u * u).sum::<f64>() / u.len() as f64;
        trail!(it, dt, dx, mean_square);
        ensure_finite!(mean_square, iteration = it)?;
    }
    Ok(u[0])
}

/// iψₜ = −ψₓₓ/2 by explicit Euler, which is not unitary.
#[computation("Schrödinger equation", fields(propagator = "explicit Euler"))]
fn wave_packet(dt: f64, points: usize, steps: usize) -> Result<f64, Blowup> {
    let dx = 20.0 / points as f64;
    let mut re: Vec<f64> = (0..points).map(|i| (-0.5 * (i as f64 * dx - 10.0).powi(2)).exp()).collect();
    let scale = (re.iter().map(|a| a * a).sum::<f64>() * dx).sqrt();
    re.iter_mut().for_each(|a| *a /= scale);
    let mut im = vec![0.0; points];
    for step in 0..steps {
        let second =
            |a: &[f64], i: usize| (a[(i + 1) % points] - 2.0 * a[i] + a[(i + points - 1) % points]) / (dx * dx);
        let (dre, dim): (Vec<f64>, Vec<f64>) =
            (0..points).map(|i| (-0.5 * second(&im, i), 0.5 * second(&re, i))).unzip();
        for i in 0..points {
            re[i] += dt * dre[i];
            im[i] += dt * dim[i];
        }
        let probability = re.iter().zip(&im).map(|(a, b)| a * a + b * b).sum::<f64>() * dx;
        trail!(step, dt, probability);
        if (probability - 1.0).abs() > 0.1 {
            return Err(Blowup::Norm { deviation: (probability - 1.0).abs() });
        }
    }
    Ok(re[0])
}

/// uₜ = uₓₓ + u², with a time step that follows the reaction: it blows up.
fn combustion(amplitude: f64, t_max: f64) -> Result<f64, Blowup> {
    let _span = info_span!(
        "hot_spot",
        computation = "hot_spot_combustion",
        theoretical_ref = "u_t = u_xx + u^2",
        amplitude,
        t_max
    )
    .entered();
    let cells = 40;
    let dx = 1.0 / f64::from(cells);
    let mut u: Vec<f64> = (0..=cells).map(|i| amplitude * (std::f64::consts::PI * f64::from(i) * dx).sin()).collect();
    let mut t = 0.0;
    while t < t_max {
        let hottest = u.iter().copied().fold(0.0, f64::max);
        let dt = (0.25 * dx * dx).min(0.1 / hottest);
        debug!(t, dt, hottest);
        if dt < 1e-12 {
            return Err(Blowup::Dt { dt, t }).record_failure();
        }
        let old = u.clone();
        for i in 1..u.len() - 1 {
            u[i] += dt * ((old[i + 1] - 2.0 * old[i] + old[i - 1]) / (dx * dx) + old[i] * old[i]);
        }
        t += dt;
    }
    Ok(u[20])
}

pub(crate) fn cases() -> Vec<Case> {
    vec![
        Case {
            batch: Batch::HeldOut,
            name: "tsunami_cfl",
            solver: "hand-written leapfrog",
            problem: "c dt/dx = 1.06, above the limit of 1",
            category: "residual_divergence",
            advice: "The CFL number is above 1: shorten the time step (dt < dx/√(gh)).",
            run: || _ = tsunami_run(4000.0, 1000.0, 5.35, 5000),
        },
        Case {
            batch: Batch::HeldOut,
            name: "receding_streams",
            solver: "hand-written MacCormack scheme",
            problem: "a scheme of second order without a limiter takes more energy out of the rarefaction than is there",
            category: "constraint_violation",
            advice: "Use a positivity-preserving scheme (HLL or Rusanov flux, limiter, artificial viscosity), and a small CFL \
                     number for the first steps.",
            run: || _ = receding_streams(3.0, 200, 0.8, 500),
        },
        Case {
            batch: Batch::HeldOut,
            name: "pattern_diffusion_number",
            solver: "hand-written FTCS in two dimensions",
            problem: "D dt/dx² = 0.3 is above the limit of ¼ in two dimensions",
            category: "non_finite",
            advice: "The explicit scheme is unstable: in two dimensions dt ≤ dx²/(4D); shorten it, or treat diffusion implicitly.",
            run: || _ = pattern_formation(0.3, 1.0 / 1024.0, 32, 5000),
        },
        Case {
            batch: Batch::HeldOut,
            name: "wave_packet_norm",
            solver: "hand-written explicit Euler",
            problem: "explicit Euler multiplies every mode of the wave function by more than one",
            category: "constraint_violation",
            advice: "Use a unitary scheme (Crank–Nicolson, split operator): explicit Euler is unstable for every step.",
            run: || _ = wave_packet(2e-3, 128, 4000),
        },
        Case {
            batch: Batch::HeldOut,
            name: "hot_spot_time_step",
            solver: "hand-written explicit scheme",
            problem: "the reaction is faster than diffusion, and the temperature infinite at a finite time",
            category: "step_size_underflow",
            advice: "The temperature blows up in finite time: see whether the model lacks what limits it (fuel), or stop there.",
            run: || _ = combustion(50.0, 1.0),
        },
    ]
}
