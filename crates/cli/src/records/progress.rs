//! A bar on stderr, where something takes long and people wait for it.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// How long people wait without being told.
const PATIENCE: Duration = Duration::from_secs(1);

pub(crate) struct Progress {
    started: Instant,
    files: usize,
    /// What is done to them.
    doing: &'static str,
    /// Files of earlier parts of the work.
    pub(super) done: usize,
    bar: Option<ProgressBar>,
}

impl Progress {
    pub(super) fn of(files: usize) -> Self {
        Progress { started: Instant::now(), files, doing: "reading", done: 0, bar: None }
    }

    /// Of questions, each of which takes a while.
    pub(crate) fn of_questions(questions: usize) -> Self {
        let mut progress = Progress::of(questions);
        progress.doing = "asking";
        progress.bar = Some(new_bar(questions, progress.doing));
        progress
    }

    /// Shows that so many are done.
    pub(crate) fn show_at(&mut self, done: usize) {
        if let Some(bar) = &self.bar {
            bar.set_position(done as u64);
        }
    }

    /// Shows that so many files of this part are taken.
    pub(super) fn show(&mut self, taken: usize) {
        if self.started.elapsed() >= PATIENCE {
            self.bar.get_or_insert_with(|| new_bar(self.files, self.doing)).set_position((self.done + taken) as u64);
        }
    }

    /// Does something that may write to the terminal as well.
    pub(crate) fn aside<T>(&self, work: impl FnOnce() -> T) -> T {
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

/// Nothing is drawn where stderr is no terminal.
fn new_bar(files: usize, doing: &str) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(files as u64), ProgressDrawTarget::stderr());
    match ProgressStyle::with_template(&format!("{doing} {{bar:40}} {{pos}} of {{len}}, {{eta}} left")) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
