//! The clock of the trail: read for every event, so it has to be quick; seconds are made of it when something failed.
//!
//! Asking the system takes 17 to 25 ns, as long as everything else that is done for an event. Where the kernel itself
//! keeps time by the processor's time-stamp counter, that counter is read instead, in a third of the time. Counts are
//! turned into time between two readings of both clocks, so that no rate has to be known or measured beforehand.
#![allow(unsafe_code)]

use std::sync::LazyLock;
#[cfg(all(target_arch = "x86_64", not(miri)))]
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Which clock ticks. It is chosen once, before the first tick, and the same for the whole process.
static SOURCE: LazyLock<Source> = LazyLock::new(Source::choose);

#[derive(Clone, Copy, Debug)]
enum Source {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    TimeStampCounter,
    /// Nanoseconds since then.
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

/// The kernel uses the counter only where it is synchronous over all processors and of a constant rate.
#[cfg(all(target_arch = "x86_64", not(miri)))]
fn kernel_trusts_counter() -> bool {
    let source = std::fs::read_to_string("/sys/devices/system/clocksource/clocksource0/current_clocksource");
    source.is_ok_and(|source| source.trim() == "tsc")
}

/// Whether the counter is known to be the source: the quick way to it.
#[cfg(all(target_arch = "x86_64", not(miri)))]
static IS_COUNTER: AtomicBool = AtomicBool::new(false);

/// Chooses the source now. A fork in the middle of that would leave a child waiting for it for ever.
pub(crate) fn prepare() {
    LazyLock::force(&SOURCE);
}

/// Ticks of the clock.
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
    // SAFETY: the instruction is part of every x86-64 processor. It reads a register and touches no memory. A process to
    // which the system forbids it would find its kernel's own clock, which uses it in the process as well, forbidden.
    unsafe { core::arch::x86_64::_rdtsc() }
}

/// A moment, by the clock of the trail and by the system's.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading {
    tick: u64,
    at: Instant,
}

impl Reading {
    /// Reads both clocks at once: the closest of a few pairs, since the thread may be interrupted in between.
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

    /// The time from here to a tick that came before `later`. It is never outside of the two.
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
        let told = start.until(middle, end);
        let error = Duration::from_millis(1);
        assert!(before.saturating_sub(error) <= told && told <= after + error, "{before:?} {told:?} {after:?}");
        assert_eq!(start.until(0, end), Duration::ZERO);
        assert_eq!(start.until(u64::MAX, end), end.at - start.at);
    }
}
