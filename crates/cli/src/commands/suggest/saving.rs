//! Saving an answer in its record, and what is said of answers that are not kept.

use anyhow::Result;
use tracing_failure_advice::shared::Change;
use tracing_failure_advice::{Advice, Amendment};

use crate::commands::resolve::shown_as;
use crate::records::Picked;
use crate::screen::{count, in_words, say, shown};
use crate::signals::Held;

/// Whether the answer is somewhere, although nobody has read it.
pub(super) fn is_kept(advice: &Advice, saved: &Result<Option<String>>) -> bool {
    advice.not_kept.is_none() || matches!(saved, Ok(Some(_)))
}

/// What is said of an answer that could not be printed.
pub(super) fn unprinted(error: &anyhow::Error, is_kept: bool) -> String {
    let saved =
        if is_kept { "the answer is kept: the same command without --fresh shows it" } else { "the answer is lost" };
    format!("{}; {saved}", in_words(error))
}

/// Reports an answer that will be paid for again.
pub(super) fn warn(advice: &Advice) {
    if let Some(why) = &advice.not_kept {
        say(format_args!("failures: the answer is not kept for the next time: {why}"));
    }
}

/// Adds it to the record, if that is still there, and says so.
pub(super) fn save(picked: &Picked, advice: &Advice) -> Result<String> {
    let amendment = Amendment { suggestions: advice.suggestions(), resolution: None };
    let signals = Held::hold()?;
    let change = Change::new(&picked.path, &amendment).of(&picked.failure).unless(signals.came());
    let amended = change.apply()?;
    drop(signals);
    // A path to `latest.json` does not name the record: a newer one may be there by now.
    let record = shown(&shown_as(&picked.path, amended.path));
    Ok(match amended.added {
        0 => format!("{record} has it already"),
        added => format!("{} added to {record}", count(added, "suggestion")),
    })
}
