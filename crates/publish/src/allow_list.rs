//! The allow list: hashes of values that look like secrets but are not. It is a file in the directory of the records.

use std::collections::HashSet;
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::error::{PublishError, Secret};
use runtime::io_error::about;

/// The name of the file. It is meant to be committed and reviewed.
pub(crate) const FILE_NAME: &str = ".failures-allow";

/// Number of hexadecimal digits of a SHA-256.
const HASH_DIGITS: usize = 64;

/// Minimum number of digits that identify a value.
const MIN_DIGITS: usize = 8;

const HEADING: &str = "\
# Values in failure records that look like secrets but are not. `failures push` publishes them.
# Each line holds the SHA-256 of a value and a comment. Delete a line to protect the value again.
";

/// The hashes of the values that the user allows.
#[derive(Debug, Default)]
pub(crate) struct AllowList(HashSet<String>);

impl AllowList {
    /// Reads the list of a directory. A line that does not begin with a hash is ignored.
    pub(crate) fn read(dir: &Path) -> Result<Self, PublishError> {
        let path = dir.join(FILE_NAME);
        match std::fs::read(&path) {
            Ok(bytes) => Ok(AllowList(hashes(&String::from_utf8_lossy(&bytes)))),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(AllowList::default()),
            Err(error) => Err(PublishError::Io(about(&path, "cannot read", error))),
        }
    }

    pub(crate) fn contains(&self, hash: &str) -> bool {
        self.0.contains(hash)
    }
}

fn hashes(text: &str) -> HashSet<String> {
    let first = text.lines().filter_map(|line| line.split_whitespace().next());
    let is_hash = |word: &&str| word.len() == HASH_DIGITS && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    first.filter(is_hash).map(str::to_ascii_lowercase).collect()
}

/// Adds the value whose hash begins with these digits, and returns the path of the list.
pub(crate) fn allow(dir: &Path, found: &[Secret], digits: &str, comment: &str) -> Result<PathBuf, PublishError> {
    let mut named: Vec<&Secret> =
        found.iter().filter(|secret| secret.hash.starts_with(&digits.to_ascii_lowercase())).collect();
    named.dedup_by(|a, b| a.hash == b.hash);
    let [secret] = named[..] else {
        return Err(PublishError::NoSuchSecret(digits.to_owned()));
    };
    if digits.len() < MIN_DIGITS {
        return Err(PublishError::NoSuchSecret(digits.to_owned()));
    }
    let path = dir.join(FILE_NAME);
    let failed = |error| PublishError::Io(about(&path, "cannot write", error));
    let old = match std::fs::read(&path) {
        Ok(old) => old,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(PublishError::Io(about(&path, "cannot read", error))),
    };
    let heading = if old.is_empty() { HEADING } else { "" };
    let end = if old.is_empty() || old.ends_with(b"\n") { "" } else { "\n" };
    let comment = comment.split_whitespace().collect::<Vec<_>>().join(" ");
    let comment = if comment.is_empty() { secret.to_string() } else { comment };
    let line = format!("{end}{heading}{}  {}\n", secret.hash, record::redact_text(&comment));
    let mut file = std::fs::OpenOptions::new().create(true).append(true).open(&path).map_err(failed)?;
    file.write_all(line.as_bytes()).map_err(failed)?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_hashes_allow_a_value() {
        let hash = "0123456789abcdef".repeat(4);
        let text = format!("# {hash}\n{hash}  a node's address\n0123 short\n<<<<<<< HEAD\n");
        assert_eq!(hashes(&text), HashSet::from([hash]));
    }
}
