//! What was pushed already. What others delete or amend on the remote afterwards stays so, although it is still here.

use std::collections::HashSet;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::PathBuf;

use super::error::PublishError;
use super::remote::Remote;
use super::repository::Repository;
use super::tree::Entry;
use crate::failure::fingerprint::fingerprint;

/// The records that one branch of one remote has had from here, each as it was.
pub(super) struct Pushed {
    file: PathBuf,
    records: HashSet<String>,
}

impl Pushed {
    /// A file that cannot be read is as good as none: records are pushed again then.
    pub(super) fn open(repository: &Repository, remote: &Remote) -> Result<Self, PublishError> {
        let dir = repository.own_dir(&repository.common_dir)?;
        let file = dir.join(format!("pushed-{}", fingerprint([remote.name.as_str(), &remote.branch])));
        let text = fs::read_to_string(&file).unwrap_or_default();
        Ok(Pushed { file, records: text.lines().map(str::to_owned).collect() })
    }

    pub(super) fn has(&self, entry: &Entry) -> bool {
        self.records.contains(&key(entry))
    }

    /// Takes note of records. Where that fails, no more is lost than the memory of them.
    pub(super) fn add(&mut self, entries: &[Entry]) {
        let new: Vec<String> = entries.iter().map(key).filter(|key| self.records.insert(key.clone())).collect();
        let lines: String = new.iter().flat_map(|key| [key, "\n"]).collect();
        let file = OpenOptions::new().create(true).append(true).open(&self.file);
        let _ = file.and_then(|mut file| file.write_all(lines.as_bytes()));
    }
}

/// A file of this path with this content.
fn key(entry: &Entry) -> String {
    fingerprint([&*String::from_utf8_lossy(&entry.path), &entry.blob])
}
