//! What is kept of an open span.
//!
//! A table of our own, not the registry's extensions: those cost a box for each span, and a lock that other layers hold
//! while they format.

use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::hash::BuildHasherDefault;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tracing::Metadata;
use uuid::Uuid;

use crate::observe::callsite::Role;
use crate::observe::fields::{Fields, Formatting};
use crate::observe::hash::{NumberHasher, mix};
use crate::observe::outcome::{Outcome, StatedOutcome};
use crate::observe::report::Recorded;
use crate::observe::thread::Moment;
use crate::observe::trail::history::History;
use crate::observe::trail::lanes::Trail;
use crate::observe::trail::paths::KnownPath;
use crate::observe::trail::retention::Retention;
use crate::observe::trail::writer::WriterLease;
use record::internal::Redactor;
use runtime::lock::{Guard, Mutex};

/// OpenSpans that a thread keeps for its next spans.
const MAX_POOLED: usize = 64;
/// Bytes that a scope may hold on to in the pool.
const MAX_POOLED_BYTES: usize = 16 << 10;

/// An open span.
#[derive(Debug)]
pub(crate) struct OpenSpan {
    pub(crate) meta: &'static Metadata<'static>,
    pub(crate) parent: Option<u64>,
    pub(crate) role: Role,
    pub(crate) formatting: Formatting,
    pub(crate) fields: Fields,
    /// Its path to the computation, once something happened in it.
    pub(crate) path: KnownPath,
    /// How it stands in lines of the log, once there was one.
    pub(crate) logged: Vec<u8>,
    /// The computation that it is, where it is marked, or lies in.
    pub(crate) computation: Option<Arc<Computation>>,
    /// A computation that has closed, whose memory is for the next one.
    spare: Option<Arc<Computation>>,
    pub(crate) follows: Vec<Followed>,
    /// When it was opened, in the thread's time.
    pub(crate) opened: Moment,
}

impl OpenSpan {
    /// The computation that it is.
    pub(crate) fn own(&self) -> Option<&Arc<Computation>> {
        self.computation.as_ref().filter(|_| self.role.is_marked())
    }

    /// Makes it a computation inside of this one.
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

/// What happens to a computation while its span is open.
#[derive(Debug)]
pub(crate) struct Computation {
    meta: &'static Metadata<'static>,
    opened: Instant,
    /// Whether its span names it, and does not only give the reference of the one around it.
    is_named: bool,
    /// Whether a destructor opened it while its thread was unwinding: that panic does not end it.
    opened_unwinding: bool,
    around: Option<Arc<Computation>>,
    /// Whether anything failed in it, so that its state has to be looked at.
    has_failures: AtomicBool,
    outcome: StatedOutcome,
    trail: Trail,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
pub(crate) struct State {
    /// The last failure that was recorded for it.
    pub(crate) recorded: Option<Recorded>,
    /// The last failures of computations inside it, newest last.
    pub(crate) inner: VecDeque<Recorded>,
    /// Whether a computation inside it has succeeded since.
    pub(crate) recovered_since: bool,
    /// The time that went into records.
    pub(crate) recording: Duration,
}

/// A span that another one follows from.
#[derive(Clone, Debug)]
pub(crate) struct Followed {
    pub(crate) name: &'static str,
    pub(crate) computation: Option<Arc<Computation>>,
}

impl Computation {
    /// The state. `None` in a child of a process that forked while another thread used it.
    pub(crate) fn state(&self) -> Option<Guard<'_, State>> {
        self.state.lock()
    }

    /// The state, to note a failure in it.
    pub(crate) fn mark_failed(&self) -> Option<Guard<'_, State>> {
        self.has_failures.store(true, Ordering::Relaxed);
        self.state()
    }

    fn has_failures(&self) -> bool {
        self.has_failures.load(Ordering::Relaxed)
    }

    /// Whether the panic that unwinds this thread can end it.
    pub(crate) fn may_unwind(&self) -> bool {
        !self.opened_unwinding
    }

    pub(crate) fn opened(&self) -> Instant {
        self.opened
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.opened.elapsed()
    }

    /// How long it has been open, without the time that we took to record what failed in it.
    pub(crate) fn duration(&self) -> Duration {
        let state = if self.has_failures() { self.state() } else { None };
        let recording = state.map_or(Duration::ZERO, |state| state.recording);
        self.elapsed().saturating_sub(recording)
    }

    /// The last failure that was recorded for it.
    pub(crate) fn failure(&self) -> Option<Uuid> {
        if !self.has_failures() {
            return None;
        }
        self.state()?.recorded.as_ref().map(|recorded| recorded.id)
    }

    /// Takes over the outcome that the program states.
    pub(crate) fn state_outcome(&self, outcome: Outcome) {
        self.outcome.set(outcome);
    }

    /// The outcome that the program has stated.
    pub(crate) fn outcome(&self) -> Outcome {
        self.outcome.get()
    }

    /// A success: what failed inside the computations around it before has been got over.
    pub(crate) fn succeeded(&self) {
        for around in self.outwards().skip(1).filter(|around| around.has_failures()) {
            if let Some(mut state) = around.state() {
                state.recovered_since = true;
            }
        }
    }

    /// It and the computations around it.
    fn outwards(&self) -> impl Iterator<Item = &Computation> {
        std::iter::successors(Some(self), |computation| computation.around.as_deref())
    }

    /// The computation that it is, or gives the reference of.
    pub(crate) fn named(&self) -> Option<&Computation> {
        self.outwards().find(|computation| computation.is_named)
    }

    /// Lets go of what a closed computation need not keep.
    fn close(&mut self) {
        self.around = None;
        self.trail.clear();
    }

    /// Where it is: no other one is there while it is open.
    pub(crate) fn address(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }

    /// A lane of its trail.
    pub(crate) fn lease_lane(&self, retention: Retention) -> Option<WriterLease> {
        self.trail.lease(retention, self.meta)
    }

    pub(crate) fn trail(&self) -> &Trail {
        &self.trail
    }

    /// What has happened in it by now.
    pub(crate) fn history(&self, retention: Retention, redactor: &Redactor) -> History {
        self.named().map(|named| named.trail.history(named.meta, named.opened, retention, redactor)).unwrap_or_default()
    }
}

/// How many computations are open, by layer. Layers beyond that number share a counter.
static OPEN_COMPUTATIONS: [AtomicUsize; 64] = [const { AtomicUsize::new(0) }; 64];

/// How many computations are open in the process.
pub(crate) fn open_in_process() -> usize {
    OPEN_COMPUTATIONS.iter().map(|open| open.load(Ordering::Relaxed)).sum()
}

/// The open spans that are kept.
#[derive(Debug)]
pub(crate) struct OpenSpans {
    shards: [Shard; 32],
    open_computations: &'static AtomicUsize,
}

/// What was found of a span that closes.
#[derive(Debug)]
pub(crate) enum CloseState {
    /// It was not kept.
    Unknown,
    /// It was kept, and now is not.
    Closed(Box<OpenSpan>),
    /// There is something to say before it goes.
    Deferred,
}

#[derive(Debug, Default)]
struct Shard {
    /// Spans in it, so that nobody looks into one that is empty.
    count: AtomicUsize,
    spans: Mutex<Spans>,
}

type Spans = HashMap<u64, Box<OpenSpan>, BuildHasherDefault<NumberHasher>>;

impl Shard {
    /// The spans. `None` in a child of a process that forked while another thread used them.
    fn spans(&self) -> Option<Guard<'_, Spans>> {
        self.spans.lock()
    }
}

impl OpenSpans {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        OpenSpans {
            shards: std::array::from_fn(|_| Shard::default()),
            open_computations: &OPEN_COMPUTATIONS[number % OPEN_COMPUTATIONS.len()],
        }
    }

    /// Returns true unless a thread of this process uses them.
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

    /// Whether any span could lie in a computation. A span that was opened on this thread is seen by it.
    #[inline]
    pub(crate) fn any_computation(&self) -> bool {
        self.open_computations.load(Ordering::Relaxed) > 0
    }

    /// Whether a span may be kept. One that is handed from thread to thread is seen wherever it comes.
    pub(crate) fn may_hold(&self, id: u64) -> bool {
        self.shard(id).count.load(Ordering::Relaxed) > 0
    }

    /// Takes out a span that closes, unless there is something to say about it first.
    pub(crate) fn close(&self, id: u64, has_action: impl FnOnce(&OpenSpan) -> bool) -> CloseState {
        let shard = self.shard(id);
        let Some(mut spans) = shard.spans() else { return CloseState::Unknown };
        match spans.get(&id) {
            None => CloseState::Unknown,
            Some(open_span) if has_action(open_span) => CloseState::Deferred,
            Some(_) => self.take_out(shard, &mut spans, id),
        }
    }

    /// Takes out the span about which everything is said.
    pub(crate) fn finish_close(&self, id: u64) -> CloseState {
        let shard = self.shard(id);
        shard.spans().map_or(CloseState::Unknown, |mut spans| self.take_out(shard, &mut spans, id))
    }

    fn take_out(&self, shard: &Shard, spans: &mut Spans, id: u64) -> CloseState {
        let Some(open_span) = spans.remove(&id) else { return CloseState::Unknown };
        shard.count.store(spans.len(), Ordering::Relaxed);
        if open_span.role.is_marked() {
            self.open_computations.fetch_sub(1, Ordering::Relaxed);
        }
        CloseState::Closed(open_span)
    }

    /// Looks at a scope. No code of the user may run in here: the shard is locked.
    pub(crate) fn with<R>(&self, id: u64, look: impl FnOnce(&mut OpenSpan) -> R) -> Option<R> {
        self.shard(id).spans()?.get_mut(&id).map(|open_span| look(open_span))
    }

    /// The open spans, innermost first, that this chain of callsites stands for: of several, the one opened last on
    /// this thread.
    pub(crate) fn find(&self, chain: &[&'static Metadata<'static>]) -> Vec<u64> {
        let Some(innermost) = chain.first() else { return Vec::new() };
        let mut candidates = Vec::new();
        for shard in &self.shards {
            let Some(spans) = shard.spans() else { continue };
            let same = spans.iter().filter(|(_, open_span)| std::ptr::eq(open_span.meta, *innermost));
            candidates.extend(same.map(|(id, open_span)| (open_span.opened.recency(), *id)));
        }
        candidates.sort_unstable();
        let ancestry = |(_, id): &((bool, u64), u64)| {
            let mut ids = vec![*id];
            let mut parent = self.with(*id, |open_span| open_span.parent).flatten();
            for meta in &chain[1..] {
                let matches = |open_span: &mut OpenSpan| (std::ptr::eq(open_span.meta, *meta), open_span.parent);
                match parent.and_then(|id| Some((id, self.with(id, matches)?))) {
                    Some((id, (true, outer))) => {
                        ids.push(id);
                        parent = outer;
                    }
                    Some((_, (false, _))) => return None,
                    // A span that is not kept ends what is known.
                    None => break,
                }
            }
            Some(ids)
        };
        candidates.iter().rev().find_map(ancestry).unwrap_or_default()
    }
}

impl Drop for OpenSpans {
    fn drop(&mut self) {
        let open_in = |spans: &Spans| spans.values().filter(|open_span| open_span.role.is_marked()).count();
        let count = |shard: &Shard| shard.spans().map_or(0, |spans| open_in(&spans));
        let open: usize = self.shards.iter().map(count).sum();
        self.open_computations.fetch_sub(open, Ordering::Relaxed);
    }
}

thread_local! {
    // A box is what the table holds: it moves between pool and table without a copy.
    #[allow(clippy::vec_box)]
    static POOLED: RefCell<Vec<Box<OpenSpan>>> = const { RefCell::new(Vec::new()) };
}

/// A scope without fields, from the pool where there is one.
pub(crate) fn from_pool(meta: &'static Metadata<'static>, role: Role) -> Box<OpenSpan> {
    let pooled = POOLED.try_with(|pool| pool.try_borrow_mut().ok()?.pop()).ok().flatten();
    let fresh = || {
        Box::new(OpenSpan {
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
        })
    };
    let mut open_span = pooled.unwrap_or_else(fresh);
    open_span.meta = meta;
    open_span.role = role;
    open_span.path = KnownPath::default();
    open_span
}

/// Keeps a closed scope's memory for the next span.
pub(crate) fn recycle(mut open_span: Box<OpenSpan>) {
    open_span.fields.clear();
    open_span.logged.clear();
    open_span.follows.clear();
    let own = open_span.computation.take().filter(|_| open_span.role.is_marked());
    if let Some(mut computation) = own {
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
