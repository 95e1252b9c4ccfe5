//! One layer: which callsites matter, typed fields, and when it is a failure.
//!
//! Nothing here opens a file: what was seen goes on to the recorder as plain data.

mod callsite;
mod clock;
mod downcast;
mod entered;
mod error;
mod event;
mod fields;
mod hash;
mod layer;
mod logged;
mod noted;
mod panic;
mod repeat;
mod scope;
mod seen;
mod stack;
mod surroundings;
mod thread;
mod trail;

use std::sync::Arc;

use tracing::{Dispatch, Metadata, span};

pub use layer::FailureLayer;
pub use panic::install_panic_hook;

pub(crate) use callsite::{COMPUTATION, RESERVED_IN_SPANS, THEORETICAL_REF};
pub(crate) use error::{ErrorChain, TracedSpan, read_span_trace};
pub(crate) use fields::{Fields, payload_text};
pub(crate) use repeat::{Carries, Place, Report};
pub(crate) use seen::{Call, Fate, Kind, Seen};
pub(crate) use stack::text as frames_text;
pub(crate) use surroundings::Surroundings;
pub(crate) use thread::{Busy, name as thread_name};
pub(crate) use trail::{History, Plan};

use crate::recorder::Recorder;
use scope::Scopes;

/// One span of a scope: its id and what it is.
pub(crate) type Step = (u64, &'static Metadata<'static>);

/// What a [`FailureLayer`] holds that does not depend on the subscriber around it. Code outside of callbacks finds it
/// through the dispatcher.
#[derive(Debug)]
pub(crate) struct Capture {
    pub(crate) recorder: Arc<Recorder>,
    scopes: Scopes,
    has_log: bool,
    /// Tells layers apart: a thread may be in spans of several.
    number: u64,
    plan: Plan,
    /// Whether ours is the only layer of the process, so that what it does not need nobody needs, and no other layer
    /// can hold a lock.
    sole: bool,
    /// Knows the subscriber's type: the spans around one, innermost first.
    walk: fn(&Dispatch, &span::Id) -> Vec<Step>,
    /// Knows the subscriber's type: lets a SpanTrace show this text as the fields of a span.
    show: fn(&Dispatch, u64, String),
}

impl Capture {
    /// Records what was seen by code outside of callbacks.
    pub(crate) fn record_here(seen: impl FnOnce(&Recorder) -> Seen) -> Option<Fate> {
        Self::here(|capture, path, dispatch| {
            let surroundings = Surroundings::of(capture, &path);
            let fate = capture.record(&surroundings, seen(&capture.recorder));
            if let (Fate::Recorded(_), true) = (fate, capture.sole) {
                surroundings.texts().for_each(|(id, text)| (capture.show)(dispatch, id, text));
            }
            fate
        })
    }

    /// Calls with the capture of the current dispatcher, and the spans around the caller, innermost first. `None`
    /// where no [`FailureLayer`] is installed.
    pub(crate) fn here<R>(look: impl FnOnce(&Capture, Vec<Step>, &Dispatch) -> R) -> Option<R> {
        let mut look = Some(look);
        tracing::dispatcher::get_default(|dispatch| {
            let capture = dispatch.downcast_ref::<Capture>()?;
            let path = dispatch.current_span().id().map(|id| (capture.walk)(dispatch, id)).unwrap_or_default();
            look.take().map(|look| look(capture, path, dispatch))
        })
    }
}
