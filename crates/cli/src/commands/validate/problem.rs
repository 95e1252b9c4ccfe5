//! Problems of records, as messages.

use std::path::Path;

use anyhow::{Context, Result};
use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{ValidationError, Validator};
use record::{Failure, SCHEMA};
use serde_json::Value as Json;

use super::duplicates::duplicate_keys;
use super::locate::{Locator, line_and_column};
use crate::records::read_bytes;
use crate::screen::{count, truncate_to_width};

const UNKNOWN_KEY: &str = "unknown key: put your own data in context";
const DUPLICATE_KEY: &str = "duplicate key: readers lose one of the values";

/// A problem and its position.
#[derive(Debug)]
pub(super) struct Problem {
    pub(super) line: Option<usize>,
    pub(super) column: Option<usize>,
    /// JSON pointer to the invalid value; empty for the whole record.
    pub(super) pointer: String,
    pub(super) message: String,
}

pub(super) struct RecordChecker(Validator);

impl RecordChecker {
    pub(super) fn new() -> Result<Self> {
        let schema: Json = serde_json::from_str(SCHEMA)?;
        let validator = jsonschema::options().should_validate_formats(true).build(&schema);
        Ok(RecordChecker(
            validator.map_err(|error| anyhow::anyhow!("{error}")).context("the schema of records is invalid")?,
        ))
    }

    /// Returns all problems of the record in a file.
    pub(super) fn check(&self, path: &Path) -> Vec<Problem> {
        let mut bytes = Vec::new();
        if let Err(error) = read_bytes(&mut bytes, path) {
            return vec![Problem::of_file(error.to_string())];
        }
        match std::str::from_utf8(&bytes) {
            Ok(text) => self.check_text(text),
            Err(error) => vec![not_utf8(&bytes, error.valid_up_to())],
        }
    }

    fn check_text(&self, text: &str) -> Vec<Problem> {
        let record: Json = match serde_json::from_str(text) {
            Ok(record) => record,
            Err(error) => return vec![not_json(text, &error)],
        };
        let mut locator = Locator::new(text);
        let mut problems: Vec<Problem> =
            self.0.iter_errors(&record).flat_map(|error| of_schema(&mut locator, &error)).collect();
        // Problems that a schema cannot express: duplicate keys and columns of different lengths.
        let duplicates = duplicate_keys(text).into_iter().map(|pointer| (pointer, DUPLICATE_KEY.to_owned()));
        let more = duplicates.chain(uneven_columns(&record));
        problems.extend(more.map(|(pointer, message)| Problem::at(locator.locate(&pointer), &pointer, message)));
        if !problems.is_empty() {
            return problems;
        }
        // The schema accepts dates that do not exist.
        Failure::from_json(text).err().map(|error| not_json(text, &error)).into_iter().collect()
    }
}

impl Problem {
    fn of_file(message: String) -> Self {
        Problem { line: None, column: None, pointer: String::new(), message }
    }

    fn at(place: Option<(usize, usize)>, pointer: &str, message: String) -> Self {
        let (line, column) = place.unzip();
        Problem { line, column, pointer: pointer.to_owned(), message }
    }
}

/// Columns of the trail that do not have one value per row.
fn uneven_columns(record: &Json) -> Vec<(String, String)> {
    let entries = record.pointer("/context/trail").and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
    let mut uneven = Vec::new();
    for (number, entry) in entries.iter().enumerate() {
        let length = |column: &Json| column.as_array().map(Vec::len);
        let Some(rows) = entry.get("elapsed_s").and_then(length) else { continue };
        let columns = entry.get("columns").and_then(Json::as_object).into_iter().flatten();
        for (name, column) in columns {
            let found = match length(column) {
                Some(values) if values == rows => continue,
                Some(values) => count(values, "value"),
                None => "not an array".to_owned(),
            };
            let name = name.replace('~', "~0").replace('/', "~1");
            let message = format!("{found}, but elapsed_s has {}", count(rows, "row"));
            uneven.push((format!("/context/trail/{number}/columns/{name}"), message));
        }
    }
    uneven
}

fn not_utf8(bytes: &[u8], valid: usize) -> Problem {
    let text = std::str::from_utf8(&bytes[..valid]).unwrap_or_default();
    Problem::at(line_and_column(text, valid), "", format!("not UTF-8: byte 0x{:02x}", bytes[valid]))
}

fn not_json(text: &str, error: &serde_json::Error) -> Problem {
    let words = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    let description = words.strip_suffix(&place).unwrap_or(&words);
    let message = match cause(text, error) {
        Some(cause) => format!("not JSON: {cause}"),
        None if error.is_data() => description.to_owned(),
        None => format!("not JSON: {description}"),
    };
    Problem::at(Some((error.line().max(1), error.column().max(1))), "", message)
}

/// The probable cause of a syntax error.
fn cause(text: &str, error: &serde_json::Error) -> Option<String> {
    if text.trim().is_empty() {
        return Some("the file is empty".to_owned());
    }
    if text.starts_with('\u{feff}') {
        return Some("it begins with a byte order mark".to_owned());
    }
    let line = text.lines().nth(error.line().checked_sub(1)?)?.as_bytes();
    let rest = line.get(error.column().saturating_sub(2)..)?;
    let starts = |name: &&str| {
        rest.starts_with(name.as_bytes()) || rest.get(1..).is_some_and(|rest| rest.starts_with(name.as_bytes()))
    };
    let name = ["-Infinity", "Infinity", "NaN"].into_iter().find(starts)?;
    Some(format!("{name} is not a JSON number: write the string \"{name}\""))
}

fn of_schema(locator: &mut Locator<'_>, error: &ValidationError<'_>) -> Vec<Problem> {
    let error = deepest_error(error);
    let place = error.instance_path().as_str();
    let mut at = |pointer: &str, message| Problem::at(locator.locate(pointer), pointer, message);
    match error.kind() {
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            let pointer = |name: &String| format!("{place}/{}", name.replace('~', "~0").replace('/', "~1"));
            unexpected.iter().map(|name| at(&pointer(name), UNKNOWN_KEY.to_owned())).collect()
        }
        _ => vec![at(place, message(error))],
    }
}

/// For a value with several allowed schemas, the error of the schema that fits best: the one at the deepest position.
fn deepest_error<'e, 'i>(error: &'e ValidationError<'i>) -> &'e ValidationError<'i>
where
    'static: 'i,
{
    let (ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context }) = error.kind() else {
        return error;
    };
    let depth = |error: &ValidationError<'_>| error.instance_path().as_str().matches('/').count();
    let inner = context.iter().flatten().map(deepest_error).max_by_key(|error| depth(error));
    inner.filter(|inner| depth(inner) > depth(error)).unwrap_or(error)
}

/// The expected value and the actual one.
fn message(error: &ValidationError<'_>) -> String {
    let found = || excerpt(error.instance());
    match error.kind() {
        ValidationErrorKind::Type { kind } => format!("expected {}, found {}", types(kind), found()),
        ValidationErrorKind::Required { property } => format!("the key {property} is missing"),
        ValidationErrorKind::AnyOf { .. } | ValidationErrorKind::OneOfNotValid { .. } => {
            format!("expected {}, found {}", expectation(error).unwrap_or_default(), found())
        }
        ValidationErrorKind::Format { format } => format!("expected a {format}, found {}", found()),
        ValidationErrorKind::Pattern { pattern } => {
            format!("expected a string that matches {pattern}, found {}", found())
        }
        _ => error.to_string(),
    }
}

/// The expected value.
fn expectation(error: &ValidationError<'_>) -> Option<String> {
    match error.kind() {
        ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => {
            let possible: Vec<String> = context.iter().flatten().filter_map(expectation).collect();
            Some(possible.join(" or "))
        }
        ValidationErrorKind::Type { kind } => Some(types(kind)),
        ValidationErrorKind::Constant { expected_value } => Some(expected_value.to_string()),
        ValidationErrorKind::Format { format } => Some(format!("a {format}")),
        ValidationErrorKind::Pattern { pattern } => Some(format!("a string that matches {pattern}")),
        _ => None,
    }
}

fn types(kind: &TypeKind) -> String {
    match kind {
        TypeKind::Single(one) => one.to_string(),
        TypeKind::Multiple(several) => several.iter().map(|one| one.to_string()).collect::<Vec<_>>().join(" or "),
    }
}

/// A value, truncated if it is long.
fn excerpt(value: &Json) -> String {
    const MAX_EXCERPT_COLUMNS: usize = 60;
    truncate_to_width(&value.to_string(), MAX_EXCERPT_COLUMNS).into_owned()
}
