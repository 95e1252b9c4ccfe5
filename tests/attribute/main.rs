//! The attribute `computation`.

mod arguments;
mod costs;
mod facts;
mod functions;
mod names;
mod outcomes;
mod readme;
mod signatures;
mod successes;
#[path = "../support/mod.rs"]
mod support;
