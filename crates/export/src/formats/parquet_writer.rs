//! Parquet files: every column is optional, numbers are DOUBLE, texts are UTF-8, times are microseconds.

use std::io::{self, Write};
use std::sync::Arc;

use bytes::Bytes;
use parquet::basic::{Compression, LogicalType, Repetition, TimeUnit, Type as PhysicalType};
use parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::types::{ColumnPath, Type};

use crate::names::column_name::{ColumnKind, PARAMETERS, RUN_ID};
use crate::rows::part_rows::{ColumnValues, PartColumn, PartRows};

/// Number of rows of a row group, and of the values that are collected at a time. They bound the memory.
const ROWS_PER_GROUP: usize = 1 << 17;
const ROWS_PER_BATCH: usize = 1 << 10;

/// Keys of the metadata of a file.
pub(crate) const FORMAT_KEY: &str = "tracing_failure.export";
pub(crate) const COMPUTATION_KEY: &str = "tracing_failure.computation";
/// The version of the layout.
pub(crate) const FORMAT_VERSION: &str = "1";

/// Writes all rows. `add_rows` is called now and then with the number of rows.
pub(crate) fn write(
    rows: &PartRows<'_>,
    computation: &str,
    file: &mut (dyn Write + Send),
    add_rows: &mut dyn FnMut(usize) -> io::Result<()>,
) -> io::Result<()> {
    let fields = rows.columns.iter().map(|column| field(column).map(Arc::new)).collect::<Result<_, _>>();
    let schema = fields.and_then(|fields| Type::group_type_builder("run").with_fields(fields).build());
    let schema = Arc::new(schema.map_err(io_error)?);
    let mut writer = SerializedFileWriter::new(file, schema, Arc::new(properties(rows, computation)));
    let writer = writer.as_mut().map_err(|error| io::Error::other(error.to_string()))?;
    let mut start = 0;
    while start < rows.len {
        let end = rows.len.min(start + ROWS_PER_GROUP);
        let mut group = writer.next_row_group().map_err(io_error)?;
        for (index, column) in rows.columns.iter().enumerate() {
            let Some(mut chunk) = group.next_column().map_err(io_error)? else { break };
            write_column(column, start..end, &mut chunk)?;
            chunk.close().map_err(io_error)?;
            // The rows count with their last column. The other calls only allow to stop.
            add_rows(if index + 1 == rows.columns.len() { end - start } else { 0 })?;
        }
        group.close().map_err(io_error)?;
        start = end;
    }
    writer.finish().map_err(io_error)?;
    Ok(())
}

fn field(column: &PartColumn<'_>) -> Result<Type, ParquetError> {
    let (physical, logical) = match column.kind() {
        ColumnKind::Number => (PhysicalType::DOUBLE, None),
        // Readers without support for the type JSON would not read a text.
        ColumnKind::Text | ColumnKind::Json => (PhysicalType::BYTE_ARRAY, Some(LogicalType::String)),
        ColumnKind::Time => (PhysicalType::INT64, Some(LogicalType::timestamp(true, TimeUnit::MICROS))),
    };
    let field = Type::primitive_type_builder(&column.name, physical);
    field.with_repetition(Repetition::OPTIONAL).with_logical_type(logical).build()
}

fn properties(rows: &PartRows<'_>, computation: &str) -> WriterProperties {
    let metadata = [(FORMAT_KEY, FORMAT_VERSION), (COMPUTATION_KEY, computation)];
    let metadata = metadata.map(|(key, value)| KeyValue::new(key.to_owned(), value.to_owned()));
    let mut properties = WriterProperties::builder()
        .set_created_by(concat!("tracing-failure version ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_compression(Compression::SNAPPY)
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_dictionary_enabled(false)
        .set_key_value_metadata(Some(metadata.to_vec()));
    for column in &rows.columns {
        let path = ColumnPath::new(vec![column.name.clone().into_owned()]);
        match &column.values {
            // Statistics ignore NaN, so a reader that orders NaN above all numbers would skip them.
            ColumnValues::Numbers(values) => {
                if (0..rows.len).any(|row| values(row).is_some_and(f64::is_nan)) {
                    properties = properties.set_column_statistics_enabled(path, EnabledStatistics::None);
                }
            }
            // The path selects sessions and days. Other texts are seldom compared.
            ColumnValues::Texts(_) => {
                let has_dictionary = ![RUN_ID, PARAMETERS].contains(&&*column.name);
                properties = properties
                    .set_column_statistics_enabled(path.clone(), EnabledStatistics::None)
                    .set_column_dictionary_enabled(path, has_dictionary);
            }
            ColumnValues::Times(_) => {}
        }
    }
    properties.build()
}

fn write_column(
    column: &PartColumn<'_>,
    rows: std::ops::Range<usize>,
    chunk: &mut SerializedColumnWriter<'_>,
) -> io::Result<()> {
    let mut capacity = 0;
    for start in rows.clone().step_by(ROWS_PER_BATCH) {
        let batch = start..rows.end.min(start + ROWS_PER_BATCH);
        match &column.values {
            ColumnValues::Numbers(values) => write_batch::<DoubleType>(chunk, batch, values)?,
            ColumnValues::Times(values) => write_batch::<Int64Type>(chunk, batch, values)?,
            ColumnValues::Texts(write) => {
                // All texts of a batch are parts of one buffer.
                let (mut buffer, mut ranges) = (Vec::with_capacity(capacity), Vec::with_capacity(batch.len()));
                for row in batch.clone() {
                    let begin = buffer.len();
                    ranges.push(write(row, &mut buffer).then_some(begin..buffer.len()));
                }
                capacity = capacity.max(buffer.len() + buffer.len() / 16);
                let buffer = Bytes::from(buffer);
                let mut ranges = ranges.into_iter();
                let text = |_| Some(ByteArray::from(buffer.slice(ranges.next()??)));
                write_batch::<ByteArrayType>(chunk, batch, text)?;
            }
        }
    }
    Ok(())
}

fn write_batch<T: DataType>(
    chunk: &mut SerializedColumnWriter<'_>,
    rows: std::ops::Range<usize>,
    mut value: impl FnMut(usize) -> Option<T::T>,
) -> io::Result<()> {
    let (mut values, mut levels) = (Vec::with_capacity(rows.len()), Vec::with_capacity(rows.len()));
    for row in rows {
        let value = value(row);
        levels.push(i16::from(value.is_some()));
        values.extend(value);
    }
    chunk.typed::<T>().write_batch(&values, Some(&levels), None).map_err(io_error)?;
    Ok(())
}

pub(crate) fn io_error(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(error) => match error.downcast::<io::Error>() {
            Ok(error) => *error,
            Err(error) => io::Error::other(error),
        },
        error => io::Error::other(error),
    }
}
