//! Betti numbers from the ranks of boundary matrices, of a complex whose boundaries do not fit together.
//!
//! `cargo run --example topology [DIR]`. The boundary of a boundary vanishes: ∂₁∂₂ = 0. In the second complex one face
//! has the wrong orientation, so that it does not; the Betti numbers from its ranks would be nonsense, and are refused.

mod show;

use color_eyre::eyre::{Report, WrapErr};
use nalgebra::DMatrix;
use tracing::info;
use tracing_failure::{ResultExt, computation};

/// Why a complex has no homology.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ComplexError {
    #[error("shape mismatch: ∂₁ has {columns} columns for {edges} edges, which are the rows of ∂₂")]
    ShapeMismatch { columns: usize, edges: usize },
    #[error("the boundary of a boundary is not zero: ‖∂₁∂₂‖ = {norm}")]
    NotAComplex { norm: f64 },
}

/// bₖ = dim ker ∂ₖ − rank ∂ₖ₊₁, for k = 0, 1, 2.
#[computation("IRH v21.4 Part 3 §2.2, Eq. 2.9", name = "topology_betti_numbers")]
pub(crate) fn betti_numbers(
    boundary_1: &DMatrix<f64>,
    boundary_2: &DMatrix<f64>,
    tolerance: f64,
) -> Result<[usize; 3], ComplexError> {
    let (vertices, edges, faces) = (boundary_1.nrows(), boundary_2.nrows(), boundary_2.ncols());
    if boundary_1.ncols() != edges {
        return Err(ComplexError::ShapeMismatch { columns: boundary_1.ncols(), edges });
    }
    let norm = (boundary_1 * boundary_2).norm();
    if norm > tolerance {
        return Err(ComplexError::NotAComplex { norm });
    }
    let (rank_1, rank_2) = (boundary_1.rank(tolerance), boundary_2.rank(tolerance));
    info!(rank_1, rank_2, "ranks");
    Ok([vertices - rank_1, edges - rank_1 - rank_2, faces - rank_2])
}

/// The surface of a tetrahedron: a sphere.
pub(crate) fn tetrahedron() -> (DMatrix<f64>, DMatrix<f64>) {
    // Edges 01, 02, 03, 12, 13, 23; faces 012, 013, 023, 123.
    let boundary_1 = DMatrix::from_row_slice(
        4,
        6,
        &[
            -1.0, -1.0, -1.0, 0.0, 0.0, 0.0, //
            1.0, 0.0, 0.0, -1.0, -1.0, 0.0, //
            0.0, 1.0, 0.0, 1.0, 0.0, -1.0, //
            0.0, 0.0, 1.0, 0.0, 1.0, 1.0,
        ],
    );
    let boundary_2 = DMatrix::from_row_slice(
        6,
        4,
        &[
            1.0, 1.0, 0.0, 0.0, //
            -1.0, 0.0, 1.0, 0.0, //
            0.0, -1.0, -1.0, 0.0, //
            1.0, 0.0, 0.0, 1.0, //
            0.0, 1.0, 0.0, -1.0, //
            0.0, 0.0, 1.0, 1.0,
        ],
    );
    (boundary_1, boundary_2)
}

fn main() -> Result<(), Report> {
    let dir = std::env::args().nth(1).unwrap_or_else(|| "io".to_owned());
    let _show = show::Show::what_is_left_in(&dir);
    let _guard = tracing_failure::builder(&dir).build_info(tracing_failure::build_info!()).init()?;

    let (boundary_1, mut boundary_2) = tetrahedron();
    println!("Betti numbers of the sphere: {:?}", betti_numbers(&boundary_1, &boundary_2, 1e-9)?);

    // One edge of one face runs backwards.
    boundary_2[(3, 0)] = -1.0;
    betti_numbers(&boundary_1, &boundary_2, 1e-9).wrap_err("no homology of the second complex").record_failure()?;
    Ok(())
}
