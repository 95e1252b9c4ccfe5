//! The clock of the trail. Each event reads it, so it is fast; ticks are converted to seconds when a failure occurs.
//!
//! Asking the system for the time takes 17 to 25 ns, as long as all other work for an event. If the kernel itself keeps
//! time by the processor's time-stamp counter, this clock reads that counter, which takes a third of the time. Two
//! readings of both clocks convert ticks to time, so the rate of the counter need not be known.
#![allow(unsafe_code)]

use std::sync::LazyLock;
#[cfg(all(target_arch = "x86_64", not(miri)))]
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// The source of ticks. It is chosen once, before the first tick, and is the same for the whole process.
static SOURCE: LazyLock<Source> = LazyLock::new(Source::choose);

#[derive(Clone, Copy, Debug)]
enum Source {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    TimeStampCounter,
    /// Nanoseconds since this moment.
    System(Instant),
}

impl Source {
    fn choose() -> Self {
        #[cfg(all(target_arch = "x86_64", not(miri)))]
        if kernel_trusts_counter() {
            return Source::TimeStampCounter;
        }
        Source::System(Instant::now())
    }
}

/// Returns true if the kernel uses the counter. It does so only if the counter is synchronous and has a constant rate.
#[cfg(all(target_arch = "x86_64", not(miri)))]
fn kernel_trusts_counter() -> bool {
    let source = std::fs::read_to_string("/sys/devices/system/clocksource/clocksource0/current_clocksource");
    source.is_ok_and(|source| source.trim() == "tsc")
}

/// True if the counter is the source. This is faster to read than `SOURCE`.
#[cfg(all(target_arch = "x86_64", not(miri)))]
static IS_COUNTER: AtomicBool = AtomicBool::new(false);

/// Chooses the source. A fork during the choice would block a child forever.
pub(crate) fn prepare() {
    LazyLock::force(&SOURCE);
}

/// Returns the current tick.
#[inline]
pub(crate) fn tick() -> u64 {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    if IS_COUNTER.load(Ordering::Relaxed) {
        return counter();
    }
    tick_of_source()
}

#[cold]
fn tick_of_source() -> u64 {
    match *SOURCE {
        #[cfg(all(target_arch = "x86_64", not(miri)))]
        Source::TimeStampCounter => {
            IS_COUNTER.store(true, Ordering::Relaxed);
            counter()
        }
        Source::System(start) => start.elapsed().as_nanos() as u64,
    }
}

#[cfg(all(target_arch = "x86_64", not(miri)))]
#[inline]
fn counter() -> u64 {
    // SAFETY: every x86-64 processor has this instruction. It reads a register and touches no memory. If the system
    // forbids it to a process, the kernel's own clock does not work in that process either.
    unsafe { core::arch::x86_64::_rdtsc() }
}

/// A moment on the clock of the trail and on the system clock.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading {
    tick: u64,
    at: Instant,
}

impl Reading {
    /// Reads both clocks. It keeps the closest of a few pairs, because the thread may be interrupted between two reads.
    pub(crate) fn now() -> Self {
        let pair = || {
            let at = Instant::now();
            let tick = tick();
            (at.elapsed(), Reading { tick, at })
        };
        let mut closest = pair();
        for _ in 0..3 {
            if closest.0 < Duration::from_micros(1) {
                break;
            }
            let again = pair();
            if again.0 < closest.0 {
                closest = again;
            }
        }
        closest.1
    }

    pub(crate) fn at(self) -> Instant {
        self.at
    }

    /// Returns the time from this moment to a tick before `later`. The result is between zero and the time to `later`.
    pub(crate) fn until(self, tick: u64, later: Reading) -> Duration {
        let between = later.at.saturating_duration_since(self.at);
        let ticks = later.tick.saturating_sub(self.tick).max(1);
        let passed = tick.saturating_sub(self.tick).min(ticks);
        between.mul_f64(passed as f64 / ticks as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg_attr(miri, ignore = "it takes miri longer to read a clock than the clocks may differ")]
    fn ticks_become_time() {
        let start = Reading::now();
        std::thread::sleep(Duration::from_millis(20));
        let (before, middle, after) = (start.at.elapsed(), tick(), start.at.elapsed());
        std::thread::sleep(Duration::from_millis(20));
        let end = Reading::now();
        let measured = start.until(middle, end);
        let error = Duration::from_millis(1);
        assert!(
            before.saturating_sub(error) <= measured && measured <= after + error,
            "{before:?} {measured:?} {after:?}"
        );
        assert_eq!(start.until(0, end), Duration::ZERO);
        assert_eq!(start.until(u64::MAX, end), end.at - start.at);
    }
}
