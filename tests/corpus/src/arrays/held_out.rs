//! Grids, blocks, indices and memory.

use std::panic::catch_unwind;

use ndarray::{Array1, Array2, Axis, ShapeError, concatenate};
use tracing::{info, instrument};
use tracing_failure::{computation, trail};

use crate::case::{Batch, Case};

#[derive(Debug, thiserror::Error)]
enum GridError {
    #[error("need {needed:.1} GiB for the wave functions, only {available:.1} GiB available")]
    Memory { needed: f64, available: f64 },
    #[error("incompatible grids: {theirs} velocity points for {ours} pressure points")]
    Grids { ours: usize, theirs: usize },
}

#[computation("block partition")]
fn domain_decomposition(cells: usize, ranks: usize) -> usize {
    let per_rank = cells / ranks;
    trail!(per_rank);
    per_rank * ranks
}

#[computation("max I", fields(channels = spectrum.len()))]
fn peak_finding(spectrum: &[f64], threshold: f64) -> f64 {
    let peaks: Vec<f64> = spectrum.iter().copied().filter(|s| *s > threshold).collect();
    trail!(peaks = peaks.len(), threshold);
    peaks.into_iter().reduce(f64::max).unwrap()
}

#[computation("ghost cells")]
fn halo_exchange(local: usize, halo: usize) -> usize {
    let inner = local - 2 * halo;
    trail!(inner);
    inner
}

#[computation("Ising model", fields(lattice = "periodic square"))]
fn ising_neighbours(side: usize) -> f64 {
    let spins = Array2::<f64>::ones((side, side));
    (0..side).map(|i| spins[[i, i]] * spins[[i + 1, i]]).sum()
}

#[computation("r(t)")]
fn trajectory_join(atoms_first: usize, atoms_second: usize) -> Result<Array2<f64>, ShapeError> {
    let (a, b) = (Array2::<f64>::zeros((100, atoms_first)), Array2::<f64>::zeros((50, atoms_second)));
    concatenate(Axis(0), &[a.view(), b.view()])
}

#[computation("median", fields(n = values.len()))]
fn quantile_of_energies(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    info!(first = sorted[0], last = sorted[sorted.len() - 1], "sorting");
    sorted.sort_by(|a, b| a.partial_cmp(b).unwrap());
    sorted[sorted.len() / 2]
}

#[computation("w_ijklmn")]
fn three_body_tensor(orbitals: usize) -> usize {
    let tensor: Vec<f64> = Vec::with_capacity(orbitals.pow(6));
    tensor.capacity()
}

#[instrument(err, fields(computation = "plane_wave_setup", theoretical_ref = "psi(G)"))]
fn plane_waves(bands: u64, points: u64, available: f64) -> Result<u64, GridError> {
    let needed = (bands * points * 16) as f64 / 1_073_741_824.0;
    info!(needed, available, "memory estimate");
    if needed > available {
        return Err(GridError::Memory { needed, available });
    }
    Ok(bands * points)
}

#[computation("MAC grid")]
fn staggered_grid(pressure: usize, velocity: usize) -> Result<Array1<f64>, GridError> {
    if velocity != pressure + 1 {
        return Err(GridError::Grids { ours: pressure, theirs: velocity });
    }
    Ok(Array1::zeros(velocity))
}

pub(crate) fn cases() -> Vec<Case> {
    [panics(), shapes()].into_iter().flatten().collect()
}

fn panics() -> Vec<Case> {
    vec![
        Case {
            batch: Batch::HeldOut,
            name: "decompose_no_ranks",
            solver: "std usize",
            problem: "the number of ranks is zero",
            category: "panic",
            advice: "The number of ranks is zero: check where it is read, and refuse it.",
            run: || _ = catch_unwind(|| domain_decomposition(4096, 0)),
        },
        Case {
            batch: Batch::HeldOut,
            name: "peaks_none_left",
            solver: "std Option::unwrap",
            problem: "no channel is above the threshold, and the maximum of none is unwrapped",
            category: "panic",
            advice: "No value is left after the filter: lower the threshold, and treat the empty case instead of unwrap.",
            run: || _ = catch_unwind(|| peak_finding(&[1.0, 2.5, 0.3], 5.0)),
        },
        Case {
            batch: Batch::HeldOut,
            name: "halo_too_wide",
            solver: "std usize",
            problem: "two halos are wider than the part of the grid: 5 − 6 of unsigned integers",
            category: "panic",
            advice: "The subdomain is smaller than its halos: use fewer ranks; an unsigned difference went below zero.",
            run: || _ = catch_unwind(|| halo_exchange(5, 3)),
        },
        Case {
            batch: Batch::HeldOut,
            name: "ising_last_row",
            solver: "ndarray index",
            problem: "the neighbour of the last row is row 8 of 8",
            category: "panic",
            advice: "Wrap the index of the neighbour around ((i + 1) % n): the lattice is periodic.",
            run: || _ = catch_unwind(|| ising_neighbours(8)),
        },
        Case {
            batch: Batch::HeldOut,
            name: "median_with_nan",
            solver: "std sort_by",
            problem: "one energy is NaN, which has no order",
            category: "panic",
            advice: "A NaN is among the values: find where it comes from; sort with total_cmp or filter.",
            run: || _ = catch_unwind(|| quantile_of_energies(&[1.0, 0.5, f64::NAN, 2.0])),
        },
        Case {
            batch: Batch::HeldOut,
            name: "three_body_capacity",
            solver: "std Vec::with_capacity",
            problem: "a tensor of 1500⁶ elements",
            category: "out_of_memory",
            advice: "The tensor is far too large to store: factorise it (density fitting), use symmetries, or compute it on the \
                     fly.",
            run: || _ = catch_unwind(|| three_body_tensor(1500)),
        },
    ]
}

fn shapes() -> Vec<Case> {
    vec![
        Case {
            batch: Batch::HeldOut,
            name: "trajectory_atoms",
            solver: "ndarray concatenate",
            problem: "the second part of the trajectory has another number of atoms",
            category: "dimension_mismatch",
            advice: "The two trajectories have different numbers of columns (atoms): print both shapes; they are of different \
                     systems or selections.",
            run: || _ = trajectory_join(300, 297),
        },
        Case {
            batch: Batch::HeldOut,
            name: "staggered_points",
            solver: "hand-written check",
            problem: "a staggered grid has one velocity more than pressures, and it was given as many",
            category: "dimension_mismatch",
            advice: "Compare both sizes: a staggered grid has one face more than cells.",
            run: || _ = staggered_grid(128, 128),
        },
        Case {
            batch: Batch::HeldOut,
            name: "plane_waves_memory",
            solver: "hand-written check",
            problem: "the wave functions do not fit into memory",
            category: "out_of_memory",
            advice: "Reduce bands or cut-off, use single precision, or distribute over more nodes.",
            run: || _ = plane_waves(2000, 5_000_000, 64.0),
        },
    ]
}
