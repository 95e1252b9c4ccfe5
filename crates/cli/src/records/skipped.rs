//! Files and records that a command leaves out, and why.

use std::collections::BTreeSet;
use std::path::Path;

use super::dir::Listing;
use crate::screen::{count, report};

/// How many are named.
const MAX_MESSAGES: usize = 5;

/// What a command leaves out.
#[derive(Debug, Default)]
pub(crate) struct SkippedFiles {
    /// Files whose names are not UTF-8.
    non_utf8: FileMessages,
    /// Files that are no records, or cannot be read.
    unreadable: FileMessages,
    /// Records that a filter fails on.
    filter_errors: FileMessages,
    /// Copies of records. Nothing is missing without them.
    copies: FileMessages,
}

/// Texts that begin with the name of a file: how many, and the first of them.
#[derive(Debug, Default)]
struct FileMessages {
    count: usize,
    first: BTreeSet<String>,
}

impl FileMessages {
    fn add(&mut self, text: String) {
        self.merge(FileMessages { count: 1, first: BTreeSet::from([text]) });
    }

    fn merge(&mut self, other: FileMessages) {
        self.count += other.count;
        self.first.extend(other.first);
        while self.first.len() > MAX_MESSAGES {
            self.first.pop_last();
        }
    }

    /// `2 files left out:` with a line for each, or all of it on one line.
    fn report(&self, things: &str, all_of_them: &str) {
        let Some(first) = self.first.first() else { return };
        if self.count == 1 {
            return report(format_args!("failures: {things}: {first}"));
        }
        report(format_args!("failures: {things}:"));
        self.first.iter().for_each(|text| report(format_args!("  {text}")));
        if self.count > self.first.len() {
            report(format_args!("  and {} more{all_of_them}", self.count - self.first.len()));
        }
    }
}

impl SkippedFiles {
    /// What the names of a directory's files tell.
    pub(crate) fn from_listing(listing: &Listing) -> Self {
        let mut skipped = SkippedFiles::default();
        listing.non_utf8.iter().for_each(|path| skipped.non_utf8.add(path.display().to_string()));
        listing.copies.iter().for_each(|(copy, original)| skipped.add_copy(copy, original));
        skipped
    }

    pub(super) fn add_unreadable(&mut self, path: &Path, why: &str) {
        self.unreadable.add(format!("{}: {why}", path.display()));
    }

    pub(super) fn add_filter_error(&mut self, path: &Path, why: &str) {
        self.filter_errors.add(format!("{}: {why}", path.display()));
    }

    pub(super) fn add_copy(&mut self, copy: &Path, original: &Path) {
        let original = original.file_name().unwrap_or_default();
        self.copies.add(format!("{} of {}", copy.display(), Path::new(original).display()));
    }

    pub(crate) fn merge(&mut self, other: SkippedFiles) {
        self.non_utf8.merge(other.non_utf8);
        self.unreadable.merge(other.unreadable);
        self.filter_errors.merge(other.filter_errors);
        self.copies.merge(other.copies);
    }

    /// Whether every record was looked at.
    pub(crate) fn is_empty(&self) -> bool {
        [&self.non_utf8, &self.unreadable, &self.filter_errors].iter().all(|names| names.count == 0)
    }

    /// Says on stderr what is missing.
    pub(crate) fn report_all(&self) {
        let files = |names: &FileMessages| count(names.count, "file");
        let non_utf8 = format!("{} left out, since the name is not UTF-8", files(&self.non_utf8));
        self.non_utf8.report(&non_utf8, "");
        self.unreadable.report(&format!("{} left out", files(&self.unreadable)), ": failures validate");
        self.filter_errors.report(&format!("--where fails on {}", count(self.filter_errors.count, "record")), "");
        let copies = if self.copies.count == 1 { "copy is" } else { "copies are" };
        self.copies.report(&format!("{} {copies} no failure", self.copies.count), "");
    }
}
