//! `failures logs`: the runtime log before a failure.

mod line;

use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::records::{failures_dir, pick};
use crate::screen::{Screen, count, say};
use line::{Level, Line};

/// Lines that are shown where nothing else is said.
const LINES: usize = 50;

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The failure: the lines of its run before it, and its own.
    #[arg(long, value_name = "ID|PATH", default_value = "latest", conflicts_with = "session")]
    failure: String,
    /// The lines of a whole run, by the beginning or end of its session id.
    #[arg(long, value_name = "ID")]
    session: Option<String>,
    /// Of this level or above: error, warn, info, debug, trace.
    #[arg(long, value_enum, value_name = "LEVEL", default_value = "trace", hide_possible_values = true)]
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

pub(crate) fn run(options: &Options, dir: Option<&Path>, screen: &mut Screen) -> Result<()> {
    let (session, end, failures) = match &options.session {
        Some(session) => (session.clone(), None, failures_dir(dir)?),
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
            true => writeln!(screen, "{text}")?,
            false => line.write(screen)?,
        }
    }
    screen.flush()?;
    if kept.broken > 0 {
        say(format_args!("failures: left out of the log, since not JSON: {}", count(kept.broken, "line")));
    }
    if kept.wanted > kept.lines.len() {
        say(format_args!("the last {} of {}; all of them: --limit 0", kept.lines.len(), count(kept.wanted, "line")));
    }
    if kept.lines.is_empty() {
        say(format_args!("no such line in {}", logs.display()));
    }
    Ok(())
}

/// The session of a failure, where its log ends, and the directory of the records.
fn of_failure(name: &str, dir: Option<&Path>) -> Result<(String, Option<End>, PathBuf)> {
    let picked = pick(name, dir)?;
    let context = picked.failure.context;
    let session = context.session_id;
    let session = session.with_context(|| format!("{} names no session, so it has no log", picked.path.display()))?;
    let end = End { failure: context.id, at: picked.failure.timestamp };
    Ok((session, Some(end), picked.path.parent().unwrap_or(Path::new("")).to_owned()))
}

fn beside(failures: &Path) -> PathBuf {
    let absolute = std::path::absolute(failures).unwrap_or_else(|_| failures.to_owned());
    let logs = absolute.parent().unwrap_or(&absolute).join("logs");
    let here = std::env::current_dir().unwrap_or_default();
    logs.strip_prefix(&here).map(Path::to_owned).unwrap_or(logs)
}

/// The files of a session, oldest first. Each file is of one session, which its first line tells.
fn files_of(session: &str, logs: &Path) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(logs).with_context(|| format!("cannot read the log in {}", logs.display()))?;
    let files = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let is_log = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "jsonl");
    let matching = files.filter(is_log).filter_map(|path| Some((session_of(&path)?, path)));
    let is_named = |known: &str| known.starts_with(session) || known.ends_with(session);
    let mut matching: Vec<(String, PathBuf)> = matching.filter(|(known, _)| is_named(known)).collect();
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

fn session_of(path: &Path) -> Option<String> {
    let mut first = String::new();
    BufReader::new(File::open(path).ok()?).read_line(&mut first).ok()?;
    Line::read(&first)?.session_id
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
    /// Reads a file; says whether the end was reached.
    fn read(&mut self, path: &Path, end: Option<&End>, options: &Options) -> Result<bool> {
        let cannot = || format!("cannot read {}", path.display());
        for text in BufReader::new(File::open(path).with_context(cannot)?).split(b'\n') {
            let text = String::from_utf8_lossy(&text.with_context(cannot)?).into_owned();
            let Some(line) = Line::read(&text) else {
                self.broken += 1;
                continue;
            };
            if end
                .is_some_and(|end| line.timestamp > end.at && end.failure.is_none_or(|id| line.failure_id != Some(id)))
            {
                return Ok(true);
            }
            let is_end = end.is_some_and(|end| end.failure.is_some() && line.failure_id == end.failure);
            if is_end || line.is_wanted(options.level, options.span.as_deref()) {
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
