//! Files and records that a command skips, with the reasons.

use std::collections::BTreeSet;
use std::path::Path;

use super::dir::Listing;
use crate::screen::{count, report};

/// Maximum number of files that are listed in a message.
const MAX_MESSAGES: usize = 5;

/// The files and records that a command skips.
#[derive(Debug, Default)]
pub(crate) struct SkippedFiles {
    /// Files whose names are not UTF-8.
    non_utf8: FileMessages,
    /// Files that are not records or cannot be read.
    unreadable: FileMessages,
    /// Records for which the filter of `--where` fails.
    filter_errors: FileMessages,
    /// Copies of records. They contain no other failure, so the result is complete without them.
    copies: FileMessages,
}

/// Messages about files: their number, and the first ones in the order of the file names.
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

    /// Prints a title with one line for each message, or one line if there is only one message.
    fn report(&self, title: &str, hint: &str) {
        let Some(first) = self.first.first() else { return };
        if self.count == 1 {
            return report(format_args!("failures: {title}: {first}"));
        }
        report(format_args!("failures: {title}:"));
        self.first.iter().for_each(|text| report(format_args!("  {text}")));
        if self.count > self.first.len() {
            report(format_args!("  and {} more{hint}", self.count - self.first.len()));
        }
    }
}

impl SkippedFiles {
    /// The files that can be recognised by their names alone.
    pub(crate) fn from_listing(listing: &Listing) -> Self {
        let mut skipped = SkippedFiles::default();
        listing.non_utf8.iter().for_each(|path| skipped.non_utf8.add(path.display().to_string()));
        listing.copies.iter().for_each(|(copy, original)| skipped.add_copy(copy, original));
        skipped
    }

    pub(super) fn add_unreadable(&mut self, path: &Path, reason: &str) {
        self.unreadable.add(format!("{}: {reason}", path.display()));
    }

    pub(super) fn add_filter_error(&mut self, path: &Path, reason: &str) {
        self.filter_errors.add(format!("{}: {reason}", path.display()));
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

    /// Returns true if every record was read.
    pub(crate) fn is_empty(&self) -> bool {
        [&self.non_utf8, &self.unreadable, &self.filter_errors].iter().all(|names| names.count == 0)
    }

    /// Prints the skipped files on stderr.
    pub(crate) fn report_all(&self) {
        let files = |names: &FileMessages| count(names.count, "file");
        let non_utf8 = format!("{} skipped: the name is not UTF-8", files(&self.non_utf8));
        self.non_utf8.report(&non_utf8, "");
        self.unreadable.report(&format!("{} skipped", files(&self.unreadable)), "; run failures validate");
        self.filter_errors.report(&format!("--where failed for {}", count(self.filter_errors.count, "record")), "");
        let copies = if self.copies.count == 1 { "copy" } else { "copies" };
        self.copies.report(&format!("{} {copies} ignored", self.copies.count), "");
    }
}
