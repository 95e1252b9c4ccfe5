//! Values, texts and errors as they arrive in a record.

#[path = "../support/mod.rs"]
mod support;

mod limits;
mod numbers;
mod reports;
