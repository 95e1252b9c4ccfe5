//! Panics: recorded where they happen, before anything unwinds, and also where the program aborts on them.

use std::cell::Cell;
use std::panic::PanicHookInfo;
use std::sync::Arc;

use super::fields::payload_text;
use super::{Busy, Capture, Fate, Kind, Place, Seen};
use crate::failure::Location;

thread_local! {
    /// Whether a hook of ours is at work on this thread's panic: a second one that was installed has nothing to add.
    static AT_WORK: Cell<bool> = const { Cell::new(false) };
}

/// Records panics too, where the [`FailureLayer`](crate::FailureLayer) is in a stack of your own: puts a hook before the
/// panic hook that is installed, which is called as ever. [`init`](crate::init) does so by itself.
///
/// ```
/// use tracing_subscriber::prelude::*;
///
/// # let dir = std::env::temp_dir().join(format!("tracing-failure-hook-{}", std::process::id()));
/// let (failures, _guard) = tracing_failure::builder(&dir).layer()?;
/// tracing::subscriber::set_global_default(tracing_subscriber::registry().with(failures))?;
/// tracing_failure::install_panic_hook();
///
/// let _ = std::panic::catch_unwind(|| {
///     let _span = tracing::info_span!("solve", computation = "observable_mass", theoretical_ref = "§2.3").entered();
///     panic!("no such level");
/// });
/// let failure = tracing_failure::Failure::from_path(dir.join("failures/latest.json"))?;
/// assert_eq!(failure.error_type, "Panic");
/// # std::fs::remove_dir_all(&dir)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn install_panic_hook() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if AT_WORK.replace(true) {
            return before(info);
        }
        hook(info, &*before);
        AT_WORK.set(false);
    }));
}

fn hook(info: &PanicHookInfo<'_>, before: &dyn Fn(&PanicHookInfo<'_>)) {
    let Some(busy) = Busy::enter() else {
        // A value panicked while we were formatting it. That is caught, and costs that one value; where panics abort, it
        // is the end.
        if cfg!(panic = "abort") {
            before(info);
        }
        return;
    };
    let failure = Capture::record_here(|_| seen(info)).and_then(Fate::failure);
    let recorder = Capture::here(|capture, _, _| Arc::clone(&capture.recorder));
    if let Some(recorder) = &recorder {
        recorder.flush();
    }
    drop(busy);
    before(info);
    if let (Some(recorder), Some(id)) = (recorder, failure) {
        recorder.announce_panic(id);
    }
}

fn seen(info: &PanicHookInfo<'_>) -> Seen {
    let place = match info.location() {
        Some(location) => Place::Line(location.file().to_owned().into(), location.line()),
        None => Place::Close,
    };
    let mut seen = Seen::new(Kind::Panic, place);
    seen.message = payload_text(info.payload()).to_owned();
    seen.location = info.location().map(Location::of_caller).unwrap_or_default();
    seen
}
