//! The progress of a sweep, as one line in a terminal.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::Thread;
use std::time::{Duration, Instant};

use runtime::stderr;

/// Time between two updates of the line.
const UPDATE_INTERVAL: Duration = Duration::from_millis(200);

/// True while a sweep shows its line. A sweep inside it shows none.
static IS_SHOWN: AtomicBool = AtomicBool::new(false);

/// Counts the runs of a sweep.
#[derive(Debug)]
pub(super) struct SweepProgress {
    total: usize,
    done: AtomicUsize,
    failed: AtomicUsize,
    started: Instant,
}

impl SweepProgress {
    pub(super) fn new(total: usize) -> Self {
        SweepProgress { total, done: AtomicUsize::new(0), failed: AtomicUsize::new(0), started: Instant::now() }
    }

    pub(super) fn count(&self, is_failure: bool) {
        self.failed.fetch_add(usize::from(is_failure), Ordering::Relaxed);
        self.done.fetch_add(1, Ordering::Relaxed);
    }

    fn is_complete(&self) -> bool {
        self.done.load(Ordering::Relaxed) >= self.total
    }

    /// Waits. Returns false as soon as the sweep is complete.
    fn wait(&self, timeout: Duration) -> bool {
        let deadline = Instant::now() + timeout;
        // Other code may unpark the thread too.
        while let Some(left) = deadline.checked_duration_since(Instant::now())
            && !self.is_complete()
        {
            std::thread::park_timeout(left);
        }
        !self.is_complete()
    }

    /// Returns the line, without a line break.
    fn line(&self) -> String {
        let done = self.done.load(Ordering::Relaxed);
        describe(done, self.failed.load(Ordering::Relaxed), self.total, self.started.elapsed())
    }
}

fn describe(done: usize, failed: usize, total: usize, elapsed: Duration) -> String {
    let mut line = format!("sweep: {done}/{total} runs, {failed} failed, {}", duration(elapsed));
    if (1..total).contains(&done) {
        // The average also counts the runs that failed early.
        let remaining = elapsed.mul_f64((total - done) as f64 / done as f64);
        line += &format!(", about {} left", duration(remaining));
    }
    line
}

/// Returns a duration as `45 s`, `3 min 20 s` or `2 h 5 min`.
fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
    }
}

/// The right to show the line.
#[derive(Debug)]
pub(super) struct ProgressLine(());

impl ProgressLine {
    /// Returns `None` if standard error is not a terminal, or if another sweep shows its line.
    pub(super) fn claim() -> Option<Self> {
        (std::io::stderr().is_terminal() && !IS_SHOWN.swap(true, Ordering::Relaxed)).then(|| ProgressLine(()))
    }

    /// Updates the line until the sweep is complete.
    pub(super) fn show(self, progress: &SweepProgress) {
        let mut is_visible = false;
        while progress.wait(UPDATE_INTERVAL) {
            is_visible |= stderr::set_status(progress.line()).is_ok();
        }
        if is_visible {
            let _ = stderr::set_status(String::new());
            stderr::print(format_args!("{}", progress.line()));
        }
    }
}

impl Drop for ProgressLine {
    fn drop(&mut self) {
        IS_SHOWN.store(false, Ordering::Relaxed);
    }
}

/// Ends the display of the line when it is dropped, also if the sweep panics.
#[derive(Debug)]
pub(super) struct ProgressEnd<'a> {
    pub(super) progress: &'a SweepProgress,
    pub(super) display: Option<Thread>,
}

impl Drop for ProgressEnd<'_> {
    fn drop(&mut self) {
        self.progress.done.fetch_max(self.progress.total, Ordering::Relaxed);
        if let Some(display) = &self.display {
            display.unpark();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_has_the_counts_and_the_times() {
        let line = |done, elapsed| describe(done, 3, 8000, Duration::from_secs(elapsed));
        assert_eq!(line(0, 0), "sweep: 0/8000 runs, 3 failed, 0 s");
        assert_eq!(line(2000, 20), "sweep: 2000/8000 runs, 3 failed, 20 s, about 1 min 0 s left");
        assert_eq!(line(4000, 7500), "sweep: 4000/8000 runs, 3 failed, 2 h 5 min, about 2 h 5 min left");
        assert_eq!(line(8000, 65), "sweep: 8000/8000 runs, 3 failed, 1 min 5 s");
    }

    #[test]
    fn the_line_fits_into_a_terminal() {
        let line = describe(9_999_998, 9_999_998, 9_999_999, Duration::from_secs(999 * 3600));
        assert!(line.len() < 80, "{line}");
    }
}
