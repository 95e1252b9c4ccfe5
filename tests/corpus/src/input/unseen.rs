//! Files, tables, memory, time limits and signals.

use std::process::Command;
use std::time::{Duration, Instant};

use serde::Deserialize;
use tracing::{debug, error, info, info_span};
use tracing_failure::{ResultExt, computation, trail};

use crate::case::{Batch, Case};

#[derive(Debug, thiserror::Error)]
enum InputError {
    #[error("bad configuration")]
    Config(#[from] serde_json::Error),
    #[error("T = {t:.1} K outside of table range [{low}, {high}]")]
    Table { t: f64, low: f64, high: f64 },
    #[error("nothing left to fit: 0 of {all} observations passed the quality cuts")]
    NoData { all: usize },
    #[error("allocation of {gib:.0} GiB for the dense Jacobian failed")]
    Jacobian {
        gib: f64,
        #[source]
        source: std::collections::TryReserveError,
    },
    #[error("time budget of {budget:?} used up before all {wanted} samples were drawn")]
    Budget { budget: Duration, wanted: usize },
    #[error("chemistry solver crashed ({0})")]
    Crashed(std::process::ExitStatus),
    #[error("stopped by Ctrl-C in generation {generation}")]
    Stopped { generation: u32 },
}

#[derive(Debug, Deserialize)]
struct Fluid {
    density: f64,
    viscosity: f64,
}

/// A configuration without a viscosity.
#[computation("Re = rho U L / mu")]
fn channel_setup(text: &str, velocity: f64, length: f64) -> Result<f64, InputError> {
    let fluid: Fluid = serde_json::from_str(text).map_err(InputError::from)?;
    Ok(fluid.density * velocity * length / fluid.viscosity)
}

/// A furnace that leaves the temperature range of its material table.
#[computation("JANAF tables")]
fn furnace_heating(power: f64, mass: f64) -> Result<f64, InputError> {
    let (low, high, table) = (200.0, 3000.0, [800.0, 1000.0, 1150.0, 1200.0]);
    let mut t = 300.0;
    for second in 0..2000 {
        if !(low..=high).contains(&t) {
            return Err(InputError::Table { t, low, high });
        }
        let at = (t - low) / (high - low) * 3.0;
        let i = (at as usize).min(2);
        let cp = table[i] + (at - i as f64) * (table[i + 1] - table[i]);
        t += power / (mass * cp);
        trail!(second, temperature = t, cp);
    }
    Ok(t)
}

/// Cuts that no observation passes.
#[computation("transit model")]
fn light_curve_fit(min_snr: f64, max_airmass: f64) -> Result<f64, InputError> {
    let observations: Vec<(f64, f64)> = (0..200).map(|i| (5.0 + f64::from(i % 9), 1.0 + 0.01 * f64::from(i))).collect();
    let kept: Vec<_> = observations.iter().filter(|(snr, airmass)| *snr > min_snr && *airmass < max_airmass).collect();
    info!(kept = kept.len(), all = observations.len(), "quality cuts");
    if kept.is_empty() {
        return Err(InputError::NoData { all: observations.len() });
    }
    Ok(kept.iter().map(|o| o.0).sum())
}

/// A dense Jacobian of a large system.
#[computation("tangent linear model")]
fn climate_adjoint(unknowns: usize) -> Result<f64, InputError> {
    let mut dense: Vec<f64> = vec![];
    let gib = (unknowns as f64).powi(2) * 8.0 / 1024_f64.powi(3);
    let source = dense.try_reserve_exact(unknowns.saturating_mul(unknowns));
    source.map_err(|source| InputError::Jacobian { gib, source })?;
    Ok(dense.capacity() as f64)
}

/// Samples of a path integral, until the time limit.
#[computation("Feynman–Kac")]
fn path_integral(wanted: usize, budget_ms: u64) -> Result<f64, InputError> {
    let (start, budget) = (Instant::now(), Duration::from_millis(budget_ms));
    let mut sum = 0.0;
    for _ in 0..wanted {
        sum += (0..20_000).map(|i| (f64::from(i) * 1e-3).sin()).sum::<f64>();
        std::thread::sleep(Duration::from_millis(5));
        if start.elapsed() > budget {
            return Err(InputError::Budget { budget, wanted });
        }
    }
    Ok(sum)
}

/// A child process that crashes.
#[computation("operator splitting")]
fn coupled_chemistry(cells: usize) -> Result<(), InputError> {
    let status = Command::new("sh").args(["-c", "ulimit -c 0; kill -SEGV $$"]).status().unwrap();
    if status.success() { Ok(()) } else { Err(InputError::Crashed(status)) }
}

/// A search that the user interrupts.
fn evolution(generations: u32, stop_at: u32) -> Result<f64, InputError> {
    let span =
        info_span!("evolve", computation = "wing_shape_search", theoretical_ref = "genetic algorithm", generations);
    span.in_scope(|| {
        let mut best = 1.0_f64;
        for generation in 0..generations {
            best *= 0.97;
            debug!(generation, best_fitness = best);
            if generation == stop_at {
                return Err(InputError::Stopped { generation }).record_failure();
            }
        }
        Ok(best)
    })
}

/// Work that is divided among zero threads.
#[computation("rendering equation")]
fn raytrace_tiles(rows: usize, threads: usize) -> usize {
    let per_thread = rows / threads;
    trail!(per_thread);
    per_thread
}

/// A table with decimal commas.
#[computation("Q = a h^b", fields(file = "gauge_17.csv"))]
fn rating_curve(table: &str) -> Option<f64> {
    let mut sum = 0.0;
    for (line, text) in table.lines().enumerate() {
        match text.parse::<f64>() {
            Ok(h) => sum += h,
            Err(e) => {
                error!(line, "cannot read {text:?}: {e}");
                return None;
            }
        }
    }
    Some(sum)
}

pub(crate) fn cases() -> Vec<Case> {
    vec![
        Case {
            batch: Batch::Unseen,
            name: "channel_without_viscosity",
            solver: "serde_json",
            problem: "the key is missing in the configuration",
            category: "missing_input",
            advice: "Add `viscosity` to the configuration (see how the key is spelled).",
            run: || _ = channel_setup(r#"{"density": 998.2, "viscocity": 1.0e-3}"#, 1.0, 0.1),
        },
        Case {
            batch: Batch::Unseen,
            name: "furnace_beyond_table",
            solver: "hand-written table",
            problem: "nothing cools the furnace, and the table ends at 3000 K",
            category: "domain_error",
            advice: "The temperature leaves the table: see why it gets so high (losses, power), else extend the table or limit it.",
            run: || _ = furnace_heating(2.0e4, 5.0),
        },
        Case {
            batch: Batch::Unseen,
            name: "light_curve_cuts",
            solver: "hand-written cuts",
            problem: "no observation has a ratio of signal to noise above 50",
            category: "missing_input",
            advice: "No data are left: loosen the cuts (min_snr), or check the data.",
            run: || _ = light_curve_fit(50.0, 2.0),
        },
        Case {
            batch: Batch::Unseen,
            name: "adjoint_dense_jacobian",
            solver: "Vec",
            problem: "40 million unknowns squared",
            category: "out_of_memory",
            advice: "Do not store it dense: use a sparse or a matrix-free Jacobian (Krylov method).",
            run: || _ = climate_adjoint(40_000_000),
        },
        Case {
            batch: Batch::Unseen,
            name: "path_budget",
            solver: "hand-written Monte Carlo",
            problem: "the samples take longer than they may",
            category: "time_limit",
            advice: "Give it more time, or ask for fewer samples (or go on from a checkpoint).",
            run: || _ = path_integral(5000, 20),
        },
        Case {
            batch: Batch::Unseen,
            name: "chemistry_crash",
            solver: "a program beside",
            problem: "the other program accesses memory that is not its own",
            category: "killed",
            advice: "The other program crashed (segmentation fault): look at its log and run it alone in a debugger; try a larger stack.",
            run: || _ = coupled_chemistry(4096),
        },
        Case {
            batch: Batch::Unseen,
            name: "wing_search_stopped",
            solver: "hand-written genetic algorithm",
            problem: "it is stopped by hand",
            category: "interrupted",
            advice: "Nothing is wrong with it: go on from the last generation (checkpoint).",
            run: || _ = evolution(500, 37),
        },
        Case {
            batch: Batch::Unseen,
            name: "tiles_no_threads",
            solver: "whole numbers",
            problem: "a division by the number of threads, which is 0",
            category: "panic",
            advice: "The number of threads is zero: check the parameter, use at least one.",
            run: || _ = std::panic::catch_unwind(|| raytrace_tiles(1080, 0)),
        },
        Case {
            batch: Batch::Unseen,
            name: "rating_curve_comma",
            solver: "str::parse",
            problem: "1,52 is no number here",
            category: "missing_input",
            advice: "A decimal comma: write 1.52, or replace commas when reading.",
            run: || _ = rating_curve("1.31\n1.44\n1,52\n"),
        },
    ]
}
