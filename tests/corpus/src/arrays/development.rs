//! Shapes, indices, integers and memory.

use std::collections::TryReserveError;
use std::panic::catch_unwind;

use nalgebra::{DMatrix, DVector};
use ndarray::{Array1, Array2, ShapeError};
use tracing::{debug, instrument};
use tracing_failure::ResultExt;

use crate::case::{Batch, Case};

#[derive(Debug, thiserror::Error)]
enum ArrayError {
    #[error("mean of an empty array")]
    Empty,
    #[error("expected {expected} columns, found {found}")]
    Columns { expected: usize, found: usize },
}

#[instrument(fields(computation = "state_propagation", theoretical_ref = "x ← A x", library = "nalgebra"))]
fn propagate(states: usize, observed: usize) -> f64 {
    let transition = DMatrix::<f64>::identity(states, states);
    let x = DVector::from_element(observed, 1.0);
    (transition * x).norm()
}

#[instrument(fields(computation = "design_matrix", theoretical_ref = "y = X β", library = "ndarray"))]
fn predict(rows: usize, columns: usize, coefficients: usize) -> f64 {
    let design = Array2::<f64>::ones((rows, columns));
    let beta = Array1::<f64>::ones(coefficients);
    design.dot(&beta).sum()
}

#[instrument(skip(stresses), fields(computation = "stress_tensor", theoretical_ref = "σ = C ε", values = stresses.len()))]
fn stress_tensor(stresses: &[f64]) -> f64 {
    DMatrix::from_row_slice(3, 3, stresses).trace()
}

#[instrument(fields(computation = "background_subtraction", theoretical_ref = "I − I₀", library = "ndarray"))]
fn subtract_background(spectrum: usize, background: usize) -> f64 {
    let (spectrum, background) = (Array1::<f64>::ones(spectrum), Array1::<f64>::zeros(background));
    (&spectrum - &background).sum()
}

#[instrument(skip(data), fields(computation = "lattice_configuration", theoretical_ref = "φ(x, t)", values = data.len()))]
fn lattice(data: Vec<f64>, sites: usize, times: usize) -> Result<Array2<f64>, ShapeError> {
    Array2::from_shape_vec((times, sites), data).record_failure()
}

#[instrument(fields(computation = "kalman_gain", theoretical_ref = "K = P Hᵀ S⁻¹"))]
fn kalman_gain(states: usize, observation: [usize; 2]) -> Result<DMatrix<f64>, ArrayError> {
    let covariance = DMatrix::<f64>::identity(states, states);
    let h = DMatrix::<f64>::from_element(observation[0], observation[1], 1.0);
    if h.ncols() != states {
        return Err(ArrayError::Columns { expected: states, found: h.ncols() }).record_failure();
    }
    Ok(covariance * h.transpose())
}

#[instrument(skip(samples), fields(computation = "ensemble_average", theoretical_ref = "⟨O⟩", samples = samples.len()))]
fn average(samples: Array1<f64>, burn_in: usize) -> Result<f64, ArrayError> {
    let kept: Array1<f64> = samples.iter().skip(burn_in).copied().collect();
    debug!(kept = kept.len(), burn_in, "after burn-in");
    kept.mean().ok_or(ArrayError::Empty).record_failure()
}

#[instrument(skip(u), fields(computation = "finite_difference", theoretical_ref = "u″", points = u.len()))]
fn second_derivative(u: &[f64], dx: f64) -> Vec<f64> {
    (0..u.len()).map(|i| (u[i + 1] - 2.0 * u[i] + u[i.max(1) - 1]) / (dx * dx)).collect()
}

#[instrument(fields(computation = "multiplicity", theoretical_ref = "W = N!/∏ nᵢ!"))]
fn factorial(n: u32) -> u64 {
    (1..=u64::from(n)).fold(1, |product, k| {
        debug!(k, product, "factor");
        product * k
    })
}

#[instrument(fields(
    computation = "dense_hamiltonian",
    theoretical_ref = "H of N spins",
    method = "exact diagonalisation"
))]
fn dense_hamiltonian(spins: u32) -> Result<Vec<f64>, TryReserveError> {
    let order = 1_usize << spins;
    debug!(spins, order, gigabytes = (order as f64).powi(2) * 8e-9, "allocate");
    let mut matrix = Vec::new();
    matrix.try_reserve_exact(order * order).record_failure()?;
    Ok(matrix)
}

pub(crate) fn cases() -> Vec<Case> {
    [shapes(), integers()].into_iter().flatten().collect()
}

fn shapes() -> Vec<Case> {
    vec![
        Case {
            batch: Batch::Development,
            name: "matrix_vector_panic",
            solver: "nalgebra product",
            problem: "a 4 × 4 matrix is applied to a vector of 3",
            category: "dimension_mismatch",
            advice: "Print both shapes where they are made: one state is missing from the vector.",
            run: || _ = catch_unwind(|| propagate(4, 3)),
        },
        Case {
            batch: Batch::Development,
            name: "ndarray_dot_panic",
            solver: "ndarray dot",
            problem: "a design matrix of 5 columns meets 6 coefficients: the intercept has no column",
            category: "dimension_mismatch",
            advice: "Print both shapes: a column (the intercept) is missing, or an axis is swapped.",
            run: || _ = catch_unwind(|| predict(20, 5, 6)),
        },
        Case {
            batch: Batch::Development,
            name: "tensor_elements_panic",
            solver: "nalgebra from_row_slice",
            problem: "six components of a symmetric tensor (Voigt) are read as nine of a full one",
            category: "dimension_mismatch",
            advice: "Six values are the symmetric part in Voigt notation: fill the 3 × 3 matrix from them.",
            run: || _ = catch_unwind(|| stress_tensor(&[1.0, 2.0, 3.0, 0.1, 0.2, 0.3])),
        },
        Case {
            batch: Batch::Development,
            name: "ndarray_broadcast_panic",
            solver: "ndarray subtraction",
            problem: "spectrum and background have a different number of channels",
            category: "dimension_mismatch",
            advice: "Interpolate the background to the channels of the spectrum: the shapes have to agree.",
            run: || _ = catch_unwind(|| subtract_background(1024, 1000)),
        },
        Case {
            batch: Batch::Development,
            name: "ndarray_shape_error",
            solver: "ndarray from_shape_vec",
            problem: "a file of 1000 values is read as a lattice of 32 × 32",
            category: "dimension_mismatch",
            advice: "Compare the number of values with the product of the axes: the file is cut short or of another lattice.",
            run: || _ = lattice(vec![0.0; 1000], 32, 32),
        },
        Case {
            batch: Batch::Development,
            name: "kalman_columns",
            solver: "nalgebra",
            problem: "the observation matrix was given transposed",
            category: "dimension_mismatch",
            advice: "Check the axis order: the observation matrix looks transposed.",
            run: || _ = kalman_gain(4, [4, 2]),
        },
        Case {
            batch: Batch::Development,
            name: "empty_mean",
            solver: "ndarray mean",
            problem: "the burn-in is longer than the chain, so that no sample is left",
            category: "missing_input",
            advice: "No sample is left after the burn-in: check the length of the chain first.",
            run: || _ = average(Array1::zeros(500), 1000),
        },
    ]
}

fn integers() -> Vec<Case> {
    vec![
        Case {
            batch: Batch::Development,
            name: "stencil_index",
            solver: "std slice",
            problem: "the stencil of three points reaches beyond the last one",
            category: "panic",
            advice: "The loop runs over the boundary: treat the last point apart, or add ghost cells.",
            run: || _ = catch_unwind(|| second_derivative(&[0.0, 1.0, 4.0, 9.0], 0.1)),
        },
        Case {
            batch: Batch::Development,
            name: "factorial_overflow",
            solver: "std u64",
            problem: "25! does not fit into 64 bits",
            category: "panic",
            advice: "Compute with floats and logarithms (ln Γ), or with big integers.",
            run: || _ = catch_unwind(|| factorial(25)),
        },
        Case {
            batch: Batch::Development,
            name: "hamiltonian_memory",
            solver: "std Vec::try_reserve",
            problem: "the dense Hamiltonian of 28 spins needs 576 petabytes",
            category: "out_of_memory",
            advice: "The matrix is too large to be dense: use a sparse or matrix-free method (Lanczos).",
            run: || _ = dense_hamiltonian(28),
        },
    ]
}
