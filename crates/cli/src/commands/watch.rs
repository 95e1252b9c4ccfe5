//! `failures watch`: each new failure as it comes.

use std::collections::{HashMap, HashSet};
use std::fs::Metadata;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, SystemTime};

use anyhow::{Result, bail};
use chrono::{DateTime, Utc};
use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use tracing_failure::{Failure, Store};
use uuid::Uuid;

use crate::exit_code::ExitCode;
use crate::records::{Matcher, Selection, Summary, compact_json, failures_dir, list_records, load_json, parse};
use crate::screen::{Screen, local_time, one_line, paint, report};

/// How long nothing is looked for where the system does not tell of changes: network drives, containers.
const POLL_INTERVAL: Duration = Duration::from_secs(2);
/// What comes together is looked at together.
const BURST_DELAY: Duration = Duration::from_millis(20);

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Print each record as a line of JSON.
    #[arg(long)]
    jsonl: bool,
    /// End after so many failures.
    #[arg(long, short = 'n', value_name = "N")]
    limit: Option<usize>,
    #[command(flatten)]
    selection: Selection,
}

pub(crate) fn run(options: &Options, dir: Option<&Path>, screen: &mut Screen) -> Result<ExitCode> {
    let matcher = options.selection.matcher();
    let (changed, changes) = mpsc::channel();
    let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        // To list the directory is an access as well, and would be followed by the next.
        if !event.is_ok_and(|event| event.kind.is_access()) {
            // Nobody listens any more when the command ends.
            let _ = changed.send(());
        }
    });
    let mut watch = Watch::begin(dir, watcher.ok())?;
    report(format_args!("watching {}: end with Ctrl-C", watch.dir.display()));
    let mut left = options.limit.filter(|limit| *limit > 0).unwrap_or(usize::MAX);
    loop {
        for (path, json) in watch.new_records() {
            if left > 0 && print_record(&path, &json, &matcher, options.jsonl, screen)? {
                left -= 1;
            }
        }
        screen.flush()?;
        if left == 0 {
            return Ok(ExitCode::of_check(!watch.has_skipped_files));
        }
        watch.wait(&changes);
    }
}

struct Watch {
    given: Option<PathBuf>,
    dir: PathBuf,
    watcher: Option<RecommendedWatcher>,
    /// The files that were looked at, and how they were then.
    files: HashMap<PathBuf, FileState>,
    /// The failures that are known, whatever their files are called.
    known: HashSet<FailureIdentity>,
    /// Whether a file that is no record was reported.
    has_skipped_files: bool,
}

/// What changes when a file is written or replaced.
#[derive(Clone, Copy, PartialEq)]
struct FileStamp {
    file: u64,
    length: u64,
    written: Option<SystemTime>,
}

/// A file as it was when it was looked at.
struct FileState {
    stamp: FileStamp,
    content: FileContent,
}

#[derive(Clone, Copy, PartialEq)]
enum FileContent {
    Record,
    /// No record, or not yet.
    Broken,
    /// It did not become one, and this was reported.
    Reported,
}

/// What tells one failure from another: its id, or in records of other programs all that never changes in them.
#[derive(PartialEq, Eq, Hash)]
enum FailureIdentity {
    Id(Uuid),
    Facts(DateTime<Utc>, String, String, String),
}

impl FailureIdentity {
    fn of(failure: &Summary) -> Self {
        let Summary { timestamp, computation, error_type, error_message, context, .. } = failure.clone();
        match context.id {
            Some(id) => FailureIdentity::Id(id),
            None => FailureIdentity::Facts(timestamp, computation, error_type, error_message),
        }
    }

    /// The failure of a file. A name of the recorder's contains the id, so that the file need not be read.
    fn in_file(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?;
        match name.strip_suffix(".json")?.rsplit('_').next()?.parse() {
            Ok(id) if Store::is_own_name(name) => Some(FailureIdentity::Id(id)),
            _ => Some(FailureIdentity::of(&Summary::read(&load_json(path).ok()?).ok()?)),
        }
    }
}

impl FileStamp {
    fn of(path: &Path) -> Option<Self> {
        let metadata = std::fs::metadata(path).ok()?;
        Some(FileStamp { file: inode(&metadata), length: metadata.len(), written: metadata.modified().ok() })
    }
}

#[cfg(unix)]
fn inode(metadata: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(metadata)
}

#[cfg(not(unix))]
fn inode(_: &Metadata) -> u64 {
    0
}

impl Watch {
    fn begin(given: Option<&Path>, watcher: Option<RecommendedWatcher>) -> Result<Self> {
        let dir = watched_dir(given);
        if dir.exists() && !dir.is_dir() {
            bail!("{} is no directory", dir.display());
        }
        let listed = if dir.exists() { list_records(&dir)?.paths } else { Vec::new() };
        let given = given.map(Path::to_owned);
        let mut watch =
            Watch { given, dir, watcher, files: HashMap::new(), known: HashSet::new(), has_skipped_files: false };
        for path in listed {
            let Some(stamp) = FileStamp::of(&path) else { continue };
            let identity = FailureIdentity::in_file(&path);
            let content = if identity.is_some() { FileContent::Record } else { FileContent::Reported };
            watch.known.extend(identity);
            watch.files.insert(path, FileState { stamp, content });
        }
        watch.listen();
        Ok(watch)
    }

    /// Also where the directory is a new one under its old name.
    fn listen(&mut self) {
        if let Some(watcher) = &mut self.watcher {
            let _ = watcher.watch(&self.dir, RecursiveMode::NonRecursive);
        }
    }

    /// Returns when something has changed, or might have.
    fn wait(&mut self, changes: &Receiver<()>) {
        match changes.recv_timeout(POLL_INTERVAL) {
            Ok(()) => {
                std::thread::sleep(BURST_DELAY);
                while changes.try_recv().is_ok() {}
            }
            Err(RecvTimeoutError::Timeout) => {}
            // Nothing tells of changes: there is no watcher.
            Err(RecvTimeoutError::Disconnected) => std::thread::sleep(POLL_INTERVAL),
        }
        // The directory may have come meanwhile, or another one of its name.
        if self.given.is_some() || !self.dir.is_dir() {
            self.dir = watched_dir(self.given.as_deref());
        }
        self.listen();
    }

    /// Oldest first, with what is in them.
    fn new_records(&mut self) -> Vec<(PathBuf, Vec<u8>)> {
        let listed: HashSet<PathBuf> = match list_records(&self.dir) {
            Ok(listed) => listed.paths.into_iter().collect(),
            Err(_) => HashSet::new(),
        };
        self.files.retain(|path, _| listed.contains(path));
        let mut paths: Vec<PathBuf> = listed.into_iter().collect();
        paths.sort_by(|a, b| by_time(a).cmp(by_time(b)));
        paths.into_iter().filter_map(|path| self.read_new(path)).collect()
    }

    /// The record of a file that is new, or has changed, unless it is known.
    fn read_new(&mut self, path: PathBuf) -> Option<(PathBuf, Vec<u8>)> {
        let stamp = FileStamp::of(&path)?;
        if let Some(state) = self.files.get_mut(&path)
            && state.stamp == stamp
        {
            // Whoever still writes it would have changed it.
            if state.content == FileContent::Broken {
                state.content = FileContent::Reported;
                self.has_skipped_files = true;
                report(format_args!("failures: {} is no failure record", path.display()));
            }
            return None;
        }
        let json = load_json(&path).ok().filter(|json| parse::<Failure>(json).is_ok());
        let content = if json.is_some() { FileContent::Record } else { FileContent::Broken };
        self.files.insert(path.clone(), FileState { stamp, content });
        let json = json?;
        let is_new = self.known.insert(FailureIdentity::of(&Summary::read(&json).ok()?));
        is_new.then_some((path, json))
    }
}

/// The directory may well come later than the command.
fn watched_dir(given: Option<&Path>) -> PathBuf {
    let otherwise = || given.map_or_else(|| PathBuf::from("io/failures"), Path::to_owned);
    failures_dir(given).unwrap_or_else(|_| otherwise())
}

/// Names sort by their times behind the area.
fn by_time(path: &Path) -> &str {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name.rsplitn(3, '_').nth(2).map_or(name, |area| &name[area.len()..])
}

/// Prints a record if it is wanted; says whether it was.
fn print_record(path: &Path, json: &[u8], matcher: &Matcher<'_>, as_json: bool, screen: &mut Screen) -> Result<bool> {
    let Ok(failure) = Summary::read(json) else { return Ok(false) };
    let wanted = matcher.matches(&failure, json).unwrap_or_else(|error| {
        report(format_args!("failures: --where fails on {}: {error}", path.display()));
        false
    });
    match (wanted, as_json) {
        (true, true) => {
            screen.write_json(&compact_json(&String::from_utf8_lossy(json)))?;
            writeln!(screen)?;
        }
        (true, false) => write_failure(&failure, path, screen)?,
        (false, _) => {}
    }
    Ok(wanted)
}

fn write_failure(failure: &Summary, path: &Path, screen: &mut Screen) -> Result<()> {
    let computation = screen.paint(paint::STRONG, &one_line(&failure.computation));
    let by = if failure.theoretical_ref.is_empty() { "" } else { ", by " };
    let when = screen.paint(paint::FAINT, &local_time(failure.timestamp));
    writeln!(screen, "{when}  {computation} failed{by}{}", one_line(&failure.theoretical_ref))?;
    writeln!(screen, "  {}", screen.paint(paint::ERROR, &failure.error()))?;
    let show = format!("failures show {}", failure.short_id(path));
    let category = screen.paint(paint::KIND, failure.category());
    let between = if category.is_empty() { "" } else { " · " };
    Ok(writeln!(screen, "  {category}{between}{}", screen.paint(paint::FAINT, &show))?)
}
