//! Files and records that a command leaves out, and why.

use std::collections::BTreeSet;
use std::path::Path;

use super::dir::Listing;
use crate::screen::{count, say};

/// How many are named.
const NAMED: usize = 5;

/// What a command leaves out.
#[derive(Debug, Default)]
pub(crate) struct LeftOut {
    /// Files whose names are not UTF-8.
    unnamable: Names,
    /// Files that are no records, or cannot be read.
    broken: Names,
    /// Records that a filter fails on.
    unfiltered: Names,
    /// Copies of records. Nothing is missing without them.
    copies: Names,
}

/// Texts that begin with the name of a file: how many, and the first of them.
#[derive(Debug, Default)]
struct Names {
    count: usize,
    first: BTreeSet<String>,
}

impl Names {
    fn add(&mut self, text: String) {
        self.join(Names { count: 1, first: BTreeSet::from([text]) });
    }

    fn join(&mut self, other: Names) {
        self.count += other.count;
        self.first.extend(other.first);
        while self.first.len() > NAMED {
            self.first.pop_last();
        }
    }

    /// `2 files left out:` with a line for each, or all of it on one line.
    fn tell(&self, things: &str, all_of_them: &str) {
        let Some(first) = self.first.first() else { return };
        if self.count == 1 {
            return say(format_args!("failures: {things}: {first}"));
        }
        say(format_args!("failures: {things}:"));
        self.first.iter().for_each(|text| say(format_args!("  {text}")));
        if self.count > self.first.len() {
            say(format_args!("  and {} more{all_of_them}", self.count - self.first.len()));
        }
    }
}

impl LeftOut {
    /// What the names of a directory's files tell.
    pub(crate) fn of(listing: &Listing) -> Self {
        let mut left_out = LeftOut::default();
        listing.unnamable.iter().for_each(|path| left_out.unnamable.add(path.display().to_string()));
        listing.copies.iter().for_each(|(copy, original)| left_out.copy(copy, original));
        left_out
    }

    pub(super) fn broken(&mut self, path: &Path, why: &str) {
        self.broken.add(format!("{}: {why}", path.display()));
    }

    pub(super) fn unfiltered(&mut self, path: &Path, why: &str) {
        self.unfiltered.add(format!("{}: {why}", path.display()));
    }

    pub(super) fn copy(&mut self, copy: &Path, original: &Path) {
        let original = original.file_name().unwrap_or_default();
        self.copies.add(format!("{} of {}", copy.display(), Path::new(original).display()));
    }

    pub(crate) fn join(&mut self, other: LeftOut) {
        self.unnamable.join(other.unnamable);
        self.broken.join(other.broken);
        self.unfiltered.join(other.unfiltered);
        self.copies.join(other.copies);
    }

    /// Whether every record was looked at.
    pub(crate) fn is_empty(&self) -> bool {
        [&self.unnamable, &self.broken, &self.unfiltered].iter().all(|names| names.count == 0)
    }

    /// Says on stderr what is missing.
    pub(crate) fn tell(&self) {
        let files = |names: &Names| count(names.count, "file");
        let unnamable = format!("{} left out, since the name is not UTF-8", files(&self.unnamable));
        self.unnamable.tell(&unnamable, "");
        self.broken.tell(&format!("{} left out", files(&self.broken)), ": failures validate");
        self.unfiltered.tell(&format!("--where fails on {}", count(self.unfiltered.count, "record")), "");
        let copies = if self.copies.count == 1 { "copy is" } else { "copies are" };
        self.copies.tell(&format!("{} {copies} no failure", self.copies.count), "");
    }
}
