//! `failures resolve`: what really fixed a failure, for those that come after it.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use tracing_failure::{Resolution, Store};
use tracing_failure_advice::Amendment;
use tracing_failure_advice::shared::Change;

use crate::exit_code::ExitCode;
use crate::records::{Picked, failures_dir, pick};
use crate::screen::{Screen, one_line, paint, shown};
use crate::signals::Held;

/// What is longer is no fix but a report.
const LONGEST: usize = 2000;

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// `latest`, `latest~2` for the second before it, the beginning or end of the id, or a file.
    #[arg(value_name = "ID|PATH")]
    failure: String,
    /// What was done, in a sentence or two.
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    fix: String,
}

pub(crate) fn run(options: &Options, dir: Option<&Path>, screen: &mut Screen) -> Result<ExitCode> {
    let fix = options.fix.trim();
    ensure!(!fix.is_empty(), "--fix says nothing: what fixed it?");
    ensure!(fix.len() <= LONGEST, "--fix is longer than {LONGEST} bytes: say it shorter");
    let picked = pick(&options.failure, dir)?;
    let mut resolution = Resolution::default();
    resolution.fix = fix.to_owned();
    resolution.time = Some(tracing_failure::time::now());
    let amendment = Amendment { suggestions: Vec::new(), resolution: Some(resolution) };
    let store = store_of(&picked, dir).map(Store::open).transpose()?;
    // The record and the list of resolutions change together, or neither does.
    let add_to_list = || store.as_ref().map_or(Ok(()), |store| Ok(store.resolve(&picked.failure, fix).map(drop)?));
    let signals = Held::hold()?;
    let change = Change::new(&picked.path, &amendment).of(&picked.failure).unless(signals.came());
    let amended = change.apply_with(add_to_list)?;
    drop(signals);
    let computation = screen.paint(paint::STRONG, &one_line(&picked.failure.computation));
    match store {
        Some(_) => writeln!(screen, "{computation} is resolved; failures of this kind begin with it from now on")?,
        None => writeln!(
            screen,
            "{computation} is resolved; the record is in no directory of records, so later ones do not know"
        )?,
    }
    writeln!(screen, "  noted in {}", shown(&shown_as(&picked.path, amended.path)))?;
    screen.flush()?;
    Ok(ExitCode::of_check(picked.is_sure))
}

/// The path that was given, unless it was that of the copy of a record.
pub(crate) fn shown_as(given: &Path, amended: PathBuf) -> PathBuf {
    match amended.file_name().filter(|name| given.ends_with("latest.json") && *name != "latest.json") {
        Some(name) => given.with_file_name(name),
        None => given.to_owned(),
    }
}

/// The directory of the records that programs write to, if the record is in it.
fn store_of(picked: &Picked, dir: Option<&Path>) -> Option<PathBuf> {
    let dir = failures_dir(dir).ok()?;
    let of_record = picked.path.canonicalize().ok()?.parent()?.to_owned();
    (dir.canonicalize().ok()? == of_record).then_some(dir)
}
