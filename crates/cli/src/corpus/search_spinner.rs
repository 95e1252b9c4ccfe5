//! A spinner on stderr for a search that takes longer than a second.

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Time after which the spinner appears.
const SHOW_DELAY: Duration = Duration::from_secs(1);
/// Time between two pictures of the spinner.
const TICK: Duration = Duration::from_millis(100);

/// Runs `work`, and shows an activity such as `searching regions` while it lasts.
pub(crate) fn with_spinner<T>(activity: &'static str, work: impl FnOnce() -> T) -> T {
    let (running, ended) = channel::<()>();
    thread::scope(|scope| {
        scope.spawn(move || {
            if ended.recv_timeout(SHOW_DELAY) == Err(RecvTimeoutError::Timeout) {
                // Nothing is drawn if stderr is not a terminal.
                let spinner = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
                let spinner = spinner.with_style(ProgressStyle::default_spinner()).with_message(activity);
                spinner.enable_steady_tick(TICK);
                // The sender is dropped at the end.
                let _ = ended.recv();
                spinner.finish_and_clear();
            }
        });
        let result = work();
        drop(running);
        result
    })
}
