//! The part of a layer that does not depend on the type of its subscriber.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use runtime::fork;
use tracing::{Dispatch, Level, Span, span};

use crate::observe::open_spans::{Computation, OpenSpans};
use crate::observe::outcome::ComputationOutcome;
use crate::observe::span_path::{SpanKey, SpanPath};
use crate::observe::thread::Busy;
use crate::observe::trail::retention::Retention;
use crate::observe::trail_filter::TrailFilter;
use crate::recorder::Recorder;

/// Returns the span and its ancestors, innermost first.
pub(super) type SpanWalker = fn(&Dispatch, &span::Id) -> Vec<SpanKey>;

/// The part of a [`FailureLayer`](crate::FailureLayer) that does not depend on the type of its subscriber. Code outside
/// of layer callbacks finds it through the dispatcher.
#[derive(Debug)]
pub(crate) struct LayerCore {
    pub(crate) recorder: Arc<Recorder>,
    pub(super) open_spans: OpenSpans,
    pub(super) has_log: bool,
    /// Identifies this layer. A thread may be in spans of several layers.
    pub(super) id: u64,
    pub(super) retention: Retention,
    /// The events that the trail keeps. Without a filter, it keeps every event that reaches the layer.
    pub(super) trail_filter: Option<TrailFilter>,
    /// True if this is the only layer of the process. It may then disable callsites that it does not need, and no other
    /// layer can hold a lock on a span's extensions.
    pub(super) sole: bool,
    /// The address of the subscriber that delivers to this layer; 0 if unknown.
    pub(super) subscriber: AtomicUsize,
    /// Returns the address of that subscriber, if the dispatcher contains it.
    pub(super) subscriber_in: fn(&Dispatch) -> Option<usize>,
    /// Returns a span and its ancestors from the subscriber.
    pub(super) walk: SpanWalker,
    /// Sets the text that a SpanTrace prints as the fields of a span.
    pub(super) show: fn(&Dispatch, u64, String),
}

impl LayerCore {
    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    /// Returns the spans of a path with their fields and computations, for a failure on this thread.
    pub(super) fn span_path(&self, path: &[SpanKey]) -> SpanPath {
        self.read_arguments();
        SpanPath::of(&self.open_spans, path, &self.recorder.limits, &self.recorder.redactor)
    }

    /// Sets the outcome of the innermost computation around the caller, in each layer of the current dispatcher.
    pub(crate) fn state_outcome(outcome: ComputationOutcome) {
        if Busy::is_busy() {
            return;
        }
        Self::for_each_current(|core, path, _| {
            if let Some(computation) = path.iter().find_map(|(id, _)| core.named_span(*id)) {
                computation.state_outcome(outcome);
            }
        });
    }

    /// Sets the outcome of the computation that this span is, in each layer of its dispatcher that uses it.
    pub(crate) fn state_outcome_of(span: &Span, outcome: ComputationOutcome) {
        if Self::may_use_outcome(span) {
            Self::for_each_user_of_outcome(span, |core, id| core.state_outcome_at(id, outcome));
        }
    }

    /// States that the computation that this span is has been cancelled, in each layer of its dispatcher.
    pub(crate) fn cancel(span: &Span) {
        let cancelled = ComputationOutcome::Cancelled;
        span.with_subscriber(|(id, dispatch)| {
            Self::for_each_of(dispatch, |core| core.state_outcome_at(id.into_u64(), cancelled));
        });
    }

    /// Returns true if a layer may use the outcome of a span: for the log, or for the record of an ERROR-level span.
    #[inline]
    pub(crate) fn may_use_outcome(span: &Span) -> bool {
        Self::any_has_log() || is_error_span(span)
    }

    /// Calls `look` with the id of a span and each layer of its dispatcher that uses its outcome.
    pub(super) fn for_each_user_of_outcome(span: &Span, look: impl Fn(&LayerCore, u64)) {
        span.with_subscriber(|(id, dispatch)| {
            Self::for_each_of(dispatch, |core| {
                if core.has_log || is_error_span(span) {
                    look(core, id.into_u64());
                }
            });
        });
    }

    pub(super) fn state_outcome_at(&self, id: u64, outcome: ComputationOutcome) {
        self.open_spans.with(id, |open_span| {
            if let Some(computation) = open_span.as_computation() {
                computation.state_outcome(outcome);
            }
        });
    }

    /// Returns the computation that this span names.
    pub(super) fn named_span(&self, id: u64) -> Option<Arc<Computation>> {
        let computation = self.open_spans.with(id, |open_span| {
            let names_computation = open_span.role.names_computation();
            if names_computation { open_span.as_computation().map(Arc::clone) } else { None }
        });
        computation.flatten()
    }
}

impl fork::Locks for LayerCore {
    fn are_free(&self) -> bool {
        self.open_spans.are_free()
    }
}

fn is_error_span(span: &Span) -> bool {
    span.metadata().is_some_and(|meta| *meta.level() == Level::ERROR)
}
