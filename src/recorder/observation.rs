//! A failure before it becomes a record: what happened, and what the open spans tell about it.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use record::{ErrorEntry, Limits, Location, Map, SpanEntry};
use text::shorten;
use uuid::Uuid;

use crate::observe::attribution::{self, Attribution, PanicClues};
use crate::observe::error_chain::ErrorChain;
use crate::observe::recent_panics::RecentPanic;
use crate::observe::report::{Report, ReportContent, ReportSite};
use crate::observe::report_text::ReportText;
use crate::observe::span_path::SpanPath;
use crate::observe::thread;
use crate::observe::trail::history::History;

/// The way in which a failure was noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trigger {
    /// An ERROR event.
    Event,
    /// An error-level span that closed.
    SpanClose,
    /// A panic.
    Panic,
    /// A call of `log_failure` or `record_failure`.
    Call,
}

/// What was seen at the moment of failure itself, apart from the spans around it.
#[derive(Debug)]
pub(crate) struct Observation {
    pub(crate) trigger: Trigger,
    pub(crate) at: DateTime<Utc>,
    pub(crate) computation: Option<String>,
    pub(crate) theoretical_ref: Option<String>,
    pub(crate) error: ErrorChain,
    pub(crate) error_type: Option<String>,
    /// What is said where the error says nothing itself.
    pub(crate) message: String,
    pub(crate) category: Option<String>,
    pub(crate) reason: Option<String>,
    /// The fields of an event that names the computation itself: its innermost parameters.
    pub(crate) parameters: Option<Map>,
    /// The fields of the failed span that have a place of their own in the record. They are no parameters.
    pub(crate) used: Vec<&'static str>,
    pub(crate) event: Map,
    pub(crate) location: Location,
    pub(crate) site: ReportSite,
    pub(crate) content: ReportContent,
    /// The panic that is the failure: its thread and its stack are the record's.
    pub(crate) panic: Option<Arc<RecentPanic>>,
    /// The panics of other threads that it comes from.
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
            site,
            content: ReportContent::MessageOnly,
            panic: None,
            attribution: None,
        }
    }

    /// Takes a message apart that is the `Debug` text of a report, as that of `.unwrap()` is.
    pub(crate) fn split_report_text(&mut self, limits: &Limits) {
        let Some(report) = ReportText::parse(&self.message) else { return };
        self.message = report.errors[0].clone();
        // Without a backtrace, the report of a single error cannot be told from a message: it is one with a backtrace too.
        let is_more_than_message = report.errors.len() > 1 || report.location.is_some();
        if self.error.entries.is_empty() && is_more_than_message {
            self.error = ErrorChain::of_report(report, limits);
        }
    }

    /// What the error and its sources say, and what is said about them.
    pub(crate) fn messages(&self) -> Vec<String> {
        let errors = self.error.entries.iter().map(|entry| entry.message.clone());
        errors.chain((!self.message.is_empty()).then(|| self.message.clone())).collect()
    }

    pub(crate) fn report(&self, span_path: &SpanPath, layer: u64) -> Report {
        // It is kept while the computation is open: enough to know the error by.
        let known_by = |message: String| shorten(&message, 1024).into_owned();
        Report {
            messages: self.messages().into_iter().take(8).map(known_by).collect(),
            spans: span_path.ids(),
            site: self.site.clone(),
            content: self.content,
            moment: thread::Moment::now(layer),
        }
    }

    /// All that it says, fields included.
    pub(crate) fn texts(&self) -> Vec<String> {
        let fields = self.parameters.iter().flat_map(Map::iter).chain(self.event.iter());
        let fields = fields.filter_map(|(_, value)| value.as_str().map(str::to_owned));
        self.messages().into_iter().chain(fields).collect()
    }

    /// Finds the panics of other threads that the failure comes from, and adds their message as a cause. Returns those that
    /// the record accounts for.
    pub(crate) fn attribute(&mut self, span_path: &SpanPath) -> Vec<Arc<RecentPanic>> {
        let opened = span_path.opened();
        if self.attribution.is_none() {
            let messages = self.messages();
            let is_panic = self.trigger == Trigger::Panic;
            let clues = PanicClues { messages: &messages, payload: self.error.payload, is_panic };
            let unclaimed = || if is_panic { attribution::unclaimed_alone(&opened) } else { None };
            self.attribution = attribution::of_report(&clues, &opened).or_else(unclaimed);
        }
        let Some(attribution) = &mut self.attribution else { return Vec::new() };
        let claimed = attribution.claim();
        match attribution.known().map(|panic| panic.message.clone()) {
            Some(message) => self.add_cause(message),
            None if attribution.panics.is_empty() => self.attribution = None,
            None => {}
        }
        claimed
    }

    fn add_cause(&mut self, message: String) {
        let is_there = |entries: &[ErrorEntry]| entries.iter().any(|entry| entry.message == message);
        if self.message == message || is_there(&self.error.entries) {
            return;
        }
        if self.error.entries.is_empty() {
            self.error.entries.push(ErrorEntry::new(self.message.clone()));
        }
        self.error.entries.push(ErrorEntry::new(message));
    }

    /// The record of the panic that it comes from, where that belongs to another computation.
    pub(crate) fn recorded_cause(&self) -> Option<Uuid> {
        self.attribution.as_ref()?.known()?.record()
    }
}

/// What the open spans tell about a failure.
#[derive(Debug)]
pub(crate) struct ComputationContext {
    pub(crate) computation: String,
    pub(crate) theoretical_ref: String,
    pub(crate) parameters: Map,
    pub(crate) spans: Vec<SpanEntry>,
    pub(crate) history: History,
    pub(crate) elapsed_s: Option<f64>,
    /// The failure that made this one fail.
    pub(crate) caused_by: Option<Uuid>,
}

/// What became of something that was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It has a record of its own.
    Recorded(Uuid),
    /// It repeats a failure that has its record.
    Repeated(Uuid),
    /// It lacks a computation or its reference.
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
