//! Saving an answer in the record, and messages about answers that are lost.

use advice::Advice;
use anyhow::Result;
use record::Amendment;
use record::internal::RecordChange;

use crate::commands::resolve::path_to_report;
use crate::records::RecordEntry;
use crate::screen::{count, path_text, report};
use crate::signals::SignalGuard;
use text::error_chain;

/// Returns true if the answer is cached or saved.
pub(super) fn is_stored(advice: &Advice, saved: &Result<Option<String>>) -> bool {
    advice.cache_error.is_none() || matches!(saved, Ok(Some(_)))
}

/// The message about an answer that could not be printed.
pub(super) fn print_error_text(error: &anyhow::Error, is_stored: bool) -> String {
    let consequence = if is_stored {
        "the answer is stored: run the command again without --fresh to see it"
    } else {
        "the answer is lost"
    };
    format!("{}; {consequence}", error_chain(error.chain()))
}

/// Reports an answer that is not cached, since asking again costs tokens.
pub(super) fn warn_if_not_cached(advice: &Advice) {
    if let Some(reason) = &advice.cache_error {
        report(format_args!("failures: the answer is not cached: {reason}"));
    }
}

/// Adds the answer to the record and returns a message about it.
pub(super) fn save_answer(record: &RecordEntry, advice: &Advice) -> Result<String> {
    let amendment = Amendment::of_suggestions(advice.suggestions());
    let signals = SignalGuard::install()?;
    let change = RecordChange::new(&record.path, &amendment).of(&record.failure).unless(signals.received());
    let amended = change.apply()?;
    drop(signals);
    // The message names the record itself, since `latest.json` may be a newer record by now.
    let record = path_text(&path_to_report(&record.path, amended.path));
    Ok(match amended.added {
        0 => format!("{record} already contains the suggestions"),
        added => format!("{} added to {record}", count(added, "suggestion")),
    })
}
