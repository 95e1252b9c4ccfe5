//! The runs of an exported file as a table.

use std::io;

use corpus::{Cell, ReadOptions, RunId, RunTable};

use super::fact_columns::{FactColumns, TextColumn};
use crate::names::column_name::{PARAMETERS, RUN_ID, digest_of_column, parameter_of_column, parameter_of_text_column};
use crate::rows::parameter_json::write_text;
use crate::rows::stored_rows::{StoredRows, StoredValues};

/// The runs of a row group.
pub(crate) struct PartRuns {
    computation: String,
    rows: StoredRows,
    /// The rows that the options choose, with their ids.
    chosen: Vec<(usize, RunId)>,
}

impl PartRuns {
    /// Checks the rows.
    ///
    /// # Errors
    ///
    /// Fails if a row has no id.
    pub(crate) fn new(computation: &str, rows: StoredRows, options: &ReadOptions) -> io::Result<Self> {
        let (ids, facts, mut chosen) = (TextColumn::of(&rows, RUN_ID), FactColumns::of(&rows), Vec::new());
        for row in 0..rows.len {
            let id = ids.get(row).and_then(RunId::parse);
            let id = id.ok_or_else(|| io::Error::other(format!("row {} has no valid run_id", row + 1)))?;
            if options.contains(facts.ended(row)) {
                chosen.push((row, id));
            }
        }
        Ok(PartRuns { computation: computation.to_owned(), rows, chosen })
    }

    /// Returns the runs whose ids `is_new` accepts.
    pub(crate) fn into_table(self, mut is_new: impl FnMut(RunId) -> bool) -> RunTable {
        let rows = &self.rows;
        let mut table = RunTable::new(&*self.computation);
        let (facts, parameters) = (FactColumns::of(rows), ParameterColumns::of(rows));
        let digests: Vec<(&str, &[Option<f64>])> = rows
            .columns
            .iter()
            .filter_map(|column| {
                let StoredValues::Numbers(values) = &column.values else { return None };
                Some((digest_of_column(&column.name)?, &**values))
            })
            .collect();
        // Runs of a part have the same session.
        let mut last_session: Option<(Option<&str>, u32)> = None;
        for (row, id) in self.chosen {
            if !is_new(id) {
                continue;
            }
            if let Some(reference) = facts.theoretical_ref.get(row) {
                table.set_theoretical_ref(reference);
            }
            let mut run = facts.run(row);
            let session_id = facts.session.get(row);
            run.session = match last_session {
                Some((last, index)) if last == session_id => index,
                _ => table.push_session(facts.session(row)),
            };
            last_session = Some((session_id, run.session));
            run.failure = facts.failure(row).map(|failure| table.push_failure(failure));
            table.push(run, parameters.cells(row));
            for (name, values) in &digests {
                if let Some(value) = values[row] {
                    table.push_digest(name, Cell::from(value));
                }
            }
        }
        table
    }
}

/// The numbers and the texts of a parameter.
struct ParameterColumns<'a> {
    columns: Vec<ParameterColumn<'a>>,
    /// All parameters of each run as JSON.
    json: TextColumn<'a>,
}

struct ParameterColumn<'a> {
    name: &'a str,
    numbers: Option<&'a [Option<f64>]>,
    texts: Option<&'a [Option<Box<str>>]>,
    /// The parameter in JSON if its value is true, and if it is false.
    booleans: [String; 2],
}

impl<'a> ParameterColumns<'a> {
    fn of(rows: &'a StoredRows) -> Self {
        let mut columns: Vec<ParameterColumn<'a>> = Vec::new();
        for column in &rows.columns {
            let name = parameter_of_column(&column.name).or_else(|| parameter_of_text_column(&column.name));
            let Some(name) = name else { continue };
            let position = columns.iter().position(|known| known.name == name).unwrap_or_else(|| {
                let booleans = [true, false].map(|value| {
                    let mut json = Vec::new();
                    write_text(&mut json, name);
                    format!("{}:{value}", String::from_utf8_lossy(&json))
                });
                columns.push(ParameterColumn { name, numbers: None, texts: None, booleans });
                columns.len() - 1
            });
            match &column.values {
                StoredValues::Numbers(values) => columns[position].numbers = Some(values),
                StoredValues::Texts(values) => columns[position].texts = Some(values),
                StoredValues::Times(_) => {}
            }
        }
        ParameterColumns { columns, json: TextColumn::of(rows, PARAMETERS) }
    }

    fn cells(&self, row: usize) -> impl Iterator<Item = (&str, Cell<'_>)> {
        self.columns.iter().map(move |column| (column.name, column.cell(self.json, row)))
    }
}

impl ParameterColumn<'_> {
    fn cell(&self, json: TextColumn<'_>, row: usize) -> Cell<'_> {
        if let Some(number) = self.numbers.and_then(|values| values[row]) {
            return Cell::from(number);
        }
        let Some(text) = self.texts.and_then(|values| values[row].as_deref()) else { return Cell::Missing };
        // Booleans are texts in their column. JSON tells them apart.
        let boolean = match text {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        };
        match boolean {
            Some(value) if has_entry(json.get(row).unwrap_or_default(), &self.booleans[usize::from(!value)]) => {
                Cell::Bool(value)
            }
            _ => Cell::Text(text),
        }
    }
}

/// Returns true if a JSON object has an entry at its top. Inside a text, a backslash precedes a quotation mark.
fn has_entry(json: &str, entry: &str) -> bool {
    json.match_indices(entry).any(|(place, _)| json[..place].ends_with(['{', ',']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_found_outside_texts() {
        assert!(has_entry(r#"{"a":true}"#, r#""a":true"#));
        assert!(has_entry(r#"{"b":1,"a":true,"c":2}"#, r#""a":true"#));
        // The names of these parameters end with a quotation mark and `a`.
        assert!(!has_entry(r#"{"\"a":true,"a":"true"}"#, r#""a":true"#));
        assert!(!has_entry(r#"{"b":",\"a\":true","a":"true"}"#, r#""a":true"#));
    }
}
