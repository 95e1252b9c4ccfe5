//! The rows of a part.

pub(crate) mod merge;
pub(crate) mod parameter_json;
pub(crate) mod part_rows;
pub(crate) mod run_rows;
pub(crate) mod stored_rows;
pub(crate) mod trail_file;
pub(crate) mod trail_rows;
