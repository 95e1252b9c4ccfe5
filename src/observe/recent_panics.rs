//! The recent panics of the process, on all threads: a bounded ring that the panic hook fills.
//!
//! A panic may end a computation of another thread: rayon, `JoinHandle::join` and `thread::scope` carry it there, and no
//! hook runs when it arrives. `attribution.rs` decides which of these panics a failure comes from.
//!
//! A slot is locked while one pointer is copied, and no code of the program runs meanwhile. A child of a fork passes over a
//! slot that a thread of its parent has locked.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::observe::backtrace;
use crate::observe::backtrace::Trace;
use crate::observe::{thread, unwinder};
use record::{Frame, Location, RaisedPanic};
use runtime::lock::Mutex;

/// Panics that are remembered.
const CAPACITY: usize = 64;

/// Maximum time to wait for a slot, which is locked while one pointer is copied.
const SLOT_TIMEOUT: Duration = Duration::from_millis(20);

static RECENT: [Slot; CAPACITY] = [const { Slot::new(None) }; CAPACITY];
static NEXT: AtomicUsize = AtomicUsize::new(0);

/// Panics that no failure accounts for and that are not reported either.
static PENDING: AtomicUsize = AtomicUsize::new(0);

type Slot = Mutex<Option<Arc<RecentPanic>>>;

/// A panic as the hook saw it.
#[derive(Debug)]
pub(crate) struct RecentPanic {
    pub(crate) at: DateTime<Utc>,
    pub(crate) raised_at: Instant,
    pub(crate) message: String,
    /// Whether the message is the payload's own text.
    pub(crate) is_text: bool,
    /// Where the payload's text lies in memory, else 0.
    pub(crate) payload: usize,
    pub(crate) location: Location,
    pub(crate) thread: String,
    pub(crate) thread_number: u64,
    /// The computations of the process that were open.
    pub(crate) open_computations: usize,
    pub(crate) trace: Trace,
    state: AtomicU8,
    record: [AtomicU64; 2],
}

/// No failure accounts for the panic.
const PENDING_STATE: u8 = 0;
/// A thread writes the record that accounts for it.
const CLAIMED: u8 = 1;
/// A record accounts for it.
const COVERED: u8 = 2;
/// It was reported as a panic of no computation.
const REPORTED: u8 = 3;

impl RecentPanic {
    /// A panic of this thread, raised now.
    pub(crate) fn here(message: String, is_text: bool, payload: usize, location: Location) -> Self {
        let open_computations = crate::observe::open_spans::open_in_process();
        let trace =
            if open_computations > 1 { backtrace::trace_with_jobs() } else { backtrace::trace(backtrace::DEEPEST) };
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
            state: AtomicU8::new(PENDING_STATE),
            record: [const { AtomicU64::new(0) }; 2],
        }
    }

    /// Takes the panic for a record. `false` where another record has it.
    pub(crate) fn claim(&self) -> bool {
        let state = self.state.load(Ordering::Acquire);
        let is_free = state == PENDING_STATE || state == REPORTED;
        is_free && self.change(state, CLAIMED)
    }

    /// Names the record that accounts for a panic: one that is claimed, or not remembered yet.
    pub(crate) fn cover(&self, record: Uuid) {
        let (high, low) = record.as_u64_pair();
        self.record[0].store(high, Ordering::Relaxed);
        self.record[1].store(low, Ordering::Relaxed);
        self.state.store(COVERED, Ordering::Release);
    }

    /// Takes the panic for a report that no computation has it. `false` where it is accounted for.
    pub(crate) fn mark_reported(&self) -> bool {
        self.change(PENDING_STATE, REPORTED)
    }

    pub(crate) fn is_unclaimed(&self) -> bool {
        matches!(self.state.load(Ordering::Acquire), PENDING_STATE | REPORTED)
    }

    /// The record that accounts for the panic.
    pub(crate) fn record(&self) -> Option<Uuid> {
        let is_covered = self.state.load(Ordering::Acquire) == COVERED;
        let half = |index: usize| self.record[index].load(Ordering::Relaxed);
        is_covered.then(|| Uuid::from_u64_pair(half(0), half(1)))
    }

    /// Whether it unwinds its own thread up to here: a panic in a job of rayon does not get out of it.
    pub(crate) fn may_unwind_to_here(&self) -> bool {
        self.trace.inner_job().is_none_or(|job| backtrace::trace_with_jobs().inner_job() == Some(job))
    }

    /// The stack of its thread, named now. It waits for others that name theirs.
    pub(crate) fn frames(&self, limit: usize) -> Vec<Frame> {
        let mut stack = self.trace.named(limit);
        stack.resolve(unwinder::TURN);
        stack.frames
    }

    /// What a record says of it, without the frames.
    pub(crate) fn describe(&self) -> RaisedPanic {
        let mut raised = RaisedPanic::default();
        raised.message = self.message.clone();
        raised.location = (self.location != Location::default()).then(|| self.location.clone());
        raised.thread = Some(self.thread.clone());
        raised.timestamp = Some(self.at);
        raised
    }

    fn change(&self, from: u8, to: u8) -> bool {
        let changed = self.state.compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire).is_ok();
        if changed && from == PENDING_STATE {
            PENDING.fetch_sub(1, Ordering::Relaxed);
        }
        changed
    }
}

/// Remembers a panic. Returns the one that it displaces.
pub(crate) fn push(panic: Arc<RecentPanic>) -> Option<Arc<RecentPanic>> {
    if panic.is_unclaimed() {
        PENDING.fetch_add(1, Ordering::Relaxed);
    }
    for _ in 0..CAPACITY {
        let slot = &RECENT[NEXT.fetch_add(1, Ordering::Relaxed) % CAPACITY];
        if let Some(mut place) = slot.lock_within(SLOT_TIMEOUT) {
            return place.replace(panic);
        }
    }
    Some(panic)
}

/// The panics that are remembered, earliest first.
pub(crate) fn all() -> Vec<Arc<RecentPanic>> {
    let mut panics: Vec<_> = RECENT.iter().filter_map(|slot| slot.lock_within(SLOT_TIMEOUT)?.clone()).collect();
    panics.sort_by_key(|panic| panic.raised_at);
    panics
}

/// Whether the last panic of this thread may unwind it up to here.
pub(crate) fn last_may_unwind_to_here() -> bool {
    let here = thread::number();
    all().iter().rfind(|panic| panic.thread_number == here).is_none_or(|last| last.may_unwind_to_here())
}

/// Whether a panic waits for a computation that it belongs to.
#[inline]
pub(crate) fn any_pending() -> bool {
    PENDING.load(Ordering::Relaxed) > 0
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
        PENDING.fetch_add(1, Ordering::Relaxed);
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
        for index in 0..CAPACITY {
            push(panic(&index.to_string()));
        }
        let all = all();
        assert_eq!(all.len(), CAPACITY);
        assert!(!all.iter().any(|known| Arc::ptr_eq(known, &first)));
        assert!(all.is_sorted_by_key(|panic| panic.raised_at));
    }
}
