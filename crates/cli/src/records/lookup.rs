//! One record by a name that people have at hand.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use tracing_failure::{Failure, Store};
use tracing_failure_advice::shared::parse;
use uuid::Uuid;

use super::dir::{Listing, failures_dir, list};
use super::file::json_of;
use super::scan::{Gather, scan};
use super::selection::Selection;
use super::skipped::LeftOut;
use super::summary::Summary;
use crate::screen::{count, in_words, shown};

/// A record and its file.
pub(crate) struct Picked {
    pub(crate) path: PathBuf,
    /// Whether no other file could have been meant that cannot be read.
    pub(crate) is_sure: bool,
    /// As it is in the file.
    pub(crate) json: Vec<u8>,
    pub(crate) failure: Failure,
}

/// Digits of an id that people must give.
const LEAST_DIGITS: usize = 4;

/// A file, and whether no other could have been meant that cannot be read.
pub(crate) struct Found {
    pub(crate) path: PathBuf,
    pub(crate) is_sure: bool,
}

impl Found {
    fn sure(path: PathBuf) -> Self {
        Found { path, is_sure: true }
    }
}

/// The file of this name: `latest`, `latest~2` for the second before it, the beginning or end of an id, the file's name, or a
/// path. Says on stderr which files are passed over.
///
/// # Errors
///
/// When there is none, or more than one.
pub(crate) fn find(name: &str, dir: Option<&Path>) -> Result<Found> {
    let path = Path::new(name);
    if path.is_file() {
        return Ok(Found::sure(path.to_owned()));
    }
    if path.components().count() > 1 {
        bail!("there is no file {name}");
    }
    let dir = failures_dir(dir)?;
    let listing = list(&dir)?;
    match steps_before_latest(name) {
        Some(before) => before_latest(&listing, before, &dir),
        None => named(name, &listing, &dir).map(Found::sure),
    }
}

/// The record of this name.
///
/// # Errors
///
/// When there is none, more than one, or it is broken.
pub(crate) fn pick(name: &str, dir: Option<&Path>) -> Result<Picked> {
    let Found { path, is_sure } = find(name, dir)?;
    let json = json_of(&path)?;
    let failure = match parse(&json) {
        Ok(failure) => failure,
        Err(error) => bail!("{} is no failure record: {error}", path.display()),
    };
    Ok(Picked { path, is_sure, json, failure })
}

/// 0 for `latest`, 2 for `latest~2`.
fn steps_before_latest(name: &str) -> Option<usize> {
    match name.strip_prefix("latest")? {
        "" | ".json" => Some(0),
        rest => rest.strip_prefix('~')?.parse().ok(),
    }
}

/// In the order of the list. Files that are no records do not count, but any of them may be the one that is meant.
fn before_latest(listing: &Listing, before: usize, dir: &Path) -> Result<Found> {
    let mut left_out = LeftOut::of(listing);
    // A record from the future was written while a clock was wrong. It would be the newest for ever.
    let now = tracing_failure::time::now() + TimeDelta::minutes(1);
    let mut newest = Vec::new();
    for path in &listing.paths {
        match time_and_id(path) {
            Ok((time, id)) => newest.push(((time <= now, time, id), Store::is_own_name(&name_of(path)), path)),
            Err(error) => left_out.broken(path, &in_words(&error)),
        }
    }
    newest.sort_by(|a, b| b.cmp(a));
    let (mut passed, mut last) = (0, None);
    let mut found = None;
    for ((_, time, id), _, path) in newest {
        match read_record(path) {
            // A copy of the record before.
            Ok(()) if id.is_some() && last == Some((time, id)) => {}
            Ok(()) if passed == before => {
                found = Some(path.clone());
                break;
            }
            Ok(()) => (passed, last) = (passed + 1, Some((time, id))),
            Err(error) => left_out.broken(path, &in_words(&error)),
        }
    }
    left_out.tell();
    match found {
        Some(path) => Ok(Found { path, is_sure: left_out.is_empty() }),
        None if passed == 0 => bail!("no failures in {}", dir.display()),
        None => bail!("latest~{before}: there are {} only in {}", count(passed, "failure"), dir.display()),
    }
}

fn read_record(path: &Path) -> Result<()> {
    Ok(parse::<Failure>(&json_of(path)?).map(drop)?)
}

fn name_of(path: &Path) -> Cow<'_, str> {
    path.file_name().unwrap_or_default().to_string_lossy()
}

/// The time and the id that a name tells, or else the record: `latest.json` is a copy of the last in this order.
fn time_and_id(path: &Path) -> Result<(DateTime<Utc>, Option<Uuid>)> {
    let name = name_of(path);
    if Store::is_own_name(&name) {
        let mut parts = name.trim_end_matches(".json").rsplit('_');
        let (id, time) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let time = NaiveDateTime::parse_from_str(time, "%Y%m%dT%H%M%S%.3fZ")?;
        return Ok((time.and_utc(), id.parse().ok()));
    }
    let summary = Summary::read(&json_of(path)?)?;
    let millis = summary.timestamp.timestamp_millis();
    Ok((DateTime::from_timestamp_millis(millis).unwrap_or(summary.timestamp), summary.context.id))
}

fn named(name: &str, listing: &Listing, dir: &Path) -> Result<PathBuf> {
    let paths = &listing.paths;
    let is_stem = |path: &&PathBuf| path.file_stem() == Some(name.strip_suffix(".json").unwrap_or(name).as_ref());
    if let Some(path) = paths.iter().chain(listing.copies.iter().map(|(copy, _)| copy)).find(is_stem) {
        return Ok(path.clone());
    }
    let part = name.to_ascii_lowercase();
    let mut found: Vec<PathBuf> = paths.iter().filter(|path| is_named(path, &part)).cloned().collect();
    if found.is_empty() && part.len() >= LEAST_DIGITS {
        // Files can have been given other names.
        let (of_id, left_out) = scan(listing, &Selection::default(), || OfId { part: &part, found: Vec::new() });
        found = of_id.found;
        found.sort();
        if found.is_empty() {
            left_out.tell();
        }
    }
    match &found[..] {
        [one] => Ok(one.clone()),
        [] => bail!("no failure {name:?} in {}: `failures list` shows which there are", dir.display()),
        [a, b, ..] => {
            let name_of = |path: &Path| shown(Path::new(path.file_name().unwrap_or_default()));
            bail!("{} failures match {name:?}, e.g. {} and {}: say more of it", found.len(), name_of(a), name_of(b))
        }
    }
}

/// Whether the id in a file's name begins or ends so.
fn is_named(path: &Path, part: &str) -> bool {
    let Some(stem) = path.file_stem().and_then(|stem| stem.to_str()) else { return false };
    let id = stem.rsplit('_').next().unwrap_or(stem).to_ascii_lowercase();
    part.len() >= LEAST_DIGITS && (id.starts_with(part) || id.ends_with(part))
}

/// Records whose own id begins or ends so.
struct OfId<'a> {
    part: &'a str,
    found: Vec<PathBuf>,
}

impl Gather for OfId<'_> {
    fn add(&mut self, path: &Path, failure: Summary, _json: &[u8], _wanted: bool) {
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
    fn names_that_people_have_at_hand() {
        let path = Path::new("io/failures/rg_flow_20251227T043000.000Z_01a21351-ff9b-736d-ac9d-0e7e3264969e.json");
        for part in ["01a21351-ff9b-736d-ac9d-0e7e3264969e", "01a21351", "3264969e", "969e"] {
            assert!(is_named(path, part), "{part}");
        }
        for part in ["", "69e", "rg_flow", "736d"] {
            assert!(!is_named(path, part), "{part}");
        }
        let id = "01a21351-ff9b-736d-ac9d-0e7e3264969e".parse().unwrap();
        assert_eq!(time_and_id(path).unwrap(), ("2025-12-27T04:30:00Z".parse().unwrap(), Some(id)));
        assert_eq!(steps_before_latest("latest"), Some(0));
        assert_eq!(steps_before_latest("latest~12"), Some(12));
        assert_eq!(steps_before_latest("latest~"), None);
        assert_eq!(steps_before_latest("rg_flow"), None);
    }
}
