//! Observes the running program: spans, fields, errors, panics, stacks and the trail.
//!
//! This module writes no files and does not depend on the layer, the recorder or the log.

pub(crate) mod argument_use;
pub(crate) mod arguments;
pub(crate) mod attribution;
pub(crate) mod backtrace;
pub(crate) mod callsite;
pub(crate) mod callsite_table;
pub(crate) mod clock;
pub(crate) mod error_chain;
pub(crate) mod eyre;
pub(crate) mod fields;
pub(crate) mod hash;
pub(crate) mod open_computations;
pub(crate) mod open_spans;
pub(crate) mod outcome;
pub(crate) mod ownership;
pub(crate) mod panic_payload;
pub(crate) mod parameter_names;
pub(crate) mod recent_panics;
pub(crate) mod report;
pub(crate) mod report_parser;
pub(crate) mod reported_error;
pub(crate) mod span_path;
pub(crate) mod span_stack;
pub(crate) mod target_filter;
pub(crate) mod thread;
pub(crate) mod trail;
pub(crate) mod trail_filter;
pub(crate) mod trail_values;
pub(crate) mod unwinder;
