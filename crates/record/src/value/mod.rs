//! Values that JSON can hold, and how Rust values become them.
//!
//! A number stays a number, whether it comes from a typed field, [`serde::Serialize`] or `Debug` text.

mod array;
mod compact;
mod debug;
mod display;
pub mod json_writer;
mod limits;
mod map_iter;
mod number;
mod scan;
mod serialize;
mod variant;

pub use debug::read_debug;
pub use display::{brief, parameter};
pub use limits::Limits;
pub use map_iter::MapIter;
pub use scan::DebugSink;
#[cfg(test)]
pub(crate) use variant::tests;
pub use variant::{Map, Value, free_name};
