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
static WORKING: AtomicUsize = AtomicUsize::new(0);
static FORKING: AtomicUsize = AtomicUsize::new(0);

/// Nobody is at work for longer, unless their file system hangs.
const WAIT_TIMEOUT: Duration = Duration::from_secs(1);

thread_local! {
    /// Whether this thread forks: it need not wait for itself.
    static IS_FORKING: Cell<bool> = const { Cell::new(false) };
}

/// Holds up a fork for as long as it lives.
pub(crate) struct WorkGuard;

/// The interpreter must not be held meanwhile.
pub(crate) fn begin_work() -> WorkGuard {
    let started = Instant::now();
    loop {
        WORKING.fetch_add(1, SeqCst);
        if FORKING.load(SeqCst) == 0 || IS_FORKING.get() || started.elapsed() > WAIT_TIMEOUT {
            return WorkGuard;
        }
        drop(WorkGuard);
        wait_while(started, || FORKING.load(SeqCst) > 0);
    }
}

impl Drop for WorkGuard {
    fn drop(&mut self) {
        WORKING.fetch_sub(1, SeqCst);
    }
}

/// Called before a fork, by the thread that forks.
#[pyfunction]
pub(crate) fn before_fork(py: Python<'_>) {
    FORKING.fetch_add(1, SeqCst);
    IS_FORKING.set(true);
    py.detach(|| wait_while(Instant::now(), || WORKING.load(SeqCst) > 0));
}

/// Called after it in the process that forked; alone, where this was imported in between.
#[pyfunction]
pub(crate) fn after_fork() {
    if IS_FORKING.replace(false) {
        FORKING.fetch_sub(1, SeqCst);
    }
}

/// Called after it in the new process, where there is no other thread.
#[pyfunction]
pub(crate) fn after_fork_in_child() {
    IS_FORKING.set(false);
    FORKING.store(0, SeqCst);
    WORKING.store(0, SeqCst);
    forget_stacks();
}

fn wait_while(started: Instant, condition: impl Fn() -> bool) {
    while condition() && started.elapsed() <= WAIT_TIMEOUT {
        std::thread::sleep(Duration::from_micros(20));
    }
}
