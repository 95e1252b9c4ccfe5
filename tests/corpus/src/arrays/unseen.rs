//! Shapes, indices and integers.

use nalgebra::DMatrix;
use ndarray::{Array1, Array2, Axis, concatenate};
use tracing::{debug, error, info_span, instrument};
use tracing_failure::{computation, trail};

use crate::case::{Batch, Case};

#[derive(Debug, thiserror::Error)]
enum LayoutError {
    #[error("cannot reshape array of size {size} into shape ({rows},{cols})")]
    Reshape { size: usize, rows: usize, cols: usize },
    #[error("row {row}: column index {column} out of range for {columns} columns")]
    Csr { row: usize, column: usize, columns: usize },
    #[error("t = {t} after {steps} steps, t_end = {t_end} not reached")]
    EndMissed { t: f64, steps: usize, t_end: f64 },
}

/// The frames of a camera. The last one is incomplete.
#[instrument(skip(stream), err, fields(computation = "frame_stack", theoretical_ref = "PIV images"))]
fn frames(stream: Vec<f64>, rows: usize, cols: usize) -> Result<f64, LayoutError> {
    let size = stream.len();
    let stack = Array1::from_vec(stream);
    let image = stack.into_shape_with_order((rows, cols)).map_err(|_| LayoutError::Reshape { size, rows, cols })?;
    Ok(image.sum())
}

/// Two campaigns that measured at different levels.
#[computation("radiosonde levels")]
fn merge_soundings(levels_a: usize, levels_b: usize) -> Result<f64, ndarray::ShapeError> {
    let (a, b) = (Array2::<f64>::zeros((10, levels_a)), Array2::<f64>::ones((6, levels_b)));
    trail!(rows_a = 10, rows_b = 6);
    Ok(concatenate(Axis(0), &[a.view(), b.view()])?.sum())
}

/// A matrix from a file whose indices start at one.
#[computation("Matrix Market", fields(nnz = entries.len()))]
fn power_grid_matvec(columns: usize, entries: &[(usize, usize, f64)]) -> Result<f64, LayoutError> {
    let mut y = vec![0.0; columns + 1];
    let x = vec![1.0; columns];
    for &(row, column, value) in entries {
        if column >= columns {
            return Err(LayoutError::Csr { row, column, columns });
        }
        y[row] += value * x[column];
    }
    Ok(y[0])
}

/// A filter of the length of the signal, for a spectrum of half the length.
fn spectrum(samples: usize) -> f64 {
    let _span =
        info_span!("filter", computation = "seismogram_filter", theoretical_ref = "Butterworth", samples).entered();
    let half_spectrum = DMatrix::<f64>::zeros(samples / 2 + 1, 1);
    let mut response = DMatrix::<f64>::from_element(samples, 1, 1.0);
    debug!(bins = half_spectrum.nrows(), taps = response.nrows());
    response.copy_from(&half_spectrum);
    response[0]
}

/// Cells of a domain that is smaller than its two halos.
#[computation("halo exchange")]
fn ocean_subdomain(cells: usize, processes: usize, halo: usize) -> usize {
    let local = cells / processes;
    trail!(local);
    local - 2 * halo
}

/// A time that accumulates steps of 0.1 and never equals its end.
#[computation("point kinetics")]
fn reactor_transient(dt: f64, t_end: f64, max_steps: usize) -> Result<f64, LayoutError> {
    let (mut t, mut n) = (0.0, 1.0);
    let mut steps = 0;
    while t != t_end {
        n += dt * (0.1 - 0.05 * n);
        t += dt;
        steps += 1;
        trail!(steps, t, neutrons = n);
        if steps == max_steps {
            return Err(LayoutError::EndMissed { t, steps, t_end });
        }
    }
    Ok(n)
}

/// Norton's law for a stress below zero.
#[computation("Norton's law", fields(n = exponent))]
fn creep_strain(a: f64, exponent: f64, amplitude: f64) -> Option<f64> {
    let mut strain = 0.0;
    for step in 0..100 {
        let stress = amplitude * (0.1 * f64::from(step)).cos();
        let rate = a * f64::powf(stress, exponent);
        strain += 0.1 * rate;
        trail!(step, stress, rate, strain);
        if !strain.is_finite() {
            error!(step, "strain is NaN");
            return None;
        }
    }
    Some(strain)
}

pub(crate) fn cases() -> Vec<Case> {
    vec![
        Case {
            batch: Batch::Unseen,
            name: "frames_reshape",
            solver: "ndarray",
            problem: "the stream has 47 numbers, a frame 48",
            category: "dimension_mismatch",
            advice: "The number of elements does not fit the shape: look for missing data (one short), or correct rows and columns.",
            run: || _ = frames(vec![1.0; 47], 6, 8),
        },
        Case {
            batch: Batch::Unseen,
            name: "soundings_levels",
            solver: "ndarray concatenate",
            problem: "37 levels are joined to 25",
            category: "dimension_mismatch",
            advice: "The arrays need the same number of columns: interpolate both onto the same levels, or see whether the axis is right.",
            run: || _ = merge_soundings(37, 25),
        },
        Case {
            batch: Batch::Unseen,
            name: "grid_counts_from_one",
            solver: "hand-written sparse product",
            problem: "the indices of the file begin with 1",
            category: "dimension_mismatch",
            advice: "The indices are out of range by one: the file counts from 1, so subtract it.",
            run: || _ = power_grid_matvec(3, &[(1, 1, 2.0), (1, 2, -1.0), (2, 2, 2.0), (3, 3, 2.0)]),
        },
        Case {
            batch: Batch::Unseen,
            name: "half_spectrum_panic",
            solver: "nalgebra",
            problem: "a real transform of 256 samples has 129 bins",
            category: "dimension_mismatch",
            advice: "The shapes differ: a real FFT has n/2 + 1 bins; give the response as many.",
            run: || _ = std::panic::catch_unwind(|| spectrum(256)),
        },
        Case {
            batch: Batch::Unseen,
            name: "subdomain_smaller_than_halo",
            solver: "whole numbers",
            problem: "4 cells have no two halos of 3",
            category: "panic",
            advice: "A whole number without sign goes below zero: use fewer processes (or a smaller halo), and check before subtracting.",
            run: || _ = std::panic::catch_unwind(|| ocean_subdomain(64, 16, 3)),
        },
        Case {
            batch: Batch::Unseen,
            name: "transient_end_time",
            solver: "hand-written explicit Euler",
            problem: "ten times 0.1 is not 1.0",
            category: "max_iterations",
            advice: "Floating-point times are compared for equality: count the steps, or end with t ≥ t_end (shorten the last step).",
            run: || _ = reactor_transient(0.1, 1.0, 10_000),
        },
        Case {
            batch: Batch::Unseen,
            name: "creep_negative_stress",
            solver: "hand-written explicit Euler",
            problem: "a power that is no whole number, of a negative stress",
            category: "non_finite",
            advice: "The power of a negative number is NaN: use sign(σ)|σ|ⁿ.",
            run: || _ = creep_strain(1e-12, 4.5, 120.0),
        },
    ]
}
