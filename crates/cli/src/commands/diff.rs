//! `failures diff`: compares two records and shows the differences.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::io::Write;
use std::path::Path;

use anyhow::Result;
use record::{Failure, Map, TrailEntry, Value};
use serde_json::json;

use crate::exit_code::ExitCode;
use crate::records::{RecordEntry, open_record};
use crate::screen::{Column, Screen, Table, local_time, one_line, paint, parameter, place_of};

#[derive(Debug, clap::Args)]
pub(crate) struct DiffOptions {
    /// The first record: `latest`, `latest~1`, the beginning or end of an id, or a path.
    #[arg(value_name = "A")]
    a: String,
    /// The second record.
    #[arg(value_name = "B", default_value = "latest")]
    b: String,
    /// Print the differences as JSON.
    #[arg(long)]
    json: bool,
}

/// The compared values of a record, by name, in insertion order.
#[derive(Default)]
struct ComparedValues {
    entries: Vec<(String, Value)>,
    positions: HashMap<String, usize>,
}

impl ComparedValues {
    fn insert(&mut self, name: impl Into<String>, value: impl Into<Value>) {
        match self.positions.entry(name.into()) {
            Entry::Occupied(place) => self.entries[*place.get()].1 = value.into(),
            Entry::Vacant(place) => {
                self.entries.push((place.key().clone(), value.into()));
                place.insert(self.entries.len() - 1);
            }
        }
    }

    fn get(&self, name: &str) -> Option<&Value> {
        self.positions.get(name).map(|place| &self.entries[*place].1)
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|(name, _)| name.as_str())
    }
}

const COLUMNS: [Column; 3] =
    [Column::new("").style(paint::NAME).min_width(20), Column::new("A").min_width(16), Column::new("B").min_width(16)];

pub(crate) fn run(options: &DiffOptions, dir: Option<&Path>, screen: &mut Screen) -> Result<ExitCode> {
    let (a, b) = (open_record(&options.a, dir)?, open_record(&options.b, dir)?);
    let (values_a, values_b) = (compared_values(&a.failure), compared_values(&b.failure));
    let differences = differences(&values_a, &values_b);
    if options.json {
        let differences: Vec<_> =
            differences.iter().map(|(name, a, b)| json!({ "name": name, "a": a, "b": b })).collect();
        let all = json!({ "a": a.path.to_string_lossy(), "b": b.path.to_string_lossy(), "differences": differences });
        screen.write_pretty(&all)?;
    } else {
        write_table(&a, &b, &differences, screen)?;
    }
    screen.flush()?;
    Ok(ExitCode::of_check(a.is_certain && b.is_certain))
}

fn write_table(
    a: &RecordEntry,
    b: &RecordEntry,
    differences: &[(&str, &Value, &Value)],
    screen: &mut Screen,
) -> Result<()> {
    let mut table = Table::new(&COLUMNS);
    table.push_row(["file".to_owned(), file_name(a), file_name(b)]);
    table.push_row(["when".to_owned(), local_time(a.failure.timestamp), local_time(b.failure.timestamp)]);
    for (name, a, b) in differences {
        table.push_row([one_line(name).into_owned(), text(a), text(b)]);
    }
    table.write(screen)?;
    if differences.is_empty() {
        writeln!(screen, "\nno differences in computation, errors, location, parameters, trail, run or build")?;
    }
    Ok(())
}

fn file_name(record: &RecordEntry) -> String {
    one_line(&record.path.file_name().unwrap_or_default().to_string_lossy()).into_owned()
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        value => parameter(value),
    }
}

/// The values that differ: first those of A in their order, then those that only B has. A missing value is null.
fn differences<'f>(a: &'f ComparedValues, b: &'f ComparedValues) -> Vec<(&'f str, &'f Value, &'f Value)> {
    let value = |values: &'f ComparedValues, name: &str| values.get(name).unwrap_or(&Value::Null);
    let only_in_b = b.names().filter(|name| a.get(name).is_none());
    let names = a.names().chain(only_in_b);
    names.map(|name| (name, value(a, name), value(b, name))).filter(|(_, a, b)| a != b).collect()
}

/// The values by which records are compared.
fn compared_values(failure: &Failure) -> ComparedValues {
    let context = &failure.context;
    let text = |text: &Option<String>| text.clone().map(Value::from);
    let mut compared_values = ComparedValues::default();
    let mut add = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            compared_values.insert(name, value);
        }
    };
    add("computation", Some(failure.computation.as_str().into()));
    add("theoretical_ref", Some(failure.theoretical_ref.as_str().into()));
    add("error_type", Some(failure.error_type.as_str().into()));
    add("error_message", Some(failure.error_message.as_str().into()));
    for (depth, error) in context.errors.iter().enumerate() {
        add(&format!("errors[{depth}].type"), text(&error.type_name));
        add(&format!("errors[{depth}].message"), Some(error.message.as_str().into()));
        add(&format!("errors[{depth}].data"), error.data.clone());
    }
    add("category", context.category.map(|category| category.name().into()));
    add("reason", text(&context.reason));
    add("fingerprint", Some((*failure.fingerprint()).into()));
    let working_dir = context.process.as_ref().and_then(|process| process.cwd.as_deref());
    let place = context.location.as_ref().map(|at| place_of(at.file.as_deref(), at.line, working_dir));
    add("location", place.map(Value::from));
    let functions = context.frames.iter().filter(|frame| frame.in_app).map(|frame| &*frame.function);
    add("functions", Some(functions.collect::<Vec<_>>().join(" < ").into()).filter(|text| *text != "".into()));
    add("elapsed_s", context.elapsed_s.map(Value::from));
    add("session_id", text(&context.session_id));
    add("thread", text(&context.thread));
    add("rank", context.rank.map(Value::from));
    add("job_id", text(&context.job_id));
    if let Some(process) = &context.process {
        add("host", text(&process.host));
        add("argv", Some(process.argv.join(" ").into()));
    }
    if let Some(build) = &context.build {
        add("build.package", text(&build.package));
        add("build.version", text(&build.version));
        add("build.profile", text(&build.profile));
        add("build.git_commit", text(&build.git_commit));
    }
    flatten("parameters", &failure.parameters, &mut compared_values);
    flatten("event", &context.event, &mut compared_values);
    flatten("context", &context.other, &mut compared_values);
    context.trail.iter().for_each(|entry| trail(entry, working_dir, &mut compared_values));
    for (number, fix) in failure.suggested_fixes.iter().enumerate() {
        compared_values.insert(format!("suggested_fixes[{number}]"), fix.as_str());
    }
    compared_values
}

fn flatten(prefix: &str, map: &Map, compared_values: &mut ComparedValues) {
    for (name, value) in map.iter() {
        let name = format!("{prefix}.{name}");
        match value {
            Value::Map(inner) if !inner.is_empty() && inner.get("summary").is_none() => {
                flatten(&name, inner, compared_values)
            }
            value => compared_values.insert(name, value.clone()),
        }
    }
}

/// Adds the number of events of a place, and the first and last value of each column.
fn trail(entry: &TrailEntry, working_dir: Option<&str>, compared_values: &mut ComparedValues) {
    let source = entry.message.as_deref().or(entry.span.as_deref()).unwrap_or("numbers");
    let place = entry.location.as_ref().map(|at| place_of(at.file.as_deref(), at.line, working_dir));
    // Two places may have the same message.
    let name = match compared_values.get(&format!("trail.{source}")) {
        Some(_) => format!("{source} {}", place.unwrap_or_default()),
        None => source.to_owned(),
    };
    compared_values.insert(format!("trail.{name}"), entry.seen);
    for (column_name, column) in entry.columns.iter() {
        let numbers: Vec<f64> = column.as_list().unwrap_or_default().iter().filter_map(Value::as_f64).collect();
        if let [first, .., last] = numbers[..] {
            compared_values.insert(format!("trail.{name}.{column_name}"), vec![first, last]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_places_with_the_same_message_are_distinguished() {
        let record = |seen: [u32; 2]| {
            let mut json: serde_json::Value =
                serde_json::from_str(include_str!("../../tests/data/io/failures/general_20251227_042931.json"))
                    .unwrap();
            let entry = |seen: &u32| {
                json!({ "message": "step", "location": { "file": "a.rs", "line": seen % 7 }, "seen": seen, "dropped": 0,
                        "elapsed_s": [], "columns": {} })
            };
            json["context"]["trail"] = seen.iter().map(entry).collect();
            compared_values(&Failure::from_json(&json.to_string()).unwrap())
        };
        let (a, b) = (record([5, 13]), record([5, 20]));
        let differences = differences(&a, &b);
        assert_eq!(differences, [("trail.step a.rs:6", &13.into(), &20.into())]);
    }
}
