//! The `tracing` layer. It tracks spans and events, and passes failures to the recorder.

mod call_arguments;
mod event;
mod event_action;
mod hook_state;
pub(crate) mod layer_core;
mod live;
mod log_lines;
pub(crate) mod panic_hook;
pub(crate) mod recording;
pub(crate) mod shared_locks;
mod span_trace;
mod trail_end;
mod trail_events;
mod unwinding;

use std::any::TypeId;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::SystemTime;

use chrono::{DateTime, Utc};
use tracing::level_filters::LevelFilter;
use tracing::subscriber::Interest;
use tracing::{Dispatch, Event, Level, Metadata, Subscriber, span};
use tracing_error::ErrorLayer;
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::{LookupSpan, SpanRef};

use crate::observe::callsite;
use crate::observe::callsite::SpanRole;
use crate::observe::fields::{Fields, Formatting, TypedError};
use crate::observe::open_spans;
use crate::observe::open_spans::{CloseState, FollowedSpan, OpenSpan, OpenSpans};
use crate::observe::outcome::ComputationOutcome;
use crate::observe::outcome::OUTCOME;
use crate::observe::reported_error::ErrorContent;
use crate::observe::span_path::SpanKey;
use crate::observe::span_stack;
use crate::observe::span_stack::{Current, CurrentSpan};
use crate::observe::thread::Busy;
use crate::observe::trail_filter::{TrailFilter, TrailOptions};
use crate::observe::{outcome, recent_panics, reported_error, thread};
use crate::recorder::Recorder;
use crate::recorder::observation::{Observation, Verdict};
use event_action::EventAction;
use layer_core::LayerCore;
use record::Map;
use runtime::fork;

/// A [`Layer`] that records every failed computation. It works with any subscriber that is built on a registry.
///
/// A computation is a span (or a single event) with the fields `computation` and `theoretical_ref`. It fails when an
/// ERROR event occurs in it, when its span has level ERROR and closes, or when it panics. The parameters of the record
/// are its other fields and the fields of the spans around it.
///
/// Put this layer first in the stack. If another layer panics while it formats a value, layers behind it do not receive
/// the event. Do not put a filter under or around this layer: `#[instrument]` creates INFO spans, and a filter for
/// errors hides the spans that hold the computation. The layer checks levels itself.
///
/// The layer may be inside a `reload::Layer`. A stack may have several layers; each of them records every failure once.
///
/// ```
/// use tracing_failure::FailureLayer;
/// use tracing_subscriber::prelude::*;
///
/// # let dir = std::env::temp_dir().join(format!("tracing-failure-layer-{}", std::process::id()));
/// let failures = FailureLayer::new(dir.join("failures"))?;
/// let subscriber = tracing_subscriber::registry().with(failures).with(tracing_subscriber::fmt::layer());
///
/// tracing::subscriber::with_default(subscriber, || {
///     let _span = tracing::info_span!(
///         "integrate", computation = "rg_flow_integration", theoretical_ref = "Eq. 1.12", rtol = 1e-6
///     )
///     .entered();
///     tracing::error!(t = -9.78, "step size underflow");
/// });
///
/// let failure = tracing_failure::Failure::from_path(dir.join("failures/latest.json"))?;
/// assert_eq!(failure.computation, "rg_flow_integration");
/// assert_eq!(failure.parameters.get("rtol"), Some(&1e-6.into()));
/// assert_eq!(failure.context.event.get("t"), Some(&(-9.78).into()));
/// # std::fs::remove_dir_all(&dir)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct FailureLayer<S> {
    pub(super) core: Arc<LayerCore>,
    error_layer: ErrorLayer<S, span_trace::FieldText>,
    /// The most detailed level that the layer observes.
    level: LevelFilter,
    /// True if the layer reports its most detailed level to the dispatcher.
    hints: bool,
}

impl<S> FailureLayer<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    pub(crate) fn with_recorder(recorder: Arc<Recorder>, trail: TrailOptions, level: LevelFilter) -> Self {
        Self::of_recorder(recorder, trail, level, false)
    }

    /// Creates the only layer of the process.
    pub(crate) fn sole(recorder: Arc<Recorder>, trail: TrailOptions, level: LevelFilter) -> Self {
        Self::of_recorder(recorder, trail, level, true).with_level_hint()
    }

    fn of_recorder(recorder: Arc<Recorder>, trail: TrailOptions, level: LevelFilter, sole: bool) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let core = Arc::new(LayerCore {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            retention: trail.retention,
            trail_filter: trail.filter,
            open_spans: OpenSpans::new(),
            sole,
            has_log: recorder.log.is_some(),
            subscriber: AtomicUsize::new(0),
            subscriber_in: address::<S>,
            walk: walk::<S>,
            show: span_trace::show::<S>,
            recorder,
        });
        live::register(&core);
        fork::register(Arc::downgrade(&core) as _);
        FailureLayer { core, error_layer: ErrorLayer::new(span_trace::FieldText), level, hints: false }
    }

    /// Lets the layer disable, for all layers, callsites that are more detailed than its level and its log.
    pub(crate) fn with_level_hint(self) -> Self {
        FailureLayer { hints: true, ..self }
    }

    /// Returns the most detailed level of computations, trail and log.
    fn most_detailed(&self) -> LevelFilter {
        let logged = self.core.recorder.log.as_ref().map_or(LevelFilter::OFF, |log| log.filter().most());
        let trailed = self.core.trail_filter.as_ref().map_or(LevelFilter::OFF, TrailFilter::most);
        self.level.max(logged).max(trailed)
    }

    /// Returns true if the layer uses this callsite.
    fn needs(&self, meta: &Metadata<'_>) -> bool {
        let core = &self.core;
        if meta.is_span() {
            return *meta.level() <= self.most_detailed();
        }
        let is_detailed = *meta.level() <= self.level;
        let is_kept = match &core.trail_filter {
            Some(filter) => core.retention.keeps_any() && filter.enables(meta),
            None => core.retention.keeps_any() && is_detailed,
        };
        let is_outcome = is_detailed && core.has_log && outcome::is_return(meta);
        is_kept || is_outcome || *meta.level() == Level::ERROR || core.recorder.logs(meta)
    }

    /// Returns the span that the thread is in.
    fn current(&self, ctx: &Context<'_, S>) -> Option<CurrentSpan> {
        match span_stack::current(self.core.id) {
            Current::Span(current) => Some(current),
            Current::None => None,
            Current::Unknown => ctx.current_span().id().map(|id| CurrentSpan::span(id.into_u64())),
        }
    }

    fn parent_of_span(&self, attrs: &span::Attributes<'_>, ctx: &Context<'_, S>) -> Option<u64> {
        match attrs.parent() {
            Some(parent) => Some(parent.into_u64()),
            None if attrs.is_contextual() => self.current(ctx).map(|current| current.span),
            None => None,
        }
    }

    pub(super) fn parent_of_event(&self, event: &Event<'_>, ctx: &Context<'_, S>) -> Option<CurrentSpan> {
        match event.parent() {
            Some(parent) => Some(CurrentSpan::span(parent.into_u64())),
            None if event.is_contextual() => self.current(ctx),
            None => None,
        }
    }

    /// Tracks the span if a record or a log line may need it.
    fn track_span(&self, attrs: &span::Attributes<'_>, id: u64, ctx: &Context<'_, S>) {
        let meta = attrs.metadata();
        let role = SpanRole::of(meta);
        let logged = self.core.has_log && self.core.recorder.logs(meta);
        let open_spans = &self.core.open_spans;
        // If no computation is open, the span cannot be inside one. Its parent is then needed only by the log.
        let any_computation = open_spans.any_computation();
        let parent = (role.is_marked() || any_computation || self.core.has_log)
            .then(|| self.parent_of_span(attrs, ctx))
            .flatten();
        let enclosing = if any_computation { parent } else { None };
        let enclosing =
            enclosing.and_then(|parent| open_spans.with(parent, |open_span| open_span.computation.clone())).flatten();
        let in_computation = role.is_marked() || enclosing.is_some();
        if !in_computation && !logged && meta.fields().is_empty() {
            return;
        }
        let Some(_busy) = Busy::enter() else { return };
        let mut open_span = open_spans::from_pool(meta, role);
        open_span.parent = parent;
        open_span.formatting = if in_computation || logged { Formatting::All } else { Formatting::PlainOnly };
        open_span.opened = thread::Moment::now(self.core.id);
        if role.is_marked() {
            open_span.open_computation(enclosing);
        } else {
            open_span.computation = enclosing;
        }
        attrs.record(&mut open_span.fields.visitor(&self.core.recorder.limits, open_span.formatting));
        open_spans.insert(id, open_span);
    }

    fn error_event(
        &self,
        event: &Event<'_>,
        at: DateTime<Utc>,
        fields: &Fields,
        error: Option<TypedError>,
        ctx: &Context<'_, S>,
    ) -> Verdict {
        let mut path: Vec<SpanKey> =
            ctx.event_scope(event).into_iter().flatten().map(|span| (span.id().into_u64(), span.metadata())).collect();
        if path.is_empty() && event.is_contextual() {
            path = self.core.entered_path();
        }
        let span_path = self.core.span_path(&path);
        let reported = reported_error::of_event(event.metadata(), &self.core.recorder.limits);
        let (error, line, facts) = match reported {
            Some(ErrorContent { chain, line, facts }) => (Some(TypedError { field: "error", chain }), line, facts),
            None => (error, None, Map::new()),
        };
        let observation = event::observe_event(event.metadata(), fields, error, &self.core.recorder);
        let mut observation = Observation { at, exit_line: line, ..observation };
        observation.event.add_missing(&facts, |_| true);
        observation.location.line = line.or(observation.location.line);
        let verdict = self.core.record(&span_path, observation);
        if self.core.sole && matches!(verdict, Verdict::Recorded(_)) {
            for (id, text) in span_path.texts() {
                span_trace::show_fields(ctx.span(&span::Id::from_u64(id)), text);
            }
        }
        verdict
    }

    fn act_on_event(&self, event: &Event<'_>, ctx: &Context<'_, S>) {
        match EventAction::of(&self.core, event.metadata()) {
            EventAction::Ignore => {}
            EventAction::Trail => self.add_to_trail(event, ctx, None),
            EventAction::Outcome => {
                self.take_returned_outcome(event, ctx);
                self.add_to_trail(event, ctx, None);
            }
            EventAction::Log => self.record_and_log_event(event, false, true, ctx),
            EventAction::Record { is_logged } => self.record_and_log_event(event, true, is_logged, ctx),
        }
    }

    /// Reads the fields of an event, records and logs it, and adds it to the trail.
    fn record_and_log_event(&self, event: &Event<'_>, is_error: bool, is_logged: bool, ctx: &Context<'_, S>) {
        let meta = event.metadata();
        // An ERROR-level function may return successfully. Its `return` event is no failure then.
        let states_success = outcome::is_return(meta) && self.take_returned_outcome(event, ctx);
        if !thread::count_activity(self.core.id) {
            return;
        }
        let mut scratch = open_spans::from_pool(meta, SpanRole::default());
        self.report(event, is_error && !states_success, is_logged, &mut scratch.fields, ctx);
        self.add_to_trail(event, ctx, Some(&scratch.fields));
        open_spans::recycle(scratch);
    }

    /// Uses the value that `#[instrument(ret)]` reports as the outcome of the function's computation. Returns true if
    /// the value proves success.
    fn take_returned_outcome(&self, event: &Event<'_>, ctx: &Context<'_, S>) -> bool {
        let Some(_busy) = Busy::enter() else { return false };
        if !outcome::returns_success(event) {
            return false;
        }
        let parent = self.parent_of_event(event, ctx);
        if let Some(computation) = parent.and_then(|current| self.core.named_span(current.span)) {
            computation.state_outcome(ComputationOutcome::Ok);
        }
        true
    }

    fn add_to_trail(&self, event: &Event<'_>, ctx: &Context<'_, S>, event_fields: Option<&Fields>) {
        let core = &self.core;
        if !core.retention.keeps_any() || !core.open_spans.any_computation() || Busy::is_busy() {
            return;
        }
        if let Some(current) = self.parent_of_event(event, ctx) {
            self.core.add_values(current, event.metadata(), |visitor| event.record(visitor), event_fields);
        }
    }

    fn close(&self, id: u64, ctx: &Context<'_, S>) {
        let open_spans = &self.core.open_spans;
        let mut closing = open_spans.close(id, |open_span| self.has_close_action(open_span));
        if matches!(closing, CloseState::Deferred) {
            if let Some(_busy) = Busy::enter() {
                self.run_close_action(id, ctx);
            }
            closing = open_spans.finish_close(id);
        }
        let CloseState::Closed(open_span) = closing else { return };
        if open_span.role.names_computation()
            && let Some(computation) = open_span.as_computation()
            && computation.failure().is_none()
        {
            computation.announce_success();
        }
        let is_computation = open_span.role.is_marked();
        open_spans::recycle(open_span);
        if is_computation && recent_panics::any_pending() {
            unwinding::report_unclaimed(&self.core.recorder);
        }
    }

    /// Returns true if closing this span may write a record or a log line.
    fn has_close_action(&self, open_span: &OpenSpan) -> bool {
        let recorder = &self.core.recorder;
        let is_failure = *open_span.meta.level() == Level::ERROR && recorder.error_spans;
        open_span.role.is_marked() && (is_failure || recorder.log.is_some() || std::thread::panicking())
    }

    /// Writes the record and the log line of a computation whose span closes.
    fn run_close_action(&self, id: u64, ctx: &Context<'_, S>) {
        let recorder = &self.core.recorder;
        let closed = self.core.open_spans.with(id, |open_span| {
            let is_failure = *open_span.meta.level() == Level::ERROR && recorder.error_spans;
            let observation = is_failure.then(|| event::observe_span(open_span, recorder));
            Some((open_span.meta, open_span.role, Arc::clone(open_span.as_computation()?), observation))
        });
        let Some((meta, role, computation, observation)) = closed.flatten() else { return };
        let mut path = path_of(ctx.span(&span::Id::from_u64(id)));
        if path.is_empty() {
            path.push((id, meta));
        }
        if std::thread::panicking() && !computation.is_cancelled() {
            let span_path = self.core.span_path(&path);
            self.core.record_unwinding(&span_path, &computation, callsite::location(meta));
        }
        let has_failure =
            computation.state().is_some_and(|state| state.latest.is_some() || !state.inner_failures.is_empty());
        if let Some(observation) = observation
            && !has_failure
            && computation.outcome() != ComputationOutcome::Ok
        {
            self.core.record(&self.core.span_path(&path), observation);
        }
        if role.names_computation() {
            self.log_computation(&path, &computation, computation.failure());
        }
    }

    /// Reads the fields of an event, records it if it is a failure, and logs it.
    fn report(&self, event: &Event<'_>, is_failure: bool, is_logged: bool, fields: &mut Fields, ctx: &Context<'_, S>) {
        let Some(_busy) = Busy::enter() else { return };
        // The log line and the record of a failure have the same time.
        let at = is_failure.then(record::time::now);
        let time = at.map_or_else(SystemTime::now, SystemTime::from);
        let mut error = None;
        event.record(&mut fields.visitor(&self.core.recorder.limits, Formatting::All).with_error(&mut error));
        let verdict = at.map(|at| self.error_event(event, at, fields, error, ctx));
        if is_logged {
            self.log_event(time, event, fields, verdict.and_then(Verdict::failure), ctx);
        }
    }
}

/// Returns a span and its ancestors, innermost first.
fn path_of<'a, S: LookupSpan<'a>>(innermost: Option<SpanRef<'a, S>>) -> Vec<SpanKey> {
    let scope = innermost.into_iter().flat_map(|span| span.scope());
    scope.map(|span| (span.id().into_u64(), span.metadata())).collect()
}

fn address<S: Subscriber>(dispatch: &Dispatch) -> Option<usize> {
    dispatch.downcast_ref::<S>().map(|subscriber| std::ptr::from_ref(subscriber).addr())
}

fn walk<S>(dispatch: &Dispatch, id: &span::Id) -> Vec<SpanKey>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    dispatch.downcast_ref::<S>().map(|subscriber| path_of(subscriber.span(id))).unwrap_or_default()
}

impl<S> Layer<S> for FailureLayer<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_register_dispatch(&self, dispatch: &Dispatch) {
        let subscriber = (self.core.subscriber_in)(dispatch).unwrap_or(0);
        self.core.subscriber.store(subscriber, Ordering::Relaxed);
    }

    fn register_callsite(&self, meta: &'static Metadata<'static>) -> Interest {
        if !self.core.sole || self.needs(meta) {
            return Interest::always();
        }
        if meta.is_span() && SpanRole::of(meta).names_computation() {
            self.core.recorder.report_too_detailed(meta, self.level);
        }
        Interest::never()
    }

    /// Filters callsites that are not registered, such as records of the `log` crate.
    fn enabled(&self, meta: &Metadata<'_>, _: Context<'_, S>) -> bool {
        !self.core.sole || self.needs(meta)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        // A sole layer receives every callsite once and disables it itself. It can therefore report a computation whose
        // span is too detailed.
        let hint = if self.core.sole { LevelFilter::TRACE } else { self.most_detailed() };
        self.hints.then_some(hint)
    }

    #[inline]
    fn on_new_span(&self, attrs: &span::Attributes<'_>, id: &span::Id, ctx: Context<'_, S>) {
        if !thread::count_activity(self.core.id) {
            return;
        }
        let core = &self.core;
        if attrs.metadata().fields().is_empty() && !core.open_spans.any_computation() && !core.has_log {
            return;
        }
        self.track_span(attrs, id.into_u64(), &ctx);
    }

    fn on_record(&self, id: &span::Id, values: &span::Record<'_>, _: Context<'_, S>) {
        let id = id.into_u64();
        let look = |open_span: &mut OpenSpan| {
            (open_span.meta, open_span.role, open_span.formatting, open_span.computation.is_some())
        };
        let Some((meta, role, formatting, in_computation)) = self.core.open_spans.with(id, look) else { return };
        let Some(busy) = Busy::enter() else { return };
        // Read the values into a temporary span first: their `Debug` may run any code, and the table must not be locked
        // meanwhile.
        let mut later = open_spans::from_pool(meta, role);
        values.record(&mut later.fields.visitor(&self.core.recorder.limits, formatting));
        let outcome = if role.names_computation() { later.fields.raw_text(OUTCOME) } else { None };
        let outcome = outcome.and_then(ComputationOutcome::from_name);
        self.core.open_spans.with(id, |open_span| {
            open_span.logged.clear();
            open_span.fields.record(&later.fields);
            if let (Some(computation), Some(outcome)) = (open_span.as_computation(), outcome) {
                computation.state_outcome(outcome);
            }
        });
        open_spans::recycle(later);
        drop(busy);
        if in_computation && self.core.retention.keeps_any() {
            self.core.add_values(CurrentSpan::span(id), meta, |visitor| values.record(visitor), None);
        }
    }

    fn on_follows_from(&self, id: &span::Id, follows: &span::Id, ctx: Context<'_, S>) {
        let Some(name) = ctx.metadata(follows).map(Metadata::name) else { return };
        let computation =
            self.core.open_spans.with(follows.into_u64(), |open_span| open_span.as_computation().cloned()).flatten();
        self.core.open_spans.with(id.into_u64(), |open_span| {
            if open_span.follows.len() < self.core.recorder.limits.spans {
                open_span.follows.push(FollowedSpan { name, computation });
            }
        });
    }

    #[inline]
    fn on_enter(&self, id: &span::Id, _: Context<'_, S>) {
        span_stack::enter(self.core.id, id.into_u64());
    }

    #[inline]
    fn on_exit(&self, id: &span::Id, _: Context<'_, S>) {
        span_stack::exit(self.core.id, id.into_u64());
    }

    #[inline]
    fn on_event(&self, event: &Event<'_>, ctx: Context<'_, S>) {
        if EventAction::may_write(&self.core, event.metadata()) {
            self.act_on_event(event, &ctx);
        } else if self.core.open_spans.any_computation() {
            self.add_to_trail(event, &ctx, None);
        }
    }

    #[inline]
    fn on_close(&self, id: span::Id, ctx: Context<'_, S>) {
        let id = id.into_u64();
        if self.core.open_spans.may_hold(id) {
            self.close(id, &ctx);
        }
    }

    // `span_trace::find` returns only pointers to this layer and to its fields.
    #[allow(unsafe_code)]
    unsafe fn downcast_raw(&self, id: TypeId) -> Option<*const ()> {
        span_trace::find(self, &self.core, &self.error_layer, id)
    }
}

impl<S> fmt::Debug for FailureLayer<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FailureLayer").field("failures", &self.core.recorder.store.dir()).finish_non_exhaustive()
    }
}
