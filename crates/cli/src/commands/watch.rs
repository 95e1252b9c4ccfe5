//! `failures watch`: prints each new failure.

use std::collections::{HashMap, HashSet};
use std::fs::Metadata;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, SystemTime};

use anyhow::{Result, bail};
use chrono::{DateTime, Utc};
use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use record::{Failure, Store};
use uuid::Uuid;

use crate::exit_code::ExitCode;
use crate::records::{Matcher, Selection, Summary, compact_json, failures_dir, list_records, load_json, parse};
use crate::screen::{Screen, local_time, one_line, paint, report};

/// Interval between scans where the system does not report changes, such as network drives and containers.
const POLL_INTERVAL: Duration = Duration::from_secs(2);
/// Delay after a change, so that one scan covers a burst of changes.
const BURST_DELAY: Duration = Duration::from_millis(20);

#[derive(Debug, clap::Args)]
pub(crate) struct WatchOptions {
    /// Print records as JSON Lines.
    #[arg(long)]
    jsonl: bool,
    /// Exit after N failures.
    #[arg(long, short = 'n', value_name = "N")]
    limit: Option<usize>,
    #[command(flatten)]
    selection: Selection,
}

pub(crate) fn run(options: &WatchOptions, dir: Option<&Path>, screen: &mut Screen) -> Result<ExitCode> {
    let matcher = options.selection.matcher();
    let (changed, changes) = mpsc::channel();
    let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        // Listing the directory is an access. Reacting to it would cause the next one.
        if !event.is_ok_and(|event| event.kind.is_access()) {
            // Fails only when the command is ending.
            let _ = changed.send(());
        }
    });
    let mut watch = Watch::begin(dir, watcher.ok())?;
    report(format_args!("watching {}; press Ctrl-C to stop", watch.dir.display()));
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
    user_dir: Option<PathBuf>,
    dir: PathBuf,
    watcher: Option<RecommendedWatcher>,
    /// The files that have been read, and their state at that time.
    files: HashMap<PathBuf, FileState>,
    /// The failures that existed at the start or have been printed. Their files may have any names.
    known: HashSet<FailureIdentity>,
    /// True if a file that is not a record was reported.
    has_skipped_files: bool,
}

/// Metadata that changes when a file is written or replaced.
#[derive(Clone, Copy, PartialEq)]
struct FileStamp {
    file: u64,
    length: u64,
    written: Option<SystemTime>,
}

/// The state of a file when it was read.
struct FileState {
    stamp: FileStamp,
    content: FileContent,
}

#[derive(Clone, Copy, PartialEq)]
enum FileContent {
    Record,
    /// Not a record, or not yet complete.
    Broken,
    /// Not a record, and reported as such.
    Reported,
}

/// The identity of a failure: its id, or for records without an id the fields that never change.
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

    /// The identity of the failure in a file. Names that the recorder gives contain the id, so the file is not read.
    fn in_file(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?;
        match name.strip_suffix(".json")?.rsplit('_').next()?.parse() {
            Ok(id) if Store::is_record_file_name(name) => Some(FailureIdentity::Id(id)),
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
    fn begin(user_dir: Option<&Path>, watcher: Option<RecommendedWatcher>) -> Result<Self> {
        let dir = watched_dir(user_dir);
        if dir.exists() && !dir.is_dir() {
            bail!("{} is not a directory", dir.display());
        }
        let listed = if dir.exists() { list_records(&dir)?.paths } else { Vec::new() };
        let user_dir = user_dir.map(Path::to_owned);
        let mut watch =
            Watch { user_dir, dir, watcher, files: HashMap::new(), known: HashSet::new(), has_skipped_files: false };
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

    /// Watches the directory. This is repeated, since the directory may have been replaced.
    fn listen(&mut self) {
        if let Some(watcher) = &mut self.watcher {
            let _ = watcher.watch(&self.dir, RecursiveMode::NonRecursive);
        }
    }

    /// Waits until files have changed or may have changed.
    fn wait(&mut self, changes: &Receiver<()>) {
        match changes.recv_timeout(POLL_INTERVAL) {
            Ok(()) => {
                std::thread::sleep(BURST_DELAY);
                while changes.try_recv().is_ok() {}
            }
            Err(RecvTimeoutError::Timeout) => {}
            // There is no watcher.
            Err(RecvTimeoutError::Disconnected) => std::thread::sleep(POLL_INTERVAL),
        }
        // The directory may have been created or replaced.
        if self.user_dir.is_some() || !self.dir.is_dir() {
            self.dir = watched_dir(self.user_dir.as_deref());
        }
        self.listen();
    }

    /// The paths and contents of new records, oldest first.
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

    /// Returns the record of a new or changed file, unless the failure is known.
    fn read_new(&mut self, path: PathBuf) -> Option<(PathBuf, Vec<u8>)> {
        let stamp = FileStamp::of(&path)?;
        if let Some(state) = self.files.get_mut(&path)
            && state.stamp == stamp
        {
            // A file that is still being written would have changed.
            if state.content == FileContent::Broken {
                state.content = FileContent::Reported;
                self.has_skipped_files = true;
                report(format_args!("failures: {} is not a failure record", path.display()));
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

/// The directory to watch. It need not exist yet.
fn watched_dir(user_dir: Option<&Path>) -> PathBuf {
    failures_dir(user_dir).unwrap_or_else(|_| user_dir.unwrap_or(Path::new("io/failures")).to_owned())
}

/// The part of a file name after the area, which sorts by time.
fn by_time(path: &Path) -> &str {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name.rsplitn(3, '_').nth(2).map_or(name, |area| &name[area.len()..])
}

/// Prints a record if it matches, and returns whether it matches.
fn print_record(path: &Path, json: &[u8], matcher: &Matcher<'_>, as_json: bool, screen: &mut Screen) -> Result<bool> {
    let Ok(failure) = Summary::read(json) else { return Ok(false) };
    let matches = matcher.matches(&failure, json).unwrap_or_else(|error| {
        report(format_args!("failures: --where failed for {}: {error}", path.display()));
        false
    });
    if matches && as_json {
        screen.write_json(&compact_json(&String::from_utf8_lossy(json)))?;
        writeln!(screen)?;
    } else if matches {
        write_failure(&failure, path, screen)?;
    }
    Ok(matches)
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
