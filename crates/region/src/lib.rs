//! Regions of the parameters in which runs fail.
//!
//! A part of [tracing-failure](https://docs.rs/tracing-failure). The recorder compares a failure with regions that
//! `failures regions --save` has saved; the search for them is in `tracing-failure-corpus`.

mod cell;
mod condition;
mod counts;
mod flat;
mod region;
mod region_file;
mod saved;

pub use cell::Cell;
pub use condition::{CellTest, Label, RuleCondition};
pub use counts::RunCounts;
pub use flat::flat_parameters;
pub use region::{IgnoredParameter, NearestSuccess, Region, RegionReport};
pub use region_file::RegionFile;
pub use saved::{FILE_NAME, SavedRegions};
