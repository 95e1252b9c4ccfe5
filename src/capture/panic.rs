//! Panics: recorded where they happen, before anything unwinds, and also where the program aborts on them.

use std::panic::PanicHookInfo;
use std::sync::Arc;

use super::{Busy, Capture, Fate, Kind, Place, Seen};
use crate::failure::Location;
use crate::recorder::Recorder;

/// Puts a hook before the one that is installed, which is called as ever.
pub(crate) fn install(recorder: Arc<Recorder>) {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        let Some(busy) = Busy::enter() else {
            // A value panicked while we were formatting it: that is caught, and costs that one value.
            return;
        };
        let failure = Capture::record_here(|_| seen(info)).and_then(Fate::failure);
        recorder.flush();
        drop(busy);
        before(info);
        if let Some(path) = failure.and_then(|id| recorder.path_of(id)) {
            crate::stderr::say(format_args!("\nThe panic is recorded in {}", crate::stderr::shown(&path)));
        }
    }));
}

fn seen(info: &PanicHookInfo<'_>) -> Seen {
    let place = match info.location() {
        Some(location) => Place::Line(location.file().to_owned().into(), location.line()),
        None => Place::Close,
    };
    let mut seen = Seen::new(Kind::Panic, place);
    seen.message = info.payload_as_str().unwrap_or("a panic without a message").to_owned();
    seen.location = info.location().map(Location::of_caller).unwrap_or_default();
    seen
}
