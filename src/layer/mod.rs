use std::any::TypeId;
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::SystemTime;

use chrono::{DateTime, Utc};
use tracing::level_filters::LevelFilter;
use tracing::subscriber::Interest;
use tracing::{Dispatch, Event, Level, Metadata, Subscriber, span};
use tracing_error::ErrorLayer;
use tracing_subscriber::Layer;
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FormatFields, FormattedFields};
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::{LookupSpan, SpanRef};

use super::callsite::{self, Role};
use super::entered::{self, Around, Current};
use super::fields::{Fields, Formatting, TypedError};
use super::outcome::OUTCOME;
use super::scope::{self, Closing, Followed, Scope, Scopes};
use super::seen::{Fate, Seen};
use super::trail::{HistoryOptions, TrailFilter};
use super::{
    Busy, Capture, Outcome, Step, Surroundings, downcast, event, live, outcome, recent_panics, thread, unwinding,
};
use crate::recorder::Recorder;
use crate::{Builder, InitError};
use runtime::fork;

/// Records every failed computation: a [`Layer`] for any subscriber that is built on a registry.
///
/// A computation is a span (or a lone event) with the fields `computation` and `theoretical_ref`. It has failed when an
/// ERROR event occurs in it, when its span is of ERROR level and closes, or when it panics. Its other fields, and those
/// of the spans around it, are the parameters.
///
/// Put it first in the stack, before other layers: a layer that panics over a bad `Debug` hides the event from those
/// behind it. Do not put a filter under it or around it: `#[instrument]` makes INFO spans, and a filter that lets only
/// errors through hides the spans that hold the computation. The layer judges levels itself.
///
/// The layer may be inside a `reload::Layer`, and a stack may have several layers: each of them records every failure once.
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
    pub(super) capture: Arc<Capture>,
    error_layer: ErrorLayer<S, FieldText>,
    /// The most detailed level that it wants to know of.
    level: LevelFilter,
    /// Whether it says so to the dispatcher.
    hints: bool,
}

impl<S> FailureLayer<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    /// A layer that writes into this directory and keeps no runtime log. [`Builder::layer`] has the choices, and gives a
    /// guard besides.
    ///
    /// # Errors
    ///
    /// When the directory cannot be created.
    ///
    /// ```
    /// use tracing_failure::FailureLayer;
    /// use tracing_subscriber::prelude::*;
    ///
    /// # let dir = std::env::temp_dir().join(format!("tracing-failure-layer-new-{}", std::process::id()));
    /// let subscriber = tracing_subscriber::registry().with(FailureLayer::new(&dir)?);
    /// # drop(subscriber);
    /// # std::fs::remove_dir_all(&dir)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new(failures: impl AsRef<Path>) -> Result<Self, InitError> {
        let (layer, guard) = Builder::for_failures(failures).layer()?;
        // Without a runtime log there is nothing that the guard would have to wait for but `latest.json`, and that the
        // store sees to.
        drop(guard);
        Ok(layer)
    }

    pub(crate) fn with_recorder(recorder: Arc<Recorder>, history: HistoryOptions, level: LevelFilter) -> Self {
        Self::of_recorder(recorder, history, level, false)
    }

    /// The only layer of the process.
    pub(crate) fn sole(recorder: Arc<Recorder>, history: HistoryOptions, level: LevelFilter) -> Self {
        Self::of_recorder(recorder, history, level, true).with_level_hint()
    }

    fn of_recorder(recorder: Arc<Recorder>, history: HistoryOptions, level: LevelFilter, sole: bool) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let capture = Arc::new(Capture {
            number: NEXT.fetch_add(1, Ordering::Relaxed),
            plan: history.plan,
            trail_filter: history.filter,
            scopes: Scopes::new(),
            sole,
            has_log: recorder.log.is_some(),
            subscriber: AtomicUsize::new(0),
            subscriber_in: address::<S>,
            walk: walk::<S>,
            show: show::<S>,
            recorder,
        });
        live::list(&capture);
        fork::spare(Arc::downgrade(&capture) as _);
        FailureLayer { capture, error_layer: ErrorLayer::new(FieldText), level, hints: false }
    }

    /// Lets it turn off what is more detailed than its level and its log, for all layers.
    pub(crate) fn with_level_hint(self) -> Self {
        FailureLayer { hints: true, ..self }
    }

    /// The most detailed level of its computations, its trail and its log.
    fn most_detailed(&self) -> LevelFilter {
        let logged = self.capture.recorder.log.as_ref().map_or(LevelFilter::OFF, |log| log.filter().most());
        let trailed = self.capture.trail_filter.as_ref().map_or(LevelFilter::OFF, TrailFilter::most);
        self.level.max(logged).max(trailed)
    }

    /// Whether anything is done with this callsite.
    fn needs(&self, meta: &Metadata<'_>) -> bool {
        let capture = &self.capture;
        if meta.is_span() {
            return *meta.level() <= self.most_detailed();
        }
        let is_detailed = *meta.level() <= self.level;
        let is_kept = match &capture.trail_filter {
            Some(filter) => capture.plan.keeps_any() && filter.enables(meta),
            None => capture.plan.keeps_any() && is_detailed,
        };
        let is_outcome = is_detailed && capture.has_log && outcome::is_return(meta);
        is_kept || is_outcome || *meta.level() == Level::ERROR || capture.recorder.logs(meta)
    }

    /// The span that the thread is in.
    fn current(&self, ctx: &Context<'_, S>) -> Option<Around> {
        match entered::current(self.capture.number) {
            Current::Span(around) => Some(around),
            Current::None => None,
            Current::Unknown => ctx.current_span().id().map(|id| Around::span(id.into_u64())),
        }
    }

    fn parent_of_span(&self, attrs: &span::Attributes<'_>, ctx: &Context<'_, S>) -> Option<u64> {
        match attrs.parent() {
            Some(parent) => Some(parent.into_u64()),
            None if attrs.is_contextual() => self.current(ctx).map(|around| around.span),
            None => None,
        }
    }

    pub(super) fn parent_of_event(&self, event: &Event<'_>, ctx: &Context<'_, S>) -> Option<Around> {
        match event.parent() {
            Some(parent) => Some(Around::span(parent.into_u64())),
            None if event.is_contextual() => self.current(ctx),
            None => None,
        }
    }

    /// Keeps the span if it can say something about a failure or in a line of the log.
    fn keep(&self, attrs: &span::Attributes<'_>, id: u64, ctx: &Context<'_, S>) {
        let meta = attrs.metadata();
        let role = Role::of(meta);
        let logged = self.capture.has_log && self.capture.recorder.logs(meta);
        let scopes = &self.capture.scopes;
        // Where no computation is open, nothing is inherited, and the parent need not be known.
        let any_computation = scopes.any_computation();
        let parent = (role.is_marked() || any_computation || self.capture.has_log)
            .then(|| self.parent_of_span(attrs, ctx))
            .flatten();
        let inherited = parent.filter(|_| any_computation);
        let around = inherited.and_then(|parent| scopes.with(parent, |scope| scope.computation.clone())).flatten();
        let in_computation = role.is_marked() || around.is_some();
        if !in_computation && !logged && meta.fields().is_empty() {
            return;
        }
        let Some(_busy) = Busy::enter() else { return };
        let mut scope = scope::take(meta, role);
        scope.parent = parent;
        scope.formatting = if in_computation || logged { Formatting::All } else { Formatting::PlainOnly };
        scope.opened = thread::Moment::now(self.capture.number);
        match role.is_marked() {
            true => scope.open_computation(around),
            false => scope.computation = around,
        }
        attrs.record(&mut scope.fields.visitor(&self.capture.recorder.limits, scope.formatting));
        scopes.insert(id, scope);
    }

    fn error_event(
        &self,
        event: &Event<'_>,
        at: DateTime<Utc>,
        fields: &Fields,
        error: Option<TypedError>,
        ctx: &Context<'_, S>,
    ) -> Fate {
        let mut path: Vec<Step> =
            ctx.event_scope(event).into_iter().flatten().map(|span| (span.id().into_u64(), span.metadata())).collect();
        if path.is_empty() && event.is_contextual() {
            path = self.capture.entered_path();
        }
        let surroundings = Surroundings::of(&self.capture, &path);
        let seen = event::seen_in_event(event.metadata(), fields, error, &self.capture.recorder);
        let seen = Seen { at, ..seen };
        let fate = self.capture.record(&surroundings, seen);
        if let (Fate::Recorded(_), true) = (fate, self.capture.sole) {
            for (id, text) in surroundings.texts() {
                show_fields(ctx.span(&span::Id::from_u64(id)), text);
            }
        }
        fate
    }

    /// Records, logs and notes an event, as far as that is called for.
    fn heed(&self, event: &Event<'_>, ctx: &Context<'_, S>) {
        let meta = event.metadata();
        // An ERROR-level function may return successfully: its `return` event is no failure then.
        let is_success = outcome::is_return(meta) && self.note_return(event, ctx);
        let logged = self.capture.has_log && self.capture.recorder.logs(meta);
        if !logged && *meta.level() != Level::ERROR {
            return self.note_event(event, ctx, None);
        }
        if !thread::count_activity(self.capture.number) {
            return;
        }
        let mut said = scope::take(meta, Role::default());
        self.report(event, logged, is_success, &mut said.fields, ctx);
        self.note_event(event, ctx, Some(&said.fields));
        scope::give_back(said);
    }

    /// Takes a value that `#[instrument(ret)]` reports as the success of the computation whose function returns it.
    /// Returns true if the value proves success.
    fn note_return(&self, event: &Event<'_>, ctx: &Context<'_, S>) -> bool {
        let Some(_busy) = Busy::enter() else { return false };
        let is_success = outcome::returns_success(event);
        let parent = self.parent_of_event(event, ctx).filter(|_| is_success);
        if let Some(computation) = parent.and_then(|around| self.capture.named_span(around.span)) {
            computation.state_outcome(Outcome::Ok);
        }
        is_success
    }

    fn note_event(&self, event: &Event<'_>, ctx: &Context<'_, S>, said: Option<&Fields>) {
        let capture = &self.capture;
        if !capture.plan.keeps_any() || !capture.scopes.any_computation() || Busy::is_busy() {
            return;
        }
        if let Some(around) = self.parent_of_event(event, ctx) {
            self.capture.note(around, event.metadata(), |visitor| event.record(visitor), said);
        }
    }

    fn close(&self, id: u64, ctx: &Context<'_, S>) {
        let scopes = &self.capture.scopes;
        let mut closing = scopes.close(id, |scope| self.speaks_on_close(scope));
        if matches!(closing, Closing::Speaking) {
            if let Some(_busy) = Busy::enter() {
                self.speak_on_close(id, ctx);
            }
            closing = scopes.close_at_last(id);
        }
        let Closing::Closed(scope) = closing else { return };
        if let Some(computation) = scope.own().filter(|_| scope.role.names_computation())
            && computation.failure().is_none()
        {
            computation.succeeded();
        }
        let is_computation = scope.role.is_marked();
        scope::give_back(scope);
        if is_computation && recent_panics::any_pending() {
            unwinding::report_unclaimed(&self.capture.recorder);
        }
    }

    /// Whether there is something to say when this span closes.
    fn speaks_on_close(&self, scope: &Scope) -> bool {
        let recorder = &self.capture.recorder;
        let is_failure = *scope.meta.level() == Level::ERROR && recorder.error_spans;
        scope.role.is_marked() && (is_failure || recorder.log.is_some() || std::thread::panicking())
    }

    /// Says what has to be said when a computation's span closes.
    fn speak_on_close(&self, id: u64, ctx: &Context<'_, S>) {
        let recorder = &self.capture.recorder;
        let closed = self.capture.scopes.with(id, |scope| {
            let is_failure = *scope.meta.level() == Level::ERROR && recorder.error_spans;
            let seen = is_failure.then(|| event::seen_in_span(scope, recorder));
            Some((scope.meta, scope.role, Arc::clone(scope.own()?), seen))
        });
        let Some((meta, role, computation, seen)) = closed.flatten() else { return };
        let mut path = path_of(ctx.span(&span::Id::from_u64(id)));
        if path.is_empty() {
            path.push((id, meta));
        }
        if std::thread::panicking() {
            let surroundings = Surroundings::of(&self.capture, &path);
            self.capture.record_unwinding(&surroundings, &computation, callsite::location(meta));
        }
        let untouched = { computation.state().is_none_or(|state| state.recorded.is_none() && state.inner.is_empty()) };
        if let (Some(seen), true) = (seen, untouched && computation.stated() != Outcome::Ok) {
            self.capture.record(&Surroundings::of(&self.capture, &path), seen);
        }
        if role.names_computation() {
            self.log_computation(&path, &computation, computation.failure());
        }
    }

    /// Takes in what an event says, records it if it is a failure, and logs it.
    fn report(&self, event: &Event<'_>, logged: bool, is_success: bool, fields: &mut Fields, ctx: &Context<'_, S>) {
        let Some(_busy) = Busy::enter() else { return };
        let is_error = *event.metadata().level() == Level::ERROR && !is_success;
        // The line of a failure has the time of its record.
        let at = is_error.then(record::time::now);
        let time = at.map_or_else(SystemTime::now, SystemTime::from);
        let mut error = None;
        event.record(&mut fields.visitor(&self.capture.recorder.limits, Formatting::All).with_error(&mut error));
        let fate = at.map(|at| self.error_event(event, at, fields, error, ctx));
        if logged {
            self.log_event(time, event, fields, fate.and_then(Fate::failure), ctx);
        }
    }
}

/// The spans from this one outwards.
fn path_of<'a, S: LookupSpan<'a>>(innermost: Option<SpanRef<'a, S>>) -> Vec<Step> {
    let scope = innermost.into_iter().flat_map(|span| span.scope());
    scope.map(|span| (span.id().into_u64(), span.metadata())).collect()
}

fn address<S: Subscriber>(dispatch: &Dispatch) -> Option<usize> {
    dispatch.downcast_ref::<S>().map(|subscriber| std::ptr::from_ref(subscriber).addr())
}

fn walk<S>(dispatch: &Dispatch, id: &span::Id) -> Vec<Step>
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
        let subscriber = (self.capture.subscriber_in)(dispatch).unwrap_or(0);
        self.capture.subscriber.store(subscriber, Ordering::Relaxed);
    }

    fn register_callsite(&self, meta: &'static Metadata<'static>) -> Interest {
        if !self.capture.sole || self.needs(meta) {
            return Interest::always();
        }
        if meta.is_span() && Role::of(meta).names_computation() {
            self.capture.recorder.too_detailed(meta, self.level);
        }
        Interest::never()
    }

    /// Asked where no callsite is registered: for records of the `log` crate.
    fn enabled(&self, meta: &Metadata<'_>, _: Context<'_, S>) -> bool {
        !self.capture.sole || self.needs(meta)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        // The only layer sees each callsite once and turns it off itself, so that it can report the span of a
        // computation that is too detailed.
        let hint = if self.capture.sole { LevelFilter::TRACE } else { self.most_detailed() };
        self.hints.then_some(hint)
    }

    #[inline]
    fn on_new_span(&self, attrs: &span::Attributes<'_>, id: &span::Id, ctx: Context<'_, S>) {
        if !thread::count_activity(self.capture.number) {
            return;
        }
        let capture = &self.capture;
        if attrs.metadata().fields().is_empty() && !capture.scopes.any_computation() && !capture.has_log {
            return;
        }
        self.keep(attrs, id.into_u64(), &ctx);
    }

    fn on_record(&self, id: &span::Id, values: &span::Record<'_>, _: Context<'_, S>) {
        let id = id.into_u64();
        let look = |scope: &mut Scope| (scope.meta, scope.role, scope.formatting, scope.computation.is_some());
        let Some((meta, role, formatting, in_computation)) = self.capture.scopes.with(id, look) else { return };
        let Some(busy) = Busy::enter() else { return };
        // Into a place of its own first: a value's `Debug` may do anything, and the table must not be locked then.
        let mut later = scope::take(meta, role);
        values.record(&mut later.fields.visitor(&self.capture.recorder.limits, formatting));
        let outcome = later.fields.prose(OUTCOME).filter(|_| role.names_computation()).and_then(Outcome::from_name);
        self.capture.scopes.with(id, |scope| {
            scope.logged.clear();
            scope.fields.record(&later.fields);
            if let (Some(computation), Some(outcome)) = (scope.own(), outcome) {
                computation.state_outcome(outcome);
            }
        });
        scope::give_back(later);
        drop(busy);
        if in_computation && self.capture.plan.keeps_any() {
            self.capture.note(Around::span(id), meta, |visitor| values.record(visitor), None);
        }
    }

    fn on_follows_from(&self, id: &span::Id, follows: &span::Id, ctx: Context<'_, S>) {
        let Some(name) = ctx.metadata(follows).map(Metadata::name) else { return };
        let computation = self.capture.scopes.with(follows.into_u64(), |scope| scope.own().cloned()).flatten();
        self.capture.scopes.with(id.into_u64(), |scope| {
            if scope.follows.len() < self.capture.recorder.limits.spans {
                scope.follows.push(Followed { name, computation });
            }
        });
    }

    #[inline]
    fn on_enter(&self, id: &span::Id, _: Context<'_, S>) {
        entered::enter(self.capture.number, id.into_u64());
    }

    #[inline]
    fn on_exit(&self, id: &span::Id, _: Context<'_, S>) {
        entered::exit(self.capture.number, id.into_u64());
    }

    #[inline]
    fn on_event(&self, event: &Event<'_>, ctx: Context<'_, S>) {
        let capture = &self.capture;
        if capture.has_log || *event.metadata().level() == Level::ERROR {
            self.heed(event, &ctx);
        } else if capture.scopes.any_computation() {
            self.note_event(event, &ctx, None);
        }
    }

    #[inline]
    fn on_close(&self, id: span::Id, ctx: Context<'_, S>) {
        let id = id.into_u64();
        if self.capture.scopes.may_hold(id) {
            self.close(id, &ctx);
        }
    }

    // The contract is kept in `downcast`, which returns pointers to this layer and what it holds.
    #[allow(unsafe_code)]
    unsafe fn downcast_raw(&self, id: TypeId) -> Option<*const ()> {
        downcast::find(self, &self.capture, &self.error_layer, id)
    }
}

/// Lets a SpanTrace that is printed later show the fields of this span.
///
/// Only where no other layer is in the stack: it could hold the lock on the extensions on this very thread.
fn show_fields<'a, S: LookupSpan<'a>>(span: Option<SpanRef<'a, S>>, text: String) {
    if let Some(span) = span {
        span.extensions_mut().replace(FormattedFields::<FieldText>::new(text));
    }
}

fn show<S>(dispatch: &Dispatch, id: u64, text: String)
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    if let Some(subscriber) = dispatch.downcast_ref::<S>() {
        show_fields(subscriber.span(&span::Id::from_u64(id)), text);
    }
}

/// How the fields of a span are shown in a SpanTrace. Nothing is formatted by it: the texts are put into the spans when
/// a failure is recorded in them.
#[derive(Debug)]
pub(crate) struct FieldText;

impl FormatFields<'_> for FieldText {
    fn format_fields<R: RecordFields>(&self, _: Writer<'_>, _: R) -> fmt::Result {
        Ok(())
    }
}

impl<S> fmt::Debug for FailureLayer<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FailureLayer").field("failures", &self.capture.recorder.store.dir()).finish_non_exhaustive()
    }
}
