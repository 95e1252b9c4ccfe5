//! Vectors and matrices of `nalgebra`, `ndarray` and `faer`, as arguments and results of annotated functions.

mod arguments;
mod finite;
mod random;
#[path = "../../support/mod.rs"]
mod support;
