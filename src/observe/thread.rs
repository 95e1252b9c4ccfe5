//! What the layer remembers per thread. Nothing here has a destructor, so that it can be reached while a thread ends.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};

/// Layers whose activity is counted separately on each thread: several layers count the same event. Layers whose numbers
/// differ by a multiple of this share a counter.
const LAYERS: usize = 16;

thread_local! {
    static BUSY: Cell<bool> = const { Cell::new(false) };
    static ACTIVITY: [Cell<u64>; LAYERS] = const { [const { Cell::new(0) }; LAYERS] };
    static NUMBER: Cell<u64> = const { Cell::new(0) };
}

/// While it lives, what happens on this thread is our own doing, or that of a value we are formatting: not to be
/// captured.
pub(crate) struct Busy(());

impl Busy {
    /// `None`: the thread is busy already.
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

/// A moment of a thread: how many spans, errors and logged events a layer had seen on it.
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

    /// Orders moments: those of this thread are nearer than others, and late ones nearer than early ones.
    pub(crate) fn recency(self) -> (bool, u64) {
        (self.thread == number(), self.activity)
    }

    /// Whether this moment came right after the other one, with no span or event in between but its own.
    pub(crate) fn follows(self, earlier: Moment) -> bool {
        self.thread == earlier.thread && self.activity <= earlier.activity + 1
    }
}

/// Counts a span that was opened here, an error or a logged event. It says whether it did: what a value does that is being
/// formatted does not count.
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
    ACTIVITY.try_with(|activity| look(&activity[layer as usize % LAYERS])).ok()
}

/// A number of its own for each thread.
pub(crate) fn number() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let assign = |number: &Cell<u64>| {
        if number.get() == 0 {
            number.set(NEXT.fetch_add(1, Ordering::Relaxed));
        }
        number.get()
    };
    NUMBER.try_with(assign).unwrap_or(0)
}

/// The name of the current thread, else its id.
pub(crate) fn name() -> String {
    let thread = std::thread::current();
    thread.name().map_or_else(|| format!("{:?}", thread.id()), str::to_owned)
}
