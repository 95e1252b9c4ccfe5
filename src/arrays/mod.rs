//! The vectors and matrices of other crates, as arguments and results of annotated functions.

mod complex;
#[cfg(feature = "faer")]
mod faer;
#[cfg(feature = "nalgebra")]
mod nalgebra;
#[cfg(feature = "ndarray")]
mod ndarray;
mod number_array;
