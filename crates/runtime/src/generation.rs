//! The generation of a process, and the detection of imminent forks.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Maximum time that a thread waits for a fork before it takes a lock.
const FORK_TIMEOUT: Duration = Duration::from_millis(100);

/// The number of forks between the process that loaded this library and this process.
pub(crate) static GENERATION: AtomicU64 = AtomicU64::new(0);

/// Number of threads that are about to fork.
pub(crate) static FORKING: AtomicU32 = AtomicU32::new(0);

/// Returns the generation of this process: the number of forks between the process that loaded the library and this
/// one.
///
/// ```
/// assert_eq!(tracing_failure_runtime::fork::generation(), 0);
/// ```
#[inline]
pub fn generation() -> u64 {
    GENERATION.load(Ordering::Relaxed)
}

/// Returns true if a thread is about to fork. A thread that has just taken a lock then releases it and calls [`wait`].
///
/// ```
/// assert!(!tracing_failure_runtime::fork::is_near());
/// ```
#[inline]
pub fn is_near() -> bool {
    FORKING.load(Ordering::SeqCst) > 0
}

/// Waits until the fork is done, for at most 100 ms.
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
