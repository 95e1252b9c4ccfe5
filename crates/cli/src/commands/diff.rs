//! `failures diff`: compares two records and shows the differences.

mod compared_values;
mod good_run;

use std::io::Write;
use std::path::Path;

use anyhow::Result;
use record::{Failure, Map, TrailEntry, Value};
use serde::Serialize;
use serde_json::json;

use crate::corpus::CorpusSource;
use crate::exit_code::ExitCode;
use crate::records::{RecordEntry, open_record};
use crate::screen::{Column, Screen, Table, local_time, one_line, paint, parameter, place_of};
use compared_values::{ComparedValues, differences};

/// Stands for the last good run.
const GOOD: &str = "good";

#[derive(Debug, clap::Args)]
pub(crate) struct DiffOptions {
    /// The first record: `latest`, `latest~1`, the beginning or end of an id, or a path.
    #[arg(value_name = "A")]
    a: String,
    /// The second record, or `good` for the last success before the first one.
    #[arg(value_name = "B", default_value = "latest")]
    b: String,
    /// Print the differences as JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    source: CorpusSource,
}

const COLUMNS: [Column; 3] =
    [Column::new("").style(paint::NAME).min_width(20), Column::new("A").min_width(16), Column::new("B").min_width(16)];

/// The name, the value of A, and that of B.
type Difference<'f> = (&'f str, &'f Value, &'f Value);

pub(crate) fn run(options: &DiffOptions, dir: Option<&Path>, screen: &mut Screen) -> Result<ExitCode> {
    let a = open_record(&options.a, dir)?;
    let is_certain = match &*options.b {
        GOOD => diff_with_good_run(&a, options, dir, screen)?,
        b => diff_with_record(&a, &open_record(b, dir)?, options.json, screen)?,
    };
    screen.flush()?;
    Ok(ExitCode::of_check(a.is_certain && is_certain))
}

fn diff_with_record(a: &RecordEntry, b: &RecordEntry, json: bool, screen: &mut Screen) -> Result<bool> {
    let (values_a, values_b) = (compared_values(&a.failure), compared_values(&b.failure));
    let differences = differences(&values_a, &values_b);
    if json {
        write_json(&a.path.to_string_lossy(), &b.path.to_string_lossy(), &differences, screen)?;
    } else {
        let files = [a, b].map(file_name);
        let times = [a, b].map(|record| local_time(record.failure.timestamp));
        write_table([("file", files), ("when", times)], &differences, screen)?;
        if differences.is_empty() {
            writeln!(screen, "\nno differences in computation, errors, location, parameters, trail, run or build")?;
        }
    }
    Ok(b.is_certain)
}

fn diff_with_good_run(a: &RecordEntry, options: &DiffOptions, dir: Option<&Path>, screen: &mut Screen) -> Result<bool> {
    let comparison = good_run::compare(&a.failure, &options.source, dir)?;
    let good = &comparison.good_run;
    let differences = differences(&comparison.failure, &comparison.good);
    if options.json {
        write_json(&a.path.to_string_lossy(), good, &differences, screen)?;
        return Ok(comparison.is_complete);
    }
    let place = if good.is_later { "success after the failure" } else { "last good run" };
    let runs = [file_name(a), place.to_owned()];
    let times = [Some(a.failure.timestamp), good.ended].map(|time| time.map(local_time).unwrap_or_default());
    write_table([("run", runs), ("when", times)], &differences, screen)?;
    if !good.has_trail {
        writeln!(screen, "\nthe log has no trail of the good run: the program may ask for it with Builder::successes")?;
    }
    if good.is_later {
        writeln!(screen, "\nno run succeeded before the failure: the first success after it is compared")?;
    }
    Ok(comparison.is_complete)
}

fn write_json(
    a: &str,
    b: &(impl Serialize + ?Sized),
    differences: &[Difference<'_>],
    screen: &mut Screen,
) -> Result<()> {
    let differences: Vec<_> = differences.iter().map(|(name, a, b)| json!({ "name": name, "a": a, "b": b })).collect();
    Ok(screen.write_pretty(&json!({ "a": a, "b": b, "differences": differences }))?)
}

fn write_table(head: [(&str, [String; 2]); 2], differences: &[Difference<'_>], screen: &mut Screen) -> Result<()> {
    let mut table = Table::new(&COLUMNS);
    for (name, [a, b]) in head {
        table.push_row([name.to_owned(), a, b]);
    }
    for (name, a, b) in differences {
        table.push_row([one_line(name).into_owned(), text(a), text(b)]);
    }
    Ok(table.write(screen)?)
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
