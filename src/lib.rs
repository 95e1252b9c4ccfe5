//! x
#![allow(missing_docs)]
mod builder;
mod capture;
mod cause;
mod failure;
mod guard;
mod log;
mod logger;
mod process;
mod recorder;
mod redact;
mod report;
mod result;
mod stderr;
mod store;
mod sync;
mod value;
mod words;

pub use builder::{Builder, InitError, builder, init};
pub use capture::FailureLayer;
pub use cause::Cause;
pub use failure::{
    Build, Category, Context, ErrorEntry, Failure, Frame, Location, Process, ReadError, SCHEMA, SpanEntry,
};
pub use guard::Guard;
pub use log::{FilterError, Rotation};
pub use logger::StructuredLogger;
pub use recorder::Stats;
pub use result::ResultExt;
pub use store::{Durability, Store};
pub use value::{Limits, Map, Value};
