//! Reads the part that an export replaces.

#[cfg(feature = "parquet")]
use std::io;
use std::io::{BufReader, Cursor};

use crate::error::ExportError;
use crate::formats::format::ExportFormat;
#[cfg(feature = "parquet")]
use crate::formats::parquet_reader::ParquetPart;
use crate::formats::{csv, json_lines};
#[cfg(feature = "parquet")]
use crate::names::column_name::{FINGERPRINT, RUN_ID};
use crate::rows::stored_rows::StoredRows;
use crate::store::part_store::PartSource;

/// Reads a part of a computation. With `only_ids`, columns other than those that a merge compares may be missing.
pub(crate) fn read_stored(
    source: PartSource,
    name: &str,
    format: ExportFormat,
    computation: &str,
    only_ids: bool,
) -> Result<StoredRows, ExportError> {
    let rows = match (format, source) {
        #[cfg(feature = "parquet")]
        (ExportFormat::Parquet, source) => read_parquet(source, computation, only_ids),
        #[cfg(not(feature = "parquet"))]
        (ExportFormat::Parquet, _) => {
            let _ = (computation, only_ids);
            return Err(ExportError::NotAvailable(format));
        }
        (ExportFormat::JsonLines, PartSource::File(file)) => json_lines::read(BufReader::new(file)),
        (ExportFormat::JsonLines, PartSource::Bytes(bytes)) => json_lines::read(Cursor::new(bytes)),
        (ExportFormat::Csv, PartSource::File(file)) => csv::read(file),
        (ExportFormat::Csv, PartSource::Bytes(bytes)) => csv::read(Cursor::new(bytes)),
    };
    rows.map_err(|error| ExportError::ForeignPart { name: name.to_owned(), reason: error.to_string() })
}

#[cfg(feature = "parquet")]
fn read_parquet(source: PartSource, computation: &str, only_ids: bool) -> io::Result<StoredRows> {
    let part = ParquetPart::open(source)?;
    if part.computation != computation {
        return Err(io::Error::other(format!("it contains the computation '{}'", part.computation)));
    }
    let mut all = StoredRows::default();
    for group in 0..part.row_groups() {
        all.append(part.read(group, &|name| !only_ids || name == RUN_ID || name == FINGERPRINT)?);
    }
    Ok(all)
}
