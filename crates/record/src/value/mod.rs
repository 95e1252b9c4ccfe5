//! Values that JSON can hold, and how Rust values become them.
//!
//! A number stays a number, whether it comes from a typed field, [`serde::Serialize`] or `Debug` text.

mod array;
mod compact;
mod debug;
mod display;
mod duration;
mod json;
pub mod json_writer;
mod limits;
mod map;
mod map_iter;
mod non_finite;
mod number;
mod room;
mod scan;
mod serialize;
mod variant;

pub use debug::read_debug;
pub use display::{brief, parameter};
pub use duration::duration;
#[cfg(test)]
pub(crate) use json::tests;
pub use limits::Limits;
pub use map::free_name;
pub use map_iter::MapIter;
pub use room::ValueRoom;
pub use scan::DebugSink;
pub use variant::{Map, Value};
