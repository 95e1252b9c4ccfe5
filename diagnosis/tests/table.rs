//! Runs every case, reads the record that it left, and compares it with what is expected.

use std::collections::HashSet;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use tracing_failure::{Category, Failure};
use tracing_failure_diagnosis::{Case, cases};

const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/table.md");
const RECORDS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/records");

fn records(dir: &Path) -> HashSet<PathBuf> {
    let files = fs::read_dir(dir).into_iter().flatten().map(|entry| entry.unwrap().path());
    files.filter(|file| file.extension().is_some_and(|end| end == "json") && !file.ends_with("latest.json")).collect()
}

/// The record that this case leaves: the innermost one, where computations around it fail with it.
fn record(case: &Case, dir: &Path) -> Failure {
    let before = records(dir);
    (case.run)();
    let new = records(dir);
    let new = new.difference(&before).map(|file| (file, Failure::from_path(file).unwrap()));
    let mut innermost: Vec<_> = new.filter(|(_, failure)| failure.context.caused_by.is_none()).collect();
    assert_eq!(innermost.len(), 1, "{} leaves {} records that no other causes", case.name, innermost.len());
    let (file, failure) = innermost.remove(0);
    fs::copy(file, Path::new(RECORDS).join(case.name).with_extension("json")).unwrap();
    failure
}

fn category(failure: &Failure) -> &'static str {
    failure.context.category.map_or("–", |category| category.name())
}

/// What was found, and what was expected where it is not that.
fn found(case: &Case, failure: &Failure) -> String {
    let found = category(failure);
    if found == case.category { found.to_owned() } else { format!("{found} (expected: {})", case.category) }
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

fn table(outcomes: &[(Case, Failure)]) -> String {
    let right = outcomes.iter().filter(|(case, failure)| category(failure) == case.category).count();
    let mut table = format!(
        "# What the records say, and what an analyst says\n\n\
         {} failures of real solvers, {right} of them in the category that is expected. `UPDATE_TABLE=1 cargo test \
         --manifest-path diagnosis/Cargo.toml` writes this table.\n\n\
         | case | solver | category | first suggestion | an analyst |\n| --- | --- | --- | --- | --- |\n",
        outcomes.len()
    );
    for (case, failure) in outcomes {
        let first = failure.suggested_fixes.first().map_or("–", String::as_str);
        let cells = [case.name, case.solver, &found(case, failure), first, case.advice].map(cell);
        writeln!(table, "| {} |", cells.join(" | ")).unwrap();
    }
    table
}

fn misses(outcomes: &[(Case, Failure)]) -> String {
    let wrong = outcomes.iter().filter(|(case, failure)| category(failure) != case.category);
    let lines = wrong.map(|(case, failure)| {
        let types: Vec<_> = failure.context.errors.iter().filter_map(|error| error.type_name.as_deref()).collect();
        format!(
            "{}: {} | {} {types:?} | {}",
            case.name,
            found(case, failure),
            failure.error_type,
            failure.error_message
        )
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn cases_have_names_of_their_own_and_known_categories() {
    let mut names = HashSet::new();
    for case in cases() {
        assert!(names.insert(case.name), "{} is there twice", case.name);
        assert!(Category::from_name(case.category).is_some(), "{}: {}", case.name, case.category);
    }
}

#[test]
fn records_say_what_an_analyst_says() {
    let dir = tempfile::tempdir().unwrap();
    let builder = tracing_failure::builder(dir.path()).without_log().stderr_notice(false).panic_hook(true);
    let _guard = builder.init().unwrap();
    fs::create_dir_all(RECORDS).unwrap();

    let failures = dir.path().join("failures");
    let outcomes: Vec<_> = cases()
        .into_iter()
        .map(|case| {
            let failure = record(&case, &failures);
            (case, failure)
        })
        .collect();

    let table = table(&outcomes);
    if std::env::var_os("UPDATE_TABLE").is_some() {
        fs::write(TABLE, &table).unwrap();
    }
    assert_eq!(fs::read_to_string(TABLE).unwrap_or_default(), table, "stale: UPDATE_TABLE=1 writes it");
    let misses = misses(&outcomes);
    assert!(misses.is_empty(), "categories that are not what is expected:\n{misses}");
}
