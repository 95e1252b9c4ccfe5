//! Decides what the layer does with an event. The trail applies its filter afterwards, in `LayerCore::add_values`.

use tracing::{Level, Metadata};

use crate::layer::layer_core::LayerCore;
use crate::observe::outcome;

/// The action of the layer for an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EventAction {
    /// Do nothing.
    Ignore,
    /// Add the numbers and texts of the event to the trail of its computation.
    Trail,
    /// Same as `Trail`, and use the returned value as the outcome of the computation.
    Outcome,
    /// Write the event to the runtime log, and add it to the trail.
    Log,
    /// Record a failure unless the event states success, and add the event to the trail. If `is_logged`, also write it
    /// to the log.
    Record { is_logged: bool },
}

impl EventAction {
    pub(super) fn of(core: &LayerCore, meta: &Metadata<'_>) -> Self {
        let is_logged = core.has_log && core.recorder.logs(meta);
        if *meta.level() == Level::ERROR {
            EventAction::Record { is_logged }
        } else if is_logged {
            EventAction::Log
        } else if core.has_log && outcome::is_return(meta) {
            EventAction::Outcome
        } else if core.open_spans.any_computation() {
            EventAction::Trail
        } else {
            EventAction::Ignore
        }
    }

    /// Returns false if the action is `Trail` in a computation and `Ignore` outside, as for most events.
    #[inline]
    pub(super) fn may_write(core: &LayerCore, meta: &Metadata<'_>) -> bool {
        core.has_log || *meta.level() == Level::ERROR
    }
}
