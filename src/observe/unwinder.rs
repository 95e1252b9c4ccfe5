//! Access to the `backtrace` crate, which works under one lock of its own and allocates without asking.
//!
//! The crate takes that lock to walk a stack as well as to name an address. The first address that it names makes it
//! read the debug information: 0.15 s in a program of 70 MB, a second where other programs need the processors. So our
//! lock is given back after each address, and a thread that fails meanwhile waits for [`TURN`] at most. If that is too
//! short, its record has no stack, and says why.
//!
//! A fork leaves that lock locked where another thread is in it, and the child would wait for it for ever. Our own lock around
//! all of our calls shows whether one of our threads was in there. Whether another user of the crate was, such as color-eyre,
//! only an attempt can show: a child makes it once, on a thread that nobody waits for longer than [`ATTEMPT`].

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use runtime::background;
use runtime::fork;
use runtime::lock::{Guard, Mutex};

/// Why a record of a forked child has no stack.
const LOCKED_BY_FORK: &str =
    "not captured: this process was forked while another thread captured a stack, whose lock is never released";

/// Why it has none where another thread kept the unwinder busy.
pub(crate) const BUSY: &str =
    "not captured: another thread was reading debug information, under a lock that stacks need too";

/// Why a record has addresses in place of names: it is written before the debug information is read.
pub(crate) const UNREAD: &str =
    "addresses without names: the debug information is being read, or the program ended before it was";

/// The same where it is not read at all.
pub(crate) const TOO_LITTLE_MEMORY: &str =
    "addresses without names: too little memory is left to read the debug information";

/// How long a forked child waits for the attempt.
const ATTEMPT: Duration = Duration::from_millis(300);

/// How long a failing thread waits for the others: it goes on within a second.
pub(crate) const TURN: Duration = Duration::from_millis(900);

/// Memory that reading debug information needs besides the program's file itself.
const MEMORY: usize = 128 << 20;

/// Threads of ours in the `backtrace` crate: one at a time.
static IN_USE: Mutex<()> = Mutex::new(());

/// The last generation of the process in which the attempt was begun, and the one in which it succeeded. The process that
/// forks are counted from needs none.
static ATTEMPTED: AtomicU64 = AtomicU64::new(0);
static USABLE: AtomicU64 = AtomicU64::new(0);

/// Permission to call the `backtrace` crate.
///
/// # Errors
///
/// If the call could block for ever, or the others take longer than this.
pub(crate) fn enter(turn: Duration) -> Result<Guard<'static, ()>, &'static str> {
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
        // Another thread waits for the attempt, or has given it up.
        return false;
    }
    let attempt = move || {
        backtrace::trace(|_| false);
        USABLE.store(generation, Ordering::Release);
    };
    let started = Instant::now();
    let is_attempted = background::run(attempt).is_ok();
    while is_attempted && USABLE.load(Ordering::Acquire) != generation && started.elapsed() < ATTEMPT {
        std::thread::sleep(Duration::from_micros(50));
    }
    USABLE.load(Ordering::Acquire) == generation
}

/// Returns true if there is enough memory to read the debug information. An allocation that fails there aborts the process.
pub(crate) fn has_memory() -> bool {
    let program = std::env::current_exe().and_then(std::fs::metadata).map_or(0, |file| file.len() as usize);
    let mut memory = Vec::<u8>::new();
    memory.try_reserve_exact(program.saturating_mul(2).saturating_add(MEMORY)).is_ok()
}
