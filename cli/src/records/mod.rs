//! The records of a directory: where it is, which are wanted, and how they are read.

mod dir;
mod file;
mod filter;
mod input;
mod moment;
mod pick;
mod progress;
mod sandbox;
mod scan;
mod select;
mod summary;

pub(crate) use dir::{failures_dir, paths, paths_of};
pub(crate) use file::{is_too_deep, json_of, on_one_line, parse};
pub(crate) use moment::Moment;
pub(crate) use pick::{Picked, find, pick};
pub(crate) use progress::Progress;
pub(crate) use sandbox::{Sandbox, work as work_for_filter};
pub(crate) use scan::{Gather, in_order, scan};
pub(crate) use select::{Matcher, Selection};
pub(crate) use summary::Summary;
pub(crate) use tracing_failure_advice::shared::{read_bytes, read_json};
