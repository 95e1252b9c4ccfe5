//! x
#![allow(missing_docs, dead_code)]
mod value;
pub use value::{Limits, Map, Value};
