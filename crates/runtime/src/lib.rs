//! Threads, locks, standard error and panics, for a recorder inside an unknown program.
//!
//! A program may fork, may block or close standard error, and may panic in its own `Display` and `Drop`. No function of
//! this crate blocks forever or lets a panic escape.
//!
//! A part of [tracing-failure](https://docs.rs/tracing-failure). Its interface may change in any release.

pub mod background;
pub mod file_lock;
pub mod fork;
mod generation;
pub mod io_error;
pub mod lock;
pub mod stderr;
pub mod unwind;
