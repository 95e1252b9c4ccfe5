//! One record by a name that people have at hand.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use tracing_failure::{Failure, Store};
use uuid::Uuid;

use super::{Gather, Selection, Summary, failures_dir, json_of, parse, paths, scan};
use crate::screen::{count, shown};

/// A record and its file.
pub(crate) struct Picked {
    pub(crate) path: PathBuf,
    /// As it is in the file.
    pub(crate) json: Vec<u8>,
    pub(crate) failure: Failure,
}

/// Digits of an id that people must give.
const LEAST_DIGITS: usize = 4;

/// The file of this name: `latest`, `latest~2` for the second before it, the beginning or end of an id, the file's name, or a
/// path.
///
/// # Errors
///
/// When there is none, or more than one.
pub(crate) fn find(name: &str, dir: Option<&Path>) -> Result<PathBuf> {
    let path = Path::new(name);
    if path.is_file() {
        return Ok(path.to_owned());
    }
    if path.components().count() > 1 {
        bail!("there is no file {name}");
    }
    let dir = failures_dir(dir)?;
    let paths = paths(&dir)?;
    match steps_before_latest(name) {
        Some(before) => before_latest(paths, before, &dir),
        None => named(name, paths, &dir),
    }
}

/// The record of this name.
///
/// # Errors
///
/// When there is none, more than one, or it is broken.
pub(crate) fn pick(name: &str, dir: Option<&Path>) -> Result<Picked> {
    let path = find(name, dir)?;
    let json = json_of(&path)?;
    let failure = match parse(&json) {
        Ok(failure) => failure,
        Err(error) => bail!("{} is no failure record: {error}", path.display()),
    };
    Ok(Picked { path, json, failure })
}

/// 0 for `latest`, 2 for `latest~2`.
fn steps_before_latest(name: &str) -> Option<usize> {
    match name.strip_prefix("latest")? {
        "" | ".json" => Some(0),
        rest => rest.strip_prefix('~')?.parse().ok(),
    }
}

/// In the order of the list. Files that are no records do not count.
fn before_latest(paths: Vec<PathBuf>, before: usize, dir: &Path) -> Result<PathBuf> {
    // A record from the future was written while a clock was wrong. It would be the newest for ever.
    let now = tracing_failure::time::now() + TimeDelta::minutes(1);
    let place = |path: &Path| time_and_id(path).map(|(time, id)| (time <= now, time, id));
    let mut newest: Vec<_> = paths.into_iter().filter_map(|path| Some((place(&path)?, path))).collect();
    newest.sort_by(|a, b| b.cmp(a));
    let is_record = |path: &Path| json_of(path).is_ok_and(|json| parse::<Failure>(&json).is_ok());
    let mut records = newest.into_iter().map(|(_, path)| path).filter(|path| is_record(path));
    let mut passed = 0;
    match records.by_ref().inspect(|_| passed += 1).nth(before) {
        Some(path) => Ok(path),
        None if passed == 0 => bail!("no failures in {}", dir.display()),
        None => bail!("latest~{before}: there are {} only in {}", count(passed, "failure"), dir.display()),
    }
}

/// The time and the id that a name tells, or else the record: `latest.json` is a copy of the last in this order.
fn time_and_id(path: &Path) -> Option<(DateTime<Utc>, Option<Uuid>)> {
    let name = path.file_name()?.to_str()?;
    if Store::is_own_name(name) {
        let mut parts = name.strip_suffix(".json")?.rsplit('_');
        let id = parts.next().and_then(|id| id.parse().ok());
        let time = NaiveDateTime::parse_from_str(parts.next()?, "%Y%m%dT%H%M%S%.3fZ").ok()?;
        return Some((time.and_utc(), id));
    }
    let json = json_of(path).ok()?;
    let summary = Summary::read(&json).ok()?;
    let millis = summary.timestamp.timestamp_millis();
    Some((DateTime::from_timestamp_millis(millis)?, summary.context.id))
}

fn named(name: &str, paths: Vec<PathBuf>, dir: &Path) -> Result<PathBuf> {
    let is_stem = |path: &&PathBuf| path.file_stem() == Some(name.strip_suffix(".json").unwrap_or(name).as_ref());
    if let Some(path) = paths.iter().find(is_stem) {
        return Ok(path.clone());
    }
    let part = name.to_ascii_lowercase();
    let mut found: Vec<PathBuf> = paths.iter().filter(|path| is_named(path, &part)).cloned().collect();
    if found.is_empty() && part.len() >= LEAST_DIGITS {
        // Files can have been given other names.
        found = scan(&paths, &Selection::default(), || OfId { part: &part, found: Vec::new() }).0.found;
        found.sort();
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
        assert_eq!(time_and_id(path), Some(("2025-12-27T04:30:00Z".parse().unwrap(), Some(id))));
        assert_eq!(steps_before_latest("latest"), Some(0));
        assert_eq!(steps_before_latest("latest~12"), Some(12));
        assert_eq!(steps_before_latest("latest~"), None);
        assert_eq!(steps_before_latest("rg_flow"), None);
    }
}
