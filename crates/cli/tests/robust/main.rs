//! The command with other users, other programs, closed pipes and unexpected records.

mod asking;
mod copies;
mod files;
mod filters;
mod large;
mod skipped;
#[path = "../support/mod.rs"]
mod support;
mod times;
mod watching;

use record::Failure;

/// A record as a program writes it.
fn failure(message: &str) -> Failure {
    let mut failure = Failure::new("pole_mass", "Eq. 4.7", "NewtonError", message);
    failure.context.id = Some(uuid::Uuid::now_v7());
    failure
}
