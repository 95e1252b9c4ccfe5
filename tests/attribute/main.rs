//! The attribute `computation`.

mod arguments;
mod functions;
mod outcomes;
mod readme;
#[path = "../support/mod.rs"]
mod support;
