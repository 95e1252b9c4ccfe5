//! Places for the files of an export.

#[cfg(feature = "s3")]
pub(crate) mod bucket_parts;
pub(crate) mod directory;
pub(crate) mod part_store;
