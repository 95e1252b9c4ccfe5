//! The attribute `computation`.

mod arguments;
mod functions;
mod outcomes;
#[path = "../support/mod.rs"]
mod support;
