//! Missing files, parameters and boundary conditions, and values outside their range.

use std::fs::File;
use std::io::{self, Read};
use std::num::ParseFloatError;

use serde::Deserialize;
use statrs::distribution::{Gamma, GammaError};
use tracing::instrument;
use tracing_failure::{computation, trail};

use crate::case::{Batch, Case};

#[derive(Debug, Deserialize)]
struct Run {
    steps: u32,
    dt: f64,
    viscosity: f64,
}

#[derive(Debug, thiserror::Error)]
enum SetupError {
    #[error("cannot read the mesh {path}")]
    Mesh { path: String, source: io::Error },
    #[error("time step must be positive, got {dt}")]
    TimeStep { dt: f64 },
    #[error("boundary condition for {side} is not set")]
    Boundary { side: &'static str },
}

#[computation("Navier–Stokes", fields(solver = "SIMPLE"))]
fn airfoil_flow(path: &str) -> Result<String, SetupError> {
    let mut text = String::new();
    let read = File::open(path).and_then(|mut file| file.read_to_string(&mut text));
    read.map_err(|source| SetupError::Mesh { path: path.to_owned(), source })?;
    Ok(text)
}

#[instrument(err, fields(computation = "restart", theoretical_ref = "checkpoint"))]
fn read_checkpoint(path: &str) -> io::Result<Vec<u8>> {
    std::fs::read(path)
}

#[computation("Navier–Stokes")]
fn vortex_street(text: &str) -> Result<f64, serde_json::Error> {
    let run: Run = serde_json::from_str(text)?;
    trail!(run.steps, run.dt, run.viscosity);
    Ok(f64::from(run.steps) * run.dt / run.viscosity)
}

#[computation("parameter scan")]
fn scan_setup(variable: &str) -> Result<String, std::env::VarError> {
    std::env::var(variable)
}

#[computation("command line")]
fn tolerance_setup(text: &str) -> Result<f64, ParseFloatError> {
    text.parse()
}

#[computation("Navier–Stokes", fields(scheme = "projection"))]
fn cavity_flow(dt: f64, steps: u32) -> Result<f64, SetupError> {
    if dt <= 0.0 {
        return Err(SetupError::TimeStep { dt });
    }
    Ok(dt * f64::from(steps))
}

#[computation("Kirchhoff plate", fields(method = "FEM"))]
fn plate_bending(clamped_left: Option<bool>, clamped_right: Option<bool>) -> Result<bool, SetupError> {
    let left = clamped_left.ok_or(SetupError::Boundary { side: "left" })?;
    let right = clamped_right.ok_or(SetupError::Boundary { side: "right" })?;
    Ok(left && right)
}

#[computation("Γ(α, β)")]
fn prior_distribution(shape: f64, rate: f64) -> Result<Gamma, GammaError> {
    Gamma::new(shape, rate)
}

pub(crate) fn cases() -> Vec<Case> {
    [files(), values()].into_iter().flatten().collect()
}

fn files() -> Vec<Case> {
    vec![
        Case {
            batch: Batch::Development,
            name: "mesh_file",
            solver: "std File::open",
            problem: "the mesh is not where the run looks for it",
            category: "missing_input",
            advice: "Check the path and the working directory of the run.",
            run: || _ = airfoil_flow("meshes/naca0012_fine.msh"),
        },
        Case {
            batch: Batch::Development,
            name: "checkpoint_file",
            solver: "std fs::read",
            problem: "there is no checkpoint to start again from",
            category: "missing_input",
            advice: "Check the path of the checkpoint, or start from the beginning.",
            run: || _ = read_checkpoint("checkpoints/step_000500.bin"),
        },
        Case {
            batch: Batch::Development,
            name: "viscosity_field",
            solver: "serde_json",
            problem: "the parameters of the run lack the viscosity",
            category: "missing_input",
            advice: "Add the field to the parameter file, or give it a default.",
            run: || _ = vortex_street(r#"{"steps": 100, "dt": 0.01}"#),
        },
        Case {
            batch: Batch::Development,
            name: "environment_variable",
            solver: "std env::var",
            problem: "the coupling is expected in a variable that the batch script does not set",
            category: "missing_input",
            advice: "Set the variable in the job script, or give a default.",
            run: || _ = scan_setup("DIAGNOSIS_COUPLING_NOT_SET"),
        },
    ]
}

fn values() -> Vec<Case> {
    vec![
        Case {
            batch: Batch::Development,
            name: "tolerance_text",
            solver: "std parse",
            problem: "the tolerance is written as 10^-6",
            category: "initialization",
            advice: "Write the number as 1e-6: the text is not a number.",
            run: || _ = tolerance_setup("10^-6"),
        },
        Case {
            batch: Batch::Development,
            name: "nan_in_parameters",
            solver: "serde_json",
            problem: "the program that wrote the parameters wrote a NaN, which JSON does not have",
            category: "initialization",
            advice: "Look at line and column of the parameter file: a NaN was written there; find what made it.",
            run: || _ = vortex_street(r#"{"steps": 100, "dt": NaN, "viscosity": 0.01}"#),
        },
        Case {
            batch: Batch::Development,
            name: "negative_time_step",
            solver: "hand-written check",
            problem: "the time step of the input is negative",
            category: "initialization",
            advice: "Correct the sign of the time step in the input.",
            run: || _ = cavity_flow(-0.01, 100),
        },
        Case {
            batch: Batch::Development,
            name: "boundary_condition",
            solver: "hand-written check",
            problem: "one side of the plate has no boundary condition",
            category: "missing_input",
            advice: "Give a boundary condition for every side; without it the matrix is singular.",
            run: || _ = plate_bending(Some(true), None),
        },
        Case {
            batch: Batch::Development,
            name: "gamma_shape",
            solver: "statrs Gamma",
            problem: "the shape of a Gamma distribution has to be positive",
            category: "domain_error",
            advice: "Shape and rate have to be positive: check the moments that they come from.",
            run: || _ = prior_distribution(-0.5, 2.0),
        },
    ]
}
