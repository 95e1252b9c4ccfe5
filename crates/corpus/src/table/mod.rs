//! The computations of a corpus as columns.

pub(crate) mod column;
pub(crate) mod run;
pub(crate) mod run_id;
pub(crate) mod run_table;
mod selection;
