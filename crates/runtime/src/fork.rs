//! Forks: a number that changes in the child, and a pause of other threads before the fork.
//!
//! A child of `fork` has one thread and every lock that the other threads of its parent held. Nobody unlocks these. The
//! module therefore offers two things. [`generation`] tells a process from its parent, so that [`sync::Mutex`] recognises a
//! lock that a thread of the parent holds. And the handler that runs before a fork waits a moment until our locks are free,
//! so that a child nearly always inherits free locks and consistent data.
//!
//! [`sync::Mutex`]: crate::sync::Mutex
#![cfg_attr(unix, allow(unsafe_code))]

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use crate::sync::Renewable;
#[cfg(unix)]
use crate::{background, payload::caught};

/// How long a fork waits for our locks. A thread holds them for some microseconds.
const LONGEST_WAIT: Duration = Duration::from_millis(20);

/// How long a thread waits for forks to finish before it takes a lock.
const LONGEST_PAUSE: Duration = Duration::from_millis(100);

/// The number of forks between the process that loaded this library and this process.
static GENERATION: AtomicU64 = AtomicU64::new(0);

/// The process that [`GENERATION`] belongs to. 0 before the first [`watch`].
static PROCESS: AtomicU32 = AtomicU32::new(0);

/// Threads that are about to fork.
static FORKING: AtomicU32 = AtomicU32::new(0);

/// Everything that owns locks and is in use.
static OWNERS: Renewable<Option<Vec<Weak<dyn Locks>>>> = Renewable::none();

/// An owner of locks.
pub(crate) trait Locks: Send + Sync {
    /// Returns true if nobody holds any of them.
    fn are_free(&self) -> bool;
}

/// A number that differs between a process and its children, and between these and their children.
#[inline]
pub(crate) fn generation() -> u64 {
    GENERATION.load(Ordering::Relaxed)
}

/// Returns true if a thread is about to fork. Whoever takes a lock then lets it go and calls [`wait`].
#[inline]
pub(crate) fn is_near() -> bool {
    FORKING.load(Ordering::SeqCst) > 0
}

/// Waits until the fork is done, or for [`LONGEST_PAUSE`].
#[cold]
pub(crate) fn wait() {
    let started = Instant::now();
    while is_near() && started.elapsed() < LONGEST_PAUSE {
        std::thread::sleep(Duration::from_micros(20));
    }
}

/// Recognises forks from now on. Further calls do nothing.
pub(crate) fn watch() {
    static WATCHED: AtomicBool = AtomicBool::new(false);
    if WATCHED.swap(true, Ordering::Relaxed) {
        return;
    }
    PROCESS.store(std::process::id(), Ordering::Relaxed);
    #[cfg(unix)]
    // SAFETY: the handlers are functions of this library with the signature that the system asks for. They do not unwind:
    // nothing in them panics. The handler of the child uses atomics and asks for the process id, both of which are allowed
    // after a fork of a process with several threads. Where the call fails, `notice` takes the handlers' place.
    let _ = unsafe { libc::pthread_atfork(Some(before_fork), Some(after_fork), Some(after_fork_in_child)) };
}

/// Makes forks wait for these locks.
pub(crate) fn spare(owner: Weak<dyn Locks>) {
    watch();
    if let Some(mut owners) = OWNERS.lock() {
        let owners = owners.get_or_insert_default();
        owners.retain(|owner| owner.strong_count() > 0);
        owners.push(owner);
    }
}

/// Compares the process id, for children whose parent forked without running handlers (`_Fork`, `clone`). It takes 70 ns.
pub(crate) fn notice() {
    watch();
    let process = std::process::id();
    if PROCESS.swap(process, Ordering::Relaxed) != process {
        GENERATION.fetch_add(1, Ordering::Relaxed);
    }
}

#[cfg(unix)]
extern "C" fn before_fork() {
    // A thread gets its number from `thread_local` when it first looks at its spans. In a child, that could wait for
    // ever.
    let _ = caught(|| tracing::dispatcher::get_default(|dispatch| dispatch.current_span().id().is_some()));
    FORKING.fetch_add(1, Ordering::SeqCst);
    let started = Instant::now();
    while !all_free() && started.elapsed() < LONGEST_WAIT {
        std::thread::yield_now();
    }
}

#[cfg(unix)]
extern "C" fn after_fork() {
    // A handler that was installed during a fork has seen no beginning of it.
    let _ = FORKING.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |forking| forking.checked_sub(1));
}

#[cfg(unix)]
extern "C" fn after_fork_in_child() {
    FORKING.store(0, Ordering::SeqCst);
    background::after_fork_in_child();
    PROCESS.store(std::process::id(), Ordering::Relaxed);
    GENERATION.fetch_add(1, Ordering::Relaxed);
}

#[cfg(unix)]
fn all_free() -> bool {
    let Some(owners) = OWNERS.try_lock() else { return false };
    background::has_all_started() && crate::capture::static_locks_are_free() && owners.iter().flatten().all(is_free)
}

#[cfg(unix)]
fn is_free(owner: &Weak<dyn Locks>) -> bool {
    let Some(owner) = owner.upgrade() else { return true };
    let is_free = owner.are_free();
    // The last reference would run the owner's destructor, which writes files. It is leaked instead.
    if Arc::strong_count(&owner) == 1 {
        std::mem::forget(owner);
    }
    is_free
}
