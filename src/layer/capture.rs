//! The part of a layer that does not depend on the type of its subscriber.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use runtime::fork;
use tracing::{Dispatch, span};

use crate::observe::open_spans::{Computation, OpenSpan, OpenSpans};
use crate::observe::outcome::Outcome;
use crate::observe::span_path::{SpanKey, SpanPath};
use crate::observe::thread::Busy;
use crate::observe::trail::filter::TrailFilter;
use crate::observe::trail::retention::Retention;
use crate::recorder::Recorder;

/// The spans around one, innermost first.
pub(super) type Walk = fn(&Dispatch, &span::Id) -> Vec<SpanKey>;

/// What a [`FailureLayer`] holds that does not depend on the subscriber around it. Code outside of callbacks finds it
/// through the dispatcher.
#[derive(Debug)]
pub(crate) struct Capture {
    pub(crate) recorder: Arc<Recorder>,
    pub(super) open_spans: OpenSpans,
    pub(super) has_log: bool,
    /// Tells layers apart: a thread may be in spans of several.
    pub(super) id: u64,
    pub(super) retention: Retention,
    /// What the trail keeps; all that arrives if there is none.
    pub(super) trail_filter: Option<TrailFilter>,
    /// Whether ours is the only layer of the process, so that what it does not need nobody needs, and no other layer
    /// can hold a lock.
    pub(super) sole: bool,
    /// The address of the subscriber that delivers to this layer; 0 where it is not known.
    pub(super) subscriber: AtomicUsize,
    /// Finds the address of that subscriber in a dispatcher.
    pub(super) subscriber_in: fn(&Dispatch) -> Option<usize>,
    /// Finds the spans around a span in the subscriber.
    pub(super) walk: Walk,
    /// Lets a SpanTrace show this text as the fields of a span.
    pub(super) show: fn(&Dispatch, u64, String),
}

impl Capture {
    /// The spans of a path, with what is known of them.
    pub(super) fn span_path(&self, path: &[SpanKey]) -> SpanPath {
        SpanPath::of(&self.open_spans, path, &self.recorder.limits, &self.recorder.redactor)
    }

    /// States the outcome of the innermost computation around the caller, in each layer of the current dispatcher.
    pub(crate) fn state_outcome(outcome: Outcome) {
        if Busy::is_busy() {
            return;
        }
        Self::for_each_current(|capture, path, _| {
            if let Some(computation) = path.iter().find_map(|(id, _)| capture.named_span(*id)) {
                computation.state_outcome(outcome);
            }
        });
    }

    /// The computation that this span names.
    pub(super) fn named_span(&self, id: u64) -> Option<Arc<Computation>> {
        let look =
            |open_span: &mut OpenSpan| open_span.own().filter(|_| open_span.role.names_computation()).map(Arc::clone);
        self.open_spans.with(id, look).flatten()
    }
}

impl fork::Locks for Capture {
    fn are_free(&self) -> bool {
        self.open_spans.are_free()
    }
}
