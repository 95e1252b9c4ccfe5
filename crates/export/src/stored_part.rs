//! Reads the part that an export replaces.

#[cfg(feature = "parquet")]
use std::io;
use std::io::{BufReader, Cursor};

use corpus::RunId;

use crate::error::ExportError;
use crate::formats::format::ExportFormat;
#[cfg(feature = "parquet")]
use crate::formats::parquet_reader::ParquetPart;
use crate::formats::{csv, json_lines};
#[cfg(feature = "parquet")]
use crate::names::column_name::FINGERPRINT;
use crate::names::column_name::RUN_ID;
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
    let foreign = |reason| ExportError::ForeignPart { name: name.to_owned(), reason };
    let rows = rows.map_err(|error| foreign(error.to_string()))?;
    // Rows of another program would be lost.
    let is_run = |row| rows.text(RUN_ID, row).is_some_and(|id| RunId::parse(id).is_some());
    match (0..rows.len).find(|&row| !is_run(row)) {
        Some(row) => Err(foreign(format!("row {} has no run_id", row + 1))),
        None => Ok(rows),
    }
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
