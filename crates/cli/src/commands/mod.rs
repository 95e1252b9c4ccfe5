//! The commands, one module each.

pub(crate) mod completions;
pub(crate) mod diff;
pub(crate) mod export;
pub(crate) mod groups;
pub(crate) mod list;
pub(crate) mod logs;
pub(crate) mod nearest;
pub(crate) mod prune;
pub(crate) mod push;
pub(crate) mod refs;
pub(crate) mod regions;
pub(crate) mod report;
pub(crate) mod resolve;
pub(crate) mod risk;
pub(crate) mod runs;
pub(crate) mod schema;
pub(crate) mod show;
pub(crate) mod suggest;
pub(crate) mod validate;
pub(crate) mod watch;
