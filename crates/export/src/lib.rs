//! Writes the runs of all computations as files that other programs read.
//!
//! A part of [tracing-failure](https://docs.rs/tracing-failure). Its interface may change in any release.
//!
//! The feature `parquet` enables Parquet files. JSON Lines and CSV need no feature.

mod error;
mod export;
mod export_report;
mod formats;
mod names;
mod part_plan;
mod part_writer;
mod reading;
mod rows;
mod store;
mod stored_part;

pub use error::ExportError;
pub use export::export;
pub use export_report::{ComputationExport, ExportProgress, ExportReport};
pub use formats::format::ExportFormat;
pub use reading::exported_runs::ExportedRuns;
pub use reading::part_reading::{read_parts, read_stored_parts};
pub use reading::part_search::find_parts;
#[cfg(feature = "s3")]
pub use store::bucket_parts::BucketParts;
pub use store::directory::PartDirectory;
pub use store::part_store::{PartContent, PartReplacement, PartSource, PartStore, StoredPart, WritePart};
