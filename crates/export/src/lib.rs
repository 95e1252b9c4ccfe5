//! Writes the runs of all computations as files that other programs read.
//!
//! A part of [tracing-failure](https://docs.rs/tracing-failure). Its interface may change in any release.

mod store;

#[cfg(feature = "s3")]
pub use store::bucket_parts::BucketParts;
pub use store::directory::PartDirectory;
pub use store::part_store::{PartContent, PartSource, PartStore, Replacement, StoredPart, WritePart};
