//! The columns of runs.

use corpus::{Cell, FailedRun, RunFacts, RunId, RunTable, Session, ValueColumn};

use super::parameter_json::ParameterJson;
use super::part_rows::{PartColumn, PartRows};
use crate::names::column_name::{FINGERPRINT, PARAMETERS, RUN_ID, digest_column, number_column, text_column};

/// The columns that all parts of a table have.
pub(crate) struct RunColumns<'a> {
    table: &'a RunTable,
    json: ParameterJson,
    parameters: Vec<ParameterNames<'a>>,
    digests: Vec<(String, &'a ValueColumn)>,
}

/// The columns of a parameter that have values.
struct ParameterNames<'a> {
    numbers: Option<String>,
    texts: Option<String>,
    values: &'a ValueColumn,
}

impl<'a> RunColumns<'a> {
    /// Chooses the columns. A column without a value in the whole table does not count.
    pub(crate) fn new(table: &'a RunTable) -> Self {
        let columns = table.parameters().iter().map(|values| {
            let has_numbers = values.cells().any(|cell| number(cell).is_some());
            let has_texts = values.cells().any(|cell| text(cell).is_some());
            ParameterNames {
                numbers: has_numbers.then(|| number_column(values.name())),
                texts: has_texts.then(|| text_column(values.name())),
                values,
            }
        });
        let parameters = columns.collect();
        let digests = table.digests().iter().map(|column| (digest_column(column.name()), column)).collect();
        RunColumns { table, json: ParameterJson::new(table.parameters()), parameters, digests }
    }

    /// Returns the rows of some runs, which have these ids.
    pub(crate) fn rows<'b>(&'b self, runs: &'b [u32], ids: &'b [RunId]) -> PartRows<'b> {
        let table = self.table;
        let index = move |row: usize| runs[row] as usize;
        let mut columns = vec![PartColumn::written_texts(RUN_ID, move |row, buffer| ids[row].write(buffer))];
        self.push_sessions(&mut columns, runs);
        let facts = move |row: usize| &table.runs()[index(row)];
        columns.push(PartColumn::times("started", move |row| started(facts(row))));
        columns.push(PartColumn::times("ended", move |row| Some(facts(row).ended?.timestamp_micros())));
        columns.push(PartColumn::numbers("duration_s", move |row| {
            Some(facts(row).duration_s).filter(|duration| !duration.is_nan())
        }));
        columns.push(PartColumn::texts("outcome", move |row| Some(facts(row).outcome.name())));
        self.push_failures(&mut columns, runs);
        let reference = Some(table.theoretical_ref()).filter(|reference| !reference.is_empty());
        columns.push(PartColumn::texts("theoretical_ref", move |_| reference));
        columns.push(PartColumn::written_texts(PARAMETERS, move |row, json| {
            self.json.write(table.parameters(), index(row), json);
            true
        }));
        for ParameterNames { numbers, texts, values } in &self.parameters {
            if let Some(name) = numbers {
                columns.push(PartColumn::numbers(&**name, move |row| number(values.cell(index(row)))));
            }
            if let Some(name) = texts {
                columns.push(PartColumn::texts(&**name, move |row| text(values.cell(index(row)))));
            }
        }
        for (name, column) in &self.digests {
            // Columns of digests can be shorter than the table.
            let cell = move |run| if run < column.len() { number(column.cell(run)) } else { None };
            columns.push(PartColumn::numbers(&**name, move |row| cell(index(row))));
        }
        PartRows { columns, len: runs.len() }
    }

    fn push_sessions<'b>(&'b self, columns: &mut Vec<PartColumn<'b>>, runs: &'b [u32]) {
        let table = self.table;
        let session = move |row: usize| table.sessions().get(table.runs()[runs[row] as usize].session as usize);
        let mut push = |name: &'static str, text: fn(&Session) -> Option<&str>| {
            columns.push(PartColumn::texts(name, move |row| session(row).and_then(text)));
        };
        push("session", |session| Some(&*session.id).filter(|id| !id.is_empty()));
        push("host", |session| session.host.as_deref());
        push("job_id", |session| session.job_id.as_deref());
        push("package", |session| session.package.as_deref());
        push("version", |session| session.version.as_deref());
        push("commit", |session| session.git_commit.as_deref());
        columns.push(PartColumn::numbers("rank", move |row| session(row)?.rank.map(|rank| rank as f64)));
    }

    fn push_failures<'b>(&'b self, columns: &mut Vec<PartColumn<'b>>, runs: &'b [u32]) {
        let table = self.table;
        let failure = move |row: usize| {
            let failure = table.runs()[runs[row] as usize].failure?;
            table.failures().get(failure as usize)
        };
        columns.push(PartColumn::written_texts("failure_id", move |row, buffer| {
            let id = failure(row).and_then(|failure| failure.id);
            id.is_some_and(|id| {
                buffer.extend_from_slice(id.hyphenated().encode_lower(&mut [0; 36]).as_bytes());
                true
            })
        }));
        let mut push = |name: &'static str, text: fn(&FailedRun) -> Option<&str>| {
            columns.push(PartColumn::texts(name, move |row| failure(row).and_then(text)));
        };
        push("category", |failure| failure.category.as_deref());
        push(FINGERPRINT, |failure| failure.fingerprint.as_deref());
        push("error_type", |failure| failure.error_type.as_deref());
        push("error_message", |failure| failure.error_message.as_deref());
    }
}

fn number(cell: Cell<'_>) -> Option<f64> {
    match cell {
        Cell::Number(number) | Cell::NotFinite(number) => Some(number),
        _ => None,
    }
}

fn text(cell: Cell<'_>) -> Option<&str> {
    match cell {
        Cell::Text(text) => Some(text),
        Cell::Bool(value) => Some(if value { "true" } else { "false" }),
        _ => None,
    }
}

fn started(run: &RunFacts) -> Option<i64> {
    let micros = (run.duration_s * 1e6).round();
    let ended = run.ended?.timestamp_micros();
    // An `as` conversion of NaN is 0.
    (micros.is_finite()).then(|| ended.saturating_sub(micros as i64))
}
