//! Writes the events of a computation into its trail.

use std::sync::Arc;

use tracing::field::Visit;
use tracing::{Level, Metadata};

use crate::layer::layer_core::LayerCore;
use crate::observe::callsite::{SpanRole, is_log_record};
use crate::observe::fields::{Fields, Formatting};
use crate::observe::open_spans;
use crate::observe::open_spans::{Computation, OpenSpan};
use crate::observe::ownership::{self, is_same_crate};
use crate::observe::span_stack::CurrentSpan;
use crate::observe::thread::Busy;
use crate::observe::trail::paths::{PathWord, TrailSpan};
use crate::observe::trail::ring_request::RingRequest;
use crate::observe::trail::writer::{LaneLookup, PathLookup, WriterLease};
use crate::observe::trail::{breadcrumbs, paths, retention, writer};
use crate::observe::trail_values::{Text, WriteOutcome};
use crate::observe::{callsite_table, trail_values};

impl LayerCore {
    /// Adds the numbers and texts of an event, or of fields recorded late, to the trail of the computation around it.
    pub(super) fn add_values(
        &self,
        current: CurrentSpan,
        meta: &'static Metadata<'static>,
        record: impl Fn(&mut dyn Visit),
        event_fields: Option<&Fields>,
    ) {
        if self.trail_filter.as_ref().is_some_and(|filter| !filter.keeps(meta)) {
            return;
        }
        match self.with_lane(current, |lease| trail_values::write_numbers(lease.lane(), lease.path(), meta, &record)) {
            None | Some(WriteOutcome::Numbers) => {}
            Some(WriteOutcome::NoRoom | WriteOutcome::NoNumbers) => {
                self.add_slowly(current, meta, &record, event_fields)
            }
        }
    }

    /// Calls `write` with the lane for events in this span.
    #[inline]
    pub(super) fn with_lane<R>(&self, current: CurrentSpan, write: impl FnOnce(&mut WriterLease) -> R) -> Option<R> {
        let find = |last| self.find_lane(current.span, last);
        writer::with_lane(self.id, current, find, |lease| self.add_path(current.span, lease), write)
    }

    /// Same as [`add_values`](Self::add_values), for the first event of a callsite and for events without numbers.
    #[cold]
    fn add_slowly(
        &self,
        current: CurrentSpan,
        meta: &'static Metadata<'static>,
        record: &dyn Fn(&mut dyn Visit),
        event_fields: Option<&Fields>,
    ) {
        let is_log_record = is_log_record(meta);
        let numbers = !is_log_record && trail_values::carries_numbers(record);
        let is_breadcrumb = meta.is_event() && *meta.level() <= Level::INFO;
        if !numbers && !is_breadcrumb {
            return;
        }
        let Some(_busy) = Busy::enter() else { return };
        if numbers {
            callsite_table::register(meta, || with_fields(meta, record, event_fields, Fields::message_template));
            self.with_trail(current, |computation, lease| {
                let in_app = self.is_in_app(meta, meta.target(), computation);
                let request = trail_values::request_numbers(lease, meta, in_app, self.retention);
                make_room(computation, lease, request);
                trail_values::write_numbers(lease.lane(), lease.path(), meta, record)
            });
            return;
        }
        with_fields(meta, record, event_fields, |fields| {
            callsite_table::register(meta, || fields.message_template());
            let target = if is_log_record { fields.raw_text("log.target") } else { None };
            let target = target.unwrap_or(meta.target());
            self.add_text(current, &Text { meta, target, is_log_record, fields });
        });
    }

    fn add_text(&self, current: CurrentSpan, text: &Text<'_>) {
        let redactor = &self.recorder.redactor;
        if self.with_lane(current, |lease| trail_values::write_text(lease, text, redactor)) == Some(None) {
            self.with_trail(current, |computation, lease| {
                let in_app = self.is_in_app(text.meta, text.target, computation);
                let request = breadcrumbs::request(lease.lane(), text.target, in_app);
                make_room(computation, lease, request);
                text.write(lease, request.key, redactor)
            });
        }
    }

    /// Calls `write` with the computation and the lane for events in this span.
    fn with_trail<R>(
        &self,
        current: CurrentSpan,
        write: impl FnOnce(&Computation, &mut WriterLease) -> R,
    ) -> Option<R> {
        let computation = self.open_spans.with(current.span, |open_span| open_span.computation.clone()).flatten()?;
        let named = computation.named()?;
        self.with_lane(current, |lease| write(named, lease))
    }

    /// Returns true if the code at this callsite belongs to the program and not to a library.
    fn is_in_app(&self, meta: &Metadata<'_>, target: &str, computation: &Computation) -> bool {
        let is_preferred = self.trail_filter.as_ref().is_some_and(|filter| filter.prefers(target));
        is_preferred || ownership::is_in_app(meta, target, computation.meta())
    }

    /// Finds the lane for events in this span. It belongs to the trail of the computation that the span is or lies in.
    fn find_lane(&self, span: u64, last: Option<usize>) -> (LaneLookup, PathLookup) {
        let look = |open_span: &mut OpenSpan| {
            let computation = open_span.computation.as_ref()?;
            let is_last = last.is_some() && computation.named().map(Computation::address) == last;
            let path = if open_span.role.names_computation() {
                PathLookup::ComputationSpan
            } else {
                PathLookup::InnerSpan(open_span.path)
            };
            Some(((!is_last).then(|| Arc::clone(computation)), path))
        };
        match self.open_spans.with(span, look).flatten() {
            None => (LaneLookup::Other(None), PathLookup::ComputationSpan),
            Some((None, path)) => (LaneLookup::Same, path),
            Some((Some(computation), path)) => {
                let lane = |named: &Computation| Some((named.address(), named.lease_lane(self.retention)?));
                (LaneLookup::Other(computation.named().and_then(lane)), path)
            }
        }
    }

    /// Adds the path from this span to the computation to the lane's paths, and stores its word in the span.
    #[cold]
    fn add_path(&self, span: u64, lease: &WriterLease) -> PathWord {
        let limits = &self.recorder.limits;
        let word = lease.paths().add(
            || lease.lane().rings().count(),
            |path| {
                let mut next = Some(span);
                for _ in 0..paths::MAX_SPANS {
                    let Some(id) = next else { break };
                    let add = |open_span: &mut OpenSpan| {
                        let is_within = !open_span.role.names_computation();
                        is_within
                            .then(|| path.add(trail_span(open_span), open_span.fields.small_values(limits)))
                            .and(open_span.parent)
                    };
                    next = self.open_spans.with(id, add).flatten();
                }
            },
        );
        self.open_spans.with(span, |open_span| open_span.path = lease.paths().known_path(word));
        word
    }
}

/// Makes room for the next row of a series.
fn make_room(computation: &Computation, lease: &mut WriterLease, request: RingRequest) {
    let home = computation.meta().target();
    let is_home = |callsite| callsite_table::target(callsite).is_some_and(|target| is_same_crate(target, home));
    computation.trail().make_room(lease, request, &is_home);
}

fn trail_span(open_span: &OpenSpan) -> TrailSpan {
    TrailSpan { callsite: callsite_table::address(open_span.meta), name: open_span.meta.name() }
}

/// Calls `look` with the fields of an event, and reads them first if necessary. This may run code of the values.
fn with_fields<R>(
    meta: &'static Metadata<'static>,
    record: &dyn Fn(&mut dyn Visit),
    event_fields: Option<&Fields>,
    look: impl FnOnce(&Fields) -> R,
) -> R {
    if let Some(event_fields) = event_fields {
        return look(event_fields);
    }
    let mut scratch = open_spans::from_pool(meta, SpanRole::default());
    record(&mut scratch.fields.visitor(&retention::LIMITS, Formatting::MessageOnly));
    let looked = look(&scratch.fields);
    open_spans::recycle(scratch);
    looked
}
