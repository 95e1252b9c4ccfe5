//! Waiting for a child process.

use std::io;
use std::process::{Child, ExitStatus};
use std::time::Duration;

/// Waits until a child has ended. Returns `None` once `is_over` returns true.
pub(crate) fn wait_until(child: &mut Child, is_over: impl Fn() -> bool) -> io::Result<Option<ExitStatus>> {
    let mut pause = Duration::from_micros(100);
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if is_over() {
            return Ok(None);
        }
        std::thread::sleep(pause);
        pause = (2 * pause).min(Duration::from_millis(10));
    }
}
