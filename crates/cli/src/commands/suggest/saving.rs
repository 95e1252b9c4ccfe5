//! Saving an answer in its record, and what is said of answers that are not kept.

use anyhow::Result;
use tracing_failure_advice::shared::Change;
use tracing_failure_advice::{Advice, Amendment};

use crate::commands::resolve::path_to_report;
use crate::records::RecordFile;
use crate::screen::{count, in_words, report, shown};
use crate::signals::SignalGuard;

/// Whether the answer is somewhere, although nobody has read it.
pub(super) fn is_kept(advice: &Advice, saved: &Result<Option<String>>) -> bool {
    advice.not_kept.is_none() || matches!(saved, Ok(Some(_)))
}

/// What is said of an answer that could not be printed.
pub(super) fn print_error_text(error: &anyhow::Error, is_kept: bool) -> String {
    let saved =
        if is_kept { "the answer is kept: the same command without --fresh shows it" } else { "the answer is lost" };
    format!("{}; {saved}", in_words(error))
}

/// Reports an answer that will be paid for again.
pub(super) fn warn_if_not_cached(advice: &Advice) {
    if let Some(why) = &advice.not_kept {
        report(format_args!("failures: the answer is not kept for the next time: {why}"));
    }
}

/// Adds it to the record, if that is still there, and says so.
pub(super) fn save_answer(record: &RecordFile, advice: &Advice) -> Result<String> {
    let amendment = Amendment { suggestions: advice.suggestions(), resolution: None };
    let signals = SignalGuard::install()?;
    let change = Change::new(&record.path, &amendment).of(&record.failure).unless(signals.received());
    let amended = change.apply()?;
    drop(signals);
    // A path to `latest.json` does not name the record: a newer one may be there by now.
    let record = shown(&path_to_report(&record.path, amended.path));
    Ok(match amended.added {
        0 => format!("{record} has it already"),
        added => format!("{} added to {record}", count(added, "suggestion")),
    })
}
