//! The runtime log: a line of JSON for each event, and for each computation when it closes.

pub(crate) mod file;
pub(crate) mod line;
pub(crate) mod log_session;
mod log_writer;
pub(crate) mod runtime_log;
pub(crate) mod successes;
