//! `failures resolve`: records the fix of a failure for later failures of its kind.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use record::Amendment;
use record::internal::{LATEST_NAME, MAX_FIX_BYTES, RecordChange};
use record::{Resolution, Store};

use crate::exit_code::ExitCode;
use crate::records::{RecordEntry, failures_dir, open_record};
use crate::screen::{Screen, one_line, paint, path_text};
use crate::signals::SignalGuard;

#[derive(Debug, clap::Args)]
pub(crate) struct ResolveOptions {
    /// `latest`, `latest~2` (the second before the latest), the beginning or end of an id, or a path.
    #[arg(value_name = "ID|PATH")]
    failure: String,
    /// The fix, in one or two sentences.
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    fix: String,
}

pub(crate) fn run(options: &ResolveOptions, dir: Option<&Path>, screen: &mut Screen) -> Result<ExitCode> {
    let fix = options.fix.trim();
    ensure!(!fix.is_empty(), "--fix is empty");
    ensure!(fix.len() <= MAX_FIX_BYTES, "--fix is longer than {MAX_FIX_BYTES} bytes");
    let record = open_record(&options.failure, dir)?;
    let mut resolution = Resolution::default();
    resolution.fix = fix.to_owned();
    resolution.time = Some(record::time::now());
    let amendment = Amendment::of_resolution(resolution);
    let store = store_containing(&record, dir).map(Store::open).transpose()?;
    // The record and the list of resolutions change together or not at all.
    let append_to_list = || store.as_ref().map_or(Ok(()), |store| store.resolve(&record.failure, fix).map(drop));
    let signals = SignalGuard::install()?;
    let change = RecordChange::new(&record.path, &amendment).of(&record.failure).unless(signals.received());
    let amended = change.apply_with(append_to_list)?;
    drop(signals);
    let computation = screen.paint(paint::STRONG, &one_line(&record.failure.computation));
    let consequence = if store.is_some() {
        "later failures with the same fingerprint list this fix first"
    } else {
        "later failures do not list the fix, because the record is outside the directory"
    };
    writeln!(screen, "{computation} is resolved; {consequence}")?;
    writeln!(screen, "  saved in {}", path_text(&path_to_report(&record.path, amended.path)))?;
    screen.flush()?;
    Ok(ExitCode::of_check(record.is_certain))
}

/// The path that the user gave, or the path of the amended record if the user gave a path to `latest.json`.
pub(crate) fn path_to_report(user_path: &Path, amended: PathBuf) -> PathBuf {
    match amended.file_name().filter(|name| user_path.ends_with(LATEST_NAME) && *name != LATEST_NAME) {
        Some(name) => user_path.with_file_name(name),
        None => user_path.to_owned(),
    }
}

/// The directory of the records if it contains this record.
fn store_containing(record: &RecordEntry, dir: Option<&Path>) -> Option<PathBuf> {
    let dir = failures_dir(dir).ok()?;
    let of_record = record.path.canonicalize().ok()?.parent()?.to_owned();
    (dir.canonicalize().ok()? == of_record).then_some(dir)
}
