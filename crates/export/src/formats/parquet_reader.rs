//! Reads Parquet files that an export has written.

use std::fs::File;
use std::io;

use bytes::Bytes;
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::DataType;
use parquet::file::reader::{ChunkReader, FileReader, RowGroupReader, SerializedFileReader};
use runtime::unwind::catch_panic;

use super::parquet_writer::{COMPUTATION_KEY, FORMAT_KEY, FORMAT_VERSION, io_error};
use crate::names::column_name::{ColumnKind, RUN_ID, SERIES};
use crate::rows::stored_rows::{StoredColumn, StoredRows, StoredValues};
use crate::store::part_store::PartSource;

/// An open file of an export.
pub(crate) struct ParquetPart {
    reader: Box<dyn FileReader>,
    /// The computation that the file names.
    pub(crate) computation: String,
}

impl ParquetPart {
    /// Opens a file.
    ///
    /// # Errors
    ///
    /// Fails if the file is not a Parquet file that an export has written.
    pub(crate) fn open(source: PartSource) -> io::Result<Self> {
        match source {
            PartSource::File(file) => Self::open_chunks::<File>(file),
            PartSource::Bytes(bytes) => Self::open_chunks(Bytes::from(bytes)),
        }
    }

    fn open_chunks<R: ChunkReader + 'static>(chunks: R) -> io::Result<Self> {
        // A reader of a foreign format may panic on a malformed file.
        let reader = catch_panic(|| SerializedFileReader::new(chunks)).map_err(io::Error::other)?;
        let reader = reader.map_err(|error| io::Error::other(format!("not a readable Parquet file: {error}")))?;
        let metadata = reader.metadata().file_metadata().key_value_metadata();
        let value = |key: &str| metadata?.iter().find(|entry| entry.key == key)?.value.clone();
        match value(FORMAT_KEY) {
            Some(version) if version == FORMAT_VERSION => {}
            Some(version) => {
                return Err(io::Error::other(format!("layout {version} is newer than this program: update it")));
            }
            None => return Err(io::Error::other("not written by `failures export`")),
        }
        let computation = value(COMPUTATION_KEY).unwrap_or_default();
        Ok(ParquetPart { reader: Box::new(reader), computation })
    }

    /// Returns true if the file has rows of trails, not runs.
    pub(crate) fn is_trail(&self) -> bool {
        let schema = self.reader.metadata().file_metadata().schema_descr();
        schema.columns().iter().any(|column| column.name() == SERIES)
    }

    pub(crate) fn row_groups(&self) -> usize {
        self.reader.num_row_groups()
    }

    /// Reads the columns of a row group for which `is_needed` returns true.
    ///
    /// # Errors
    ///
    /// Fails if the file is malformed, or if a column has another type than its name determines.
    pub(crate) fn read(&self, group: usize, is_needed: &dyn Fn(&str) -> bool) -> io::Result<StoredRows> {
        let read = || {
            let group = self.reader.get_row_group(group).map_err(io_error)?;
            read_group(&*group, is_needed)
        };
        catch_panic(read).unwrap_or_else(|message| Err(io::Error::other(format!("malformed: {message}"))))
    }
}

fn read_group(group: &dyn RowGroupReader, is_needed: &dyn Fn(&str) -> bool) -> io::Result<StoredRows> {
    let metadata = group.metadata();
    let len = usize::try_from(metadata.num_rows()).map_err(io::Error::other)?;
    let mut rows = StoredRows { columns: Vec::new(), len };
    for index in 0..metadata.num_columns() {
        let path = metadata.column(index).column_path();
        let [name] = path.parts() else { continue };
        if !is_needed(name) {
            continue;
        }
        let wrong_type = || io::Error::other(format!("the type of the column '{name}' is wrong"));
        if metadata.column(index).column_descr().max_rep_level() > 0 {
            return Err(wrong_type());
        }
        let values = match (ColumnKind::of(name), group.get_column_reader(index).map_err(io_error)?) {
            (ColumnKind::Number, ColumnReader::DoubleColumnReader(reader)) => {
                StoredValues::Numbers(read_values(reader, len, Ok)?)
            }
            (ColumnKind::Time, ColumnReader::Int64ColumnReader(reader)) => {
                StoredValues::Times(read_values(reader, len, Ok)?)
            }
            (ColumnKind::Text | ColumnKind::Json, ColumnReader::ByteArrayColumnReader(reader)) => {
                let text = |value: parquet::data_type::ByteArray| match value.as_utf8() {
                    Ok(text) => Ok(Box::from(text)),
                    Err(error) => Err(io_error(error)),
                };
                StoredValues::Texts(read_values(reader, len, text)?)
            }
            _ => return Err(wrong_type()),
        };
        rows.columns.push(StoredColumn { name: name.clone(), values });
    }
    if !rows.columns.iter().any(|column| column.name == RUN_ID) {
        return Err(io::Error::other("the file has no column 'run_id'"));
    }
    Ok(rows)
}

fn read_values<T: DataType, V>(
    mut reader: ColumnReaderImpl<T>,
    len: usize,
    mut value: impl FnMut(T::T) -> io::Result<V>,
) -> io::Result<Vec<Option<V>>> {
    let mut values = Vec::new();
    while values.len() < len {
        let (mut present, mut levels) = (Vec::new(), Vec::new());
        let (rows, ..) =
            reader.read_records(len - values.len(), Some(&mut levels), None, &mut present).map_err(io_error)?;
        if rows == 0 {
            return Err(io::Error::other("a column is shorter than the file"));
        }
        // A required column has no levels.
        levels.resize(rows, 1);
        let mut present = present.into_iter();
        for level in levels {
            values.push(if level > 0 { present.next().map(&mut value).transpose()? } else { None });
        }
    }
    Ok(values)
}
