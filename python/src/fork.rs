//! A fork while a thread is at work here: the child has the locks that the thread held, and no thread that would give them
//! back. So a fork waits until nobody is at work.

use std::cell::RefCell;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, TryLockError};
use std::time::{Duration, Instant};

use pyo3::prelude::*;

static WORK: RwLock<()> = RwLock::new(());

/// Nobody is at work for longer, unless their file system hangs: a fork does not.
const PATIENCE: Duration = Duration::from_secs(1);

thread_local! {
    static FORKING: RefCell<Option<RwLockWriteGuard<'static, ()>>> = const { RefCell::new(None) };
}

/// Holds up a fork for as long as it lives, unless it is this thread that forks: then others hold off already. The interpreter
/// must not be held meanwhile.
pub(crate) fn at_work() -> Option<RwLockReadGuard<'static, ()>> {
    let forks = FORKING.with_borrow(Option::is_some);
    (!forks).then(|| WORK.read().unwrap_or_else(PoisonError::into_inner))
}

/// Called before a fork, by the thread that forks.
#[pyfunction]
pub(crate) fn before_fork(py: Python<'_>) {
    py.detach(|| FORKING.with_borrow_mut(|forking| *forking = nobody_at_work()));
}

/// Called after it, in both processes.
#[pyfunction]
pub(crate) fn after_fork() {
    FORKING.with_borrow_mut(|forking| *forking = None);
}

fn nobody_at_work() -> Option<RwLockWriteGuard<'static, ()>> {
    let started = Instant::now();
    loop {
        match WORK.try_write() {
            Ok(guard) => return Some(guard),
            Err(TryLockError::Poisoned(poisoned)) => return Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) if started.elapsed() > PATIENCE => return None,
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_micros(20)),
        }
    }
}
