//! `failures logs`: prints the runtime log before a failure.

mod line;
mod lines;
mod merge;

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
use merge::{LogEntry, LogPart, MergedLog};

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
    let mut log = MergedLog::new(parts_of_session(&range.session, &logs)?);
    let mut tail = LogTail { limit: options.limit, ..LogTail::default() };
    while let Some(entry) = log.next_line()? {
        let is_end = range.ends_with(&entry.1);
        if is_end || (range.contains(&entry.1) && entry.1.matches(options.level, options.span.as_deref())) {
            match tail.push(entry) {
                Some(entry) if options.limit == 0 => write_entry(&entry, options.jsonl, screen)?,
                _ => {}
            }
        }
        if is_end {
            break;
        }
    }
    for entry in &tail.lines {
        write_entry(entry, options.jsonl, screen)?;
    }
    screen.flush()?;
    if log.malformed() > 0 {
        report(format_args!("failures: {} skipped: not a line of a runtime log", count(log.malformed(), "line")));
    }
    if options.limit > 0 && tail.matching > tail.lines.len() {
        report(format_args!(
            "the last {} of {} shown; use --limit 0 for all",
            tail.lines.len(),
            count(tail.matching, "line")
        ));
    }
    if tail.matching == 0 {
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

    /// Returns true for the line of the failure at which the output ends.
    fn ends_with(&self, line: &LogLine) -> bool {
        self.end.as_ref().is_some_and(|end| end.failure.is_some() && line.failure_id == end.failure)
    }

    /// Returns true unless the line is later than the failure. Threads do not write lines in the order of their times.
    fn contains(&self, line: &LogLine) -> bool {
        self.end.as_ref().is_none_or(|end| line.timestamp <= end.at)
    }
}

/// The directory `logs` next to the directory of the records, relative to the current directory if possible.
fn default_logs_dir(failures_dir: &Path) -> PathBuf {
    let absolute = std::path::absolute(failures_dir).unwrap_or_else(|_| failures_dir.to_owned());
    let logs = absolute.parent().unwrap_or(&absolute).join("logs");
    let current_dir = std::env::current_dir().unwrap_or_default();
    logs.strip_prefix(&current_dir).map(Path::to_owned).unwrap_or(logs)
}

fn write_entry((text, line): &LogEntry, jsonl: bool, screen: &mut Screen) -> Result<()> {
    if !jsonl {
        return line.write(screen);
    }
    screen.write_json(text)?;
    Ok(writeln!(screen)?)
}

/// The log files of a session. A file contains lines of one session only.
fn parts_of_session(session: &str, logs: &Path) -> Result<Vec<LogPart>> {
    let entries = std::fs::read_dir(logs).with_context(|| format!("cannot read the log in {}", logs.display()))?;
    let files = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let mut matching = Vec::new();
    for path in files.filter(|path| is_log(path)) {
        let (id, time) = first_line_of(&path)?;
        if id.starts_with(session) || id.ends_with(session) {
            matching.push((id, LogPart::new(path, time)));
        }
    }
    if matching.iter().any(|(id, _)| id == session) {
        matching.retain(|(id, _)| id == session);
    }
    matching.sort_unstable();
    match &matching[..] {
        [] => {
            bail!("no log of session {session} in {}: the run wrote none, or rotation has deleted it", logs.display())
        }
        [(first, _), others @ ..] if others.iter().any(|(other, _)| other != first) => {
            bail!("several sessions match {session:?}, e.g. {first}: give more digits of the id")
        }
        _ => Ok(matching.into_iter().map(|(_, part)| part).collect()),
    }
}

/// Returns true for a file with the extension of a log.
fn is_log(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "jsonl") && path.is_file()
}

/// The session id and the time of the first valid line. Without such a line, the id is that of the name:
/// `{series}_{date}_{session}_{number}.jsonl`.
fn first_line_of(path: &Path) -> Result<(String, DateTime<Utc>)> {
    let lines = LogLines::open(path)?.take(MAX_PROBED_LINES);
    let mut lines = lines.filter_map(|line| LogLine::read(&line.ok()??)).peekable();
    let time = lines.peek().map_or(DateTime::<Utc>::MIN_UTC, |line| line.timestamp);
    let recorded = lines.find_map(|line| line.session_id);
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    let in_name = || name.splitn(3, '_').nth(2).and_then(|rest| rest.rsplit_once('_')).map(|(session, _)| session);
    Ok((recorded.or_else(|| in_name().map(str::to_owned)).unwrap_or_default(), time))
}

/// The last matching lines.
#[derive(Default)]
struct LogTail {
    /// The number of lines that are kept.
    limit: usize,
    matching: usize,
    lines: VecDeque<LogEntry>,
}

impl LogTail {
    /// Adds a line. Returns the line that has no room any more.
    fn push(&mut self, entry: LogEntry) -> Option<LogEntry> {
        self.matching += 1;
        self.lines.push_back(entry);
        if self.lines.len() > self.limit { self.lines.pop_front() } else { None }
    }
}
