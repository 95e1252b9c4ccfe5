//! Records that the user has reserved by a staged change or by a flag in the index.

use std::collections::{HashMap, HashSet};

use crate::error::PublishError;
use crate::git::{Git, split_nul};
use crate::tree::Entry;

/// Files whose index entry differs from HEAD or has a flag.
#[derive(Debug, Default)]
pub(crate) struct ReservedRecords {
    /// The staged version of each file that was added or changed.
    versions: HashMap<Vec<u8>, String>,
    /// Files whose removal is staged, and both sides of a staged rename.
    moved: HashSet<Vec<u8>>,
    /// Files with the flag skip-worktree or assume-unchanged.
    hidden: HashSet<Vec<u8>>,
}

impl ReservedRecords {
    /// Reads the user's index. `head` is the commit or tree that it is compared with.
    pub(crate) fn read(git: &Git, head: &str) -> Result<Self, PublishError> {
        let mut reserved = ReservedRecords::default();
        // The whole tree is compared: a record may be renamed to or from another directory.
        let words = ["diff-index", "--cached", "--raw", "-z", "-M", "--ita-invisible-in-index", head, "--"];
        reserved.add_changes(&git.read(&words, Vec::new())?);
        reserved.add_flags(&git.read(&["ls-files", "-v", "-z", "--full-name", "--", "."], Vec::new())?);
        Ok(reserved)
    }

    /// Returns the reason why this version of a file is left to the user.
    pub(crate) fn reason(&self, entry: &Entry) -> Option<&'static str> {
        if self.hidden.contains(&entry.path) {
            return Some("it is marked skip-worktree or assume-unchanged: commit it yourself");
        }
        if self.moved.contains(&entry.path) {
            return Some("its removal or renaming is staged: commit that yourself");
        }
        let staged = self.versions.get(&entry.path)?;
        (*staged != entry.blob).then_some("another version of it is staged: commit that yourself")
    }

    /// `:100644 100644 83baae… 9bc1d2… M\0path\0`, with a second path where the status is R or C.
    fn add_changes(&mut self, text: &[u8]) {
        let mut parts = split_nul(text);
        while let (Some(words), Some(path)) = (parts.next(), parts.next()) {
            let words = String::from_utf8_lossy(words);
            let mut words = words.split(' ').skip(3);
            let (Some(blob), Some(status)) = (words.next(), words.next()) else { continue };
            match status.as_bytes().first() {
                Some(b'D') => drop(self.moved.insert(path.to_owned())),
                Some(b'R') => self.moved.extend(parts.next().into_iter().chain([path]).map(<[u8]>::to_vec)),
                Some(b'C') => drop(parts.next().map(|to| self.versions.insert(to.to_owned(), blob.to_owned()))),
                _ => drop(self.versions.insert(path.to_owned(), blob.to_owned())),
            }
        }
    }

    /// `H path`: the letter is S for skip-worktree, and small for assume-unchanged.
    fn add_flags(&mut self, text: &[u8]) {
        let hidden =
            split_nul(text).filter(|line| line.first().is_some_and(|flag| *flag == b'S' || flag.is_ascii_lowercase()));
        self.hidden.extend(hidden.filter_map(|line| line.get(2..)).map(<[u8]>::to_vec));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn staged_changes_and_bits_reserve_a_file() {
        let mut reserved = ReservedRecords::default();
        reserved
            .add_changes(b":0 1 a b M\0changed\0:0 1 a c R100\0from\0to\0:0 0 a 0 D\0gone\0:0 1 a d C90\0kept\0copy\0");
        reserved.add_flags(b"H plain\0S skipped\0h assumed\0");
        let is_reserved = |path: &str, blob: &str| {
            reserved.reason(&Entry { path: path.into(), mode: "100644".into(), blob: blob.into() }).is_some()
        };
        for path in ["from", "to", "gone", "skipped", "assumed"] {
            assert!(is_reserved(path, "x"), "{path}");
        }
        assert!(
            is_reserved("changed", "a")
                && !is_reserved("changed", "b")
                && is_reserved("copy", "a")
                && !is_reserved("copy", "d")
        );
        assert!(!is_reserved("plain", "x") && !is_reserved("kept", "x"));
    }
}
