//! Signals that end the command, held back while it changes files.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use anyhow::{Context, Result};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::{flag, low_level};

/// Until it is dropped, a signal only asks the command to stop. Then the signal ends the command.
pub(crate) struct Held {
    came: Arc<AtomicBool>,
    which: Arc<AtomicUsize>,
    released: Arc<AtomicBool>,
}

impl Held {
    pub(crate) fn hold() -> Result<Self> {
        let held = Held { came: Arc::default(), which: Arc::default(), released: Arc::default() };
        let register = |signal| {
            flag::register_conditional_default(signal, Arc::clone(&held.released))?;
            flag::register_usize(signal, Arc::clone(&held.which), usize::try_from(signal).unwrap_or_default())?;
            flag::register(signal, Arc::clone(&held.came))
        };
        [SIGINT, SIGTERM, SIGHUP]
            .into_iter()
            .try_for_each(|signal| register(signal).map(drop))
            .context("cannot listen to signals")?;
        Ok(held)
    }

    /// Set when a signal came.
    pub(crate) fn came(&self) -> &AtomicBool {
        &self.came
    }

    pub(crate) fn has_come(&self) -> bool {
        self.came.load(Ordering::Relaxed)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.released.store(true, Ordering::Relaxed);
        if let (true, Ok(signal)) = (self.has_come(), self.which.load(Ordering::Relaxed).try_into()) {
            let _ = low_level::emulate_default_handler(signal);
        }
    }
}
