//! The recent panics of the process, on all threads: a bounded ring that the panic hook fills.
//!
//! A panic may end a computation on another thread: rayon, `JoinHandle::join` and `thread::scope` carry it there, and
//! no hook runs when it arrives. `attribution.rs` decides which of these panics caused a failure.
//!
//! A slot is locked while one pointer is copied, and no code of the program runs meanwhile. A forked child skips a slot
//! that a thread of its parent has locked.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::observe::backtrace;
use crate::observe::backtrace::Trace;
use crate::observe::open_computations::open_in_process;
use crate::observe::{thread, unwinder};
use record::{Frame, Location, RaisedPanic};
use runtime::lock::Mutex;

/// Maximum number of recent panics.
const MAX_RECENT_PANICS: usize = 64;

/// Maximum time to wait for a slot.
const SLOT_TIMEOUT: Duration = Duration::from_millis(20);

static RECENT: [Slot; MAX_RECENT_PANICS] = [const { Slot::new(None) }; MAX_RECENT_PANICS];
static NEXT: AtomicUsize = AtomicUsize::new(0);

/// Number of panics in the state [`PENDING`].
static PENDING_COUNT: AtomicUsize = AtomicUsize::new(0);

type Slot = Mutex<Option<Arc<RecentPanic>>>;

/// A panic, as the hook received it.
#[derive(Debug)]
pub(crate) struct RecentPanic {
    pub(crate) at: DateTime<Utc>,
    pub(crate) raised_at: Instant,
    pub(crate) message: String,
    /// True if the message is the payload's own text.
    pub(crate) is_text: bool,
    /// The address of the payload's text, otherwise 0.
    pub(crate) payload: usize,
    pub(crate) location: Location,
    pub(crate) thread: String,
    pub(crate) thread_number: u64,
    /// Number of computations that were open in the process.
    pub(crate) open_computations: usize,
    pub(crate) trace: Trace,
    state: AtomicU8,
    record: [AtomicU64; 2],
}

/// No record accounts for the panic, and it is not reported.
const PENDING: u8 = 0;
/// A thread writes the record that accounts for the panic.
const CLAIMED: u8 = 1;
/// A record accounts for the panic.
const COVERED: u8 = 2;
/// The panic was reported as one without a computation.
const REPORTED: u8 = 3;

impl RecentPanic {
    /// Creates a panic of this thread, raised now.
    pub(crate) fn here(message: String, is_text: bool, payload: usize, location: Location) -> Self {
        let open_computations = open_in_process();
        let trace = if open_computations > 1 {
            backtrace::trace_with_jobs()
        } else {
            backtrace::trace(backtrace::MAX_TRACE_FRAMES)
        };
        RecentPanic {
            at: record::time::now(),
            raised_at: Instant::now(),
            message,
            is_text,
            payload,
            location,
            thread: thread::name(),
            thread_number: thread::number(),
            open_computations,
            trace,
            state: AtomicU8::new(PENDING),
            record: [const { AtomicU64::new(0) }; 2],
        }
    }

    /// Claims the panic for a record. Returns false if another record has it.
    pub(crate) fn claim(&self) -> bool {
        let state = self.state.load(Ordering::Acquire);
        let is_free = state == PENDING || state == REPORTED;
        is_free && self.transition(state, CLAIMED)
    }

    /// Sets the record that accounts for the panic.
    pub(crate) fn cover(&self, record: Uuid) {
        let (high, low) = record.as_u64_pair();
        self.record[0].store(high, Ordering::Relaxed);
        self.record[1].store(low, Ordering::Relaxed);
        self.state.store(COVERED, Ordering::Release);
    }

    /// Marks the panic as reported without a computation. Returns false if it is not pending.
    pub(crate) fn mark_reported(&self) -> bool {
        self.transition(PENDING, REPORTED)
    }

    pub(crate) fn is_unclaimed(&self) -> bool {
        matches!(self.state.load(Ordering::Acquire), PENDING | REPORTED)
    }

    /// Returns the record that accounts for the panic.
    pub(crate) fn record(&self) -> Option<Uuid> {
        let is_covered = self.state.load(Ordering::Acquire) == COVERED;
        let half = |index: usize| self.record[index].load(Ordering::Relaxed);
        is_covered.then(|| Uuid::from_u64_pair(half(0), half(1)))
    }

    /// Returns true if the panic may unwind its own thread up to the caller. A panic in a rayon job does not leave the
    /// job.
    pub(crate) fn may_unwind_to_here(&self) -> bool {
        self.trace.inner_job().is_none_or(|job| backtrace::trace_with_jobs().inner_job() == Some(job))
    }

    /// Returns the stack of the panic with names. It waits for other threads that read names.
    pub(crate) fn frames(&self, limit: usize) -> Vec<Frame> {
        let mut stack = self.trace.named(limit);
        stack.resolve(unwinder::TURN_TIMEOUT);
        stack.frames
    }

    /// Describes the panic for a record, without its frames.
    pub(crate) fn describe(&self) -> RaisedPanic {
        let mut raised = RaisedPanic::default();
        raised.message = self.message.clone();
        raised.location = (self.location != Location::default()).then(|| self.location.clone());
        raised.thread = Some(self.thread.clone());
        raised.timestamp = Some(self.at);
        raised
    }

    fn transition(&self, from: u8, to: u8) -> bool {
        let changed = self.state.compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire).is_ok();
        if changed && from == PENDING {
            PENDING_COUNT.fetch_sub(1, Ordering::Relaxed);
        }
        changed
    }
}

/// Adds a panic. Returns the one that it replaces.
pub(crate) fn push(panic: Arc<RecentPanic>) -> Option<Arc<RecentPanic>> {
    if panic.is_unclaimed() {
        PENDING_COUNT.fetch_add(1, Ordering::Relaxed);
    }
    for _ in 0..MAX_RECENT_PANICS {
        let slot = &RECENT[NEXT.fetch_add(1, Ordering::Relaxed) % MAX_RECENT_PANICS];
        if let Some(mut slot) = slot.lock_within(SLOT_TIMEOUT) {
            return slot.replace(panic);
        }
    }
    Some(panic)
}

/// Returns the recent panics, earliest first.
pub(crate) fn all() -> Vec<Arc<RecentPanic>> {
    let mut panics: Vec<_> = RECENT.iter().filter_map(|slot| slot.lock_within(SLOT_TIMEOUT)?.clone()).collect();
    panics.sort_by_key(|panic| panic.raised_at);
    panics
}

/// Returns true if the last panic of this thread may unwind it up to the caller.
pub(crate) fn last_may_unwind_to_here() -> bool {
    last_of_this_thread().is_none_or(|last| last.may_unwind_to_here())
}

/// Returns the last panic of this thread.
pub(crate) fn last_of_this_thread() -> Option<Arc<RecentPanic>> {
    let here = thread::number();
    all().into_iter().rfind(|panic| panic.thread_number == here)
}

/// Returns the panic for which a record accounts. Returns `None` if there are several.
pub(crate) fn of_record(record: Uuid) -> Option<Arc<RecentPanic>> {
    let mut covered = all().into_iter().filter(|panic| panic.record() == Some(record));
    let first = covered.next()?;
    covered.next().is_none().then_some(first)
}

/// Returns true if a panic waits for the computation to which it belongs.
#[inline]
pub(crate) fn any_pending() -> bool {
    PENDING_COUNT.load(Ordering::Relaxed) > 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn panic(message: &str) -> Arc<RecentPanic> {
        Arc::new(RecentPanic::here(message.to_owned(), true, 0, Location::default()))
    }

    #[test]
    fn one_record_claims_a_panic() {
        let panic = panic("x");
        PENDING_COUNT.fetch_add(1, Ordering::Relaxed);
        assert!(panic.claim());
        assert!(!panic.claim());
        let id = record::time::new_id();
        panic.cover(id);
        assert_eq!(panic.record(), Some(id));
        assert!(!panic.mark_reported());
    }

    #[test]
    fn the_ring_keeps_the_latest() {
        let first = panic("first");
        push(Arc::clone(&first));
        for index in 0..MAX_RECENT_PANICS {
            push(panic(&index.to_string()));
        }
        let all = all();
        assert_eq!(all.len(), MAX_RECENT_PANICS);
        assert!(!all.iter().any(|known| Arc::ptr_eq(known, &first)));
        assert!(all.is_sorted_by_key(|panic| panic.raised_at));
    }
}
