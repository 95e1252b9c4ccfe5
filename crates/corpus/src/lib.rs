//! All computations of a directory, and where they fail.
//!
//! A part of [tracing-failure](https://docs.rs/tracing-failure). The command `failures` and the Python package use it.

mod neighbours;
mod odd;
mod read;
mod regions;
mod risk;
mod spread;
mod summary;
mod table;

pub use odd::{MIN_SUCCESSES, OddRun, odd_runs};
pub use read::corpus::{Corpus, ReadProgress};
pub use read::error::CorpusError;
pub use read::options::ReadOptions;
pub use read::skipped::{SkippedInput, SkippedPart};
pub use region::{
    Cell, CellTest, FILE_NAME as REGIONS_FILE_NAME, IgnoredParameter, Label, NearestSuccess, Region, RegionFile,
    RegionReport, RuleCondition, RunCounts, SavedRegions,
};
pub use regions::find_regions;
pub use risk::estimate::{RiskBasis, RiskEstimate};
pub use risk::model::RiskModel;
pub use risk::nearest::{ParameterChange, RunComparison, SimilarSuccess};
pub use summary::RunSummary;
pub use table::column::ValueColumn;
pub use table::run::{FailedRun, RunFacts, RunOutcome, Session};
pub use table::run_id::{RunId, run_ids, run_ids_among};
pub use table::run_table::RunTable;

/// The search behind [`find_regions`], for runs that are counted elsewhere. It may change in any release.
pub mod search {
    pub use crate::regions::{
        ColumnBins, LocalCounter, MAX_LABELS, ParameterProfile, RunCounter, RunTotals, Scope, SessionSet, ValueCount,
        ValueRequest, find_regions_with,
    };
}
