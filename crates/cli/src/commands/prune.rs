//! `failures prune`: deletes old records and temporary files of killed programs.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Result, bail};
use bytesize::ByteSize;
use chrono::{DateTime, TimeDelta, Utc};
use record::internal::RecordLock;
use record::{Failure, Store};

use crate::exit_code::ExitCode;
use crate::records::{Collector, Selection, Summary, failures_dir, list_records, load_json, parse, scan};
use crate::screen::{Screen, count, is_broken_pipe, path_text, report};
use crate::signals::SignalGuard;
use text::error_chain;

#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("bound").required(true).multiple(true))]
pub(crate) struct PruneOptions {
    /// Always keep the newest N records. Without another limit, delete all other records.
    #[arg(long, value_name = "N", group = "bound")]
    keep_last: Option<usize>,
    /// Delete records older than AGE, e.g. 30d. Note that 30m is 30 minutes and 1M is a month.
    #[arg(long, value_name = "AGE", group = "bound", value_parser = humantime::parse_duration)]
    older_than: Option<Duration>,
    /// Delete the oldest records until the total size is at most SIZE, e.g. 1G.
    #[arg(long, value_name = "SIZE", group = "bound")]
    max_size: Option<ByteSize>,
    /// Delete the records. Without this option they are only listed.
    #[arg(long)]
    yes: bool,
}

/// A record that could be deleted.
#[derive(Debug)]
struct Candidate {
    /// True if the file contains a complete record. Other files are never deleted and do not count for `--keep-last`.
    is_whole: bool,
    /// True for regular files with a name that a store gives.
    is_deletable: bool,
    /// Hash of the file's content.
    digest: u64,
    at: DateTime<Utc>,
    path: PathBuf,
    bytes: u64,
    fingerprint: String,
}

#[derive(Default)]
struct Candidates(Vec<Candidate>);

impl Collector for Candidates {
    fn add(&mut self, path: &Path, failure: Summary, json: &[u8], _matches: bool) {
        let has_store_name = path.file_name().and_then(|name| name.to_str()).is_some_and(Store::is_record_file_name);
        self.0.push(Candidate {
            is_whole: parse::<Failure>(json).is_ok(),
            is_deletable: has_store_name && is_regular_file(path),
            digest: digest(json),
            at: failure.timestamp,
            path: path.to_owned(),
            bytes: json.len() as u64,
            fingerprint: failure.context.fingerprint,
        });
    }

    fn join(&mut self, other: Self) {
        self.0.extend(other.0);
    }
}

pub(crate) fn run(options: &PruneOptions, dir: Option<&Path>, screen: &mut Screen) -> Result<ExitCode> {
    let dir = failures_dir(dir)?;
    let (records, skipped) = scan(&list_records(&dir)?, &Selection::default(), Candidates::default);
    skipped.report_all();
    let mut records = records.0;
    records.sort_by(|a, b| (a.at, &a.path).cmp(&(b.at, &b.path)));
    let all = count(records.len(), "record");
    let selected = options.select(&records, record::time::now())?;
    if !options.yes {
        write_paths(&selected, screen)?;
        let hint = if selected.is_empty() { "" } else { ": use --yes to delete them" };
        report(format_args!("would delete {} of {all} in {}{hint}", count_and_size(&selected), dir.display()));
        return Ok(ExitCode::of_check(skipped.is_empty()));
    }
    let signals = SignalGuard::install()?;
    let (deleted, all_deleted) = delete_records(&selected, &signals);
    let interrupted = if signals.is_received() { "interrupted: " } else { "" };
    report(format_args!("{interrupted}deleted {} of {all} in {}", count_and_size(&deleted), dir.display()));
    let written = write_paths(&deleted, screen);
    // This ends the command if a signal has arrived.
    drop(signals);
    let abandoned = Store::open(&dir)?.remove_abandoned()?;
    if abandoned > 0 {
        report(format_args!("deleted {} of killed programs", count(abandoned, "temporary file")));
    }
    match written {
        // A closed pipe must not hide that a record could not be deleted.
        Err(error) if all_deleted || !is_broken_pipe(&error) => Err(error),
        _ => Ok(ExitCode::of_check(all_deleted && skipped.is_empty())),
    }
}

/// Deletes the records until a signal arrives. Returns the deleted records, and whether no deletion failed.
fn delete_records<'r>(records: &[&'r Candidate], signals: &SignalGuard) -> (Vec<&'r Candidate>, bool) {
    let (mut deleted, mut all_deleted) = (Vec::new(), true);
    for record in records.iter().take_while(|_| !signals.is_received()) {
        match record.delete() {
            Ok(true) => deleted.push(*record),
            Ok(false) => report(format_args!("{} kept: it has changed", record.path.display())),
            // Another process has deleted it.
            Err(error) if is_not_found(&error) => {}
            Err(error) => {
                all_deleted = false;
                report(format_args!(
                    "failures: cannot delete {}: {}",
                    record.path.display(),
                    error_chain(error.chain())
                ));
            }
        }
    }
    (deleted, all_deleted)
}

fn is_regular_file(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_file())
}

fn is_not_found(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::NotFound)
}

fn digest(json: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    json.hash(&mut hasher);
    hasher.finish()
}

impl Candidate {
    /// Deletes the file and returns true, unless its content has changed.
    ///
    /// A process that amends the record holds a lock on it and then replaces the file.
    fn delete(&self) -> Result<bool> {
        let Some(lock) = RecordLock::try_acquire(&self.path)? else { return Ok(false) };
        let is_same = load_json(&self.path).is_ok_and(|json| digest(&json) == self.digest);
        if !is_same || !lock.is_current() {
            return Ok(false);
        }
        std::fs::remove_file(&self.path)?;
        Ok(true)
    }
}

/// `3 (12.0 KiB)`.
fn count_and_size(records: &[&Candidate]) -> String {
    let bytes: u64 = records.iter().map(|record| record.bytes).sum();
    format!("{} ({})", records.len(), ByteSize(bytes))
}

fn write_paths(records: &[&Candidate], screen: &mut Screen) -> Result<()> {
    records.iter().try_for_each(|record| writeln!(screen, "{}", path_text(&record.path)))?;
    Ok(screen.flush()?)
}

impl PruneOptions {
    /// The records to delete, oldest first.
    fn select<'r>(&self, all: &'r [Candidate], now: DateTime<Utc>) -> Result<Vec<&'r Candidate>> {
        let records: Vec<&Candidate> = all.iter().filter(|record| record.is_whole).collect();
        let mut groups = HashSet::new();
        let deletable: Vec<bool> =
            records.iter().map(|record| !groups.insert(&record.fingerprint) && record.is_deletable).collect();
        let oldest = match self.older_than.map(TimeDelta::from_std).transpose() {
            Ok(age) => age.and_then(|age| now.checked_sub_signed(age)),
            Err(_) => bail!("--older-than: the age is out of range"),
        };
        let mut bytes: u64 = all.iter().map(|record| record.bytes).sum();
        let mut selected = Vec::new();
        for (place, record) in records.iter().copied().enumerate().filter(|(place, _)| deletable[*place]) {
            let newer = records.len() - 1 - place;
            if self.keep_last.is_some_and(|count| newer < count) {
                break;
            }
            let is_too_many = self.older_than.is_none() && self.max_size.is_none();
            let is_too_old = oldest.is_some_and(|oldest| record.at < oldest);
            let is_over_max_size = self.max_size.is_some_and(|limit| bytes > limit.as_u64());
            if is_too_many || is_too_old || is_over_max_size {
                bytes -= record.bytes;
                selected.push(record);
            }
        }
        Ok(selected)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "01a21351-ff9b-736d-ac9d-0e7e3264969e";

    fn options() -> PruneOptions {
        PruneOptions { keep_last: None, older_than: None, max_size: None, yes: false }
    }

    /// Records of a hundred bytes, one a day from 1 November, of these groups.
    fn records(groups: &str) -> Vec<Candidate> {
        let record = |(day, group): (usize, char)| Candidate {
            is_whole: true,
            is_deletable: true,
            digest: 0,
            at: format!("2026-11-{:02}T00:00:00Z", day + 1).parse().unwrap(),
            path: format!("io/failures/general_202611{:02}T000000.000Z_{ID}.json", day + 1).into(),
            bytes: 100,
            fingerprint: group.to_string(),
        };
        groups.chars().enumerate().map(record).collect()
    }

    fn days(options: &PruneOptions, records: &[Candidate]) -> Vec<String> {
        let selected = options.select(records, "2026-11-11T00:00:00Z".parse().unwrap()).unwrap();
        selected.iter().map(|record| record.at.format("%d").to_string()).collect()
    }

    #[test]
    fn a_record_that_cannot_be_read_is_not_the_first_of_its_group() {
        let mut records = records("aaab");
        records[0].is_whole = false;
        assert_eq!(days(&PruneOptions { keep_last: Some(0), ..options() }, &records), ["03"]);
        records[3].is_whole = false;
        assert!(days(&PruneOptions { keep_last: Some(2), ..options() }, &records).is_empty());
    }

    #[test]
    fn each_bound_deletes_the_oldest_but_not_the_first_of_a_group() {
        let records = records("aaabaaaab");
        let keep = PruneOptions { keep_last: Some(3), ..options() };
        assert_eq!(days(&keep, &records), ["02", "03", "05", "06"]);
        let age = PruneOptions { older_than: Some(Duration::from_secs(6 * 86400)), ..options() };
        assert_eq!(days(&age, &records), ["02", "03"]);
        let size = PruneOptions { max_size: Some(ByteSize(650)), ..options() };
        assert_eq!(days(&size, &records), ["02", "03", "05"]);
        let both = PruneOptions { keep_last: Some(6), ..age };
        assert_eq!(days(&both, &records), ["02", "03"]);
        let both = PruneOptions { keep_last: Some(7), ..both };
        assert_eq!(days(&both, &records), ["02"]);
        let nothing = PruneOptions { max_size: Some(ByteSize(900)), ..options() };
        assert!(days(&nothing, &records).is_empty());
    }
}
