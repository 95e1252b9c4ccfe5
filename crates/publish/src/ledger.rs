//! The push ledger: the records that a branch of a remote has had.
//!
//! The ledger prevents records that were deleted or amended on the remote from being pushed again. It belongs to a URL
//! and a branch, so a remote whose URL changes gets a new ledger.

use std::collections::{HashMap, HashSet};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::PathBuf;

use crate::error::PublishError;
use crate::git::without_credentials;
use crate::remote::Remote;
use crate::repository::Repository;
use crate::tree::Entry;
use record::internal::fingerprint;

pub(crate) struct PushLedger {
    file: PathBuf,
    /// The versions of records that the branch has had. A version is a path with a content.
    versions: HashSet<String>,
    /// The blob that was pushed last, by path.
    latest: HashMap<String, String>,
    /// The commit that the branch was at when it was last asked or pushed to.
    tip: Option<String>,
    /// The file with the place that the remote's name stood for at the last publishing.
    place_file: PathBuf,
    place: String,
    last_place: Option<String>,
}

impl PushLedger {
    /// Reads the ledger. Without a readable file, the ledger is empty and records are pushed again.
    pub(crate) fn open(repository: &Repository, remote: &Remote) -> Result<Self, PublishError> {
        let dir = repository.state_dir(&repository.common_dir)?;
        let branch = format!("{:?}", remote.branch.name());
        let place = fingerprint([without_credentials(&remote.url).as_str(), &branch]);
        let file = dir.join(format!("pushed-{place}"));
        let place_file = dir.join(format!("place-{}", fingerprint([remote.name.as_str(), &branch])));
        let last_place = fs::read_to_string(&place_file).ok();
        let mut ledger = PushLedger {
            versions: HashSet::new(),
            latest: HashMap::new(),
            tip: None,
            file,
            place_file,
            place,
            last_place,
        };
        for line in fs::read_to_string(&ledger.file).unwrap_or_default().lines() {
            ledger.apply_line(line);
        }
        Ok(ledger)
    }

    fn apply_line(&mut self, line: &str) {
        let mut words = line.split(' ').map(str::to_owned);
        match (words.next().as_deref(), words.next(), words.next()) {
            (Some("version"), Some(version), None) => drop(self.versions.insert(version)),
            (Some("latest"), Some(path), Some(blob)) => drop(self.latest.insert(path, blob)),
            (Some("tip"), Some(tip), None) => self.tip = Some(tip),
            _ => {}
        }
    }

    /// The commit that the branch was at when it was last asked or pushed to.
    pub(crate) fn tip(&self) -> Option<&str> {
        self.tip.as_deref()
    }

    /// Returns true if the remote's URL has not changed since the last publishing, so that its tracking branches are
    /// valid.
    pub(crate) fn is_same_place(&self) -> bool {
        self.last_place.as_ref().is_none_or(|place| *place == self.place)
    }

    /// Returns true if the branch has had this version.
    pub(crate) fn has(&self, entry: &Entry) -> bool {
        self.versions.contains(&version(entry))
    }

    /// Returns true if a file has changed back to an earlier version: another version was pushed after it.
    pub(crate) fn is_reverted(&self, entry: &Entry) -> bool {
        self.latest.get(&path_key(entry)).is_some_and(|latest| *latest != entry.blob)
    }

    /// Adds the tip, its records and the records that were just pushed. Write errors are ignored, because the ledger is
    /// not essential.
    pub(crate) fn append(&mut self, repository: &Repository, tip: &str, records: &[Entry], pushed: &[Entry]) {
        let mut lines = Vec::new();
        for entry in records {
            let version = version(entry);
            if !self.versions.contains(&version) {
                lines.push(format!("version {version}\n"));
            }
        }
        for entry in pushed {
            let path = path_key(entry);
            if self.latest.get(&path) != Some(&entry.blob) {
                lines.push(format!("latest {path} {}\n", entry.blob));
            }
        }
        if self.tip.as_deref() != Some(tip) {
            lines.push(format!("tip {tip}\n"));
        }
        for line in &lines {
            self.apply_line(line.trim_end());
        }
        let file = OpenOptions::new().create(true).append(true).open(&self.file);
        let _ = file.and_then(|mut file| file.write_all(lines.concat().as_bytes()));
        repository.share(&self.file);
        if self.last_place.as_ref() != Some(&self.place) {
            let _ = fs::write(&self.place_file, &self.place);
            repository.share(&self.place_file);
        }
    }
}

/// The key of a path with a content.
pub(crate) fn version(entry: &Entry) -> String {
    fingerprint([&*String::from_utf8_lossy(&entry.path), &entry.blob])
}

fn path_key(entry: &Entry) -> String {
    fingerprint([&*String::from_utf8_lossy(&entry.path)])
}
