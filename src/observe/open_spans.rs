//! The open spans of a layer, with their fields and computations.
//!
//! They are in a table of this crate. The registry's extensions would cost an allocation per span, and a lock that
//! other layers hold while they format.

use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::hash::BuildHasherDefault;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tracing::Metadata;
use uuid::Uuid;

use crate::observe::callsite::SpanRole;
use crate::observe::callsite_table;
use crate::observe::fields::{Fields, Formatting};
use crate::observe::hash::{NumberHasher, mix};
use crate::observe::open_computations;
use crate::observe::outcome::{ComputationOutcome, StatedOutcome};
use crate::observe::report::RecordedFailure;
use crate::observe::thread::Moment;
use crate::observe::trail::history::History;
use crate::observe::trail::lanes::Trail;
use crate::observe::trail::paths::KnownPath;
use crate::observe::trail::retention::Retention;
use crate::observe::trail::writer::WriterLease;
use record::Map;
use record::internal::Redactor;
use runtime::lock::{LockGuard, Mutex};

/// Maximum number of failures, and of inner failures, that a computation remembers.
const MAX_FAILURES: usize = 16;
/// Maximum number of `OpenSpan`s in a thread's pool.
const MAX_POOLED: usize = 64;
/// Maximum number of bytes that an `OpenSpan` in the pool may own.
const MAX_POOLED_BYTES: usize = 16 << 10;

/// An open span.
#[derive(Debug)]
pub(crate) struct OpenSpan {
    pub(crate) meta: &'static Metadata<'static>,
    pub(crate) parent: Option<u64>,
    pub(crate) role: SpanRole,
    pub(crate) formatting: Formatting,
    pub(crate) fields: Fields,
    /// The path to the computation, if the trail has used it.
    pub(crate) path: KnownPath,
    /// The span as JSON for log lines, empty until the first line.
    pub(crate) logged: Vec<u8>,
    /// The computation that a marked span is, or that the span lies in.
    pub(crate) computation: Option<Arc<Computation>>,
    /// A closed computation whose memory the next one reuses.
    spare: Option<Arc<Computation>>,
    pub(crate) follows: Vec<FollowedSpan>,
    /// The moment at which the span was opened.
    pub(crate) opened: Moment,
}

impl OpenSpan {
    fn new(meta: &'static Metadata<'static>, role: SpanRole) -> Self {
        OpenSpan {
            meta,
            parent: None,
            role,
            formatting: Formatting::All,
            fields: Fields::default(),
            path: KnownPath::default(),
            logged: Vec::new(),
            computation: None,
            spare: None,
            follows: Vec::new(),
            opened: Moment::now(0),
        }
    }

    /// Returns the computation that the span itself is.
    pub(crate) fn as_computation(&self) -> Option<&Arc<Computation>> {
        if self.role.is_marked() { self.computation.as_ref() } else { None }
    }

    /// Makes the span a computation inside `around`.
    pub(crate) fn open_computation(&mut self, around: Option<Arc<Computation>>) {
        let computation = Computation {
            meta: self.meta,
            opened: Instant::now(),
            is_named: self.role.names_computation(),
            opened_unwinding: std::thread::panicking(),
            around,
            has_failures: AtomicBool::new(false),
            outcome: StatedOutcome::default(),
            trail: Trail::default(),
            state: Mutex::default(),
        };
        let mut spare = self.spare.take();
        match spare.as_mut().and_then(Arc::get_mut) {
            Some(spare) => *spare = computation,
            None => spare = Some(Arc::new(computation)),
        }
        self.computation = spare;
    }
}

/// A computation whose span is open.
#[derive(Debug)]
pub(crate) struct Computation {
    meta: &'static Metadata<'static>,
    opened: Instant,
    /// True if the span names the computation, false if it only adds a reference to the enclosing one.
    is_named: bool,
    /// True if a destructor opened the span while its thread was unwinding. That panic does not end the computation.
    opened_unwinding: bool,
    around: Option<Arc<Computation>>,
    /// True if a failure occurred in the computation. Otherwise its state need not be locked.
    has_failures: AtomicBool,
    outcome: StatedOutcome,
    trail: Trail,
    state: Mutex<ComputationState>,
}

#[derive(Debug, Default)]
pub(crate) struct ComputationState {
    /// The latest recorded failure of the computation.
    pub(crate) latest: Option<RecordedFailure>,
    /// The latest failures of inner computations, newest last.
    pub(crate) inner_failures: VecDeque<RecordedFailure>,
    /// The latest records of the computation, newest last.
    own_failures: VecDeque<RecordedFailure>,
    /// True if an inner computation has succeeded since the latest inner failure.
    pub(crate) has_recovered: bool,
    /// The total time spent on writing records.
    pub(crate) recording: Duration,
}

impl ComputationState {
    /// Stores a failure of the computation.
    pub(crate) fn add_failure(&mut self, failure: RecordedFailure) {
        push_bounded(&mut self.own_failures, failure.clone());
        self.latest = Some(failure);
    }

    /// Stores a failure of an inner computation.
    pub(crate) fn add_inner_failure(&mut self, failure: RecordedFailure) {
        push_bounded(&mut self.inner_failures, failure);
        self.has_recovered = false;
    }

    /// Returns the outermost failure of the panic that other threads have raised in the computation. Returns `None` if
    /// there are several panics.
    pub(crate) fn sole_panic_of_other_threads(&self) -> Option<&RecordedFailure> {
        let recorded = self.own_failures.iter().chain(&self.inner_failures);
        let mut panics = recorded.filter(|failure| failure.is_panic && !failure.is_of_this_thread()).rev();
        let outermost = panics.next()?;
        panics.all(|failure| failure.shares_panic(outermost)).then_some(outermost)
    }
}

/// Adds a failure, and removes the oldest one if there are too many.
fn push_bounded(failures: &mut VecDeque<RecordedFailure>, failure: RecordedFailure) {
    if failures.len() == MAX_FAILURES {
        failures.pop_front();
    }
    failures.push_back(failure);
}

/// A span from which another one follows.
#[derive(Clone, Debug)]
pub(crate) struct FollowedSpan {
    pub(crate) name: &'static str,
    pub(crate) computation: Option<Arc<Computation>>,
}

impl Computation {
    /// Locks the state. Returns `None` in a forked child if another thread of the parent held the lock.
    pub(crate) fn state(&self) -> Option<LockGuard<'_, ComputationState>> {
        self.state.lock()
    }

    /// Locks the state to store a failure in it.
    pub(crate) fn mark_failed(&self) -> Option<LockGuard<'_, ComputationState>> {
        self.has_failures.store(true, Ordering::Relaxed);
        FAILURES.fetch_add(1, Ordering::Relaxed);
        self.state()
    }

    pub(crate) fn has_failures(&self) -> bool {
        self.has_failures.load(Ordering::Relaxed)
    }

    /// Returns true if a panic that unwinds this thread can end the computation.
    pub(crate) fn may_unwind(&self) -> bool {
        !self.opened_unwinding
    }

    pub(crate) fn opened(&self) -> Instant {
        self.opened
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.opened.elapsed()
    }

    /// Returns the time since the span was opened, without the time spent on writing records.
    pub(crate) fn duration(&self) -> Duration {
        let state = if self.has_failures() { self.state() } else { None };
        let recording = state.map_or(Duration::ZERO, |state| state.recording);
        self.elapsed().saturating_sub(recording)
    }

    /// Returns the latest recorded failure.
    pub(crate) fn failure(&self) -> Option<Uuid> {
        if !self.has_failures() {
            return None;
        }
        self.state()?.latest.as_ref().map(|recorded| recorded.id)
    }

    /// Returns the latest failures of the computation and inside it whose records may lack arguments of the functions
    /// that this thread is in: panics, and failures of other threads.
    pub(crate) fn incomplete_failures(&self) -> Vec<Uuid> {
        let state = if self.has_failures() { self.state() } else { None };
        let is_incomplete = |recorded: &&RecordedFailure| recorded.is_panic || !recorded.is_of_this_thread();
        let incomplete = |state: &ComputationState| {
            let recorded = state.own_failures.iter().chain(&state.inner_failures);
            recorded.filter(is_incomplete).map(|recorded| recorded.id).collect()
        };
        state.map(|state| incomplete(&state)).unwrap_or_default()
    }

    /// Returns true if the span names the computation.
    pub(crate) fn is_named(&self) -> bool {
        self.is_named
    }

    /// Sets the outcome that the program states.
    pub(crate) fn state_outcome(&self, outcome: ComputationOutcome) {
        self.outcome.set(outcome);
    }

    /// Returns true if the program stated cancellation. A panic that drops a future does not unwind it.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.outcome() == ComputationOutcome::Cancelled
    }

    /// Returns the outcome that the program stated.
    pub(crate) fn outcome(&self) -> ComputationOutcome {
        self.outcome.get()
    }

    /// Tells the enclosing computations that this one succeeded after their earlier failures. A computation of a
    /// destructor that runs while the thread unwinds does not end the failure.
    pub(crate) fn announce_success(&self) {
        for around in self.outwards().skip(1).filter(|around| around.has_failures()) {
            if !std::thread::panicking()
                && let Some(mut state) = around.state()
            {
                state.has_recovered = true;
            }
        }
    }

    /// Returns this computation and the enclosing ones, innermost first.
    fn outwards(&self) -> impl Iterator<Item = &Computation> {
        std::iter::successors(Some(self), |computation| computation.around.as_deref())
    }

    /// Returns the computation that this one is, or to which it adds a reference.
    pub(crate) fn named(&self) -> Option<&Computation> {
        self.outwards().find(|computation| computation.is_named)
    }

    /// Releases everything but the memory of the computation itself.
    fn close(&mut self) {
        self.around = None;
        self.trail.clear();
    }

    /// Returns the address, which is unique among open computations.
    pub(crate) fn address(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }

    /// Leases a lane of the trail to this thread.
    pub(crate) fn lease_lane(&self, retention: Retention) -> Option<WriterLease> {
        self.trail.lease(retention)
    }

    /// Returns the callsite of the span.
    pub(crate) fn meta(&self) -> &'static Metadata<'static> {
        self.meta
    }

    pub(crate) fn trail(&self) -> &Trail {
        &self.trail
    }

    /// Returns the ends of the series in the trail of the named computation.
    pub(crate) fn trail_digest(&self, redactor: &Redactor) -> Map {
        self.named().map(|named| named.trail.digest(redactor, &callsite_table::describe)).unwrap_or_default()
    }

    /// Returns the history of the named computation up to now.
    pub(crate) fn history(&self, retention: Retention, redactor: &Redactor) -> History {
        let read = |named: &Computation| {
            let home = named.meta.name();
            named.trail.history(home, named.opened, retention, redactor, &callsite_table::describe)
        };
        self.named().map(read).unwrap_or_default()
    }
}

/// The number of times that a failure was stored in a computation of this process.
static FAILURES: AtomicU64 = AtomicU64::new(0);

/// Returns a number that grows with each failure in a computation of this process.
#[inline]
pub(crate) fn failures_in_process() -> u64 {
    FAILURES.load(Ordering::Relaxed)
}

/// The open spans of a layer that a record, a log line or the trail may need.
#[derive(Debug)]
pub(crate) struct OpenSpans {
    shards: [Shard; 32],
    open_computations: &'static AtomicUsize,
}

/// The state of a span that closes.
#[derive(Debug)]
pub(crate) enum CloseState {
    /// The span was not tracked.
    Unknown,
    /// The span was tracked and has been removed.
    Closed(Box<OpenSpan>),
    /// The layer has to run its close action first, then call [`OpenSpans::finish_close`].
    Deferred,
}

#[derive(Debug, Default)]
struct Shard {
    /// The number of spans, so that an empty shard need not be locked.
    count: AtomicUsize,
    spans: Mutex<Spans>,
}

type Spans = HashMap<u64, Box<OpenSpan>, BuildHasherDefault<NumberHasher>>;

impl Shard {
    /// Locks the spans. Returns `None` in a forked child if another thread of the parent held the lock.
    fn spans(&self) -> Option<LockGuard<'_, Spans>> {
        self.spans.lock()
    }

    fn count_computations(&self) -> usize {
        let Some(spans) = self.spans() else { return 0 };
        spans.values().filter(|open_span| open_span.role.is_marked()).count()
    }
}

impl OpenSpans {
    pub(crate) fn new() -> Self {
        OpenSpans {
            shards: std::array::from_fn(|_| Shard::default()),
            open_computations: open_computations::assign_counter(),
        }
    }

    /// Returns true unless a thread of this process holds a lock.
    pub(crate) fn are_free(&self) -> bool {
        self.shards.iter().all(|shard| shard.spans.is_free())
    }

    fn shard(&self, id: u64) -> &Shard {
        &self.shards[(mix(id) >> 48) as usize % self.shards.len()]
    }

    pub(crate) fn insert(&self, id: u64, open_span: Box<OpenSpan>) {
        if open_span.role.is_marked() {
            self.open_computations.fetch_add(1, Ordering::Relaxed);
        }
        let shard = self.shard(id);
        let Some(mut spans) = shard.spans() else { return };
        spans.insert(id, open_span);
        shard.count.store(spans.len(), Ordering::Relaxed);
    }

    /// Returns true if any computation is open. A computation that this thread opened is always counted.
    #[inline]
    pub(crate) fn any_computation(&self) -> bool {
        self.open_computations.load(Ordering::Relaxed) > 0
    }

    /// Returns true if the span may be tracked. A span that another thread passed on to this one is always found.
    pub(crate) fn may_hold(&self, id: u64) -> bool {
        self.shard(id).count.load(Ordering::Relaxed) > 0
    }

    /// Removes a span that closes, unless it has a close action.
    pub(crate) fn close(&self, id: u64, has_action: impl FnOnce(&OpenSpan) -> bool) -> CloseState {
        let shard = self.shard(id);
        let Some(mut spans) = shard.spans() else { return CloseState::Unknown };
        match spans.get(&id) {
            None => CloseState::Unknown,
            Some(open_span) if has_action(open_span) => CloseState::Deferred,
            Some(_) => self.remove(shard, &mut spans, id),
        }
    }

    /// Removes a span after its close action.
    pub(crate) fn finish_close(&self, id: u64) -> CloseState {
        let shard = self.shard(id);
        shard.spans().map_or(CloseState::Unknown, |mut spans| self.remove(shard, &mut spans, id))
    }

    fn remove(&self, shard: &Shard, spans: &mut Spans, id: u64) -> CloseState {
        let Some(open_span) = spans.remove(&id) else { return CloseState::Unknown };
        shard.count.store(spans.len(), Ordering::Relaxed);
        if open_span.role.is_marked() {
            self.open_computations.fetch_sub(1, Ordering::Relaxed);
        }
        CloseState::Closed(open_span)
    }

    /// Calls `look` with an open span. The shard is locked, so no code of the user may run.
    pub(crate) fn with<R>(&self, id: u64, look: impl FnOnce(&mut OpenSpan) -> R) -> Option<R> {
        self.shard(id).spans()?.get_mut(&id).map(|open_span| look(open_span))
    }

    /// Returns the open spans, innermost first, that match a chain of callsites. Of several matches, returns the latest
    /// one of this thread.
    pub(crate) fn find(&self, chain: &[&'static Metadata<'static>]) -> Vec<u64> {
        let Some(innermost) = chain.first() else { return Vec::new() };
        let mut candidates = Vec::new();
        for shard in &self.shards {
            let Some(spans) = shard.spans() else { continue };
            let same = spans.iter().filter(|(_, open_span)| std::ptr::eq(open_span.meta, *innermost));
            candidates.extend(same.map(|(id, open_span)| (open_span.opened.recency(), *id)));
        }
        candidates.sort_unstable();
        candidates.iter().rev().find_map(|(_, id)| self.ancestry(*id, &chain[1..])).unwrap_or_default()
    }

    /// Returns the span and its ancestors, if the callsites of the ancestors are those of the chain.
    fn ancestry(&self, id: u64, chain: &[&'static Metadata<'static>]) -> Option<Vec<u64>> {
        let mut ids = vec![id];
        let mut parent = self.with(id, |open_span| open_span.parent).flatten();
        for meta in chain {
            // If the parent is not tracked, the rest of the path is unknown.
            let Some(id) = parent else { break };
            let tracked = self.with(id, |open_span| (std::ptr::eq(open_span.meta, *meta), open_span.parent));
            let Some((is_same, outer)) = tracked else { break };
            if !is_same {
                return None;
            }
            ids.push(id);
            parent = outer;
        }
        Some(ids)
    }
}

impl Drop for OpenSpans {
    fn drop(&mut self) {
        let open: usize = self.shards.iter().map(Shard::count_computations).sum();
        self.open_computations.fetch_sub(open, Ordering::Relaxed);
    }
}

thread_local! {
    // The table holds boxes too, so a span moves between pool and table without a copy.
    #[allow(clippy::vec_box)]
    static POOLED: RefCell<Vec<Box<OpenSpan>>> = const { RefCell::new(Vec::new()) };
}

/// Returns a span without fields, from the pool if possible.
pub(crate) fn from_pool(meta: &'static Metadata<'static>, role: SpanRole) -> Box<OpenSpan> {
    let pooled = POOLED.try_with(|pool| pool.try_borrow_mut().ok()?.pop()).ok().flatten();
    let mut open_span = pooled.unwrap_or_else(|| Box::new(OpenSpan::new(meta, role)));
    open_span.meta = meta;
    open_span.role = role;
    open_span.path = KnownPath::default();
    open_span
}

/// Returns a closed span to the pool.
pub(crate) fn recycle(mut open_span: Box<OpenSpan>) {
    open_span.fields.clear();
    open_span.logged.clear();
    open_span.follows.clear();
    let computation = open_span.computation.take();
    if open_span.role.is_marked()
        && let Some(mut computation) = computation
    {
        match Arc::get_mut(&mut computation) {
            Some(unshared) => {
                unshared.close();
                open_span.spare = Some(computation);
            }
            None => computation.trail.close(),
        }
    }
    if open_span.fields.capacity() + open_span.logged.capacity() > MAX_POOLED_BYTES {
        return;
    }
    let _ = POOLED.try_with(|pool| {
        if let Ok(mut pool) = pool.try_borrow_mut()
            && pool.len() < MAX_POOLED
        {
            pool.push(open_span);
        }
    });
}
