//! Reports skipped input on stderr.

use ::corpus::Corpus;

use crate::screen::{count, one_line, report};

/// Maximum number of skipped files and lines that are reported one by one.
const MAX_REPORTED: usize = 10;

/// Reports the files and lines that were skipped, and the notes about the corpus.
pub(super) fn report_skipped(corpus: &Corpus) {
    let skipped = corpus.skipped();
    for part in skipped.parts().iter().take(MAX_REPORTED) {
        report(format_args!("failures: skipped {}", one_line(&part.to_string())));
    }
    if skipped.parts().len() > MAX_REPORTED || skipped.lines() + skipped.files() > MAX_REPORTED as u64 {
        let (lines, files) = (skipped.lines() as usize, skipped.files() as usize);
        report(format_args!("failures: {} and {} skipped", count(lines, "line"), count(files, "file")));
    }
    if skipped.unfinished_lines() > 0 {
        let lines = count(skipped.unfinished_lines() as usize, "unfinished last line");
        report(format_args!("{lines} skipped: the program still writes it, or was killed"));
    }
    for note in corpus.notes() {
        report(format_args!("{}", one_line(note)));
    }
}
