//! Per-thread state of the layers. It has no destructor, so it is usable while a thread ends.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};

/// Number of activity counters per thread. Each layer counts events itself, so layers need separate counters. Layers
/// whose ids are equal modulo this number share one.
const ACTIVITY_COUNTERS: usize = 16;

thread_local! {
    static BUSY: Cell<bool> = const { Cell::new(false) };
    static ACTIVITY: [Cell<u64>; ACTIVITY_COUNTERS] = const { [const { Cell::new(0) }; ACTIVITY_COUNTERS] };
    static NUMBER: Cell<u64> = const { Cell::new(0) };
}

/// Marks the thread as busy while it lives. The layers then ignore events, because they come from the library itself or
/// from a value that it formats.
pub(crate) struct Busy(());

impl Busy {
    /// Marks the thread as busy. Returns `None` if it is busy already.
    #[inline]
    pub(crate) fn enter() -> Option<Self> {
        let was_busy = BUSY.try_with(|busy| busy.replace(true)).unwrap_or(true);
        (!was_busy).then(|| Busy(()))
    }

    #[inline]
    pub(crate) fn is_busy() -> bool {
        BUSY.try_with(Cell::get).unwrap_or(true)
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        let _ = BUSY.try_with(|busy| busy.set(false));
    }
}

/// A point in the activity of a thread: the number of spans, errors and logged events that a layer has counted on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moment {
    thread: u64,
    activity: u64,
}

impl Moment {
    pub(crate) fn now(layer: u64) -> Self {
        Moment { thread: number(), activity: with_activity(layer, Cell::get).unwrap_or(0) }
    }

    pub(crate) fn is_of_this_thread(self) -> bool {
        self.thread == number()
    }

    pub(crate) fn is_of_other_thread(self, other: Moment) -> bool {
        self.thread != other.thread
    }

    /// Returns a sort key. Moments of this thread come last, and later moments after earlier ones.
    pub(crate) fn recency(self) -> (bool, u64) {
        (self.thread == number(), self.activity)
    }

    /// Returns true if nothing but this moment's own event was counted since the earlier moment on the same thread.
    pub(crate) fn follows(self, earlier: Moment) -> bool {
        self.thread == earlier.thread && self.activity <= earlier.activity + 1
    }
}

/// Counts a new span, an error or a logged event on this thread. Returns false if the thread is busy, because events of
/// a value that is being formatted do not count.
#[inline]
pub(crate) fn count_activity(layer: u64) -> bool {
    let counts = !Busy::is_busy();
    if counts {
        with_activity(layer, |activity| activity.set(activity.get() + 1));
    }
    counts
}

#[inline]
fn with_activity<R>(layer: u64, look: impl FnOnce(&Cell<u64>) -> R) -> Option<R> {
    ACTIVITY.try_with(|activity| look(&activity[layer as usize % ACTIVITY_COUNTERS])).ok()
}

/// Returns a number that identifies the current thread.
pub(crate) fn number() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let assigned = NUMBER.try_with(|number| {
        if number.get() == 0 {
            number.set(NEXT.fetch_add(1, Ordering::Relaxed));
        }
        number.get()
    });
    assigned.unwrap_or(0)
}

/// Returns the name of the current thread, or its id.
pub(crate) fn name() -> String {
    let thread = std::thread::current();
    thread.name().map_or_else(|| format!("{:?}", thread.id()), str::to_owned)
}
