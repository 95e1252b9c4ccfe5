//! Decides whether an observation becomes a record. It finds the computation, the cause, and reports of the same error.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use record::{Map, SpanEntry};
use tracing_error::SpanTrace;
use uuid::Uuid;

use crate::layer::hook_state;
use crate::layer::layer_core::LayerCore;
use crate::observe::error_chain::{ErrorChain, read_span_trace};
use crate::observe::open_computations::open_in_process;
use crate::observe::open_spans::Computation;
use crate::observe::report::{RecordedFailure, Report};
use crate::observe::span_path::SpanPath;
use crate::observe::thread::Busy;
use crate::observe::trail::history::History;
use crate::observe::{attribution, backtrace};
use crate::recorder::Recorder;
use crate::recorder::observation::{ComputationContext, Observation, Trigger, Verdict};

/// A failure whose computation, reference and parameters are arguments of a call.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) computation: String,
    pub(crate) theoretical_ref: String,
    pub(crate) parameters: Map,
    pub(crate) observation: Observation,
}

impl LayerCore {
    /// Records a failure that was observed outside of layer callbacks, in each layer of the current dispatcher. Returns
    /// the verdict of the first layer.
    pub(crate) fn record_current(mut observe: impl FnMut(&Recorder) -> Observation) -> Option<Verdict> {
        let mut first = None;
        Self::for_each_current(|core, path, dispatch| {
            let span_path = core.span_path(&path);
            let verdict = core.record(&span_path, observe(&core.recorder));
            if core.sole && matches!(verdict, Verdict::Recorded(_)) {
                span_path.texts().for_each(|(id, text)| (core.show)(dispatch, id, text));
            }
            first.get_or_insert(verdict);
        });
        first
    }

    /// Records an observation, unless it belongs to no computation or repeats a recorded failure.
    pub(crate) fn record(&self, span_path: &SpanPath, mut observation: Observation) -> Verdict {
        if observation.computation.is_none()
            && let Some(verdict) = hook_state::verdict_in_hook()
        {
            if verdict != Verdict::NoComputation {
                self.recorder.count_repeat();
            }
            return verdict;
        }
        let Some((computation, reference)) = self.computation_and_reference(span_path, &observation) else {
            return Verdict::NoComputation;
        };
        observation.split_report_text(&self.recorder.limits);
        let report = observation.report(span_path, self.id);
        let owner = span_path.owner(&computation);
        if let Some(id) = owner.and_then(|owner| find_repeated(owner, &report, observation.trigger)) {
            self.recorder.count_repeat();
            return Verdict::Repeated(id);
        }
        if let Some(id) = owner.and_then(|owner| find_recursive(owner, &computation, &report)) {
            adopt_failure(span_path, &computation, id, &report);
            self.recorder.count_repeat();
            return Verdict::Repeated(id);
        }
        let panics = observation.attribute(span_path);
        let texts = hook_state::may_be_in_hook(observation.trigger).then(|| observation.texts());
        let caused_by = observation.unwound_failure.or_else(|| caused_by(span_path, &computation, &report));
        let caused_by = caused_by.or_else(|| observation.recorded_cause());
        let is_panic = observation.trigger == Trigger::Panic;
        let panic = observation.panic.clone();
        let started = Instant::now();
        let id = self.write(span_path, observation, computation.clone(), reference, caused_by);
        panics.iter().for_each(|panic| panic.cover(id));
        if let Some(texts) = texts {
            hook_state::set_report(id, texts);
        }
        let job = if is_panic { inner_job() } else { None };
        let name = Arc::from(&*computation);
        let failure = RecordedFailure { id, computation: name, report, is_panic, panic, job, at: Instant::now() };
        link_failure(span_path, &computation, failure, started);
        Verdict::Recorded(id)
    }

    /// Returns the computation of a failure and its reference. Reports an observation that has only one of them.
    fn computation_and_reference(&self, span_path: &SpanPath, observation: &Observation) -> Option<(String, String)> {
        let computation = observation.computation.clone().or_else(|| span_path.computation());
        let reference = observation.theoretical_ref.clone().or_else(|| span_path.theoretical_ref());
        match (computation, reference) {
            (Some(computation), Some(reference)) => Some((computation, reference)),
            (Some(computation), None) if !self.recorder.reference_required => Some((computation, String::new())),
            (None, None) => None,
            (computation, _) => {
                self.recorder.report_near_miss(computation.is_some(), &observation.location);
                None
            }
        }
    }

    fn write(
        &self,
        span_path: &SpanPath,
        mut observation: Observation,
        computation: String,
        theoretical_ref: String,
        caused_by: Option<Uuid>,
    ) -> Uuid {
        let spans = self.spans(span_path, &observation.error);
        observation.category = observation.category.or_else(|| span_path.category());
        let parameters = span_path.parameters(observation.parameters.take(), &observation.used);
        let history = span_path.history(&computation, self.retention, &self.recorder.redactor);
        let elapsed_s = span_path.elapsed_s();
        let context =
            ComputationContext { computation, theoretical_ref, parameters, spans, history, elapsed_s, caused_by };
        self.recorder.record(observation, context).0
    }

    /// Returns the spans in which the error was created if it has a SpanTrace, otherwise the spans around the failure.
    fn spans(&self, span_path: &SpanPath, error: &ErrorChain) -> Vec<SpanEntry> {
        match &error.created_in[..] {
            [] => span_path.entries(self.recorder.limits.spans),
            trace => SpanPath::created_in(&self.open_spans, trace, &self.recorder.limits, &self.recorder.redactor),
        }
    }

    /// Records the failure that a call describes. The call asks for a record, so it is never a repeat.
    pub(crate) fn record_call(recorder: &Arc<Recorder>, call: Call) -> io::Result<PathBuf> {
        let _busy = Busy::enter();
        let started = Instant::now();
        let Call { computation, theoretical_ref, parameters, mut observation } = call;
        observation.split_report_text(&recorder.limits);
        let FailureContext { span_path, spans, history, layer } =
            FailureContext::of_call(recorder, &computation, &observation);
        let report = observation.report(&span_path, layer);
        let panics = observation.attribute(&span_path);
        let caused_by = caused_by(&span_path, &computation, &report).or_else(|| observation.recorded_cause());
        let elapsed_s = span_path.elapsed_s();
        let context = ComputationContext {
            computation: computation.clone(),
            theoretical_ref,
            parameters,
            spans,
            history,
            elapsed_s,
            caused_by,
        };
        let (id, written) = recorder.record(observation, context);
        panics.iter().for_each(|panic| panic.cover(id));
        let name = Arc::from(&*computation);
        let at = Instant::now();
        let failure = RecordedFailure { id, computation: name, report, is_panic: false, panic: None, job: None, at };
        link_failure(&span_path, &computation, failure, started);
        written
    }
}

/// The spans around a call, and the history of its computation.
struct FailureContext {
    span_path: SpanPath,
    spans: Vec<SpanEntry>,
    history: History,
    /// The id of the layer that knows the spans, or 0 without a layer.
    layer: u64,
}

impl FailureContext {
    fn of_call(recorder: &Arc<Recorder>, computation: &str, observation: &Observation) -> Self {
        let mut surroundings = None;
        LayerCore::for_each_current(|core, path, _| {
            // Prefer the layer that writes to the same store: it knows the earlier failures.
            let shares_recorder = Arc::ptr_eq(&core.recorder, recorder);
            if surroundings.is_some() && !shares_recorder {
                return;
            }
            let span_path = core.span_path(&path);
            let spans = core.spans(&span_path, &observation.error);
            let history = span_path.history(computation, core.retention, &recorder.redactor);
            surroundings = Some(FailureContext { span_path, spans, history, layer: core.id });
        });
        surroundings.unwrap_or_else(|| Self::of_trace(observation))
    }

    /// Without a `FailureLayer`, an `ErrorLayer` in the stack may know the spans.
    fn of_trace(observation: &Observation) -> Self {
        let mut trace = observation.error.created_in.clone();
        if trace.is_empty() {
            trace = read_span_trace(&SpanTrace::capture());
        }
        FailureContext {
            span_path: SpanPath::default(),
            spans: SpanPath::of_trace(&trace),
            history: History::default(),
            layer: 0,
        }
    }
}

/// Returns the recorded failure that this report repeats. A panic and the end of a span are never repeats.
fn find_repeated(owner: &Computation, report: &Report, trigger: Trigger) -> Option<Uuid> {
    if matches!(trigger, Trigger::Panic | Trigger::SpanClose) {
        return None;
    }
    let mut state = owner.state()?;
    let recorded = state.latest.as_mut().filter(|recorded| report.repeats(&recorded.report))?;
    // The next report on the way up follows this one, not the first.
    recorded.report.moment = report.moment;
    Some(recorded.id)
}

/// Returns the recorded failure of an inner call, if a recursive function returns its error.
fn find_recursive(owner: &Computation, computation: &str, report: &Report) -> Option<Uuid> {
    let state = owner.state()?;
    let inner = state.inner_failures.back()?;
    let is_same = &*inner.computation == computation && !state.has_recovered;
    (is_same && report.leaves_recursion(&inner.report)).then_some(inner.id)
}

/// Makes the failure of an inner call the failure of the outer call of a recursive function.
pub(super) fn adopt_failure(span_path: &SpanPath, computation: &str, id: Uuid, report: &Report) {
    let (own, around) = span_path.owners(computation);
    for computation in own.iter().chain(&around) {
        let Some(mut state) = computation.state() else { continue };
        if let Some(inner) = state.inner_failures.back_mut().filter(|inner| inner.id == id) {
            // The next report on the way up follows this one.
            inner.report.moment = report.moment;
        }
    }
    for computation in own {
        let Some(mut state) = computation.state() else { continue };
        let inner = state.inner_failures.back().filter(|inner| inner.id == id).cloned();
        state.latest = inner.map(|inner| RecordedFailure { report: report.clone(), ..inner });
    }
}

/// Returns the failure that caused this one, by precedence:
///
/// the inner failure that the report names; the only panic of another thread in the computation, if the report says
/// that a thread panicked; the last inner failure, unless an inner computation succeeded since; an earlier failure of
/// the same computation that the report names or directly follows; a failure of a computation from which this one
/// follows.
fn caused_by(span_path: &SpanPath, computation: &str, report: &Report) -> Option<Uuid> {
    let within = span_path.owner(computation).and_then(|owner| {
        let state = owner.state()?;
        let named = state.inner_failures.iter().rev().find(|inner| report.is_about(&inner.report));
        let says_panic = attribution::reports_panic(&report.messages);
        let joined = if says_panic { state.sole_panic_of_other_threads() } else { None };
        let last = if state.has_recovered { None } else { state.inner_failures.back() };
        let earlier = state.latest.as_ref().filter(|recorded| report.stems_from(&recorded.report));
        named.or(joined).or(last).or(earlier).map(|cause| cause.id)
    });
    within.or_else(|| span_path.followed_failure())
}

/// Returns the rayon job that this thread runs while it waits for another job.
fn inner_job() -> Option<Arc<[usize]>> {
    if open_in_process() > 1 { backtrace::trace_with_jobs().inner_job().map(Arc::from) } else { None }
}

/// Stores a failure in its computation and in the enclosing ones.
fn link_failure(span_path: &SpanPath, computation: &str, failure: RecordedFailure, started: Instant) {
    let (own, around) = span_path.owners(computation);
    let recording = started.elapsed();
    for computation in around {
        let Some(mut state) = computation.mark_failed() else { continue };
        state.recording += recording;
        state.add_inner_failure(failure.clone());
    }
    for computation in own {
        let Some(mut state) = computation.mark_failed() else { continue };
        state.recording += recording;
        state.add_failure(failure.clone());
    }
}
