//! Limits the threads of all sweeps of the process.
//!
//! A thread of rayon that waits for the runs of a sweep does no work for rayon. If all of them waited for runs that use
//! rayon themselves, none would ever end. Therefore only one thread waits for a sweep by default, apart from the
//! threads that run sweeps. Other sweeps run on their calling threads.

use std::cell::Cell;
use std::num::NonZero;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

/// The number of threads that run sweeps.
static IN_USE: AtomicUsize = AtomicUsize::new(0);

/// True while a thread that runs no sweep itself waits for one.
static IS_AWAITED: AtomicBool = AtomicBool::new(false);

thread_local! {
    /// True on threads that run a sweep.
    static RUNS_SWEEP: Cell<bool> = const { Cell::new(false) };
}

/// Marks the current thread as one that runs a sweep.
pub(super) fn mark_worker() {
    RUNS_SWEEP.set(true);
}

/// A number of threads that a sweep may start.
#[derive(Debug)]
pub(super) struct ThreadPermits {
    number: usize,
    is_awaited: bool,
}

impl ThreadPermits {
    /// Takes what other sweeps leave. With less than two threads, a sweep runs on its calling thread and needs none.
    pub(super) fn available(wanted: usize) -> Self {
        if wanted < 2 || (!RUNS_SWEEP.get() && IS_AWAITED.swap(true, Ordering::Relaxed)) {
            return ThreadPermits { number: 0, is_awaited: false };
        }
        let limit = default_threads();
        let take = |in_use: usize| limit.saturating_sub(in_use).min(wanted);
        let taken = |in_use| (take(in_use) >= 2).then(|| in_use + take(in_use));
        let before = IN_USE.fetch_update(Ordering::Relaxed, Ordering::Relaxed, taken);
        ThreadPermits { number: before.map_or(0, take), is_awaited: !RUNS_SWEEP.get() }
    }

    /// Takes this number of threads, whatever other sweeps use.
    pub(super) fn exactly(wanted: usize) -> Self {
        let number = if wanted >= 2 { wanted } else { 0 };
        IN_USE.fetch_add(number, Ordering::Relaxed);
        ThreadPermits { number, is_awaited: false }
    }

    pub(super) fn number(&self) -> usize {
        self.number
    }
}

impl Drop for ThreadPermits {
    fn drop(&mut self) {
        IN_USE.fetch_sub(self.number, Ordering::Relaxed);
        if self.is_awaited {
            IS_AWAITED.store(false, Ordering::Relaxed);
        }
    }
}

/// Returns the number of threads that rayon uses by default.
fn default_threads() -> usize {
    let of_rayon = std::env::var("RAYON_NUM_THREADS").ok().and_then(|number| number.parse::<NonZero<usize>>().ok());
    of_rayon.or_else(|| thread::available_parallelism().ok()).map_or(1, NonZero::get)
}
