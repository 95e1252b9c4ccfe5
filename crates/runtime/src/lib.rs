//! The recorder inside a program that it does not know: threads, locks, standard error and panics.
//!
//! A program may fork, block or close standard error, and panic in its own `Display` and `Drop`. Nothing here waits for
//! ever, and no panic leaves it.
//!
//! A part of [tracing-failure](https://docs.rs/tracing-failure). Its interface may change in any release.

pub mod background;
pub mod file_lock;
pub mod fork;
mod generation;
pub mod io_error;
pub mod lock;
pub mod panic;
pub mod stderr;
