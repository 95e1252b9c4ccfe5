//! `failures validate`: checks records against the schema.

mod duplicates;
mod locate;
mod problem;

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Result;
use record::internal::LATEST_NAME;
use serde_json::json;

use crate::exit_code::ExitCode;
use crate::records::{SkippedFiles, failures_dir, list_records, map_in_order};
use crate::screen::{Screen, count, is_broken_pipe, one_line, paint, path_text, report};
use problem::{Problem, RecordChecker};

#[derive(Debug, clap::Args)]
pub(crate) struct ValidateOptions {
    /// Files or directories [default: all records in the directory, and latest.json].
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Print problems as JSON Lines.
    #[arg(long)]
    jsonl: bool,
}

pub(crate) fn run(options: &ValidateOptions, dir: Option<&Path>, screen: &mut Screen) -> Result<ExitCode> {
    let paths = if options.paths.is_empty() { vec![failures_dir(dir)?] } else { options.paths.clone() };
    let (mut files, mut skipped) = (Vec::new(), SkippedFiles::default());
    for path in paths {
        if path.is_dir() {
            files.extend(files_in_dir(&failures_dir(Some(&path))?, &mut skipped)?);
        } else {
            files.push(path);
        }
    }
    let checker = RecordChecker::new()?;
    let (mut broken, mut problems) = (0, 0);
    let written = map_in_order(
        &files,
        |path| (path.to_owned(), checker.check(path)),
        |(path, found)| {
            broken += usize::from(!found.is_empty());
            problems += found.len();
            found.iter().try_for_each(|problem| write_problem(&path, problem, options.jsonl, screen))
        },
    )
    .and_then(|()| Ok(screen.flush()?));
    match written {
        // A closed pipe must not hide that records are invalid.
        Err(error) if problems > 0 && is_broken_pipe(&error) => return Ok(ExitCode::Failure),
        written => written?,
    }
    skipped.report_all();
    match problems {
        0 if files.is_empty() => report(format_args!("no records found")),
        0 => report(format_args!("{}, all valid", count(files.len(), "file"))),
        _ => report(format_args!("{} in {broken} of {}", count(problems, "problem"), count(files.len(), "file"))),
    }
    Ok(ExitCode::of_check(problems == 0 && skipped.is_empty()))
}

/// The records of a directory and `latest.json`.
fn files_in_dir(dir: &Path, skipped: &mut SkippedFiles) -> Result<Vec<PathBuf>> {
    let latest = Some(dir.join(LATEST_NAME)).filter(|latest| latest.is_file());
    let listing = list_records(dir)?;
    skipped.merge(SkippedFiles::from_listing(&listing));
    Ok(listing.paths.into_iter().chain(latest).collect())
}

fn write_problem(path: &Path, problem: &Problem, as_json: bool, screen: &mut Screen) -> Result<()> {
    let Problem { line, column, pointer, message } = problem;
    if as_json {
        let path = path.to_string_lossy();
        let problem = json!({ "path": path, "line": line, "column": column, "pointer": pointer, "message": message });
        screen.write_json(&problem.to_string())?;
        return Ok(writeln!(screen)?);
    }
    let place = match (line, column) {
        (Some(line), Some(column)) => format!("{}:{line}:{column}", path_text(path)),
        _ => path_text(path),
    };
    let place = screen.paint(paint::STRONG, &place);
    let pointer = screen.paint(paint::NAME, &one_line(pointer));
    let between = if pointer.is_empty() { "" } else { ": " };
    Ok(writeln!(screen, "{place}{between}{pointer}: {}", one_line(message))?)
}
