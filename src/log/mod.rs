//! The runtime log: one JSON object a line, of events, and of computations when they close.

pub(crate) mod file;
pub(crate) mod line;
pub(crate) mod runtime_log;
