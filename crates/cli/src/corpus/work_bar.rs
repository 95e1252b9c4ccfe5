//! A progress bar on stderr for work that takes longer than a second.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Time after which the bar appears.
const SHOW_DELAY: Duration = Duration::from_secs(1);

pub(crate) struct WorkBar {
    work: &'static str,
    started: Instant,
    bar: Option<ProgressBar>,
}

impl WorkBar {
    /// Prepares a bar. `work` names the work: `reading`.
    pub(crate) fn new(work: &'static str) -> Self {
        WorkBar { work, started: Instant::now(), bar: None }
    }

    pub(crate) fn update(&mut self, done: u64, total: u64) {
        if self.started.elapsed() < SHOW_DELAY {
            return;
        }
        let bar = self.bar.get_or_insert_with(|| {
            // Nothing is drawn if stderr is not a terminal.
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            match ProgressStyle::with_template("{prefix} {bar:40} {percent} %, {eta} left") {
                Ok(style) => bar.with_style(style).with_prefix(self.work),
                Err(_) => bar,
            }
        });
        bar.set_length(total);
        bar.set_position(done);
    }
}

impl Drop for WorkBar {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
