//! `failures watch`: each new failure as it comes.

use std::collections::{HashMap, HashSet};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, SystemTime};

use anyhow::{Result, bail};
use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use tracing_failure::Failure;

use crate::records::{Matcher, Selection, Summary, failures_dir, json_of, on_one_line, paths};
use crate::screen::{Screen, local, one_line, paint, say};

/// How long nothing is looked for where the system does not tell of changes: network drives, containers.
const POLL: Duration = Duration::from_secs(2);
/// What comes together is looked at together.
const BURST: Duration = Duration::from_millis(20);

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

pub(crate) fn run(options: &Options, dir: Option<&Path>, screen: &mut Screen) -> Result<()> {
    let matcher = options.selection.matcher()?;
    let (changed, changes) = mpsc::channel();
    let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        // To list the directory is an access as well, and would be followed by the next.
        if !event.is_ok_and(|event| event.kind.is_access()) {
            // Nobody listens any more when the command ends.
            let _ = changed.send(());
        }
    });
    let mut watch = Watch::begin(dir, watcher.ok())?;
    say(format_args!("watching {}: end with Ctrl-C", watch.dir.display()));
    let mut left = options.limit.filter(|limit| *limit > 0).unwrap_or(usize::MAX);
    loop {
        for (path, json) in watch.new_records() {
            if left > 0 && tell(&path, &json, &matcher, options.jsonl, screen)? {
                left -= 1;
            }
        }
        screen.flush()?;
        if left == 0 {
            return Ok(());
        }
        watch.wait(&changes);
    }
}

struct Watch {
    given: Option<PathBuf>,
    dir: PathBuf,
    watcher: Option<RecommendedWatcher>,
    known: HashSet<PathBuf>,
    /// Files that are no records, or not yet: how they were when they were looked at, and whether that is said.
    broken: HashMap<PathBuf, (Stamp, bool)>,
}

/// What changes when a file is written.
type Stamp = (u64, Option<SystemTime>);

impl Watch {
    fn begin(given: Option<&Path>, watcher: Option<RecommendedWatcher>) -> Result<Self> {
        let dir = directory(given);
        if dir.exists() && !dir.is_dir() {
            bail!("{} is no directory", dir.display());
        }
        let known = if dir.exists() { paths(&dir)?.into_iter().collect() } else { HashSet::new() };
        let mut watch = Watch { given: given.map(Path::to_owned), dir, watcher, known, broken: HashMap::new() };
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
        match changes.recv_timeout(POLL) {
            Ok(()) => {
                std::thread::sleep(BURST);
                while changes.try_recv().is_ok() {}
            }
            Err(RecvTimeoutError::Timeout) => {
                if self.known.is_empty() {
                    self.dir = directory(self.given.as_deref());
                }
                self.listen();
            }
            Err(RecvTimeoutError::Disconnected) => std::thread::sleep(POLL),
        }
    }

    /// Oldest first, with what is in them.
    fn new_records(&mut self) -> Vec<(PathBuf, Vec<u8>)> {
        let there: HashSet<PathBuf> = match paths(&self.dir) {
            Ok(there) => there.into_iter().collect(),
            Err(_) => HashSet::new(),
        };
        self.known.retain(|path| there.contains(path));
        self.broken.retain(|path, _| there.contains(path));
        let mut new: Vec<PathBuf> = there.into_iter().filter(|path| !self.known.contains(path)).collect();
        new.sort_by(|a, b| by_time(a).cmp(by_time(b)));
        new.into_iter().filter_map(|path| self.read_new(path)).collect()
    }

    /// The record of a file that is new, or has changed since it was none.
    fn read_new(&mut self, path: PathBuf) -> Option<(PathBuf, Vec<u8>)> {
        let metadata = std::fs::metadata(&path).ok()?;
        let stamp = (metadata.len(), metadata.modified().ok());
        if let Some((known, said)) = self.broken.get_mut(&path)
            && *known == stamp
        {
            // Whoever still writes it would have changed it.
            if !std::mem::replace(said, true) {
                say(format_args!("failures: {} is no failure record", path.display()));
            }
            return None;
        }
        match json_of(&path) {
            Ok(json) if serde_json::from_slice::<Failure>(&json).is_ok() => {
                self.broken.remove(&path);
                self.known.insert(path.clone());
                Some((path, json))
            }
            _ => {
                self.broken.insert(path, (stamp, false));
                None
            }
        }
    }
}

/// The directory may well come later than the command.
fn directory(given: Option<&Path>) -> PathBuf {
    let otherwise = || given.map_or_else(|| PathBuf::from("io/failures"), Path::to_owned);
    failures_dir(given).unwrap_or_else(|_| otherwise())
}

/// Names sort by their times behind the area.
fn by_time(path: &Path) -> &str {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name.rsplitn(3, '_').nth(2).map_or(name, |area| &name[area.len()..])
}

/// Prints a record if it is wanted; says whether it was.
fn tell(path: &Path, json: &[u8], matcher: &Matcher<'_>, as_json: bool, screen: &mut Screen) -> Result<bool> {
    let Ok(failure) = Summary::read(json) else { return Ok(false) };
    let wanted = matcher.wants(&failure, json).unwrap_or_else(|error| {
        say(format_args!("failures: --where fails on {}: {error}", path.display()));
        false
    });
    match (wanted, as_json) {
        (true, true) => {
            screen.write_json(&on_one_line(&String::from_utf8_lossy(json)))?;
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
    let when = screen.paint(paint::FAINT, &local(failure.timestamp));
    writeln!(screen, "{when}  {computation} failed{by}{}", one_line(&failure.theoretical_ref))?;
    writeln!(screen, "  {}", screen.paint(paint::ERROR, &failure.error()))?;
    let show = format!("failures show {}", failure.short_id(path));
    let category = screen.paint(paint::KIND, failure.category());
    let between = if category.is_empty() { "" } else { " · " };
    Ok(writeln!(screen, "  {category}{between}{}", screen.paint(paint::FAINT, &show))?)
}
