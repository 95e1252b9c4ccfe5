//! Forks of a process with threads that run code of this crate.
//!
//! The child would inherit locks that no thread of it releases. A fork therefore waits until no thread works, and no
//! thread begins to work during the fork. Both waits have a timeout: a hook before the fork may need a lock that a
//! waiting thread holds.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::{Duration, Instant};

use pyo3::prelude::*;

use crate::stack::forget_stacks;

/// The number of threads that work, and of threads that fork.
static WORKING: AtomicUsize = AtomicUsize::new(0);
static FORKING: AtomicUsize = AtomicUsize::new(0);

/// Maximum time of a wait. Work takes longer only if the file system hangs.
const WAIT_TIMEOUT: Duration = Duration::from_secs(1);

thread_local! {
    /// True if this thread forks. It must not wait for itself.
    static IS_FORKING: Cell<bool> = const { Cell::new(false) };
}

/// Delays forks until it is dropped.
pub(crate) struct WorkGuard;

/// Begins work. The caller must not hold the interpreter lock.
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

/// Called after a fork in the parent. `before_fork` was not called if the package was imported in between.
#[pyfunction]
pub(crate) fn after_fork() {
    if IS_FORKING.replace(false) {
        FORKING.fetch_sub(1, SeqCst);
    }
}

/// Called after a fork in the child, which has no other threads.
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
