//! What happens in a computation, on its way into the trail.

use std::sync::Arc;

use tracing::field::Visit;
use tracing::{Level, Metadata};

use crate::layer::capture::Capture;
use crate::observe::callsite::{Role, is_log_record};
use crate::observe::fields::{Fields, Formatting};
use crate::observe::open_spans;
use crate::observe::open_spans::{Computation, OpenSpan};
use crate::observe::ownership;
use crate::observe::span_stack::CurrentSpan;
use crate::observe::thread::Busy;
use crate::observe::trail::lanes::Trail;
use crate::observe::trail::paths::PathWord;
use crate::observe::trail::rows::{Text, WriteOutcome};
use crate::observe::trail::writer::{LaneLookup, Trace, WriterLease};
use crate::observe::trail::{callsites, paths, retention, rows, writer};

impl Capture {
    /// Keeps the numbers and texts of an event, or of fields recorded late, in the history of the computation around.
    pub(super) fn note(
        &self,
        around: CurrentSpan,
        meta: &'static Metadata<'static>,
        record: impl Fn(&mut dyn Visit),
        said: Option<&Fields>,
    ) {
        if self.trail_filter.as_ref().is_some_and(|filter| !filter.keeps(meta)) {
            return;
        }
        match self.with_lane(around, |held| rows::note(held.lane(), held.path(), meta, &record)) {
            None | Some(WriteOutcome::Numbers) => {}
            Some(WriteOutcome::NoRoom | WriteOutcome::NoNumbers) => self.note_at_length(around, meta, &record, said),
        }
    }

    /// Calls with the lane for what happens in this span.
    #[inline]
    fn with_lane<R>(&self, around: CurrentSpan, write: impl FnOnce(&mut WriterLease) -> R) -> Option<R> {
        let find = |last| self.find_lane(around.span, last);
        writer::with_lane(self.number, around, find, |held| self.keep_path(around.span, held), write)
    }

    /// The same as [`note`](Self::note) for the first event of a callsite, and for one without numbers.
    #[cold]
    fn note_at_length(
        &self,
        around: CurrentSpan,
        meta: &'static Metadata<'static>,
        record: &dyn Fn(&mut dyn Visit),
        said: Option<&Fields>,
    ) {
        let is_log_record = is_log_record(meta);
        let numbers = !is_log_record && rows::carries_numbers(record);
        let told = meta.is_event() && *meta.level() <= Level::INFO;
        if !numbers && !told {
            return;
        }
        let Some(_busy) = Busy::enter() else { return };
        if numbers {
            callsites::remember(meta, || with_fields(meta, record, said, Fields::message_template));
            self.with_trail(around, |trail, held| {
                let is_own = self.is_own(meta, meta.target(), held);
                trail.make_room_for_numbers(held, meta, is_own, self.plan);
                rows::note(held.lane(), held.path(), meta, record)
            });
            return;
        }
        with_fields(meta, record, said, |fields| {
            callsites::remember(meta, || fields.message_template());
            let target = fields.raw_text("log.target").filter(|_| is_log_record).unwrap_or(meta.target());
            self.note_text(around, &Text { meta, target, is_log_record, fields });
        });
    }

    fn note_text(&self, around: CurrentSpan, text: &Text<'_>) {
        let redactor = &self.recorder.redactor;
        if self.with_lane(around, |held| rows::note_text(held, text, redactor)) == Some(None) {
            self.with_trail(around, |trail, held| {
                let is_own = self.is_own(text.meta, text.target, held);
                trail.note_text(held, text, is_own, self.plan, redactor);
            });
        }
    }

    /// Calls with the trail and the lane for what happens in this span.
    fn with_trail<R>(&self, around: CurrentSpan, write: impl FnOnce(&Trail, &mut WriterLease) -> R) -> Option<R> {
        let computation = self.open_spans.with(around.span, |open_span| open_span.computation.clone()).flatten()?;
        let named = computation.named()?;
        self.with_lane(around, |held| write(named.trail(), held))
    }

    /// Whether code of this callsite belongs to the program, and not to a library.
    fn is_own(&self, meta: &Metadata<'_>, target: &str, held: &WriterLease) -> bool {
        let is_preferred = self.trail_filter.as_ref().is_some_and(|filter| filter.prefers(target));
        is_preferred || ownership::is_own(meta, target, held.home())
    }

    /// The lane for events in this span: of the trail of the computation that it is, or lies in.
    fn find_lane(&self, span: u64, last: Option<usize>) -> (LaneLookup, Trace) {
        let look = |open_span: &mut OpenSpan| {
            let computation = open_span.computation.as_ref()?;
            let is_last = last.is_some() && computation.named().map(Computation::address) == last;
            let trace = if open_span.role.names_computation() { Trace::Home } else { Trace::Within(open_span.path) };
            Some(((!is_last).then(|| Arc::clone(computation)), trace))
        };
        match self.open_spans.with(span, look).flatten() {
            None => (LaneLookup::Other(None), Trace::Home),
            Some((None, trace)) => (LaneLookup::Same, trace),
            Some((Some(computation), trace)) => {
                let lane = |named: &Computation| Some((named.address(), named.hold_lane(self.plan)?));
                (LaneLookup::Other(computation.named().and_then(lane)), trace)
            }
        }
    }

    /// Keeps the path from this span to the computation. The span remembers it.
    #[cold]
    fn keep_path(&self, span: u64, held: &WriterLease) -> PathWord {
        let limits = &self.recorder.limits;
        let word = held.paths().keep(
            || held.lane().rings().count(),
            |path| {
                let mut next = Some(span);
                for _ in 0..paths::SPANS {
                    let Some(id) = next else { break };
                    let add = |open_span: &mut OpenSpan| {
                        let is_within = !open_span.role.names_computation();
                        is_within.then(|| path.add(open_span.meta, &open_span.fields, limits)).and(open_span.parent)
                    };
                    next = self.open_spans.with(id, add).flatten();
                }
            },
        );
        self.open_spans.with(span, |open_span| open_span.path = held.paths().to_remember(word));
        word
    }
}

/// Calls with what an event says, where that is not known yet. The code of its values may run.
fn with_fields<R>(
    meta: &'static Metadata<'static>,
    record: &dyn Fn(&mut dyn Visit),
    said: Option<&Fields>,
    look: impl FnOnce(&Fields) -> R,
) -> R {
    if let Some(said) = said {
        return look(said);
    }
    let mut scratch = open_spans::from_pool(meta, Role::default());
    record(&mut scratch.fields.visitor(&retention::LIMITS, Formatting::MessageOnly));
    let looked = look(&scratch.fields);
    open_spans::recycle(scratch);
    looked
}
