//! Shapes, indices, integers and memory.

use std::collections::TryReserveError;
use std::panic::catch_unwind;

use nalgebra::{DMatrix, DVector};
use ndarray::{Array1, Array2, ShapeError};
use tracing_failure::{computation, trail};

use crate::case::{Batch, Case};

#[derive(Debug, thiserror::Error)]
enum ArrayError {
    #[error("mean of an empty array")]
    Empty,
    #[error("expected {expected} columns, found {found}")]
    Columns { expected: usize, found: usize },
}

#[computation("x ← A x", fields(library = "nalgebra"))]
fn state_propagation(states: usize, observed: usize) -> f64 {
    let transition = DMatrix::<f64>::identity(states, states);
    let x = DVector::from_element(observed, 1.0);
    (transition * x).norm()
}

#[computation("y = X β", fields(library = "ndarray"))]
fn design_matrix(rows: usize, columns: usize, coefficients: usize) -> f64 {
    let design = Array2::<f64>::ones((rows, columns));
    let beta = Array1::<f64>::ones(coefficients);
    design.dot(&beta).sum()
}

#[computation("σ = C ε", fields(values = stresses.len()))]
fn stress_tensor(stresses: &[f64]) -> f64 {
    DMatrix::from_row_slice(3, 3, stresses).trace()
}

#[computation("I − I₀", fields(library = "ndarray"))]
fn background_subtraction(spectrum: usize, background: usize) -> f64 {
    let (spectrum, background) = (Array1::<f64>::ones(spectrum), Array1::<f64>::zeros(background));
    (&spectrum - &background).sum()
}

#[computation("φ(x, t)", fields(values = data.len()))]
fn lattice_configuration(data: Vec<f64>, sites: usize, times: usize) -> Result<Array2<f64>, ShapeError> {
    Array2::from_shape_vec((times, sites), data)
}

#[computation("K = P Hᵀ S⁻¹")]
fn kalman_gain(states: usize, observation: [usize; 2]) -> Result<DMatrix<f64>, ArrayError> {
    let covariance = DMatrix::<f64>::identity(states, states);
    let h = DMatrix::<f64>::from_element(observation[0], observation[1], 1.0);
    if h.ncols() != states {
        return Err(ArrayError::Columns { expected: states, found: h.ncols() });
    }
    Ok(covariance * h.transpose())
}

#[computation("⟨O⟩")]
fn ensemble_average(samples: Array1<f64>, burn_in: usize) -> Result<f64, ArrayError> {
    let kept: Array1<f64> = samples.iter().skip(burn_in).copied().collect();
    trail!(kept = kept.len(), burn_in, "after burn-in");
    kept.mean().ok_or(ArrayError::Empty)
}

#[computation("u″", fields(points = u.len()))]
fn finite_difference(u: &[f64], dx: f64) -> Vec<f64> {
    (0..u.len()).map(|i| (u[i + 1] - 2.0 * u[i] + u[i.max(1) - 1]) / (dx * dx)).collect()
}

#[computation("W = N!/∏ nᵢ!")]
fn multiplicity(n: u32) -> u64 {
    (1..=u64::from(n)).fold(1, |product, k| {
        trail!(k, product);
        product * k
    })
}

#[computation("H of N spins", fields(method = "exact diagonalisation"))]
fn dense_hamiltonian(spins: u32) -> Result<Vec<f64>, TryReserveError> {
    let order = 1_usize << spins;
    trail!(spins, order, gigabytes = (order as f64).powi(2) * 8e-9);
    let mut matrix = Vec::new();
    matrix.try_reserve_exact(order * order)?;
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
            run: || _ = catch_unwind(|| state_propagation(4, 3)),
        },
        Case {
            batch: Batch::Development,
            name: "ndarray_dot_panic",
            solver: "ndarray dot",
            problem: "a design matrix of 5 columns meets 6 coefficients: the intercept has no column",
            category: "dimension_mismatch",
            advice: "Print both shapes: a column (the intercept) is missing, or an axis is swapped.",
            run: || _ = catch_unwind(|| design_matrix(20, 5, 6)),
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
            run: || _ = catch_unwind(|| background_subtraction(1024, 1000)),
        },
        Case {
            batch: Batch::Development,
            name: "ndarray_shape_error",
            solver: "ndarray from_shape_vec",
            problem: "a file of 1000 values is read as a lattice of 32 × 32",
            category: "dimension_mismatch",
            advice: "Compare the number of values with the product of the axes: the file is cut short or of another lattice.",
            run: || _ = lattice_configuration(vec![0.0; 1000], 32, 32),
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
            run: || _ = ensemble_average(Array1::zeros(500), 1000),
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
            run: || _ = catch_unwind(|| finite_difference(&[0.0, 1.0, 4.0, 9.0], 0.1)),
        },
        Case {
            batch: Batch::Development,
            name: "factorial_overflow",
            solver: "std u64",
            problem: "25! does not fit into 64 bits",
            category: "panic",
            advice: "Compute with floats and logarithms (ln Γ), or with big integers.",
            run: || _ = catch_unwind(|| multiplicity(25)),
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
