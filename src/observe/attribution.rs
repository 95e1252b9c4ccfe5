//! Decides which panics of other threads a failure comes from.
//!
//! The payload of a panic that unwinds a computation cannot be read, and a thread does not know which thread started it.
//! So a panic is attributed only where nothing else is possible: by its payload or its message where the program reports
//! them, or because no other computation was open. Otherwise the panics are listed, and the record says that it does not
//! know.

use std::sync::Arc;
use std::time::Instant;

use crate::observe::backtrace::Stack;
use crate::observe::recent_panics;
use crate::observe::recent_panics::RecentPanic;
use crate::observe::report::names;
use crate::observe::thread;
use record::{PanicMatch, PanicOrigin};

/// Panics that a record lists.
const MAX_LISTED: usize = 8;

/// Words by which Rust reports that another thread panicked, without that panic's own message.
const REPORTS_OF_A_PANIC: &[&str] = &["Any { .. }", "a scoped thread panicked"];

/// The computations around a place that are open, innermost first, by the time at which they were opened.
#[derive(Debug, Default)]
pub(crate) struct Opened(pub(crate) Vec<Instant>);

impl Opened {
    fn has_seen(&self, panic: &RecentPanic) -> bool {
        self.0.first().is_some_and(|opened| *opened <= panic.raised_at)
    }

    /// Whether these were all the computations that were open when the panic was raised.
    pub(crate) fn were_alone(&self, panic: &RecentPanic) -> bool {
        self.0.iter().filter(|opened| **opened <= panic.raised_at).count() == panic.open_computations
    }
}

/// Panics that a failure comes from, or may come from. Earliest first, at least one.
#[derive(Debug)]
pub(crate) struct Attribution {
    pub(crate) matched_by: PanicMatch,
    pub(crate) panics: Vec<Arc<RecentPanic>>,
}

impl Attribution {
    fn new(matched_by: PanicMatch, panics: Vec<Arc<RecentPanic>>) -> Option<Self> {
        (!panics.is_empty()).then_some(Attribution { matched_by, panics })
    }

    /// A panic of which it is not known whether it belongs to the failure.
    pub(crate) fn unknown(panic: Arc<RecentPanic>) -> Self {
        Attribution { matched_by: PanicMatch::Unknown, panics: vec![panic] }
    }

    /// The panic that the failure is known to come from.
    pub(crate) fn known(&self) -> Option<&Arc<RecentPanic>> {
        if self.matched_by == PanicMatch::Unknown { None } else { self.panics.first() }
    }

    /// Takes the panics for a record, as far as it is certain that they are its own.
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

    /// What a record says of the panics, and their stacks.
    pub(crate) fn describe(&self, frames: usize) -> (PanicOrigin, Vec<Stack>) {
        let listed = &self.panics[..self.panics.len().min(MAX_LISTED)];
        let raised = listed.iter().map(|panic| panic.describe()).collect();
        (PanicOrigin::new(self.matched_by, raised), listed.iter().map(|panic| panic.trace.named(frames)).collect())
    }
}

/// The panics that may unwind a computation now: those since it was opened that no record accounts for.
pub(crate) fn of_unwinding(opened: &Opened) -> Option<Attribution> {
    let mut panics = unclaimed_since(opened);
    // A panic that the hook saw on this thread, but left for later, needs no evidence, unless it was in another job.
    let here = thread::number();
    let is_own = |panic: &Arc<RecentPanic>| panic.thread_number == here && panic.may_unwind_to_here();
    if let Some(own) = panics.iter().rposition(is_own) {
        return Attribution::new(PanicMatch::Time, vec![panics.swap_remove(own)]);
    }
    let is_certain = panics.iter().all(|panic| opened.were_alone(panic));
    Attribution::new(if is_certain { PanicMatch::Time } else { PanicMatch::Unknown }, panics)
}

/// The panics that a report is about: its payload is theirs, it has their message, or it says that a thread panicked.
pub(crate) fn of_report(report: &PanicClues<'_>, opened: &Opened) -> Option<Attribution> {
    let panics = recent_panics::all();
    let named: Vec<_> = panics.iter().filter(|panic| report.names(panic)).cloned().collect();
    let same = named.iter().filter(|panic| report.payload != 0 && panic.payload == report.payload).cloned().collect();
    if let Some(found) = Attribution::new(PanicMatch::Payload, nearest(same, opened)) {
        return Some(found);
    }
    if let Some(found) = Attribution::new(PanicMatch::Message, nearest(named, opened)) {
        return Some(found);
    }
    let reported = |text: &String| REPORTS_OF_A_PANIC.iter().any(|words| text.contains(words));
    if report.messages.iter().any(reported) { of_unwinding(opened) } else { None }
}

/// What a report says that may be about a panic.
#[derive(Debug)]
pub(crate) struct PanicClues<'a> {
    pub(crate) messages: &'a [String],
    /// Where the text of the payload lies that it reports, else 0.
    pub(crate) payload: usize,
    /// Whether it is a panic itself: one that has the same words is another one.
    pub(crate) is_panic: bool,
}

impl PanicClues<'_> {
    fn names(&self, panic: &RecentPanic) -> bool {
        // What this thread recorded before is known to its computation.
        let is_known = !panic.is_unclaimed() && panic.thread_number == thread::number() && self.payload == 0;
        let tells = |text: &String| tells(text, &panic.message) && !(self.is_panic && *text == panic.message);
        panic.is_text && !is_known && self.messages.iter().any(tells)
    }
}

/// The panics since a computation was opened that nobody claims, where it fails by a panic of its own.
pub(crate) fn unclaimed_alone(opened: &Opened) -> Option<Attribution> {
    let panics = unclaimed_since(opened).into_iter().filter(|panic| opened.were_alone(panic));
    Attribution::new(PanicMatch::Unknown, panics.collect())
}

fn unclaimed_since(opened: &Opened) -> Vec<Arc<RecentPanic>> {
    let mut panics = recent_panics::all();
    panics.retain(|panic| panic.is_unclaimed() && opened.has_seen(panic));
    panics
}

/// Of panics with one message, those that no record has yet and that were raised in the computation, as far as there
/// are any.
fn nearest(mut panics: Vec<Arc<RecentPanic>>, opened: &Opened) -> Vec<Arc<RecentPanic>> {
    let narrow = |panics: &mut Vec<Arc<RecentPanic>>, is_nearer: &dyn Fn(&RecentPanic) -> bool| {
        if panics.iter().any(|panic| is_nearer(panic)) {
            panics.retain(|panic| is_nearer(panic));
        }
    };
    narrow(&mut panics, &|panic| panic.is_unclaimed());
    narrow(&mut panics, &|panic| opened.has_seen(panic));
    narrow(&mut panics, &|panic| opened.were_alone(panic));
    panics
}

/// Whether a text tells this message: as one of its parts, or in quotes, as tokio's `JoinError` does.
fn tells(text: &str, message: &str) -> bool {
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

    fn opened_now() -> Opened {
        Opened(vec![Instant::now()])
    }

    #[test]
    fn a_message_is_told_whole() {
        assert!(tells("plaquette 17 is NaN", "plaquette 17 is NaN"));
        assert!(tells("task 3 panicked with message \"plaquette 17 is NaN\"", "plaquette 17 is NaN"));
        assert!(tells("sweep: plaquette 17 is NaN: giving up", "plaquette 17 is NaN"));
        assert!(!tells("plaquette 17 is NaN", "plaquette 1"));
        assert!(!tells("index x is out of range", "x"));
        assert!(!tells("anything", ""));
    }

    #[test]
    fn only_what_was_alone_is_certain() {
        let opened = opened_now();
        assert!(opened.were_alone(&raised(1)));
        assert!(!opened.were_alone(&raised(2)), "another computation was open");
        assert!(!opened.were_alone(&raised(0)));
        let earlier = raised(1);
        std::thread::sleep(std::time::Duration::from_millis(1));
        assert!(!opened_now().has_seen(&earlier));
    }
}
