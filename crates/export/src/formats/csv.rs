//! Comma-separated values with a header line, as in RFC 4180. A missing value is empty, an empty text is `""`.

use std::io::{self, Read, Write};

use super::json_lines::time_text;
use crate::rows::part_rows::{ColumnValues, PartRows};
use crate::rows::stored_rows::StoredRows;

/// Writes all rows. `add_rows` is called now and then with the number of rows.
pub(crate) fn write(
    rows: &PartRows<'_>,
    file: &mut dyn Write,
    add_rows: &mut dyn FnMut(usize) -> io::Result<()>,
) -> io::Result<()> {
    let (mut line, mut text) = (Vec::new(), Vec::new());
    for column in &rows.columns {
        write_separator(&mut line);
        write_field(&mut line, &column.name);
    }
    line.push(b'\n');
    file.write_all(&line)?;
    for row in 0..rows.len {
        line.clear();
        for (index, column) in rows.columns.iter().enumerate() {
            if index > 0 {
                line.push(b',');
            }
            match &column.values {
                ColumnValues::Numbers(values) => {
                    if let Some(number) = values(row) {
                        write_number(&mut line, number);
                    }
                }
                ColumnValues::Times(values) => {
                    if let Some(time) = values(row) {
                        line.extend_from_slice(time_text(time).as_bytes());
                    }
                }
                ColumnValues::Texts(write) => {
                    text.clear();
                    if write(row, &mut text) {
                        write_field(&mut line, &String::from_utf8_lossy(&text));
                    }
                }
            }
        }
        line.push(b'\n');
        file.write_all(&line)?;
        add_rows(1)?;
    }
    Ok(())
}

fn write_separator(line: &mut Vec<u8>) {
    if !line.is_empty() {
        line.push(b',');
    }
}

fn write_number(line: &mut Vec<u8>, number: f64) {
    if number.is_finite() {
        crate::rows::parameter_json::write_number(line, number);
    } else {
        // pandas, Polars and DuckDB read these texts.
        line.extend_from_slice(match number {
            f64::INFINITY => b"inf",
            f64::NEG_INFINITY => b"-inf",
            _ => b"NaN",
        });
    }
}

fn write_field(line: &mut Vec<u8>, text: &str) {
    if !text.is_empty() && !text.contains([',', '"', '\n', '\r']) && text.trim() == text {
        line.extend_from_slice(text.as_bytes());
        return;
    }
    line.push(b'"');
    line.extend_from_slice(text.replace('"', "\"\"").as_bytes());
    line.push(b'"');
}

/// Reads the rows of a file.
///
/// # Errors
///
/// Fails if the file is not of this form, or if a value is not of the type that the name of its column determines.
pub(crate) fn read(mut file: impl Read) -> io::Result<StoredRows> {
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    let mut records = CsvRecords { rest: &text };
    let mut rows = StoredRows::default();
    let names = records.next().unwrap_or_default();
    let positions: Vec<usize> = names.iter().map(|name| rows.position(name.as_deref().unwrap_or_default())).collect();
    for fields in records {
        if fields.len() != positions.len() {
            return Err(io::Error::other(format!("row {} has {} fields", rows.len + 1, fields.len())));
        }
        for (field, &position) in fields.iter().zip(&positions) {
            let column = &mut rows.columns[position];
            if let Some(field) = field
                && !column.values.push_text(field)
            {
                let (name, row) = (&column.name, rows.len + 1);
                return Err(io::Error::other(format!("row {row}: the type of '{name}' is wrong")));
            }
        }
        rows.end_row();
    }
    Ok(rows)
}

/// The records of a text. A field is `None` if it is empty without quotation marks.
struct CsvRecords<'a> {
    rest: &'a str,
}

impl Iterator for CsvRecords<'_> {
    type Item = Vec<Option<String>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let mut fields = Vec::new();
        loop {
            fields.push(self.field());
            let mut rest = self.rest.chars();
            match rest.next() {
                Some(',') => self.rest = rest.as_str(),
                _ => {
                    self.rest = rest.as_str();
                    return Some(fields);
                }
            }
        }
    }
}

impl CsvRecords<'_> {
    /// Reads a field up to the separator or the end of the line, which stays.
    fn field(&mut self) -> Option<String> {
        let Some(mut rest) = self.rest.strip_prefix('"') else {
            let end = self.rest.find([',', '\n']).unwrap_or(self.rest.len());
            let (field, rest) = self.rest.split_at(end);
            self.rest = rest;
            return Some(field.to_owned()).filter(|field| !field.is_empty());
        };
        let mut field = String::new();
        loop {
            let end = rest.find('"').unwrap_or(rest.len());
            field.push_str(&rest[..end]);
            rest = rest.get(end + 1..).unwrap_or_default();
            match rest.strip_prefix('"') {
                Some(after) => {
                    field.push('"');
                    rest = after;
                }
                None => {
                    self.rest = rest;
                    return Some(field);
                }
            }
        }
    }
}
