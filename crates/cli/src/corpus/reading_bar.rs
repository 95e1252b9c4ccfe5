//! A progress bar on stderr for reading that takes longer than a second.

use std::time::{Duration, Instant};

use ::corpus::ReadProgress;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Time after which the bar appears.
const SHOW_DELAY: Duration = Duration::from_secs(1);

pub(super) struct ReadingBar {
    started: Instant,
    bar: Option<ProgressBar>,
}

impl Default for ReadingBar {
    fn default() -> Self {
        ReadingBar { started: Instant::now(), bar: None }
    }
}

impl ReadingBar {
    pub(super) fn update(&mut self, progress: ReadProgress) {
        if self.started.elapsed() < SHOW_DELAY {
            return;
        }
        let bar = self.bar.get_or_insert_with(|| {
            // Nothing is drawn if stderr is not a terminal.
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            match ProgressStyle::with_template("reading {bar:40} {percent} %, {eta} left") {
                Ok(style) => bar.with_style(style),
                Err(_) => bar,
            }
        });
        bar.set_length(progress.total);
        bar.set_position(progress.done);
    }
}

impl Drop for ReadingBar {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
