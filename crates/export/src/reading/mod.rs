//! Reads exported Parquet files as a corpus.

pub(crate) mod exported_runs;
#[cfg(feature = "parquet")]
mod fact_columns;
#[cfg(feature = "parquet")]
pub(crate) mod opened_parts;
pub(crate) mod part_place;
pub(crate) mod part_reading;
#[cfg(feature = "parquet")]
pub(crate) mod part_runs;
pub(crate) mod part_search;
#[cfg(feature = "parquet")]
pub(crate) mod parts_corpus;
