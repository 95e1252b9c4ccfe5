//! Deduplication: recognises an error that nested functions report again while it propagates.

use std::sync::Arc;
use std::time::Instant;

use tracing::callsite::Identifier;
use uuid::Uuid;

use crate::observe::recent_panics::RecentPanic;
use crate::observe::thread::Moment;

/// The properties of a report by which the error is recognised.
#[derive(Clone, Debug)]
pub(crate) struct Report {
    /// The messages of the error and its sources, outermost first.
    pub(crate) messages: Arc<[String]>,
    /// The spans around the report, innermost first, up to that of the computation.
    pub(crate) spans: Arc<[u64]>,
    pub(crate) site: ReportSite,
    pub(crate) content: ReportContent,
    pub(crate) moment: Moment,
}

/// The content of an error report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReportContent {
    /// Only the error, as `#[instrument(err)]` reports it.
    ErrorOnly,
    /// The error and a message.
    ErrorWithMessage,
    /// Only a message.
    MessageOnly,
    /// A result that does not say why the function has failed.
    BareResult,
}

impl ReportContent {
    fn is_error_only(self) -> bool {
        matches!(self, ReportContent::ErrorOnly | ReportContent::BareResult)
    }
}

/// The place in the program that made the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ReportSite {
    Callsite(Identifier),
    /// The event by which an annotated function reports its result.
    Return(Identifier),
    Line(std::borrow::Cow<'static, str>, u32),
    /// The end of the span, or the result of a run of a sweep.
    Close,
}

impl ReportSite {
    /// Returns true if the computation ends with the error.
    fn ends_computation(&self) -> bool {
        matches!(self, ReportSite::Return(_) | ReportSite::Close)
    }
}

impl Report {
    /// Returns true if this report repeats the error of an earlier record.
    ///
    /// An outer span may report the same error later. Another place in the same span may report it directly after the
    /// first, on another thread, or as the result of the computation. An error that an outer span reports directly
    /// after the first is the same one, even if it is wrapped. In doubt the report is a new failure: an extra record
    /// loses nothing.
    pub(crate) fn repeats(&self, earlier: &Report) -> bool {
        let (Some(here), Some(there)) = (self.spans.first(), earlier.spans.first()) else { return false };
        let is_immediate = self.moment.follows(earlier.moment);
        if here == there {
            let is_same_error = self.content != ReportContent::MessageOnly && self.is_about(earlier);
            let may_be_late = self.site.ends_computation() || self.moment.is_of_other_thread(earlier.moment);
            let is_reported_before = self.content == ReportContent::BareResult && is_immediate;
            return is_reported_before || self.site != earlier.site && (is_immediate || may_be_late) && is_same_error;
        }
        // A message from the same place refers to a new failure, such as that of a helper that fails at every level.
        let is_new_message = self.content == ReportContent::MessageOnly && self.site == earlier.site;
        earlier.spans.contains(here)
            && !is_new_message
            && (self.is_about(earlier) || (is_immediate && self.content.is_error_only()))
    }

    /// Returns true if this report repeats the error of an inner call of the same recursive function, directly after
    /// it.
    pub(crate) fn leaves_recursion(&self, earlier: &Report) -> bool {
        self.content.is_error_only()
            && self.site == earlier.site
            && self.moment.follows(earlier.moment)
            && self.is_about(earlier)
    }

    /// Returns true if the earlier error led to this one: this report names it, or directly follows it in the same
    /// computation.
    pub(crate) fn stems_from(&self, earlier: &Report) -> bool {
        // A loop that fails repeatedly at one place does not cause its own failures.
        self.site != earlier.site && (self.is_about(earlier) || self.moment.follows(earlier.moment))
    }

    /// Returns true if this report names the earlier error.
    pub(crate) fn is_about(&self, earlier: &Report) -> bool {
        let Some(first) = earlier.messages.first() else { return false };
        let is_named = self.messages.iter().any(|message| names(message, first));
        // A message about an error may precede the report of the error itself.
        let reports_error = self.content != ReportContent::MessageOnly && earlier.content == ReportContent::MessageOnly;
        is_named || (reports_error && self.messages.first().is_some_and(|error| names(first, error)))
    }
}

/// Returns true if a message is `part` or contains it as one of its parts: `factorisation failed: zero pivot: row 3`.
pub(crate) fn names(message: &str, part: &str) -> bool {
    let mut positions = message.match_indices(part).map(|(at, _)| at);
    !part.is_empty()
        && positions.any(|at| {
            let (before, after) = (&message[..at], &message[at + part.len()..]);
            (before.is_empty() || before.ends_with(": ")) && (after.is_empty() || after.starts_with(": "))
        })
}

/// A recorded failure.
#[derive(Clone, Debug)]
pub(crate) struct RecordedFailure {
    pub(crate) id: Uuid,
    pub(crate) computation: Arc<str>,
    pub(crate) report: Report,
    pub(crate) is_panic: bool,
    /// The panic, if it is known.
    pub(crate) panic: Option<Arc<RecentPanic>>,
    /// The frames of the rayon job that the panic unwinds, if the thread waits in another job meanwhile.
    pub(crate) job: Option<Arc<[usize]>>,
    pub(crate) at: Instant,
}

impl RecordedFailure {
    /// Returns true if this thread recorded the failure.
    pub(crate) fn is_of_this_thread(&self) -> bool {
        self.report.moment.is_of_this_thread()
    }

    /// Returns true if both failures come from the same panic.
    pub(crate) fn shares_panic(&self, other: &RecordedFailure) -> bool {
        matches!((&self.panic, &other.panic), (Some(own), Some(other)) if Arc::ptr_eq(own, other))
    }
}

#[cfg(test)]
mod tests {
    use super::super::thread;
    use super::*;

    fn report(message: &str, spans: &[u64], line: u32) -> Report {
        Report {
            messages: [message.to_owned()].into(),
            spans: spans.into(),
            site: ReportSite::Line("x.rs".into(), line),
            content: ReportContent::ErrorWithMessage,
            moment: Moment::now(0),
        }
    }

    fn later(report: Report) -> Report {
        thread::count_activity(0);
        thread::count_activity(0);
        Report { moment: Moment::now(0), ..report }
    }

    #[test]
    fn the_is_same_error_further_up_is_a_repeat() {
        let first = report("pivot is zero", &[3, 2, 1], 10);
        let reports_error = Report { content: ReportContent::ErrorOnly, ..report("wrapped", &[1], 30) };
        assert!(reports_error.repeats(&first));
        assert!(later(report("pivot is zero", &[2, 1], 20)).repeats(&first));
        assert!(later(report("factorisation: pivot is zero", &[1], 30)).repeats(&first));
        assert!(later(report("factorisation: pivot is zero: row 3", &[1], 30)).repeats(&first));
    }

    #[test]
    fn the_same_span_repeats_itself_is_immediate_only() {
        let first = report("pivot is zero", &[3, 2, 1], 10);
        assert!(report("pivot is zero", &[3, 2, 1], 11).repeats(&first));
        assert!(!later(report("pivot is zero", &[3, 2, 1], 11)).repeats(&first));
    }

    #[test]
    fn the_result_of_the_computation_repeats_an_earlier_report_in_its_span() {
        let first = report("pivot is zero", &[3, 2, 1], 10);
        let result = |message| later(Report { site: ReportSite::Close, ..report(message, &[3, 2, 1], 0) });
        assert!(result("pivot is zero").repeats(&first) && !result("no convergence").repeats(&first));
    }

    #[test]
    fn a_bare_result_directly_after_a_report_in_its_span_is_a_repeat() {
        let first = report("pivot is zero", &[3, 2, 1], 10);
        let bare =
            |spans| Report { content: ReportContent::BareResult, ..report("the function returned None", spans, 0) };
        assert!(bare(&[3, 2, 1]).repeats(&first));
        assert!(!later(bare(&[3, 2, 1])).repeats(&first), "something happened in between");
    }

    #[test]
    fn an_error_that_comes_from_another_thread_is_a_repeat() {
        let first = std::thread::spawn(|| report("pivot is zero", &[3, 2, 1], 10)).join().unwrap();
        assert!(later(report("pivot is zero", &[3, 2, 1], 11)).repeats(&first));
        assert!(!later(report("no convergence", &[3, 2, 1], 11)).repeats(&first), "another error");
        assert!(!report("pivot is zero", &[3, 2, 1], 10).repeats(&first), "another worker at the same place");
    }

    #[test]
    fn words_before_the_error_name_it() {
        let words =
            Report { content: ReportContent::MessageOnly, ..report("giving up: pivot is zero", &[3, 2, 1], 10) };
        assert!(later(report("pivot is zero", &[2, 1], 20)).repeats(&words));
    }

    #[test]
    fn another_failure_is_no_repeat() {
        let first = report("failed", &[3, 2, 1], 10);
        assert!(!report("failed", &[3, 2, 1], 10).repeats(&first), "the same place again: a loop");
        assert!(!report("failed", &[4, 2, 1], 10).repeats(&first), "a sibling span");
        let helper = |spans| Report { content: ReportContent::MessageOnly, ..report("failed", spans, 10) };
        assert!(!helper(&[2, 1]).repeats(&helper(&[3, 2, 1])), "a helper that fails at every level");
        let words = Report { content: ReportContent::MessageOnly, ..report("failed", &[3, 2, 1], 11) };
        assert!(!words.repeats(&first), "words of their own");
        assert!(!report("failed again", &[3, 2, 1], 11).repeats(&first), "other words");
        assert!(!report("failed again", &[2, 1], 20).repeats(&first), "other words");
        assert!(!report("", &[2, 1], 20).repeats(&report("", &[3, 2, 1], 10)), "no words");
        let reports_error = Report { content: ReportContent::ErrorOnly, ..report("wrapped", &[1], 30) };
        assert!(!later(reports_error).repeats(&first), "something happened in between");
    }
}
