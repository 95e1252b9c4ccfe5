//! Deferring signals while the command changes files.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use anyhow::{Context, Result};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::{flag, low_level};

/// The signals that ask the command to end.
#[cfg(unix)]
pub(crate) const ENDING_SIGNALS: &[i32] = &[SIGINT, SIGTERM, signal_hook::consts::SIGHUP];
/// The signals that ask the command to end.
#[cfg(not(unix))]
pub(crate) const ENDING_SIGNALS: &[i32] = &[SIGINT, SIGTERM];

/// Defers [`ENDING_SIGNALS`] until it is dropped. A deferred signal then ends the command.
pub(crate) struct SignalGuard {
    received: Arc<AtomicBool>,
    signal: Arc<AtomicUsize>,
    released: Arc<AtomicBool>,
}

impl SignalGuard {
    pub(crate) fn install() -> Result<Self> {
        let guard = SignalGuard { received: Arc::default(), signal: Arc::default(), released: Arc::default() };
        let register = |signal| {
            flag::register_conditional_default(signal, Arc::clone(&guard.released))?;
            flag::register_usize(signal, Arc::clone(&guard.signal), usize::try_from(signal).unwrap_or_default())?;
            flag::register(signal, Arc::clone(&guard.received))
        };
        ENDING_SIGNALS.iter().try_for_each(|signal| register(*signal).map(drop)).context("cannot listen to signals")?;
        Ok(guard)
    }

    /// A flag that is set when a signal arrives.
    pub(crate) fn received(&self) -> &AtomicBool {
        &self.received
    }

    pub(crate) fn is_received(&self) -> bool {
        self.received.load(Ordering::Relaxed)
    }
}

impl Drop for SignalGuard {
    fn drop(&mut self) {
        self.released.store(true, Ordering::Relaxed);
        if self.is_received()
            && let Ok(signal) = self.signal.load(Ordering::Relaxed).try_into()
        {
            let _ = low_level::emulate_default_handler(signal);
        }
    }
}
