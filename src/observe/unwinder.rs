//! Access to the `backtrace` crate, which uses a global lock and aborts if an allocation fails.
//!
//! The crate takes that lock both to walk a stack and to name an address. Naming the first address reads the debug
//! information: 0.15 s in a program of 70 MB, a second if other programs need the processors. This module therefore
//! releases its own lock after each address, and a thread that fails meanwhile waits for [`TURN_TIMEOUT`] at most. If
//! that is too short, its record has no stack and gives the reason.
//!
//! If a process forks while another thread is in the crate, the child inherits a lock that is never released. The lock
//! of this module shows whether one of its own threads was there. Another user of the crate, such as color-eyre, may
//! have been there as well. To find out, a child makes one attempt on a separate thread, and waits for
//! [`ATTEMPT_TIMEOUT`] at most.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use runtime::background;
use runtime::fork;
use runtime::lock::{LockGuard, Mutex};

/// The reason why a record of a forked child has no stack.
const LOCKED_BY_FORK: &str =
    "not captured: this process was forked while another thread captured a stack, whose lock is never released";

/// The reason why a record has no stack if another thread kept the unwinder busy.
pub(crate) const BUSY: &str =
    "not captured: another thread was reading debug information, under a lock that stacks need too";

/// The reason why a record has no names: it is written before the debug information is read.
pub(crate) const UNREAD: &str =
    "addresses without names: the debug information is being read, or the program ended before it was";

/// The reason why a record has no names if memory is short.
pub(crate) const TOO_LITTLE_MEMORY: &str =
    "addresses without names: too little memory is left to read the debug information";

/// Maximum time that a forked child waits for the attempt.
const ATTEMPT_TIMEOUT: Duration = Duration::from_millis(300);

/// Maximum time that a failing thread waits for other threads, so that it continues within a second.
pub(crate) const TURN_TIMEOUT: Duration = Duration::from_millis(900);

/// Memory for reading debug information, in addition to twice the size of the program.
const READING_MEMORY_BYTES: usize = 128 << 20;

/// Locked by the thread that uses the `backtrace` crate.
static IN_USE: Mutex<()> = Mutex::new(());

/// The last generation of the process that started the attempt, and the last one in which it succeeded. The first
/// generation needs no attempt.
static ATTEMPTED: AtomicU64 = AtomicU64::new(0);
static USABLE: AtomicU64 = AtomicU64::new(0);

/// Locks the `backtrace` crate for calls.
///
/// # Errors
///
/// Returns an error if the call could block forever, or if other threads take longer than `turn`.
pub(crate) fn enter(turn: Duration) -> Result<LockGuard<'static, ()>, &'static str> {
    let started = Instant::now();
    if IN_USE.is_dead() || !is_usable() {
        return Err(LOCKED_BY_FORK);
    }
    IN_USE.lock_within(turn.saturating_sub(started.elapsed())).ok_or(BUSY)
}

pub(crate) fn is_free() -> bool {
    IN_USE.is_free()
}

/// Returns true if the lock of the `backtrace` crate was free when this process was forked.
fn is_usable() -> bool {
    let generation = fork::generation();
    if USABLE.load(Ordering::Acquire) == generation {
        return true;
    }
    if ATTEMPTED.swap(generation, Ordering::Relaxed) == generation {
        // Another thread waits for the attempt, or the attempt timed out.
        return false;
    }
    let started = Instant::now();
    let attempt = background::run(move || {
        backtrace::trace(|_| false);
        USABLE.store(generation, Ordering::Release);
    });
    let is_attempted = attempt.is_ok();
    while is_attempted && USABLE.load(Ordering::Acquire) != generation && started.elapsed() < ATTEMPT_TIMEOUT {
        std::thread::sleep(Duration::from_micros(50));
    }
    USABLE.load(Ordering::Acquire) == generation
}

/// Returns true if there is enough memory to read the debug information. An allocation that fails there aborts the
/// process.
pub(crate) fn has_memory() -> bool {
    let program = std::env::current_exe().and_then(std::fs::metadata).map_or(0, |file| file.len() as usize);
    let mut memory = Vec::<u8>::new();
    memory.try_reserve_exact(program.saturating_mul(2).saturating_add(READING_MEMORY_BYTES)).is_ok()
}
