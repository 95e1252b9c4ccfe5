//! Finding one record by id, position or path.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use record::internal::parse;
use record::{Failure, Store};
use uuid::Uuid;

use super::dir::{Listing, failures_dir, list_records};
use super::file::load_json;
use super::scan::{Collector, scan};
use super::selection::Selection;
use super::skipped::SkippedFiles;
use super::summary::Summary;
use crate::screen::{count, path_text};
use text::error_chain;

/// A record and its file.
pub(crate) struct RecordEntry {
    pub(crate) path: PathBuf,
    /// False if an unreadable file could be the requested record.
    pub(crate) is_certain: bool,
    /// The content of the file.
    pub(crate) json: Vec<u8>,
    pub(crate) failure: Failure,
}

/// Minimum number of digits that identify a record by its id.
const MIN_ID_DIGITS: usize = 4;

/// The path of a record.
pub(crate) struct RecordPath {
    pub(crate) path: PathBuf,
    /// False if an unreadable file could be the requested record.
    pub(crate) is_certain: bool,
}

impl RecordPath {
    fn certain(path: PathBuf) -> Self {
        RecordPath { path, is_certain: true }
    }
}

/// Finds a record by `latest`, `latest~2` (the second before the latest), the beginning or end of its id, its file name
/// or its path. Skipped files are reported on stderr.
///
/// # Errors
///
/// If no record or more than one record has this name.
pub(crate) fn find_record(name: &str, dir: Option<&Path>) -> Result<RecordPath> {
    let path = Path::new(name);
    if path.is_file() {
        return Ok(RecordPath::certain(path.to_owned()));
    }
    if path.components().count() > 1 {
        bail!("no such file: {name}");
    }
    let dir = failures_dir(dir)?;
    let listing = list_records(&dir)?;
    match latest_offset(name) {
        Some(before) => find_by_offset(&listing, before, &dir),
        None => find_by_name(name, &listing, &dir).map(RecordPath::certain),
    }
}

/// Reads a record. See [`find_record`] for its name.
///
/// # Errors
///
/// If no record or more than one record has this name, or if it cannot be read.
pub(crate) fn open_record(name: &str, dir: Option<&Path>) -> Result<RecordEntry> {
    let RecordPath { path, is_certain } = find_record(name, dir)?;
    let json = load_json(&path)?;
    let failure = match parse(&json) {
        Ok(failure) => failure,
        Err(error) => bail!("{} is not a failure record: {error}", path.display()),
    };
    Ok(RecordEntry { path, is_certain, json, failure })
}

/// 0 for `latest`, 2 for `latest~2`.
fn latest_offset(name: &str) -> Option<usize> {
    match name.strip_prefix("latest")? {
        "" | ".json" => Some(0),
        rest => rest.strip_prefix('~')?.parse().ok(),
    }
}

/// Finds the record that is `before` records older than the latest, in the order of `failures list`.
///
/// Unreadable files are not counted, but each of them may be the requested record.
fn find_by_offset(listing: &Listing, before: usize, dir: &Path) -> Result<RecordPath> {
    let mut skipped = SkippedFiles::from_listing(listing);
    // A record from the future was written while a clock was wrong. It would stay the latest forever.
    let now = record::time::now() + TimeDelta::minutes(1);
    let mut newest = Vec::new();
    for path in &listing.paths {
        match time_and_id(path) {
            Ok((time, id)) => {
                newest.push(((time <= now, time, id), Store::is_record_file_name(&file_name(path)), path))
            }
            Err(error) => skipped.add_unreadable(path, &error_chain(error.chain())),
        }
    }
    newest.sort_by(|a, b| b.cmp(a));
    let (mut passed, mut last) = (0, None);
    let mut found = None;
    for ((_, time, id), _, path) in newest {
        match check_record(path) {
            // A copy of the previous record.
            Ok(()) if id.is_some() && last == Some((time, id)) => {}
            Ok(()) if passed == before => {
                found = Some(path.clone());
                break;
            }
            Ok(()) => (passed, last) = (passed + 1, Some((time, id))),
            Err(error) => skipped.add_unreadable(path, &error_chain(error.chain())),
        }
    }
    skipped.report_all();
    match found {
        Some(path) => Ok(RecordPath { path, is_certain: skipped.is_empty() }),
        None if passed == 0 => bail!("no failures in {}", dir.display()),
        None => bail!("latest~{before}: only {} in {}", count(passed, "failure"), dir.display()),
    }
}

fn check_record(path: &Path) -> Result<()> {
    Ok(parse::<Failure>(&load_json(path)?).map(drop)?)
}

fn file_name(path: &Path) -> Cow<'_, str> {
    path.file_name().unwrap_or_default().to_string_lossy()
}

/// The time and id of a record, from the name that a store gave or else from the content. `latest.json` follows the
/// same order.
fn time_and_id(path: &Path) -> Result<(DateTime<Utc>, Option<Uuid>)> {
    let name = file_name(path);
    if Store::is_record_file_name(&name) {
        let mut parts = name.trim_end_matches(".json").rsplit('_');
        let (id, time) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let time = NaiveDateTime::parse_from_str(time, "%Y%m%dT%H%M%S%.3fZ")?;
        return Ok((time.and_utc(), id.parse().ok()));
    }
    let summary = Summary::read(&load_json(path)?)?;
    let millis = summary.timestamp.timestamp_millis();
    Ok((DateTime::from_timestamp_millis(millis).unwrap_or(summary.timestamp), summary.context.id))
}

fn find_by_name(name: &str, listing: &Listing, dir: &Path) -> Result<PathBuf> {
    let paths = &listing.paths;
    let is_stem = |path: &&PathBuf| path.file_stem() == Some(name.strip_suffix(".json").unwrap_or(name).as_ref());
    if let Some(path) = paths.iter().chain(listing.copies.iter().map(|(copy, _)| copy)).find(is_stem) {
        return Ok(path.clone());
    }
    let part = name.to_ascii_lowercase();
    let mut found: Vec<PathBuf> = paths.iter().filter(|path| matches_id(path, &part)).cloned().collect();
    if found.is_empty() && part.len() >= MIN_ID_DIGITS {
        // The files may have been renamed.
        let (by_id, skipped) = scan(listing, &Selection::default(), || IdMatches { part: &part, found: Vec::new() });
        found = by_id.found;
        found.sort();
        if found.is_empty() {
            skipped.report_all();
        }
    }
    match &found[..] {
        [one] => Ok(one.clone()),
        [] => bail!("no failure {name:?} in {}: see `failures list`", dir.display()),
        [a, b, ..] => {
            let file_name = |path: &Path| path_text(Path::new(path.file_name().unwrap_or_default()));
            bail!(
                "{} failures match {name:?}, e.g. {} and {}: give more digits of the id",
                found.len(),
                file_name(a),
                file_name(b)
            )
        }
    }
}

/// Returns true if the id in the file's name begins or ends with `part`.
fn matches_id(path: &Path, part: &str) -> bool {
    let Some(stem) = path.file_stem().and_then(|stem| stem.to_str()) else { return false };
    let id = stem.rsplit('_').next().unwrap_or(stem).to_ascii_lowercase();
    part.len() >= MIN_ID_DIGITS && (id.starts_with(part) || id.ends_with(part))
}

/// Collects the records whose id begins or ends with `part`.
struct IdMatches<'a> {
    part: &'a str,
    found: Vec<PathBuf>,
}

impl Collector for IdMatches<'_> {
    fn add(&mut self, path: &Path, failure: Summary, _json: &[u8], _matches: bool) {
        let id = failure.context.id.as_ref().map(Uuid::to_string).unwrap_or_default();
        if id.starts_with(self.part) || id.ends_with(self.part) {
            self.found.push(path.to_owned());
        }
    }

    fn join(&mut self, other: Self) {
        self.found.extend(other.found);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_named_by_its_id_or_its_position() {
        let path = Path::new("io/failures/rg_flow_20251227T043000.000Z_01a21351-ff9b-736d-ac9d-0e7e3264969e.json");
        for part in ["01a21351-ff9b-736d-ac9d-0e7e3264969e", "01a21351", "3264969e", "969e"] {
            assert!(matches_id(path, part), "{part}");
        }
        for part in ["", "69e", "rg_flow", "736d"] {
            assert!(!matches_id(path, part), "{part}");
        }
        let id = "01a21351-ff9b-736d-ac9d-0e7e3264969e".parse().unwrap();
        assert_eq!(time_and_id(path).unwrap(), ("2025-12-27T04:30:00Z".parse().unwrap(), Some(id)));
        assert_eq!(latest_offset("latest"), Some(0));
        assert_eq!(latest_offset("latest~12"), Some(12));
        assert_eq!(latest_offset("latest~"), None);
        assert_eq!(latest_offset("rg_flow"), None);
    }
}
