//! What happens in a computation, on its way into the trail.

use std::sync::Arc;

use tracing::field::Visit;
use tracing::{Level, Metadata};

use super::callsite::{Role, is_log_record};
use super::entered::Around;
use super::fields::{Fields, Formatting};
use super::scope::{self, Computation, Scope};
use super::trail::{self, Found, Held, Noted, PathWord, Text, Trace, Trail};
use super::{Busy, Capture, ownership};

impl Capture {
    /// Keeps the numbers and texts of an event, or of fields recorded late, in the history of the computation around.
    pub(super) fn note(
        &self,
        around: Around,
        meta: &'static Metadata<'static>,
        record: impl Fn(&mut dyn Visit),
        said: Option<&Fields>,
    ) {
        if self.trail_filter.as_ref().is_some_and(|filter| !filter.keeps(meta)) {
            return;
        }
        match self.with_lane(around, |held| trail::note(held.lane(), held.path(), meta, &record)) {
            None | Some(Noted::Numbers) => {}
            Some(Noted::NoRoom | Noted::NoNumbers) => self.note_at_length(around, meta, &record, said),
        }
    }

    /// Calls with the lane for what happens in this span.
    #[inline]
    fn with_lane<R>(&self, around: Around, write: impl FnOnce(&mut Held) -> R) -> Option<R> {
        let find = |last| self.find_lane(around.span, last);
        trail::with_lane(self.number, around, find, |held| self.keep_path(around.span, held), write)
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
        let is_log_record = is_log_record(meta);
        let numbers = !is_log_record && trail::carries_numbers(record);
        let told = meta.is_event() && *meta.level() <= Level::INFO;
        if !numbers && !told {
            return;
        }
        let Some(_busy) = Busy::enter() else { return };
        if numbers {
            trail::remember(meta, || said_by(meta, record, said, Fields::message_template));
            self.with_trail(around, |trail, held| {
                let is_own = self.is_own(meta, meta.target(), held);
                trail.make_room_for_numbers(held, meta, is_own, self.plan);
                trail::note(held.lane(), held.path(), meta, record)
            });
            return;
        }
        said_by(meta, record, said, |fields| {
            trail::remember(meta, || fields.message_template());
            let target = fields.prose("log.target").filter(|_| is_log_record).unwrap_or(meta.target());
            self.note_text(around, &Text { meta, target, is_log_record, fields });
        });
    }

    fn note_text(&self, around: Around, text: &Text<'_>) {
        let redactor = &self.recorder.redactor;
        if self.with_lane(around, |held| trail::note_text(held, text, redactor)) == Some(None) {
            self.with_trail(around, |trail, held| {
                let is_own = self.is_own(text.meta, text.target, held);
                trail.note_text(held, text, is_own, self.plan, redactor);
            });
        }
    }

    /// Calls with the trail and the lane for what happens in this span.
    fn with_trail<R>(&self, around: Around, write: impl FnOnce(&Trail, &mut Held) -> R) -> Option<R> {
        let computation = self.scopes.with(around.span, |scope| scope.computation.clone()).flatten()?;
        let named = computation.named()?;
        self.with_lane(around, |held| write(named.trail(), held))
    }

    /// Whether code of this callsite belongs to the program, and not to a library.
    fn is_own(&self, meta: &Metadata<'_>, target: &str, held: &Held) -> bool {
        let is_preferred = self.trail_filter.as_ref().is_some_and(|filter| filter.prefers(target));
        is_preferred || ownership::is_own(meta, target, held.home())
    }

    /// The lane for events in this span: of the trail of the computation that it is, or lies in.
    fn find_lane(&self, span: u64, last: Option<usize>) -> (Found, Trace) {
        let look = |scope: &mut Scope| {
            let computation = scope.computation.as_ref()?;
            let is_last = last.is_some() && computation.named().map(Computation::address) == last;
            let trace = if scope.role.names_computation() { Trace::Home } else { Trace::Within(scope.path) };
            Some(((!is_last).then(|| Arc::clone(computation)), trace))
        };
        match self.scopes.with(span, look).flatten() {
            None => (Found::Other(None), Trace::Home),
            Some((None, trace)) => (Found::Same, trace),
            Some((Some(computation), trace)) => {
                let lane = |named: &Computation| Some((named.address(), named.hold_lane(self.plan)?));
                (Found::Other(computation.named().and_then(lane)), trace)
            }
        }
    }

    /// Keeps the path from this span to the computation. The span remembers it.
    #[cold]
    fn keep_path(&self, span: u64, held: &Held) -> PathWord {
        let limits = &self.recorder.limits;
        let word = held.paths().keep(
            || held.lane().rings().count(),
            |path| {
                let mut next = Some(span);
                for _ in 0..trail::SPANS {
                    let Some(id) = next else { break };
                    let add = |scope: &mut Scope| {
                        let is_within = !scope.role.names_computation();
                        is_within.then(|| path.add(scope.meta, &scope.fields, limits)).and(scope.parent)
                    };
                    next = self.scopes.with(id, add).flatten();
                }
            },
        );
        self.scopes.with(span, |scope| scope.path = held.paths().to_remember(word));
        word
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
