//! All computations of a directory, and where they fail.
//!
//! A part of [tracing-failure](https://docs.rs/tracing-failure). The command `failures` and the Python package use it.

mod read;
mod rule;
mod table;

pub use read::corpus::{Corpus, ReadProgress};
pub use read::error::CorpusError;
pub use read::options::ReadOptions;
pub use read::skipped::{SkippedInput, SkippedPart};
pub use rule::condition::{CellTest, Label, RuleCondition};
pub use rule::counts::RunCounts;
pub use rule::region::{IgnoredParameter, NearestSuccess, Region, RegionReport};
pub use table::cell::Cell;
pub use table::column::ValueColumn;
pub use table::run::{FailedRun, RunFacts, RunOutcome, Session};
pub use table::run_table::RunTable;
