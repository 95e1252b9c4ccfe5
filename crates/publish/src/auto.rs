//! Automatic publishing on a background thread. A failing computation only notifies the thread.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::error::PublishError;
use crate::outcome::{Outcome, Published};
use crate::publisher::Publisher;
use runtime::background;
use runtime::fork;
use runtime::lock::lock;
use runtime::stderr;
use runtime::unwind::catch_panic;

/// Maximum pause between failures that are pushed together.
const DEBOUNCE: Duration = Duration::from_secs(2);

/// Maximum delay of a push after the first failure.
const MAX_DELAY: Duration = Duration::from_secs(30);

/// Maximum time to terminate a running git at shutdown.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(2);

/// Publishes in the background, soon after a record was written.
pub struct AutoPush {
    publisher: Publisher,
    /// Maximum time that the end of the program waits for a push.
    timeout: Duration,
    state: Mutex<PushState>,
    changed: Condvar,
    /// The fork generation in which `state` stays locked because the parent was forked while a thread held the lock.
    poisoned_generation: AtomicU64,
    pushes: AtomicU64,
    failures: AtomicU64,
    has_reported_problem: AtomicBool,
    has_reported_secrets: AtomicBool,
}

#[derive(Default)]
struct PushState {
    /// The times of the first and the last failure that are not pushed yet.
    pending: Option<(Instant, Instant)>,
    is_pushing: bool,
    /// True while a caller waits for the push.
    is_urgent: bool,
    /// The id of the process that has the worker thread. A forked child has none.
    worker_pid: Option<u32>,
}

impl PushState {
    /// Returns the time until the next push, or `None` if no failure is pending.
    fn delay(&self, now: Instant) -> Option<Duration> {
        let (first, last) = self.pending?;
        let due = if self.is_urgent { now } else { (last + DEBOUNCE).min(first + MAX_DELAY) };
        Some(due.saturating_duration_since(now))
    }

    fn is_idle(&self) -> bool {
        self.pending.is_none() && !self.is_pushing
    }
}

impl AutoPush {
    /// Creates an idle pusher. The end of the program waits up to `timeout` for a push.
    pub fn new(publisher: Publisher, timeout: Duration) -> Arc<Self> {
        Arc::new(AutoPush {
            publisher,
            timeout,
            state: Mutex::default(),
            changed: Condvar::new(),
            poisoned_generation: AtomicU64::new(u64::MAX),
            pushes: AtomicU64::new(0),
            failures: AtomicU64::new(0),
            has_reported_problem: AtomicBool::new(false),
            has_reported_secrets: AtomicBool::new(false),
        })
    }

    /// Locks the state. Waits only once for a lock that a fork left locked.
    fn state(&self) -> Option<MutexGuard<'_, PushState>> {
        let generation = fork::generation();
        if self.poisoned_generation.load(Ordering::Relaxed) == generation {
            return None;
        }
        let state = lock(&self.state);
        if state.is_none() && generation > 0 {
            self.poisoned_generation.store(generation, Ordering::Relaxed);
        }
        state
    }

    /// Schedules a push, because there is a new record.
    pub fn notify(self: &Arc<Self>) {
        let Some(mut state) = self.state() else { return };
        let pid = std::process::id();
        if state.worker_pid != Some(pid) {
            *state = PushState { worker_pid: self.start_worker().then_some(pid), ..PushState::default() };
        }
        if state.worker_pid.is_some() {
            let now = Instant::now();
            state.pending = Some((state.pending.map_or(now, |(first, _)| first), now));
            self.changed.notify_all();
        }
    }

    /// Pushes pending records at once, and waits up to the timeout. Returns true if nothing is pending any more.
    pub fn finish(&self) -> bool {
        let is_done = self.wait_for_end(self.timeout);
        if !is_done {
            let after = self.timeout.as_secs_f32();
            self.report_once(
                &self.has_reported_problem,
                format_args!("not done within {after} s; the next push includes the records"),
            );
        }
        is_done
    }

    /// Like [`finish`](Self::finish), but terminates a git that is still running after the timeout.
    pub fn shut_down(&self) {
        if !self.finish() {
            self.publisher.cancelled.store(true, Ordering::Relaxed);
            self.wait_for_end(SHUTDOWN_GRACE);
            self.publisher.cancelled.store(false, Ordering::Relaxed);
        }
    }

    fn wait_for_end(&self, timeout: Duration) -> bool {
        let started = Instant::now();
        let Some(mut state) = self.state() else { return true };
        if state.worker_pid != Some(std::process::id()) {
            return true;
        }
        state.is_urgent = true;
        self.changed.notify_all();
        while !state.is_idle() && started.elapsed() < timeout {
            state = self.wait(state, timeout.saturating_sub(started.elapsed()));
        }
        state.is_urgent = false;
        state.is_idle()
    }

    /// Returns the number of pushes that reached the remote, and of those that failed.
    pub fn counts(&self) -> (u64, u64) {
        (self.pushes.load(Ordering::Relaxed), self.failures.load(Ordering::Relaxed))
    }

    fn start_worker(self: &Arc<Self>) -> bool {
        let auto = Arc::clone(self);
        let spawned = background::spawn("failure-push", background::STACK_SIZE, move || while auto.push_next() {});
        spawned.is_ok()
    }

    /// Waits until the next push is due, and does it. Returns false if no failure is pending, so that the thread ends.
    fn push_next(&self) -> bool {
        let Some(mut state) = self.state() else { return false };
        loop {
            match state.delay(Instant::now()) {
                None => {
                    state.worker_pid = None;
                    self.changed.notify_all();
                    return false;
                }
                Some(Duration::ZERO) => break,
                Some(pause) => state = self.wait(state, pause),
            }
        }
        state.pending = None;
        state.is_pushing = true;
        drop(state);
        // A panic fails this push only.
        let result = catch_panic(|| self.publisher.publish());
        self.report(result.ok());
        if let Some(mut state) = self.state() {
            state.is_pushing = false;
            self.changed.notify_all();
        }
        true
    }

    fn wait<'a>(&self, state: MutexGuard<'a, PushState>, pause: Duration) -> MutexGuard<'a, PushState> {
        self.changed.wait_timeout(state, pause).unwrap_or_else(PoisonError::into_inner).0
    }

    fn report(&self, result: Option<Result<Published, PublishError>>) {
        let problem = match result {
            Some(Ok(published)) if !published.secrets.is_empty() && published.is_done() => {
                let count = if published.outcome == Outcome::Pushed { &self.pushes } else { &self.failures };
                count.fetch_add(1, Ordering::Relaxed);
                return self.report_once(&self.has_reported_secrets, format_args!("{published}"));
            }
            Some(Ok(published)) if published.outcome == Outcome::Pushed => {
                self.pushes.fetch_add(1, Ordering::Relaxed);
                return;
            }
            Some(Ok(published)) if published.outcome == Outcome::NothingToDo => {
                if !published.ignored.is_empty() {
                    self.report_once(&self.has_reported_problem, format_args!("{published}"));
                }
                return;
            }
            Some(Ok(published)) => published.to_string(),
            Some(Err(error)) => error.to_string(),
            None => "it panicked".to_owned(),
        };
        self.failures.fetch_add(1, Ordering::Relaxed);
        self.report_once(&self.has_reported_problem, format_args!("{problem}"));
    }

    /// Prints a message unless one of its kind was printed before.
    fn report_once(&self, reported: &AtomicBool, text: std::fmt::Arguments<'_>) {
        if !reported.swap(true, Ordering::Relaxed) {
            stderr::print(format_args!(
                "tracing-failure: automatic push: {text} (reported once; Stats::pushes_failed counts failed pushes)"
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_that_follow_each_other_go_together_but_not_for_ever() {
        let start = Instant::now();
        let second = Duration::from_secs(1);
        let mut state = PushState::default();
        assert_eq!(state.delay(start), None);
        state.pending = Some((start, start));
        assert_eq!(state.delay(start + second), Some(second));
        state.pending = Some((start, start + 2 * second));
        assert_eq!(state.delay(start + 3 * second), Some(second));
        assert_eq!(state.delay(start + 4 * second), Some(Duration::ZERO));
        state.pending = Some((start, start + 29 * second));
        assert_eq!(state.delay(start + 29 * second), Some(second));
        state.is_urgent = true;
        assert_eq!(state.delay(start + 29 * second), Some(Duration::ZERO));
    }

    #[test]
    fn a_panic_or_an_error_in_the_background_is_one_failed_push() {
        let auto = AutoPush::new(Publisher::new("no/such/directory"), Duration::from_secs(60));
        auto.notify();
        assert!(auto.finish());
        auto.report(None);
        assert_eq!(auto.counts(), (0, 2));
    }
}
