//! The runs of an exported file as a table.

use std::io;

use chrono::{DateTime, Utc};
use corpus::{Cell, FailedRun, ReadOptions, RunFacts, RunId, RunOutcome, RunTable, Session};
use uuid::Uuid;

use crate::names::column_name::{
    FINGERPRINT, PARAMETERS, RUN_ID, digest_of_column, parameter_of_column, parameter_of_text_column,
};
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
        let mut chosen = Vec::new();
        for row in 0..rows.len {
            let id = rows.text(RUN_ID, row).and_then(RunId::parse);
            let id = id.ok_or_else(|| io::Error::other(format!("row {} has no valid run_id", row + 1)))?;
            if options.contains(time(&rows, "ended", row)) {
                chosen.push((row, id));
            }
        }
        Ok(PartRuns { computation: computation.to_owned(), rows, chosen })
    }

    /// Returns the runs whose ids `is_new` accepts.
    pub(crate) fn into_table(self, mut is_new: impl FnMut(RunId) -> bool) -> RunTable {
        let rows = &self.rows;
        let mut table = RunTable::new(&*self.computation);
        let parameters = ParameterColumns::of(rows);
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
            if let Some(reference) = rows.text("theoretical_ref", row) {
                table.set_theoretical_ref(reference);
            }
            let outcome = rows.text("outcome", row).and_then(RunOutcome::from_name);
            let mut run = RunFacts::new(outcome.unwrap_or(RunOutcome::Unknown));
            run.ended = time(rows, "ended", row);
            run.duration_s = number(rows, "duration_s", row).unwrap_or(f64::NAN);
            let session_id = rows.text("session", row);
            run.session = match last_session {
                Some((last, index)) if last == session_id => index,
                _ => table.push_session(session(rows, row)),
            };
            last_session = Some((session_id, run.session));
            run.failure = failure(rows, row).map(|failure| table.push_failure(failure));
            table.push(run, parameters.cells(rows, row));
            for (name, values) in &digests {
                if let Some(value) = values[row] {
                    table.push_digest(name, Cell::from(value));
                }
            }
        }
        table
    }
}

fn session(rows: &StoredRows, row: usize) -> Session {
    let text = |name| rows.text(name, row).map(str::to_owned);
    let mut session = Session::new(text("session").unwrap_or_default());
    session.host = text("host");
    session.rank = number(rows, "rank", row).filter(|rank| *rank >= 0.0).map(|rank| rank as u64);
    session.job_id = text("job_id");
    session.package = text("package");
    session.version = text("version");
    session.git_commit = text("commit");
    session
}

fn failure(rows: &StoredRows, row: usize) -> Option<FailedRun> {
    let text = |name| rows.text(name, row).map(str::to_owned);
    let mut failure = FailedRun::default();
    failure.id = rows.text("failure_id", row).and_then(|id| Uuid::try_parse(id).ok());
    failure.category = text("category");
    failure.fingerprint = text(FINGERPRINT);
    failure.error_type = text("error_type");
    failure.error_message = text("error_message");
    (failure.id.is_some() || failure.fingerprint.is_some()).then_some(failure)
}

fn number(rows: &StoredRows, name: &str, row: usize) -> Option<f64> {
    match &rows.column(name)?.values {
        StoredValues::Numbers(values) => values[row],
        _ => None,
    }
}

fn time(rows: &StoredRows, name: &str, row: usize) -> Option<DateTime<Utc>> {
    match &rows.column(name)?.values {
        StoredValues::Times(values) => DateTime::from_timestamp_micros(values[row]?),
        _ => None,
    }
}

/// The numbers and the texts of a parameter.
struct ParameterColumns<'a> {
    columns: Vec<ParameterColumn<'a>>,
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
        ParameterColumns { columns }
    }

    fn cells<'b>(&'b self, rows: &'b StoredRows, row: usize) -> impl Iterator<Item = (&'b str, Cell<'b>)> {
        self.columns.iter().map(move |column| (column.name, column.cell(rows, row)))
    }
}

impl ParameterColumn<'_> {
    fn cell<'b>(&'b self, rows: &'b StoredRows, row: usize) -> Cell<'b> {
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
        let parameters = rows.text(PARAMETERS, row).unwrap_or_default();
        match boolean {
            Some(value) if has_entry(parameters, &self.booleans[usize::from(!value)]) => Cell::Bool(value),
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
