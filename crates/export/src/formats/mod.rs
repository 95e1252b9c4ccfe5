//! The formats of files.

pub(crate) mod csv;
pub(crate) mod format;
pub(crate) mod json_lines;
#[cfg(feature = "parquet")]
pub(crate) mod parquet_reader;
#[cfg(feature = "parquet")]
pub(crate) mod parquet_writer;
