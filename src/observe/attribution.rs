//! Finds the panics of other threads that caused a failure.
//!
//! The payload of a panic that unwinds a computation is not readable, and a thread does not know which thread started
//! it. A panic is therefore attributed only on evidence: its payload or its message is in the report, or no other
//! computation was open. Without evidence the record lists the candidate panics.

use std::sync::Arc;
use std::time::Instant;

use crate::observe::backtrace::Stack;
use crate::observe::recent_panics;
use crate::observe::recent_panics::RecentPanic;
use crate::observe::report::names;
use crate::observe::thread;
use record::{PanicMatch, PanicOrigin};

/// Maximum number of panics that a record lists.
const MAX_LISTED: usize = 8;

/// Texts by which Rust reports a panic of another thread without its message.
const REPORTS_OF_A_PANIC: &[&str] = &["Any { .. }", "a scoped thread panicked"];

/// The times at which the enclosing computations were opened, innermost first.
#[derive(Debug, Default)]
pub(crate) struct OpeningTimes(pub(crate) Vec<Instant>);

impl OpeningTimes {
    /// Returns true if the innermost computation was open when the panic was raised.
    fn is_open_at(&self, panic: &RecentPanic) -> bool {
        self.0.first().is_some_and(|opened| *opened <= panic.raised_at)
    }

    /// Returns true if no other computations were open when the panic was raised.
    pub(crate) fn is_alone_at(&self, panic: &RecentPanic) -> bool {
        self.0.iter().filter(|opening| **opening <= panic.raised_at).count() == panic.open_computations
    }
}

/// The panics that caused a failure, or may have caused it. Earliest first, at least one.
#[derive(Debug)]
pub(crate) struct Attribution {
    pub(crate) matched_by: PanicMatch,
    pub(crate) panics: Vec<Arc<RecentPanic>>,
}

impl Attribution {
    fn new(matched_by: PanicMatch, panics: Vec<Arc<RecentPanic>>) -> Option<Self> {
        (!panics.is_empty()).then_some(Attribution { matched_by, panics })
    }

    /// A panic that may belong to the failure or not.
    pub(crate) fn unknown(panic: Arc<RecentPanic>) -> Self {
        Attribution { matched_by: PanicMatch::Unknown, panics: vec![panic] }
    }

    /// Makes the panics candidates, any of which may belong to the failure or not.
    pub(crate) fn into_candidates(self) -> Self {
        Attribution { matched_by: PanicMatch::Unknown, ..self }
    }

    /// Returns the panic that is known to have caused the failure.
    pub(crate) fn cause(&self) -> Option<&Arc<RecentPanic>> {
        if self.matched_by == PanicMatch::Unknown { None } else { self.panics.first() }
    }

    /// Claims the panics for a record, if it is certain that they belong to the failure.
    pub(crate) fn claim(&mut self) -> Vec<Arc<RecentPanic>> {
        match self.matched_by {
            PanicMatch::Unknown => Vec::new(),
            PanicMatch::Time => {
                // Another thread may have claimed one in the meantime.
                self.panics.retain(|panic| panic.claim());
                self.panics.clone()
            }
            _ => self.panics.iter().filter(|panic| self.panics.len() == 1 && panic.claim()).cloned().collect(),
        }
    }

    /// Describes the panics for a record, and returns their stacks.
    pub(crate) fn describe(&self, frames: usize) -> (PanicOrigin, Vec<Stack>) {
        let listed = &self.panics[..self.panics.len().min(MAX_LISTED)];
        let raised = listed.iter().map(|panic| panic.describe()).collect();
        (PanicOrigin::new(self.matched_by, raised), listed.iter().map(|panic| panic.trace.named(frames)).collect())
    }
}

/// Returns the panics that may unwind a computation now: unclaimed ones that were raised since it was opened.
pub(crate) fn of_unwinding(openings: &OpeningTimes) -> Option<Attribution> {
    let mut panics = unclaimed_since(openings);
    // A panic of this thread that the hook left for later needs no evidence, unless it was raised in another job.
    let here = thread::number();
    let is_of_this_thread = |panic: &Arc<RecentPanic>| panic.thread_number == here && panic.may_unwind_to_here();
    if let Some(index) = panics.iter().rposition(is_of_this_thread) {
        return Attribution::new(PanicMatch::Time, vec![panics.swap_remove(index)]);
    }
    let is_certain = panics.iter().all(|panic| openings.is_alone_at(panic));
    Attribution::new(if is_certain { PanicMatch::Time } else { PanicMatch::Unknown }, panics)
}

/// Returns the panics of a report: by payload, by message, or because the report says that a thread panicked.
pub(crate) fn of_report(report: &PanicClues<'_>, openings: &OpeningTimes) -> Option<Attribution> {
    let panics = recent_panics::all();
    let named: Vec<_> = panics.iter().filter(|panic| report.names(panic)).cloned().collect();
    let same = named.iter().filter(|panic| report.payload != 0 && panic.payload == report.payload).cloned().collect();
    if let Some(found) = Attribution::new(PanicMatch::Payload, nearest(same, openings)) {
        return Some(found);
    }
    if let Some(found) = Attribution::new(PanicMatch::Message, nearest(named, openings)) {
        return Some(found);
    }
    if reports_panic(report.messages) { of_unwinding(openings) } else { None }
}

/// Returns true if the messages of a report say that another thread panicked.
pub(crate) fn reports_panic(messages: &[String]) -> bool {
    messages.iter().any(|message| REPORTS_OF_A_PANIC.iter().any(|words| message.contains(words)))
}

/// The content of a report that may refer to a panic.
#[derive(Debug)]
pub(crate) struct PanicClues<'a> {
    pub(crate) messages: &'a [String],
    /// The address of the reported payload's text, otherwise 0.
    pub(crate) payload: usize,
    /// True if the report is a panic itself. A panic with the same message is then a different one.
    pub(crate) is_panic: bool,
}

impl PanicClues<'_> {
    fn names(&self, panic: &RecentPanic) -> bool {
        // The computation knows the panics that this thread has recorded.
        let is_known = !panic.is_unclaimed() && panic.thread_number == thread::number() && self.payload == 0;
        panic.is_text
            && !is_known
            && self
                .messages
                .iter()
                .any(|text| names_panic(text, &panic.message) && !(self.is_panic && *text == panic.message))
    }
}

/// Returns the unclaimed panics for a computation that fails by its own panic.
pub(crate) fn unclaimed_alone(openings: &OpeningTimes) -> Option<Attribution> {
    let panics = unclaimed_since(openings).into_iter().filter(|panic| openings.is_alone_at(panic));
    Attribution::new(PanicMatch::Unknown, panics.collect())
}

fn unclaimed_since(openings: &OpeningTimes) -> Vec<Arc<RecentPanic>> {
    let mut panics = recent_panics::all();
    panics.retain(|panic| panic.is_unclaimed() && openings.is_open_at(panic));
    panics
}

/// Selects from panics with the same message: unclaimed ones first, then those raised in the computation.
fn nearest(mut panics: Vec<Arc<RecentPanic>>, openings: &OpeningTimes) -> Vec<Arc<RecentPanic>> {
    prefer(&mut panics, |panic| panic.is_unclaimed());
    prefer(&mut panics, |panic| openings.is_open_at(panic));
    prefer(&mut panics, |panic| openings.is_alone_at(panic));
    panics
}

/// Removes the panics that are not preferred, unless none is.
fn prefer(panics: &mut Vec<Arc<RecentPanic>>, is_preferred: impl Fn(&RecentPanic) -> bool) {
    if panics.iter().any(|panic| is_preferred(panic)) {
        panics.retain(|panic| is_preferred(panic));
    }
}

/// Returns true if a text contains the message as one of its parts, or in quotes, as tokio's `JoinError` does.
fn names_panic(text: &str, message: &str) -> bool {
    !message.is_empty() && (names(text, message) || text.contains(&format!("{message:?}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use record::Location;

    fn raised(open_computations: usize) -> RecentPanic {
        let mut panic = RecentPanic::here("x".to_owned(), true, 0, Location::default());
        panic.open_computations = open_computations;
        panic
    }

    fn opened_now() -> OpeningTimes {
        OpeningTimes(vec![Instant::now()])
    }

    #[test]
    fn only_a_complete_message_names_a_panic() {
        assert!(names_panic("plaquette 17 is NaN", "plaquette 17 is NaN"));
        assert!(names_panic("task 3 panicked with message \"plaquette 17 is NaN\"", "plaquette 17 is NaN"));
        assert!(names_panic("sweep: plaquette 17 is NaN: giving up", "plaquette 17 is NaN"));
        assert!(!names_panic("plaquette 17 is NaN", "plaquette 1"));
        assert!(!names_panic("index x is out of range", "x"));
        assert!(!names_panic("anything", ""));
    }

    #[test]
    fn a_panic_is_certain_if_no_other_computation_was_open() {
        let openings = opened_now();
        assert!(openings.is_alone_at(&raised(1)));
        assert!(!openings.is_alone_at(&raised(2)), "another computation was open");
        assert!(!openings.is_alone_at(&raised(0)));
        let earlier = raised(1);
        std::thread::sleep(std::time::Duration::from_millis(1));
        assert!(!opened_now().is_open_at(&earlier));
    }
}
