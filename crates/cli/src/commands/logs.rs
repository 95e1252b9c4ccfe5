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
use crate::records::{failures_dir, pick};
use crate::screen::{Screen, count, say};
use line::{Level, Line};
use lines::Lines;

/// Lines that are shown where nothing else is said.
const LINES: usize = 50;
/// To know a file's session.
const LINES_OF_WHICH_ONE_IS_GOOD: usize = 16;

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
    level: Level,
    /// Inside of spans with this text in their name.
    #[arg(long, value_name = "TEXT")]
    span: Option<String>,
    /// The last so many of these lines; 0 for all.
    #[arg(long, short = 'n', value_name = "N", default_value_t = LINES)]
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
struct End {
    failure: Option<Uuid>,
    at: DateTime<Utc>,
}

pub(crate) fn run(options: &Options, dir: Option<&Path>, screen: &mut Screen) -> Result<ExitCode> {
    let (session, end, failures, is_sure) = match &options.session {
        Some(session) => (session.clone(), None, failures_dir(dir)?, true),
        None => of_failure(&options.failure, dir)?,
    };
    let logs = options.logs_dir.clone().unwrap_or_else(|| beside(&failures));
    let files = files_of(&session, &logs)?;
    let mut kept = Kept { most: if options.limit == 0 { usize::MAX } else { options.limit }, ..Kept::default() };
    for file in &files {
        if kept.read(file, end.as_ref(), options)? {
            break;
        }
    }
    for (text, line) in &kept.lines {
        match options.jsonl {
            true => {
                screen.write_json(text)?;
                writeln!(screen)?;
            }
            false => line.write(screen)?,
        }
    }
    screen.flush()?;
    if kept.broken > 0 {
        say(format_args!("failures: left out, since no lines of a log: {}", count(kept.broken, "line")));
    }
    if kept.wanted > kept.lines.len() {
        say(format_args!("the last {} of {}; all of them: --limit 0", kept.lines.len(), count(kept.wanted, "line")));
    }
    if kept.lines.is_empty() {
        say(format_args!("no such line in {}", logs.display()));
    }
    Ok(ExitCode::of_check(is_sure))
}

/// The session of a failure, where its log ends, the directory of the records, and whether the failure is the one
/// meant.
fn of_failure(name: &str, dir: Option<&Path>) -> Result<(String, Option<End>, PathBuf, bool)> {
    let picked = pick(name, dir)?;
    let context = picked.failure.context;
    let session = context.session_id;
    let session = session.with_context(|| format!("{} names no session, so it has no log", picked.path.display()))?;
    let end = End { failure: context.id, at: picked.failure.timestamp };
    let failures = picked.path.parent().unwrap_or(Path::new("")).to_owned();
    Ok((session, Some(end), failures, picked.is_sure))
}

fn beside(failures: &Path) -> PathBuf {
    let absolute = std::path::absolute(failures).unwrap_or_else(|_| failures.to_owned());
    let logs = absolute.parent().unwrap_or(&absolute).join("logs");
    let here = std::env::current_dir().unwrap_or_default();
    logs.strip_prefix(&here).map(Path::to_owned).unwrap_or(logs)
}

/// The files of a session, oldest first. Each file is of one session.
fn files_of(session: &str, logs: &Path) -> Result<Vec<PathBuf>> {
    let cannot = || format!("cannot read the log in {}", logs.display());
    let entries = std::fs::read_dir(logs).with_context(cannot)?;
    let files = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let is_log = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "jsonl") && path.is_file();
    let mut matching = Vec::new();
    for path in files.filter(is_log) {
        let known = session_of(&path)?;
        if known.starts_with(session) || known.ends_with(session) {
            matching.push((known, path));
        }
    }
    if matching.iter().any(|(known, _)| known == session) {
        matching.retain(|(known, _)| known == session);
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
fn session_of(path: &Path) -> Result<String> {
    let lines = Lines::of(path)?.take(LINES_OF_WHICH_ONE_IS_GOOD);
    let said = lines.filter_map(|line| Line::read(&line.ok()??)).find_map(|line| line.session_id);
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    let in_name = || name.splitn(3, '_').nth(2).and_then(|rest| rest.rsplit_once('_')).map(|(session, _)| session);
    Ok(said.or_else(|| in_name().map(str::to_owned)).unwrap_or_default())
}

/// The last lines that are wanted.
#[derive(Default)]
struct Kept {
    most: usize,
    wanted: usize,
    broken: usize,
    lines: VecDeque<(String, Line)>,
}

impl Kept {
    /// Reads a file; says whether the failure's own line was met.
    fn read(&mut self, path: &Path, end: Option<&End>, options: &Options) -> Result<bool> {
        for text in Lines::of(path)? {
            let text = text.with_context(|| format!("cannot read {}", path.display()))?;
            let Some((text, line)) = text.and_then(|text| Line::read(&text).map(|line| (text, line))) else {
                self.broken += 1;
                continue;
            };
            let is_end = end.is_some_and(|end| end.failure.is_some() && line.failure_id == end.failure);
            // Threads write in another order than that of their times.
            let is_later = end.is_some_and(|end| line.timestamp > end.at);
            if is_end || (!is_later && line.is_wanted(options.level, options.span.as_deref())) {
                self.keep(text, line);
            }
            if is_end {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn keep(&mut self, text: String, line: Line) {
        self.wanted += 1;
        if self.lines.len() == self.most {
            self.lines.pop_front();
        }
        self.lines.push_back((text, line));
    }
}
