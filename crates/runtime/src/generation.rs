//! The generation of a process, and forks that are about to happen.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How long a thread waits for forks to finish before it takes a lock.
const FORK_TIMEOUT: Duration = Duration::from_millis(100);

/// The number of forks between the process that loaded this library and this process.
pub(crate) static GENERATION: AtomicU64 = AtomicU64::new(0);

/// Threads that are about to fork.
pub(crate) static FORKING: AtomicU32 = AtomicU32::new(0);

/// A number that differs between a process and its children, and between these and their children.
///
/// ```
/// assert_eq!(tracing_failure_runtime::fork::generation(), 0);
/// ```
#[inline]
pub fn generation() -> u64 {
    GENERATION.load(Ordering::Relaxed)
}

/// Returns true if a thread is about to fork. Whoever takes a lock then lets it go and calls [`wait`].
///
/// ```
/// assert!(!tracing_failure_runtime::fork::is_near());
/// ```
#[inline]
pub fn is_near() -> bool {
    FORKING.load(Ordering::SeqCst) > 0
}

/// Waits until the fork is done, or for [`FORK_TIMEOUT`].
///
/// ```
/// tracing_failure_runtime::fork::wait();
/// ```
#[cold]
pub fn wait() {
    let started = Instant::now();
    while is_near() && started.elapsed() < FORK_TIMEOUT {
        std::thread::sleep(Duration::from_micros(20));
    }
}
