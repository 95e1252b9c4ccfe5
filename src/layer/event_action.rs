//! What the layer does with an event. This is the only place that decides it.

use tracing::{Level, Metadata};

use crate::layer::capture::Capture;
use crate::observe::outcome;

/// What the layer does with an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EventAction {
    /// Nothing.
    Ignore,
    /// Add its numbers and texts to the trail of the computation around it.
    Trail,
    /// The same, and take the value that a function returned for the outcome of its computation.
    Outcome,
    /// Write it into the runtime log, and add it to the trail.
    Log,
    /// Record it as a failure unless it states success, and add it to the trail. `is_logged`: write it into the log too.
    Record { is_logged: bool },
}

impl EventAction {
    #[inline]
    pub(super) fn of(capture: &Capture, meta: &Metadata<'_>) -> Self {
        let is_logged = capture.has_log && capture.recorder.logs(meta);
        if *meta.level() == Level::ERROR {
            EventAction::Record { is_logged }
        } else if is_logged {
            EventAction::Log
        } else if capture.has_log && outcome::is_return(meta) {
            EventAction::Outcome
        } else if capture.open_spans.any_computation() && capture.retention.keeps_any() {
            EventAction::Trail
        } else {
            EventAction::Ignore
        }
    }
}
