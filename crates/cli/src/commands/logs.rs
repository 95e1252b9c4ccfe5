//! `failures logs`: the runtime log before a failure.

mod line;
mod lines;

use std::collections::VecDeque;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::exit_code::ExitCode;
use crate::records::{failures_dir, open_record};
use crate::screen::{Screen, count, report};
use line::{LogLevel, LogLine};
use lines::LogLines;

/// Lines that are shown where nothing else is said.
const DEFAULT_LINES: usize = 50;
/// To know a file's session.
const MAX_PROBED_LINES: usize = 16;

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The failure: the lines of its run before it, and its own.
    #[arg(long, value_name = "ID|PATH", default_value = "latest", conflicts_with = "session")]
    failure: String,
    /// The lines of a whole run, by the beginning or end of its session id.
    #[arg(long, value_name = "ID")]
    session: Option<String>,
    /// Of this level or above: error, warn, info, debug, trace.
    #[arg(
        long,
        value_enum,
        value_name = "LEVEL",
        default_value = "trace",
        hide_possible_values = true,
        ignore_case = true
    )]
    level: LogLevel,
    /// Inside of spans with this text in their name.
    #[arg(long, value_name = "TEXT")]
    span: Option<String>,
    /// The last so many of these lines; 0 for all.
    #[arg(long, short = 'n', value_name = "N", default_value_t = DEFAULT_LINES)]
    limit: usize,
    /// The directory of the log; else the `logs` beside the failures.
    #[arg(long, value_name = "DIR")]
    logs_dir: Option<PathBuf>,
    /// Print the lines as they are.
    #[arg(long)]
    jsonl: bool,
}

/// Where a reader of the log stops.
#[derive(Debug)]
struct LogEnd {
    failure: Option<Uuid>,
    at: DateTime<Utc>,
}

pub(crate) fn run(options: &Options, dir: Option<&Path>, screen: &mut Screen) -> Result<ExitCode> {
    let (session, end, failures, is_certain) = match &options.session {
        Some(session) => (session.clone(), None, failures_dir(dir)?, true),
        None => session_of_failure(&options.failure, dir)?,
    };
    let logs = options.logs_dir.clone().unwrap_or_else(|| default_logs_dir(&failures));
    let files = files_of_session(&session, &logs)?;
    let mut tail = LogTail { limit: if options.limit == 0 { usize::MAX } else { options.limit }, ..LogTail::default() };
    for file in &files {
        if tail.read(file, end.as_ref(), options)? {
            break;
        }
    }
    for (text, line) in &tail.lines {
        match options.jsonl {
            true => {
                screen.write_json(text)?;
                writeln!(screen)?;
            }
            false => line.write(screen)?,
        }
    }
    screen.flush()?;
    if tail.malformed > 0 {
        report(format_args!("failures: left out, since no lines of a log: {}", count(tail.malformed, "line")));
    }
    if tail.matching > tail.lines.len() {
        report(format_args!(
            "the last {} of {}; all of them: --limit 0",
            tail.lines.len(),
            count(tail.matching, "line")
        ));
    }
    if tail.lines.is_empty() {
        report(format_args!("no such line in {}", logs.display()));
    }
    Ok(ExitCode::of_check(is_certain))
}

/// The session of a failure, where its log ends, the directory of the records, and whether the failure is the one
/// meant.
fn session_of_failure(name: &str, dir: Option<&Path>) -> Result<(String, Option<LogEnd>, PathBuf, bool)> {
    let record = open_record(name, dir)?;
    let context = record.failure.context;
    let session = context.session_id;
    let session = session.with_context(|| format!("{} names no session, so it has no log", record.path.display()))?;
    let end = LogEnd { failure: context.id, at: record.failure.timestamp };
    let failures = record.path.parent().unwrap_or(Path::new("")).to_owned();
    Ok((session, Some(end), failures, record.is_certain))
}

fn default_logs_dir(failures: &Path) -> PathBuf {
    let absolute = std::path::absolute(failures).unwrap_or_else(|_| failures.to_owned());
    let logs = absolute.parent().unwrap_or(&absolute).join("logs");
    let here = std::env::current_dir().unwrap_or_default();
    logs.strip_prefix(&here).map(Path::to_owned).unwrap_or(logs)
}

/// The files of a session, oldest first. Each file is of one session.
fn files_of_session(session: &str, logs: &Path) -> Result<Vec<PathBuf>> {
    let cannot = || format!("cannot read the log in {}", logs.display());
    let entries = std::fs::read_dir(logs).with_context(cannot)?;
    let files = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let is_log = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "jsonl") && path.is_file();
    let mut matching = Vec::new();
    for path in files.filter(is_log) {
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
            bail!("no log of session {session} in {}: the run kept none, or it was deleted by rotation", logs.display())
        }
        [(first, _), others @ ..] if others.iter().any(|(other, _)| other != first) => {
            bail!("several sessions match {session:?}, e.g. {first}: say more of it")
        }
        _ => Ok(matching.into_iter().map(|(_, path)| path).collect()),
    }
}

/// What the first good line says, or else the name: `runtime_{date}_{session}_{number}.jsonl`.
fn session_of_file(path: &Path) -> Result<String> {
    let lines = LogLines::open(path)?.take(MAX_PROBED_LINES);
    let recorded = lines.filter_map(|line| LogLine::read(&line.ok()??)).find_map(|line| line.session_id);
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    let in_name = || name.splitn(3, '_').nth(2).and_then(|rest| rest.rsplit_once('_')).map(|(session, _)| session);
    Ok(recorded.or_else(|| in_name().map(str::to_owned)).unwrap_or_default())
}

/// The last lines that are wanted.
#[derive(Default)]
struct LogTail {
    limit: usize,
    matching: usize,
    malformed: usize,
    lines: VecDeque<(String, LogLine)>,
}

impl LogTail {
    /// Reads a file; says whether the failure's own line was met.
    fn read(&mut self, path: &Path, end: Option<&LogEnd>, options: &Options) -> Result<bool> {
        for text in LogLines::open(path)? {
            let text = text.with_context(|| format!("cannot read {}", path.display()))?;
            let Some((text, line)) = text.and_then(|text| LogLine::read(&text).map(|line| (text, line))) else {
                self.malformed += 1;
                continue;
            };
            let is_end = end.is_some_and(|end| end.failure.is_some() && line.failure_id == end.failure);
            // Threads write in another order than that of their times.
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
