//! The number of open computations of the process.

use std::sync::atomic::{AtomicUsize, Ordering};

/// The number of open computations by layer. Further layers share counters.
static OPEN_COMPUTATIONS: [AtomicUsize; 64] = [const { AtomicUsize::new(0) }; 64];

/// Returns the counter of a new layer.
pub(crate) fn assign_counter() -> &'static AtomicUsize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    &OPEN_COMPUTATIONS[number % OPEN_COMPUTATIONS.len()]
}

/// Returns the number of open computations in the process.
pub(crate) fn open_in_process() -> usize {
    OPEN_COMPUTATIONS.iter().map(|open| open.load(Ordering::Relaxed)).sum()
}
