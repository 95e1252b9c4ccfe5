//! One layer: which callsites matter, typed fields, and when it is a failure.
//!
//! Nothing here opens a file: what was seen goes on to the recorder as plain data.

mod attribution;
mod callsite;
mod clock;
mod downcast;
mod entered;
mod error;
mod event;
mod fields;
mod hash;
mod layer;
mod live;
mod logged;
mod noted;
mod outcome;
mod ownership;
mod panic;
mod recent_panics;
mod repeat;
mod report_text;
mod scope;
mod seen;
mod stack;
mod surroundings;
mod thread;
mod trail;
mod unwinder;
mod unwinding;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use runtime::fork;
use tracing::{Dispatch, Metadata};

pub use layer::FailureLayer;
pub use panic::install_panic_hook;

pub(crate) use callsite::{COMPUTATION, RESERVED_IN_SPANS, THEORETICAL_REF, is_log_record};
#[cfg(feature = "color-eyre")]
pub(crate) use error::bounded;
pub(crate) use error::{ErrorChain, TracedSpan, read_span_trace};
pub(crate) use fields::Fields;
pub(crate) use outcome::Outcome;
pub(crate) use repeat::{Carries, Place, Report};
#[cfg(feature = "color-eyre")]
pub(crate) use report_text::{RECORDED, ReportText};
pub(crate) use seen::{Call, Fate, Kind, Seen};
pub(crate) use stack::{READING_TURN, Stack};
pub(crate) use surroundings::Surroundings;
pub(crate) use thread::{Busy, name as thread_name};
pub(crate) use trail::{History, HistoryOptions, Plan, TrailFilter};
pub(crate) use unwinder::has_memory as has_memory_for_names;

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
    /// What the trail keeps; all that arrives if there is none.
    trail_filter: Option<TrailFilter>,
    /// Whether ours is the only layer of the process, so that what it does not need nobody needs, and no other layer
    /// can hold a lock.
    sole: bool,
    /// The address of the subscriber that delivers to this layer; 0 where it is not known.
    subscriber: AtomicUsize,
    /// Finds the address of that subscriber in a dispatcher.
    subscriber_in: fn(&Dispatch) -> Option<usize>,
    /// Finds the spans around a span in the subscriber.
    walk: live::Walk,
    /// Lets a SpanTrace show this text as the fields of a span.
    show: fn(&Dispatch, u64, String),
}

impl Capture {
    /// Records a failure that code outside of callbacks observed, in each layer of the current dispatcher. Returns what
    /// became of it in the first one.
    pub(crate) fn record_here(mut seen: impl FnMut(&Recorder) -> Seen) -> Option<Fate> {
        let mut first = None;
        Self::each_here(|capture, path, dispatch| {
            let surroundings = Surroundings::of(capture, &path);
            let fate = capture.record(&surroundings, seen(&capture.recorder));
            if let (Fate::Recorded(_), true) = (fate, capture.sole) {
                surroundings.texts().for_each(|(id, text)| (capture.show)(dispatch, id, text));
            }
            first.get_or_insert(fate);
        });
        first
    }
}

/// Builds what captures need, before any failure.
pub(crate) fn prepare() {
    watch_forks();
    clock::prepare();
}

/// The locks that all layers share.
struct SharedLocks;

impl fork::Locks for SharedLocks {
    fn are_free(&self) -> bool {
        stack::locks_are_free() && trail::locks_are_free() && live::is_free()
    }
}

fn watch_forks() {
    static WATCHED: AtomicBool = AtomicBool::new(false);
    if WATCHED.swap(true, Ordering::Relaxed) {
        return;
    }
    // A thread gets its number from `thread_local` when it first looks at its spans. In a child, that could wait for
    // ever.
    fork::prepare_with(|| {
        tracing::dispatcher::get_default(|dispatch| dispatch.current_span().id().is_some());
    });
    let locks: Arc<dyn fork::Locks> = Arc::new(SharedLocks);
    fork::spare(Arc::downgrade(&locks));
    std::mem::forget(locks);
}
