//! Many threads, processes and large records at once. Takes a minute, so plain `cargo test` leaves it out.

mod model;
mod store;
#[path = "../../support/mod.rs"]
mod support;
