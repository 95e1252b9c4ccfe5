//! JSON Lines: an object for each row, without keys of missing values.

use std::collections::BTreeMap;
use std::io::{self, BufRead, Write};

use chrono::{DateTime, SecondsFormat};
use serde_json::value::RawValue;

use crate::names::column_name::ColumnKind;
use crate::rows::parameter_json::{write_number, write_text};
use crate::rows::part_rows::{ColumnValues, PartRows};
use crate::rows::stored_rows::StoredRows;

/// Writes all rows. `add_rows` is called now and then with the number of rows.
pub(crate) fn write(
    rows: &PartRows<'_>,
    file: &mut dyn Write,
    add_rows: &mut dyn FnMut(usize) -> io::Result<()>,
) -> io::Result<()> {
    let key = |name: &str| {
        let mut key = Vec::new();
        write_text(&mut key, name);
        key.push(b':');
        key
    };
    let columns: Vec<_> = rows.columns.iter().map(|column| (key(&column.name), column.kind(), column)).collect();
    let (mut line, mut text) = (Vec::new(), Vec::new());
    for row in 0..rows.len {
        line.clear();
        line.push(b'{');
        for (key, kind, column) in &columns {
            let start = line.len();
            if start > 1 {
                line.push(b',');
            }
            line.extend_from_slice(key);
            let is_present = match &column.values {
                ColumnValues::Numbers(values) => values(row).map(|number| write_number(&mut line, number)).is_some(),
                ColumnValues::Times(values) => {
                    values(row).map(|time| write_text(&mut line, &time_text(time))).is_some()
                }
                ColumnValues::Texts(write) if *kind == ColumnKind::Json => write(row, &mut line),
                ColumnValues::Texts(write) => {
                    text.clear();
                    let is_present = write(row, &mut text);
                    write_text(&mut line, &String::from_utf8_lossy(&text));
                    is_present
                }
            };
            if !is_present {
                line.truncate(start);
            }
        }
        line.extend_from_slice(b"}\n");
        file.write_all(&line)?;
        add_rows(1)?;
    }
    Ok(())
}

/// Reads the rows of a file.
///
/// # Errors
///
/// Fails if a line is not an object with values of the types that the names of the keys determine.
pub(crate) fn read(mut file: impl BufRead) -> io::Result<StoredRows> {
    let (mut rows, mut line) = (StoredRows::default(), String::new());
    while file.read_line(&mut line)? > 0 {
        let fields: BTreeMap<String, &RawValue> = serde_json::from_str(&line).map_err(io::Error::other)?;
        for (name, value) in fields {
            let position = rows.position(&name);
            let values = &mut rows.columns[position].values;
            let is_read = match (ColumnKind::of(&name), value.get()) {
                (_, "null") => true,
                (ColumnKind::Json, json) => values.push_text(json),
                (_, json) if json.starts_with('"') => {
                    let text: String = serde_json::from_str(json).map_err(io::Error::other)?;
                    values.push_text(&text)
                }
                (ColumnKind::Number, json) => values.push_text(json),
                _ => false,
            };
            if !is_read {
                return Err(io::Error::other(format!("line {}: the type of '{name}' is wrong", rows.len + 1)));
            }
        }
        rows.end_row();
        line.clear();
    }
    Ok(rows)
}

/// Returns microseconds since 1970 as text.
pub(crate) fn time_text(micros: i64) -> String {
    let time = DateTime::from_timestamp_micros(micros);
    time.map(|time| time.to_rfc3339_opts(SecondsFormat::Micros, true)).unwrap_or_default()
}
