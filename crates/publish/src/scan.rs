//! Reads blobs: checks that they are records, and searches them for secrets.

use std::collections::HashMap;

use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::allow_list::AllowList;
use crate::error::{PublishError, Secret};
use crate::git::{Git, path_of};
use crate::tree::Entry;
use record::Failure;
use record::internal::{Json, SecretFinding, compact, secrets, secrets_in_text};

/// Maximum size of the blobs that are read at once. A larger blob is read alone.
const MAX_BATCH_BYTES: u64 = 4 << 20;

/// The content of a record.
pub(crate) struct RecordContent {
    pub(crate) computation: String,
    /// The time and the id, as in the file name of a record.
    pub(crate) place: Option<String>,
    pub(crate) secrets: Vec<SecretFinding>,
}

impl RecordContent {
    /// Parses a record.
    ///
    /// # Errors
    ///
    /// Returns the reason if the bytes are not a record.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, String> {
        let text = std::str::from_utf8(bytes).map_err(|error| format!("no JSON: {error}"))?;
        let text = Failure::repair_json(text);
        let json: serde_json::Value = serde_json::from_str(&text).map_err(|error| format!("no JSON: {error}"))?;
        let failure = Failure::deserialize(&json).map_err(|error| format!("not a failure record: {error}"))?;
        // `Json` keeps duplicate keys. The record has only the last, but the file is published with both.
        let json: Json = serde_json::from_str(&text).map_err(|error| format!("no JSON: {error}"))?;
        let place = failure.context.id.map(|id| format!("{}_{id}", compact(failure.timestamp)));
        Ok(RecordContent { computation: failure.computation, place, secrets: secrets(&json, sha256) })
    }
}

/// SHA-256 in hexadecimal.
fn sha256(value: &str) -> String {
    Sha256::digest(value).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The content of blobs. Each blob is read once.
#[derive(Default)]
pub(crate) struct Scan {
    known: HashMap<String, Result<RecordContent, String>>,
    /// Hashes of values that look like secrets but are not.
    allowed: AllowList,
}

impl Scan {
    pub(crate) fn new(allowed: AllowList) -> Self {
        Scan { known: HashMap::new(), allowed }
    }

    /// Reads the blobs of these files.
    ///
    /// # Errors
    ///
    /// Fails if a blob is not in the repository.
    pub(crate) fn read(&mut self, git: &Git, entries: &[Entry]) -> Result<(), PublishError> {
        let mut blobs: Vec<&str> = entries.iter().map(|entry| entry.blob.as_str()).collect();
        blobs.retain(|blob| !self.known.contains_key(*blob));
        blobs.sort_unstable();
        blobs.dedup();
        for blobs in batches(git, &blobs)? {
            let output = git.read(&["cat-file", "--batch"], lines(blobs))?;
            let mut rest = &output[..];
            for blob in blobs {
                let content = next_object(&mut rest).ok_or_else(|| PublishError::Git {
                    command: format!("git cat-file blob {blob}"),
                    stderr: "the object is missing from the repository".to_owned(),
                })?;
                self.known.insert((*blob).to_owned(), RecordContent::from_bytes(content));
            }
        }
        Ok(())
    }

    /// Returns the reason why a file is not a record. A file that was not read is not a record either.
    pub(crate) fn rejection(&self, entry: &Entry) -> Option<&str> {
        match self.known.get(&entry.blob) {
            Some(Ok(_)) => None,
            Some(Err(why)) => Some(why),
            None => Some("it was not read"),
        }
    }

    /// Returns the names of the failed computations.
    pub(crate) fn computations<'a>(&'a self, entries: &'a [Entry]) -> impl Iterator<Item = &'a str> {
        entries.iter().filter_map(|entry| self.content_of(entry)).map(|read| read.computation.as_str())
    }

    pub(crate) fn secrets(&self, entries: &[Entry]) -> Vec<Secret> {
        let found = entries.iter().filter_map(|entry| Some((entry, self.content_of(entry)?)));
        found.flat_map(|(entry, read)| self.secrets_in(&entry.path, &read.secrets)).collect()
    }

    /// Removes the files that contain secrets, and returns the secrets.
    pub(crate) fn take_secrets(&self, entries: &mut Vec<Entry>) -> Vec<Secret> {
        let mut secrets = Vec::new();
        entries.retain(|entry| {
            let found = self.secrets(std::slice::from_ref(entry));
            let is_clean = found.is_empty();
            secrets.extend(found);
            is_clean
        });
        secrets
    }

    /// Returns the secrets in a file and in its name, except allowed ones.
    pub(crate) fn secrets_in(&self, path: &[u8], found: &[SecretFinding]) -> Vec<Secret> {
        let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
        let in_name = secrets_in_text(&String::from_utf8_lossy(name), sha256);
        let unallowed = found.iter().chain(&in_name).filter(|found| !self.allowed.contains(&found.digest));
        let secrets = unallowed.map(|found| Secret {
            file: path_of(path),
            pointer: found.pointer.clone(),
            kind: found.kind,
            hash: found.digest.clone(),
        });
        secrets.collect()
    }

    fn content_of(&self, entry: &Entry) -> Option<&RecordContent> {
        self.known.get(&entry.blob)?.as_ref().ok()
    }
}

/// Divides the blobs into batches of limited size.
fn batches<'a>(git: &Git, blobs: &'a [&'a str]) -> Result<Vec<&'a [&'a str]>, PublishError> {
    if blobs.is_empty() {
        return Ok(Vec::new());
    }
    let output = git.read(&["cat-file", "--batch-check=%(objectsize)"], lines(blobs))?;
    let output = String::from_utf8_lossy(&output);
    let (mut batches, mut start, mut bytes) = (Vec::new(), 0, 0);
    for (place, size) in output.lines().enumerate().take(blobs.len()) {
        // A missing blob has no size. Reading it reports the error.
        let size: u64 = size.parse().unwrap_or(0);
        if place > start && bytes + size > MAX_BATCH_BYTES {
            batches.push(&blobs[start..place]);
            (start, bytes) = (place, 0);
        }
        bytes += size;
    }
    batches.push(&blobs[start..]);
    Ok(batches)
}

fn lines(blobs: &[&str]) -> Vec<u8> {
    blobs.iter().flat_map(|blob| [blob.as_bytes(), b"\n"].concat()).collect()
}

/// Returns the next object of `cat-file --batch`: `83baae… blob 12\n`, 12 bytes, `\n`.
fn next_object<'a>(output: &mut &'a [u8]) -> Option<&'a [u8]> {
    let end = output.iter().position(|byte| *byte == b'\n')?;
    let size: usize = std::str::from_utf8(&output[..end]).ok()?.rsplit(' ').next()?.parse().ok()?;
    let content = output.get(end + 1..end + 1 + size)?;
    *output = output.get(end + 2 + size..)?;
    Some(content)
}
