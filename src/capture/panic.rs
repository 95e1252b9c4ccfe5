//! Panics: recorded where they happen, before anything unwinds, and also where the program aborts on them.

use std::panic::PanicHookInfo;
use std::sync::Arc;

use super::fields::payload_text;
use super::{Busy, Capture, Fate, Kind, Place, Seen};
use crate::failure::Location;
use crate::recorder::Recorder;

/// Puts a hook before the one that is installed, which is called as ever.
pub(crate) fn install(recorder: Arc<Recorder>) {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        let Some(busy) = Busy::enter() else {
            // A value panicked while we were formatting it. That is caught, and costs that one value; where panics
            // abort, it is the end.
            if cfg!(panic = "abort") {
                before(info);
            }
            return;
        };
        let failure = Capture::record_here(|_| seen(info)).and_then(Fate::failure);
        recorder.flush();
        drop(busy);
        before(info);
        if let Some(id) = failure {
            recorder.announce_panic(id);
        }
    }));
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
