//! What was seen when something failed, and what becomes of it: a record, or the repeat of one.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use chrono::{DateTime, Utc};
use tracing_error::SpanTrace;
use uuid::Uuid;

use super::attribution::{self, Attribution, ReportedWords};
use super::recent_panics::RecentPanic;
use super::repeat::{Carries, Recorded};
use super::report_text::ReportText;
use super::scope::{Computation, open_in_process};
use super::trail::History;
use super::{Busy, Capture, ErrorChain, Place, Report, Surroundings, panic, read_span_trace, stack, thread};
use crate::naming::Stacks;
use crate::recorder::{Recorder, Sighting};
use record::{ErrorEntry, Location, SpanEntry};
use record::{Limits, Map};
use text::shorten;

/// The way in which a failure was noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An ERROR event.
    Event,
    /// An error-level span that closed.
    Span,
    /// A panic.
    Panic,
    /// A call of `log_failure` or `record_failure`.
    Call,
}

/// What was seen at the moment of failure itself, apart from the spans around it.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) kind: Kind,
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
    pub(crate) place: Place,
    pub(crate) carries: Carries,
    /// The panic that is the failure: its thread and its stack are the record's.
    pub(crate) panic: Option<Arc<RecentPanic>>,
    /// The panics of other threads that it comes from.
    pub(crate) attribution: Option<Attribution>,
}

impl Seen {
    pub(crate) fn new(kind: Kind, place: Place) -> Self {
        Seen {
            kind,
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
            place,
            carries: Carries::Words,
            panic: None,
            attribution: None,
        }
    }

    /// Takes a message apart that is the `Debug` text of a report, as that of `.unwrap()` is.
    pub(super) fn take_report_apart(&mut self, limits: &Limits) {
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

    fn report(&self, surroundings: &Surroundings, layer: u64) -> Report {
        // It is kept while the computation is open: enough to know the error by.
        let known_by = |message: String| shorten(&message, 1024).into_owned();
        Report {
            messages: self.messages().into_iter().take(8).map(known_by).collect(),
            spans: surroundings.ids(),
            place: self.place.clone(),
            carries: self.carries,
            moment: thread::Moment::now(layer),
        }
    }

    /// All that it says, fields included.
    fn texts(&self) -> Vec<String> {
        let fields = self.parameters.iter().flat_map(Map::iter).chain(self.event.iter());
        let fields = fields.filter_map(|(_, value)| value.as_str().map(str::to_owned));
        self.messages().into_iter().chain(fields).collect()
    }

    /// Finds the panics of other threads that the failure comes from, and adds their message as a cause. Returns those that
    /// the record accounts for.
    fn attribute(&mut self, surroundings: &Surroundings) -> Vec<Arc<RecentPanic>> {
        let opened = surroundings.opened();
        if self.attribution.is_none() {
            let messages = self.messages();
            let is_panic = self.kind == Kind::Panic;
            let words = ReportedWords { messages: &messages, payload: self.error.payload, is_panic };
            let beside = || if is_panic { attribution::beside(&opened) } else { None };
            self.attribution = attribution::of_report(&words, &opened).or_else(beside);
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
    fn recorded_cause(&self) -> Option<Uuid> {
        self.attribution.as_ref()?.known()?.record()
    }

    /// Adds what is known at this place of the program.
    fn sighting(self, computation: String, theoretical_ref: String, parameters: Map, limits: &Limits) -> Sighting {
        let (stack, thread) = match &self.panic {
            Some(panic) => (panic.trace.named(limits.frames), panic.thread.clone()),
            None => (stack::capture(limits.frames), thread::name()),
        };
        let (panic_origin, raised) = self.attribution.map(|found| found.describe(limits.frames)).unzip();
        Sighting {
            kind: self.kind,
            at: self.at,
            computation,
            theoretical_ref,
            error: self.error,
            error_type: self.error_type,
            message: self.message,
            category: self.category,
            reason: self.reason,
            parameters,
            event: self.event,
            location: self.location,
            spans: Vec::new(),
            caused_by: None,
            elapsed_s: None,
            history: History::default(),
            panic_origin,
            stacks: Stacks { own: stack, raised: raised.unwrap_or_default() },
            thread,
        }
    }
}

/// A failure that a call describes in full.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) computation: String,
    pub(crate) theoretical_ref: String,
    pub(crate) parameters: Map,
    pub(crate) seen: Seen,
}

/// What became of something that was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It has a record of its own.
    Recorded(Uuid),
    /// It repeats a failure that has its record.
    Repeated(Uuid),
    /// It lacks a computation or its reference.
    NoComputation,
}

impl Fate {
    pub(crate) fn failure(self) -> Option<Uuid> {
        match self {
            Fate::Recorded(id) | Fate::Repeated(id) => Some(id),
            Fate::NoComputation => None,
        }
    }
}

impl Capture {
    /// Records what was seen, unless it is no failure of a computation, or one that has its record already.
    pub(crate) fn record(&self, surroundings: &Surroundings, mut seen: Seen) -> Fate {
        if let Some(fate) = panic::fate_of_event_in_hook().filter(|_| seen.computation.is_none()) {
            if fate != Fate::NoComputation {
                self.recorder.count_repeat();
            }
            return fate;
        }
        let computation = seen.computation.clone().or_else(|| surroundings.computation());
        let reference = seen.theoretical_ref.clone().or_else(|| surroundings.theoretical_ref());
        let (computation, reference) = match (computation, reference) {
            (Some(computation), Some(reference)) => (computation, reference),
            (Some(computation), None) if !self.recorder.reference_required => (computation, String::new()),
            (None, None) => return Fate::NoComputation,
            (computation, _) => {
                self.recorder.near_miss(computation.is_some(), &seen.location);
                return Fate::NoComputation;
            }
        };
        seen.take_report_apart(&self.recorder.limits);
        let report = seen.report(surroundings, self.number);
        let owner = surroundings.owner(&computation);
        if let Some(id) = owner.and_then(|owner| repeated(owner, &report, seen.kind)) {
            self.recorder.count_repeat();
            return Fate::Repeated(id);
        }
        let claimed = seen.attribute(surroundings);
        let texts = panic::may_be_in_hook(seen.kind).then(|| seen.texts());
        let caused_by = caused_by(surroundings, &computation, &report).or_else(|| seen.recorded_cause());
        let is_panic = seen.kind == Kind::Panic;
        let started = Instant::now();
        let id = self.write(surroundings, seen, computation.clone(), reference, caused_by);
        claimed.iter().for_each(|panic| panic.cover(id));
        if let Some(texts) = texts {
            panic::note_report(id, texts);
        }
        let job = if is_panic { inner_job() } else { None };
        remember(surroundings, &computation, Recorded { id, report, is_panic, job, at: Instant::now() }, started);
        Fate::Recorded(id)
    }

    fn write(
        &self,
        surroundings: &Surroundings,
        mut seen: Seen,
        computation: String,
        theoretical_ref: String,
        caused_by: Option<Uuid>,
    ) -> Uuid {
        let limits = &self.recorder.limits;
        let spans = self.spans(surroundings, &seen.error);
        seen.category = seen.category.or_else(|| surroundings.category());
        let parameters = surroundings.parameters(seen.parameters.take(), &seen.used);
        let sighting = Sighting {
            spans,
            caused_by,
            elapsed_s: surroundings.elapsed_s(),
            history: surroundings.history(&computation, self),
            ..seen.sighting(computation, theoretical_ref, parameters, limits)
        };
        self.recorder.record(sighting).0
    }

    /// The spans of a failure: those that the error was born in, where it tells, else those around the place.
    fn spans(&self, surroundings: &Surroundings, error: &ErrorChain) -> Vec<SpanEntry> {
        match &error.born_in[..] {
            [] => surroundings.entries(self.recorder.limits.spans),
            trace => Surroundings::born_in(self, trace),
        }
    }

    /// Records a call that says computation, reference and parameters itself. It is never a repeat: it is asked for.
    pub(crate) fn record_call(recorder: &Arc<Recorder>, call: Call) -> io::Result<PathBuf> {
        let _busy = Busy::enter();
        let started = Instant::now();
        let Call { computation, theoretical_ref, parameters, mut seen } = call;
        seen.take_report_apart(&recorder.limits);
        let mut around = None;
        Capture::each_here(|capture, path, _| {
            // Of several layers, the one that writes to the same store knows the failures before.
            let is_ours = Arc::ptr_eq(&capture.recorder, recorder);
            if around.is_some() && !is_ours {
                return;
            }
            let surroundings = Surroundings::of(capture, &path);
            let spans = capture.spans(&surroundings, &seen.error);
            let history = surroundings.history(&computation, capture);
            around = Some((surroundings, spans, history, capture.number));
        });
        let (surroundings, spans, history, layer) = around.unwrap_or_else(|| {
            // Where the stack has no layer of ours, another one may know the spans.
            let here = || read_span_trace(&SpanTrace::capture());
            let trace = if seen.error.born_in.is_empty() { here() } else { seen.error.born_in.clone() };
            (Surroundings::default(), Surroundings::of_trace(&trace), History::default(), 0)
        });
        let report = seen.report(&surroundings, layer);
        let claimed = seen.attribute(&surroundings);
        let sighting = Sighting {
            spans,
            caused_by: caused_by(&surroundings, &computation, &report).or_else(|| seen.recorded_cause()),
            elapsed_s: surroundings.elapsed_s(),
            history,
            ..seen.sighting(computation.clone(), theoretical_ref, parameters, &recorder.limits)
        };
        let (id, written) = recorder.record(sighting);
        claimed.iter().for_each(|panic| panic.cover(id));
        let recorded = Recorded { id, report, is_panic: false, job: None, at: Instant::now() };
        remember(&surroundings, &computation, recorded, started);
        written
    }
}

/// The failure that this report repeats. A panic and a span's end are never repeats: what they end was not recorded.
fn repeated(owner: &Computation, report: &Report, kind: Kind) -> Option<Uuid> {
    if matches!(kind, Kind::Panic | Kind::Span) {
        return None;
    }
    let mut state = owner.state()?;
    let recorded = state.recorded.as_mut().filter(|recorded| report.repeats(&recorded.report))?;
    // The next report up follows this one, not the first.
    recorded.report.moment = report.moment;
    Some(recorded.id)
}

/// The failure that made this one fail: one inside it that the report names, or the last one that no success has
/// followed; an earlier one of the same computation that the report names; one of a computation that it follows from.
fn caused_by(surroundings: &Surroundings, computation: &str, report: &Report) -> Option<Uuid> {
    let within = surroundings.owner(computation).and_then(|owner| {
        let state = owner.state()?;
        let named = state.inner.iter().rev().find(|inner| report.is_about(&inner.report));
        let last = state.inner.back().filter(|_| !state.inner_got_over);
        let earlier = state.recorded.as_ref().filter(|recorded| report.stems_from(&recorded.report));
        named.or(last).or(earlier).map(|cause| cause.id)
    });
    within.or_else(|| surroundings.failure_followed())
}

/// The job of rayon that this thread runs while it waits in another one.
fn inner_job() -> Option<Arc<[usize]>> {
    if open_in_process() > 1 { stack::trace_with_jobs().inner_job().map(Arc::from) } else { None }
}

/// Inner failures that a computation remembers.
const REMEMBERED: usize = 16;

fn remember(surroundings: &Surroundings, computation: &str, recorded: Recorded, started: Instant) {
    let (own, around) = surroundings.owners(computation);
    let recording = started.elapsed();
    for computation in around {
        let Some(mut state) = computation.note_failure() else { continue };
        state.recording += recording;
        if state.inner.len() == REMEMBERED {
            state.inner.pop_front();
        }
        state.inner.push_back(recorded.clone());
        state.inner_got_over = false;
    }
    for computation in own {
        let Some(mut state) = computation.note_failure() else { continue };
        state.recording += recording;
        state.recorded = Some(recorded.clone());
    }
}
