//! `failures watch`: each new failure as it comes.

use std::collections::HashSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::Duration;

use anyhow::Result;
use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use tracing_failure::Failure;

use crate::records::{Matcher, Selection, Summary, failures_dir, paths};
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
    let dir = directory(dir);
    let matcher = options.selection.matcher()?;
    let (changed, changes) = mpsc::channel();
    let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        // To list the directory is an access as well, and would be followed by the next.
        if !event.is_ok_and(|event| event.kind.is_access()) {
            // Nobody listens any more when the command ends.
            let _ = changed.send(());
        }
    });
    let mut watch = Watch { watcher: watcher.ok(), known: paths(&dir).unwrap_or_default().into_iter().collect(), dir };
    watch.begin();
    say(format_args!("watching {}: end with Ctrl-C", watch.dir.display()));
    let mut left = options.limit.unwrap_or(usize::MAX);
    loop {
        for path in watch.new_records() {
            if left > 0 && tell(&path, &matcher, options.jsonl, screen)? {
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

/// The directory may well come later than the command.
fn directory(given: Option<&Path>) -> PathBuf {
    let otherwise = || given.map_or_else(|| PathBuf::from("io/failures"), Path::to_owned);
    failures_dir(given).unwrap_or_else(|_| otherwise())
}

struct Watch {
    dir: PathBuf,
    watcher: Option<RecommendedWatcher>,
    known: HashSet<PathBuf>,
}

impl Watch {
    /// Also where the directory is a new one under its old name.
    fn begin(&mut self) {
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
            Err(RecvTimeoutError::Timeout) => self.begin(),
            Err(RecvTimeoutError::Disconnected) => std::thread::sleep(POLL),
        }
    }

    /// Oldest first.
    fn new_records(&mut self) -> Vec<PathBuf> {
        let there = paths(&self.dir).unwrap_or_default();
        let new = there.iter().filter(|path| !self.known.contains(*path)).cloned().collect();
        self.known = there.into_iter().collect();
        new
    }
}

/// Prints a record if it is wanted; says whether it was.
fn tell(path: &Path, matcher: &Matcher<'_>, as_json: bool, screen: &mut Screen) -> Result<bool> {
    let Ok(json) = std::fs::read(path) else { return Ok(false) };
    let failure: Failure = match serde_json::from_slice(&json) {
        Ok(failure) => failure,
        Err(error) => {
            say(format_args!("failures: {}: {error}", path.display()));
            return Ok(false);
        }
    };
    let summary = Summary::of(&failure);
    let wanted = matcher.wants(&summary, &json).unwrap_or_else(|error| {
        say(format_args!("failures: --where fails on {}: {error}", path.display()));
        false
    });
    match (wanted, as_json) {
        (true, true) => writeln!(screen, "{}", failure.to_json_line())?,
        (true, false) => write_failure(&summary, path, screen)?,
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
