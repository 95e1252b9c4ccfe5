//! What happens in a computation, on its way into the trail.

use std::sync::Arc;

use tracing::field::Visit;
use tracing::{Level, Metadata};

use super::callsite::Role;
use super::entered::Around;
use super::fields::{Fields, Formatting};
use super::scope::{self, Computation, Scope};
use super::trail::{self, Found, Lane, Noted};
use super::{Busy, Capture};

impl Capture {
    /// Keeps the numbers and texts of an event, or of fields recorded late, in the history of the computation around.
    pub(super) fn note(
        &self,
        around: Around,
        meta: &'static Metadata<'static>,
        record: impl Fn(&mut dyn Visit),
        said: Option<&Fields>,
    ) {
        match self.with_lane(around, |lane| trail::note(lane, meta, &record)) {
            None | Some(Noted::Numbers) => {}
            Some(Noted::NoRing | Noted::NoNumbers) => self.note_at_length(around, meta, &record, said),
        }
    }

    /// Calls with the lane for what happens in this span.
    #[inline]
    fn with_lane<R>(&self, around: Around, write: impl FnOnce(&Lane) -> R) -> Option<R> {
        trail::with_lane(self.number, around, |last| self.find_lane(around.span, last), write)
    }

    /// The same as [`note`](Self::note) for the first event of a callsite, and for one without numbers.
    #[cold]
    fn note_at_length(
        &self,
        around: Around,
        meta: &'static Metadata<'static>,
        record: &dyn Fn(&mut dyn Visit),
        said: Option<&Fields>,
    ) {
        let numbers = trail::carries_numbers(record);
        let told = meta.is_event() && *meta.level() <= Level::INFO;
        if !numbers && !told {
            return;
        }
        let Some(_busy) = Busy::enter() else { return };
        if numbers {
            trail::remember(meta, || said_by(meta, record, said, Fields::message_template));
            self.with_lane(around, |lane| {
                trail::make_ring(lane, meta, self.plan);
                trail::note(lane, meta, record)
            });
            return;
        }
        said_by(meta, record, said, |said| {
            trail::remember(meta, || said.message_template());
            self.with_lane(around, |lane| trail::keep_said(lane, meta, said, &self.recorder.redactor));
        });
    }

    /// The lane for events in this span: of the trail of the computation that it is, or lies in.
    fn find_lane(&self, span: u64, last: Option<usize>) -> Found {
        let look = |scope: &mut Scope| {
            let computation = scope.computation.as_ref()?;
            let is_last = last.is_some() && computation.named().map(Computation::address) == last;
            Some((!is_last).then(|| Arc::clone(computation)))
        };
        match self.scopes.with(span, look).flatten() {
            None => Found::Other(None),
            Some(None) => Found::Same,
            Some(Some(computation)) => {
                let lane = |named: &Computation| Some((named.address(), named.hold_lane(self.plan)?));
                Found::Other(computation.named().and_then(lane))
            }
        }
    }
}

/// Calls with what an event says, where that is not known yet. The code of its values may run.
fn said_by<R>(
    meta: &'static Metadata<'static>,
    record: &dyn Fn(&mut dyn Visit),
    said: Option<&Fields>,
    look: impl FnOnce(&Fields) -> R,
) -> R {
    if let Some(said) = said {
        return look(said);
    }
    let mut scratch = scope::take(meta, Role::default());
    record(&mut scratch.fields.visitor(&trail::LIMITS, Formatting::MessageOnly));
    let looked = look(&scratch.fields);
    scope::give_back(scratch);
    looked
}
