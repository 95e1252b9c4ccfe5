//! `failures logs`: prints the runtime log before a failure.

mod line;
mod lines;

use std::collections::VecDeque;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::exit_code::ExitCode;
use crate::records::{RecordEntry, failures_dir, open_record};
use crate::screen::{Screen, count, report};
use line::{LogLevel, LogLine};
use lines::LogLines;

/// Default number of lines.
const DEFAULT_LINES: usize = 50;
/// Maximum number of lines that are read to find the session of a file.
const MAX_PROBED_LINES: usize = 16;

#[derive(Debug, clap::Args)]
pub(crate) struct LogsOptions {
    /// Show the lines of this failure's run, up to the failure itself.
    #[arg(long, value_name = "ID|PATH", default_value = "latest", conflicts_with = "session")]
    failure: String,
    /// Show all lines of a run: the beginning or end of its session id.
    #[arg(long, value_name = "ID")]
    session: Option<String>,
    /// Show lines of this level or more severe: error, warn, info, debug, trace.
    #[arg(
        long,
        value_enum,
        value_name = "LEVEL",
        default_value = "trace",
        hide_possible_values = true,
        ignore_case = true
    )]
    level: LogLevel,
    /// Show lines inside spans whose name contains TEXT.
    #[arg(long, value_name = "TEXT")]
    span: Option<String>,
    /// Maximum number of lines, counted from the end; 0 for all.
    #[arg(long, short = 'n', value_name = "N", default_value_t = DEFAULT_LINES)]
    limit: usize,
    /// The directory of the runtime logs [default: `logs` next to the directory of the records].
    #[arg(long, value_name = "DIR")]
    logs_dir: Option<PathBuf>,
    /// Print the lines as JSON Lines, unchanged.
    #[arg(long)]
    jsonl: bool,
}

/// The failure at which the output ends.
#[derive(Debug)]
struct LogEnd {
    failure: Option<Uuid>,
    at: DateTime<Utc>,
}

/// The part of the log that is printed.
struct LogRange {
    session: String,
    /// `None` for the whole session.
    end: Option<LogEnd>,
    failures_dir: PathBuf,
    /// False if an unreadable file could be the requested failure.
    is_certain: bool,
}

pub(crate) fn run(options: &LogsOptions, dir: Option<&Path>, screen: &mut Screen) -> Result<ExitCode> {
    let range = match &options.session {
        Some(session) => LogRange::of_session(session, dir)?,
        None => LogRange::before_failure(&options.failure, dir)?,
    };
    let logs = options.logs_dir.clone().unwrap_or_else(|| default_logs_dir(&range.failures_dir));
    let files = files_of_session(&range.session, &logs)?;
    let mut tail = LogTail { limit: if options.limit == 0 { usize::MAX } else { options.limit }, ..LogTail::default() };
    for file in &files {
        if tail.read(file, range.end.as_ref(), options)? {
            break;
        }
    }
    for (text, line) in &tail.lines {
        if options.jsonl {
            screen.write_json(text)?;
            writeln!(screen)?;
        } else {
            line.write(screen)?;
        }
    }
    screen.flush()?;
    if tail.malformed > 0 {
        report(format_args!("failures: {} skipped: not a line of a runtime log", count(tail.malformed, "line")));
    }
    if tail.matching > tail.lines.len() {
        report(format_args!(
            "the last {} of {} shown; use --limit 0 for all",
            tail.lines.len(),
            count(tail.matching, "line")
        ));
    }
    if tail.lines.is_empty() {
        report(format_args!("no matching lines in {}", logs.display()));
    }
    Ok(ExitCode::of_check(range.is_certain))
}

impl LogRange {
    fn of_session(session: &str, dir: Option<&Path>) -> Result<Self> {
        Ok(LogRange { session: session.to_owned(), end: None, failures_dir: failures_dir(dir)?, is_certain: true })
    }

    fn before_failure(name: &str, dir: Option<&Path>) -> Result<Self> {
        let RecordEntry { path, failure, is_certain, .. } = open_record(name, dir)?;
        let Some(session) = failure.context.session_id else {
            bail!("{} has no session id and therefore no log", path.display())
        };
        let end = LogEnd { failure: failure.context.id, at: failure.timestamp };
        let failures_dir = path.parent().unwrap_or(Path::new("")).to_owned();
        Ok(LogRange { session, end: Some(end), failures_dir, is_certain })
    }
}

/// The directory `logs` next to the directory of the records, relative to the current directory if possible.
fn default_logs_dir(failures_dir: &Path) -> PathBuf {
    let absolute = std::path::absolute(failures_dir).unwrap_or_else(|_| failures_dir.to_owned());
    let logs = absolute.parent().unwrap_or(&absolute).join("logs");
    let current_dir = std::env::current_dir().unwrap_or_default();
    logs.strip_prefix(&current_dir).map(Path::to_owned).unwrap_or(logs)
}

/// The log files of a session, oldest first. A file contains lines of one session only.
fn files_of_session(session: &str, logs: &Path) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(logs).with_context(|| format!("cannot read the log in {}", logs.display()))?;
    let files = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let mut matching = Vec::new();
    for path in files.filter(|path| is_log(path)) {
        let id = session_of_file(&path)?;
        if id.starts_with(session) || id.ends_with(session) {
            matching.push((id, path));
        }
    }
    if matching.iter().any(|(id, _)| id == session) {
        matching.retain(|(id, _)| id == session);
    }
    matching.sort_by(|a, b| a.1.cmp(&b.1));
    match &matching[..] {
        [] => {
            bail!("no log of session {session} in {}: the run wrote none, or rotation has deleted it", logs.display())
        }
        [(first, _), others @ ..] if others.iter().any(|(other, _)| other != first) => {
            bail!("several sessions match {session:?}, e.g. {first}: give more digits of the id")
        }
        _ => Ok(matching.into_iter().map(|(_, path)| path).collect()),
    }
}

/// Returns true for a file with the extension of a log.
fn is_log(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "jsonl") && path.is_file()
}

/// The session id in the first valid line, or else in the name: `runtime_{date}_{session}_{number}.jsonl`.
fn session_of_file(path: &Path) -> Result<String> {
    let lines = LogLines::open(path)?.take(MAX_PROBED_LINES);
    let recorded = lines.filter_map(|line| LogLine::read(&line.ok()??)).find_map(|line| line.session_id);
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    let in_name = || name.splitn(3, '_').nth(2).and_then(|rest| rest.rsplit_once('_')).map(|(session, _)| session);
    Ok(recorded.or_else(|| in_name().map(str::to_owned)).unwrap_or_default())
}

/// The last matching lines.
#[derive(Default)]
struct LogTail {
    limit: usize,
    matching: usize,
    malformed: usize,
    lines: VecDeque<(String, LogLine)>,
}

impl LogTail {
    /// Adds the lines of a file. Returns true if the line of the failure was found.
    fn read(&mut self, path: &Path, end: Option<&LogEnd>, options: &LogsOptions) -> Result<bool> {
        for text in LogLines::open(path)? {
            let text = text.with_context(|| format!("cannot read {}", path.display()))?;
            let Some((text, line)) = text.and_then(|text| LogLine::read(&text).map(|line| (text, line))) else {
                self.malformed += 1;
                continue;
            };
            let is_end = end.is_some_and(|end| end.failure.is_some() && line.failure_id == end.failure);
            // Threads do not write lines in the order of their times.
            let is_later = end.is_some_and(|end| line.timestamp > end.at);
            if is_end || (!is_later && line.matches(options.level, options.span.as_deref())) {
                self.push(text, line);
            }
            if is_end {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn push(&mut self, text: String, line: LogLine) {
        self.matching += 1;
        if self.lines.len() == self.limit {
            self.lines.pop_front();
        }
        self.lines.push_back((text, line));
    }
}
