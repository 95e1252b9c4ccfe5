//! Files, batch queues and signals.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::num::ParseIntError;
use std::process::Command;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use tracing::{debug, error, info, instrument, warn};
use tracing_failure::{computation, trail};

use crate::case::{Batch, Case};

#[derive(Debug, thiserror::Error)]
enum RunError {
    #[error("variable `{name}` not in dataset (has: {present})")]
    Variable { name: &'static str, present: String },
    #[error("checkpoint is truncated")]
    Truncated(#[from] io::Error),
    #[error("walltime of {limit:?} used up in cycle {cycle}")]
    Walltime { limit: Duration, cycle: u64 },
    #[error("got SIGTERM, stopping at sweep {sweep}")]
    Terminated { sweep: u32 },
    #[error("mesher ended with {status}")]
    Mesher { status: std::process::ExitStatus },
}

#[computation("int rho c T dz")]
fn ocean_heat_content(dataset: &HashMap<&str, Vec<f64>>, depth: f64) -> Result<f64, RunError> {
    let mut present: Vec<_> = dataset.keys().copied().collect();
    present.sort_unstable();
    let name = "thetao";
    let field = dataset.get(name).ok_or_else(|| RunError::Variable { name, present: present.join(", ") });
    Ok(field?.iter().sum::<f64>() * depth)
}

#[computation("restart file", fields(bytes = file.len()))]
fn restart_read(mut file: &[u8], cells: usize) -> Result<Vec<f64>, RunError> {
    let mut state = vec![0; 8 * cells];
    file.read_exact(&mut state).map_err(RunError::from)?;
    Ok(state.chunks_exact(8).map(|bytes| f64::from_le_bytes(bytes.try_into().unwrap())).collect())
}

#[computation("job file", fields(key = "n_steps"))]
fn job_setup(text: &str) -> Result<u64, ParseIntError> {
    text.trim().parse()
}

#[computation("output")]
fn field_output(path: &str) -> io::Result<File> {
    File::create(path)
}

#[computation("Wilson action", fields(algorithm = "HMC"))]
fn lattice_qcd_trajectories(limit: Duration, cycles: u64) -> Result<f64, RunError> {
    let start = Instant::now();
    let mut plaquette = 0.5;
    for cycle in 0..cycles {
        plaquette = 0.59 + 0.2 * (plaquette - 0.55_f64).sin();
        std::thread::sleep(Duration::from_millis(1));
        trail!(cycle, plaquette);
        if start.elapsed() > limit {
            return Err(RunError::Walltime { limit, cycle });
        }
    }
    Ok(plaquette)
}

#[instrument(err, skip(signals), fields(computation = "ising_sweeps", theoretical_ref = "Ising model"))]
fn sweeps(signals: &Receiver<i32>, count: u32) -> Result<f64, RunError> {
    let mut energy = -1.0;
    for sweep in 0..count {
        energy += 1e-6;
        debug!(sweep, energy);
        if signals.try_recv().is_ok() {
            warn!(sweep, "signal received");
            return Err(RunError::Terminated { sweep });
        }
    }
    Ok(energy)
}

/// A child process that is killed, as the kernel does when memory is short.
#[computation("mesh", fields(program = "mesher"))]
fn wing_mesh(script: &str) -> Result<(), RunError> {
    let status = Command::new("sh").args(["-c", script]).status().unwrap();
    info!(%status, "mesher");
    if status.success() { Ok(()) } else { Err(RunError::Mesher { status }) }
}

#[computation("E(k)")]
fn band_structure(catalogue: &HashMap<&str, f64>, material: &str) -> Option<f64> {
    let Some(constant) = catalogue.get(material) else {
        error!(material, entries = catalogue.len(), "no lattice constant for this material in the catalogue");
        return None;
    };
    Some(*constant)
}

fn dataset() -> HashMap<&'static str, Vec<f64>> {
    ["lat", "lon", "temp", "time"].into_iter().map(|name| (name, vec![0.0; 10])).collect()
}

fn signalled() -> Receiver<i32> {
    let (sender, receiver) = channel();
    sender.send(15).unwrap();
    receiver
}

pub(crate) fn cases() -> Vec<Case> {
    [files(), process()].into_iter().flatten().collect()
}

fn files() -> Vec<Case> {
    vec![
        Case {
            batch: Batch::HeldOut,
            name: "ocean_variable",
            solver: "std HashMap",
            problem: "the temperature has another name in this dataset",
            category: "missing_input",
            advice: "The variable is not in the file: look at the names that are there (temp), and map them.",
            run: || _ = ocean_heat_content(&dataset(), 700.0),
        },
        Case {
            batch: Batch::HeldOut,
            name: "restart_truncated",
            solver: "std read_exact",
            problem: "the checkpoint ends in the middle: the run that wrote it was stopped while it wrote",
            category: "missing_input",
            advice: "The file is shorter than it should be: compare its size with what is expected, and take the checkpoint \
                     before; write to a temporary file and rename it.",
            run: || _ = restart_read(&[0; 1000], 200),
        },
        Case {
            batch: Batch::HeldOut,
            name: "steps_as_float",
            solver: "std parse",
            problem: "the number of steps is written as 1e6 and read as an integer",
            category: "initialization",
            advice: "An integer is wanted: write 1000000, or read a float and round it.",
            run: || _ = job_setup("1e6"),
        },
        Case {
            batch: Batch::HeldOut,
            name: "output_directory",
            solver: "std File::create",
            problem: "the directory of the output does not exist",
            category: "missing_input",
            advice: "Create the directory before (create_dir_all), and check the working directory.",
            run: || _ = field_output("results/run_042/fields.h5"),
        },
        Case {
            batch: Batch::HeldOut,
            name: "catalogue_material",
            solver: "std HashMap",
            problem: "the catalogue has no entry for this material",
            category: "missing_input",
            advice: "Add the material to the catalogue, or check how its name is spelled.",
            run: || _ = band_structure(&HashMap::from([("Si", 5.43), ("Ge", 5.66)]), "GaAs"),
        },
    ]
}

fn process() -> Vec<Case> {
    vec![
        Case {
            batch: Batch::HeldOut,
            name: "trajectories_walltime",
            solver: "hand-written HMC",
            problem: "the time of the queue is over before the trajectories are",
            category: "time_limit",
            advice: "Write checkpoints and continue in the next job, or ask for more time.",
            run: || _ = lattice_qcd_trajectories(Duration::from_millis(60), 100_000),
        },
        Case {
            batch: Batch::HeldOut,
            name: "sweeps_sigterm",
            solver: "hand-written Monte Carlo",
            problem: "the queue stops the job with a signal",
            category: "interrupted",
            advice: "The scheduler stopped it: go on from the last checkpoint; nothing is wrong with the numbers.",
            run: || _ = sweeps(&signalled(), 100),
        },
        Case {
            batch: Batch::HeldOut,
            name: "mesher_killed",
            solver: "std process::Command",
            problem: "a child process is killed, as by the kernel when memory is short",
            category: "killed",
            advice: "Signal 9 is most often the kernel's answer to a lack of memory: look at its log and reduce what the program \
                     needs, or the limits of the queue.",
            run: || _ = wing_mesh("kill -9 $$"),
        },
    ]
}
