//! A failure before it becomes a record: the observation, and its context from the open spans.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use record::{ErrorEntry, Limits, Location, Map, SpanEntry};
use text::shorten;
use uuid::Uuid;

use crate::observe::attribution::{self, Attribution, PanicClues};
use crate::observe::error_chain::ErrorChain;
use crate::observe::recent_panics::RecentPanic;
use crate::observe::report::{Report, ReportContent, ReportSite};
use crate::observe::report_parser::ParsedReport;
use crate::observe::span_path::SpanPath;
use crate::observe::thread;
use crate::observe::trail::history::History;

/// Maximum number of messages by which a repeated report is recognised.
const MAX_REPORT_MESSAGES: usize = 8;

/// Maximum number of bytes of such a message.
const MAX_REPORT_MESSAGE_BYTES: usize = 1024;

/// The event that revealed a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trigger {
    /// An ERROR event.
    Event,
    /// An ERROR-level span that closed.
    SpanClose,
    /// A panic.
    Panic,
    /// A call of `log_failure` or `record_failure`.
    Call,
}

/// A failure, without the spans around it.
#[derive(Debug)]
pub(crate) struct Observation {
    pub(crate) trigger: Trigger,
    pub(crate) at: DateTime<Utc>,
    pub(crate) computation: Option<String>,
    pub(crate) theoretical_ref: Option<String>,
    pub(crate) error: ErrorChain,
    pub(crate) error_type: Option<String>,
    /// The message if the error has none.
    pub(crate) message: String,
    pub(crate) category: Option<String>,
    pub(crate) reason: Option<String>,
    /// The fields of an event that names the computation. They are its innermost parameters.
    pub(crate) parameters: Option<Map>,
    /// Fields of the failed span that have their own place in the record and are no parameters.
    pub(crate) used: Vec<&'static str>,
    pub(crate) event: Map,
    pub(crate) location: Location,
    /// The line at which an annotated function ended.
    pub(crate) exit_line: Option<u32>,
    pub(crate) site: ReportSite,
    pub(crate) content: ReportContent,
    /// The panic that is the failure. The record has its thread and its stack.
    pub(crate) panic: Option<Arc<RecentPanic>>,
    /// The failure of an inner computation whose panic unwinds this one, too.
    pub(crate) unwound_failure: Option<Uuid>,
    /// Panics of other threads that caused the failure.
    pub(crate) attribution: Option<Attribution>,
}

impl Observation {
    pub(crate) fn new(trigger: Trigger, site: ReportSite) -> Self {
        Observation {
            trigger,
            at: record::time::now(),
            computation: None,
            theoretical_ref: None,
            error: ErrorChain::default(),
            error_type: None,
            message: String::new(),
            category: None,
            reason: None,
            parameters: None,
            used: Vec::new(),
            event: Map::new(),
            location: Location::default(),
            exit_line: None,
            site,
            content: ReportContent::MessageOnly,
            panic: None,
            unwound_failure: None,
            attribution: None,
        }
    }

    /// Splits a message that is the `Debug` text of a report, such as the one of `.unwrap()`, into errors.
    pub(crate) fn split_report_text(&mut self, limits: &Limits) {
        let Some(report) = ParsedReport::parse(&self.message) else { return };
        self.message = report.errors[0].clone();
        // The report of a single error without a backtrace looks like a message. For consistency, one with a backtrace
        // is treated as a message too.
        let is_more_than_message = report.errors.len() > 1 || report.location.is_some();
        if self.error.entries.is_empty() && is_more_than_message {
            self.error = ErrorChain::of_report(report, limits);
        }
    }

    /// Adds the facts of a failed check to the event, and moves the failure to the location of the check.
    pub(crate) fn add_check(&mut self) {
        if let Some(location) = self.error.checked_at.take() {
            self.location = location;
        }
        if let Some(check) = self.error.check.take() {
            self.event.add_missing(&check.event(), |_| true);
        }
    }

    /// Returns the messages of the error and its sources, and the message about them.
    pub(crate) fn messages(&self) -> Vec<String> {
        let errors = self.error.entries.iter().map(|entry| entry.message.clone());
        errors.chain((!self.message.is_empty()).then(|| self.message.clone())).collect()
    }

    pub(crate) fn report(&self, span_path: &SpanPath, layer: u64) -> Report {
        // The report is kept while the computation is open, so its messages are short.
        let messages = self.messages().into_iter().take(MAX_REPORT_MESSAGES);
        Report {
            messages: messages.map(|message| shorten(&message, MAX_REPORT_MESSAGE_BYTES).into_owned()).collect(),
            spans: span_path.ids(),
            site: self.site.clone(),
            content: self.content,
            moment: thread::Moment::now(layer),
        }
    }

    /// Returns all texts of the observation, including its fields.
    pub(crate) fn texts(&self) -> Vec<String> {
        let fields = self.parameters.iter().flat_map(Map::iter).chain(self.event.iter());
        let fields = fields.filter_map(|(_, value)| value.as_str().map(str::to_owned));
        self.messages().into_iter().chain(fields).collect()
    }

    /// Finds the panics of other threads that caused the failure, and adds the message of a known one as a cause.
    /// Returns the panics that the record accounts for.
    pub(crate) fn attribute(&mut self, span_path: &SpanPath) -> Vec<Arc<RecentPanic>> {
        let openings = span_path.opening_times();
        if self.attribution.is_none() && self.unwound_failure.is_none() {
            let messages = self.messages();
            let is_panic = self.trigger == Trigger::Panic;
            let clues = PanicClues { messages: &messages, payload: self.error.payload, is_panic };
            let unclaimed = || if is_panic { attribution::unclaimed_alone(&openings) } else { None };
            self.attribution = attribution::of_report(&clues, &openings).or_else(unclaimed);
        }
        let Some(attribution) = &mut self.attribution else { return Vec::new() };
        let claimed = attribution.claim();
        match attribution.cause().map(|panic| panic.message.clone()) {
            Some(message) => self.add_cause(message),
            None if attribution.panics.is_empty() => self.attribution = None,
            None => {}
        }
        claimed
    }

    fn add_cause(&mut self, message: String) {
        if self.message == message || self.error.entries.iter().any(|entry| entry.message == message) {
            return;
        }
        if self.error.entries.is_empty() {
            self.error.entries.push(ErrorEntry::new(self.message.clone()));
        }
        self.error.entries.push(ErrorEntry::new(message));
    }

    /// Returns the record of the panic that caused the failure, if that panic has one.
    pub(crate) fn recorded_cause(&self) -> Option<Uuid> {
        self.attribution.as_ref()?.cause()?.record()
    }
}

/// The computation of a failure, from the open spans.
#[derive(Debug)]
pub(crate) struct ComputationContext {
    pub(crate) computation: String,
    pub(crate) theoretical_ref: String,
    pub(crate) parameters: Map,
    pub(crate) spans: Vec<SpanEntry>,
    pub(crate) history: History,
    pub(crate) elapsed_s: Option<f64>,
    /// The failure that caused this one.
    pub(crate) caused_by: Option<Uuid>,
}

/// The result of recording an observation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The observation has its own record.
    Recorded(Uuid),
    /// The observation repeats a recorded failure.
    Repeated(Uuid),
    /// The observation lacks a computation or its reference.
    NoComputation,
}

impl Verdict {
    pub(crate) fn failure(self) -> Option<Uuid> {
        match self {
            Verdict::Recorded(id) | Verdict::Repeated(id) => Some(id),
            Verdict::NoComputation => None,
        }
    }
}
