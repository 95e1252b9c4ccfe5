//! The line of the `?`, the `return` or the last expression with which a function ends.

use std::sync::atomic::{AtomicU32, Ordering};

/// The line of the last exit that the function has passed. A future that contains it can move to another thread.
#[derive(Default)]
pub struct ExitLine(AtomicU32);

impl ExitLine {
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the line, or another one if it is unknown.
    pub fn line_or(&self, other: u32) -> u32 {
        if self.line() > 0 { self.line() } else { other }
    }

    pub(super) fn line(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Stores a line and returns the value. The value is computed first, so its own exits come before this one.
#[inline(always)]
pub fn leave_at<T>(exit: &ExitLine, line: u32, value: T) -> T {
    exit.0.store(line, Ordering::Relaxed);
    value
}
