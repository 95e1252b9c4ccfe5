//! A fork while a thread is at work here: the child has the locks that the thread held, and no thread that would give them
//! back. So a fork waits until nobody is at work, and nobody begins meanwhile.
//!
//! Neither waits for ever: a hook before the fork may want a lock of Python's that is held by a thread which waits here.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::{Duration, Instant};

use pyo3::prelude::*;

use crate::stack::forget_stacks;

/// Threads that are at work, and those that fork.
static AT_WORK: AtomicUsize = AtomicUsize::new(0);
static FORKING: AtomicUsize = AtomicUsize::new(0);

/// Nobody is at work for longer, unless their file system hangs.
const PATIENCE: Duration = Duration::from_secs(1);

thread_local! {
    /// Whether this thread forks: it need not wait for itself.
    static FORKS: Cell<bool> = const { Cell::new(false) };
}

/// Holds up a fork for as long as it lives.
pub(crate) struct AtWork;

/// The interpreter must not be held meanwhile.
pub(crate) fn at_work() -> AtWork {
    let started = Instant::now();
    loop {
        AT_WORK.fetch_add(1, SeqCst);
        if FORKING.load(SeqCst) == 0 || FORKS.get() || started.elapsed() > PATIENCE {
            return AtWork;
        }
        drop(AtWork);
        wait_while(started, || FORKING.load(SeqCst) > 0);
    }
}

impl Drop for AtWork {
    fn drop(&mut self) {
        AT_WORK.fetch_sub(1, SeqCst);
    }
}

/// Called before a fork, by the thread that forks.
#[pyfunction]
pub(crate) fn before_fork(py: Python<'_>) {
    FORKING.fetch_add(1, SeqCst);
    FORKS.set(true);
    py.detach(|| wait_while(Instant::now(), || AT_WORK.load(SeqCst) > 0));
}

/// Called after it in the process that forked; alone, where this was imported in between.
#[pyfunction]
pub(crate) fn after_fork() {
    if FORKS.replace(false) {
        FORKING.fetch_sub(1, SeqCst);
    }
}

/// Called after it in the new process, where there is no other thread.
#[pyfunction]
pub(crate) fn after_fork_in_child() {
    FORKS.set(false);
    FORKING.store(0, SeqCst);
    AT_WORK.store(0, SeqCst);
    forget_stacks();
}

fn wait_while(started: Instant, is_so: impl Fn() -> bool) {
    while is_so() && started.elapsed() <= PATIENCE {
        std::thread::sleep(Duration::from_micros(20));
    }
}
