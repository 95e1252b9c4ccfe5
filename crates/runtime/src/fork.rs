//! Detects forks, and pauses other threads before a fork.
//!
//! A child of `fork` has one thread, but inherits every lock that other threads of its parent held. These locks are
//! never released. The module therefore offers two things. [`generation`] tells a process from its parent, so that
//! [`lock::Mutex`] recognises a lock that a thread of the parent holds. The handler that runs before a fork waits
//! briefly until the locks of the recorder are free, so that a child nearly always inherits free locks and consistent
//! data.
//!
//! [`lock::Mutex`]: crate::lock::Mutex
#![cfg_attr(unix, allow(unsafe_code))]

#[cfg(unix)]
use std::sync::Arc;
use std::sync::Weak;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
#[cfg(unix)]
use std::time::{Duration, Instant};

#[cfg(unix)]
use crate::generation::FORKING;
use crate::generation::GENERATION;
pub use crate::generation::{generation, is_near, wait};
use crate::lock::Renewable;
#[cfg(unix)]
use crate::{background, unwind::catch_panic};

/// Maximum time that a fork waits for the locks of the recorder. A thread holds them for some microseconds.
#[cfg(unix)]
const FREE_LOCKS_TIMEOUT: Duration = Duration::from_millis(20);

/// The process that the generation belongs to. 0 before the first [`watch`].
static PROCESS: AtomicU32 = AtomicU32::new(0);

/// The owners of locks that are in use.
static OWNERS: Renewable<Option<Vec<Weak<dyn Locks>>>> = Renewable::none();

/// The function that the forking thread calls before a fork.
static PREPARATION: Renewable<Option<fn()>> = Renewable::none();

/// An owner of locks. [`register`] makes forks wait for them.
///
/// ```
/// use tracing_failure_runtime::fork::Locks;
/// use tracing_failure_runtime::lock::Mutex;
///
/// struct Cache(Mutex<Vec<u64>>);
///
/// impl Locks for Cache {
///     fn are_free(&self) -> bool {
///         self.0.is_free()
///     }
/// }
///
/// let cache = Cache(Mutex::default());
/// let guard = cache.0.lock();
/// assert!(!cache.are_free());
/// drop(guard);
/// assert!(cache.are_free());
/// ```
pub trait Locks: Send + Sync {
    /// Returns true if no thread holds any of the locks. The example of [`Locks`] implements it.
    fn are_free(&self) -> bool;
}

/// Installs the fork handlers. Further calls do nothing.
///
/// ```
/// tracing_failure_runtime::fork::watch();
/// ```
pub fn watch() {
    static WATCHED: AtomicBool = AtomicBool::new(false);
    if WATCHED.swap(true, Ordering::Relaxed) {
        return;
    }
    PROCESS.store(std::process::id(), Ordering::Relaxed);
    #[cfg(unix)]
    // SAFETY: the handlers are functions of this library with the signature that the system asks for. They do not
    // unwind: nothing in them panics. The handler of the child uses atomics and asks for the process id, both of which
    // are allowed after a fork of a process with several threads. Where the call fails, `detect` takes the handlers'
    // place.
    let _ = unsafe { libc::pthread_atfork(Some(before_fork), Some(after_fork), Some(after_fork_in_child)) };
}

/// Sets the function that the forking thread calls before each fork. It replaces the function that was set before.
///
/// ```
/// tracing_failure_runtime::fork::prepare_with(|| ());
/// ```
pub fn prepare_with(prepare: fn()) {
    watch();
    if let Some(mut preparation) = PREPARATION.lock() {
        *preparation = Some(prepare);
    }
}

/// Makes forks wait for these locks.
///
/// ```
/// use std::sync::{Arc, Mutex, Weak};
/// use tracing_failure_runtime::fork::{Locks, register};
///
/// struct Cache(Mutex<Vec<u64>>);
///
/// impl Locks for Cache {
///     fn are_free(&self) -> bool {
///         self.0.try_lock().is_ok()
///     }
/// }
///
/// let cache: Arc<dyn Locks> = Arc::new(Cache(Mutex::default()));
/// register(Arc::downgrade(&cache));
/// ```
pub fn register(owner: Weak<dyn Locks>) {
    watch();
    if let Some(mut owners) = OWNERS.lock() {
        let owners = owners.get_or_insert_default();
        owners.retain(|owner| owner.strong_count() > 0);
        owners.push(owner);
    }
}

/// Compares the process id, for children whose parent forked without running handlers (`_Fork`, `clone`). It takes 70
/// ns.
///
/// ```
/// tracing_failure_runtime::fork::detect();
/// ```
pub fn detect() {
    watch();
    let process = std::process::id();
    if PROCESS.swap(process, Ordering::Relaxed) != process {
        GENERATION.fetch_add(1, Ordering::Relaxed);
    }
}

#[cfg(unix)]
extern "C" fn before_fork() {
    let prepare = PREPARATION.try_lock().and_then(|prepare| *prepare);
    let _ = prepare.map(catch_panic);
    FORKING.fetch_add(1, Ordering::SeqCst);
    let started = Instant::now();
    while !are_all_free() && started.elapsed() < FREE_LOCKS_TIMEOUT {
        std::thread::yield_now();
    }
}

#[cfg(unix)]
extern "C" fn after_fork() {
    // A handler that was installed during a fork did not run at its beginning.
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
fn are_all_free() -> bool {
    let Some(owners) = OWNERS.try_lock() else { return false };
    background::have_all_started() && owners.iter().flatten().all(is_free)
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
