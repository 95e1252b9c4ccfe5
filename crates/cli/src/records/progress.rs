//! A progress bar on stderr for commands that take long.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Time after which the bar appears.
const SHOW_DELAY: Duration = Duration::from_secs(1);

pub(crate) struct Progress {
    started: Instant,
    files: usize,
    /// The verb in front of the bar.
    activity: &'static str,
    /// Number of files in the batches that are complete.
    pub(super) completed: usize,
    bar: Option<ProgressBar>,
}

impl Progress {
    pub(super) fn new(files: usize) -> Self {
        Progress { started: Instant::now(), files, activity: "reading", completed: 0, bar: None }
    }

    /// A bar that appears immediately, since each question takes seconds.
    pub(crate) fn for_questions(questions: usize) -> Self {
        let mut progress = Progress::new(questions);
        progress.activity = "asking";
        progress.bar = Some(new_bar(questions, progress.activity));
        progress
    }

    /// Sets the number of completed questions.
    pub(crate) fn set_position(&mut self, completed: usize) {
        if let Some(bar) = &self.bar {
            bar.set_position(completed as u64);
        }
    }

    /// Sets the number of files of the current batch that are taken from the queue.
    pub(super) fn update(&mut self, taken: usize) {
        if self.started.elapsed() >= SHOW_DELAY {
            self.bar
                .get_or_insert_with(|| new_bar(self.files, self.activity))
                .set_position((self.completed + taken) as u64);
        }
    }

    /// Hides the bar while `work` writes to the terminal.
    pub(crate) fn suspend<T>(&self, work: impl FnOnce() -> T) -> T {
        match &self.bar {
            Some(bar) => bar.suspend(work),
            None => work(),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// Nothing is drawn if stderr is not a terminal.
fn new_bar(files: usize, activity: &str) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(files as u64), ProgressDrawTarget::stderr());
    match ProgressStyle::with_template(&format!("{activity} {{bar:40}} {{pos}} of {{len}}, {{eta}} left")) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
