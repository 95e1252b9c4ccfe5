//! What is kept of an open span.
//!
//! A table of our own, not the registry's extensions: those cost a box for each span, and a lock that other layers hold
//! while they format.

use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tracing::Metadata;
use uuid::Uuid;

use super::callsite::Role;
use super::fields::{Fields, Formatting};
use super::repeat::Recorded;
use super::thread::Moment;

/// Scopes that a thread keeps for its next spans.
const POOL: usize = 64;
/// Bytes that a scope may hold on to in the pool.
const POOLED_BYTES: usize = 16 << 10;

/// An open span.
#[derive(Debug)]
pub(crate) struct Scope {
    pub(crate) meta: &'static Metadata<'static>,
    pub(crate) parent: Option<u64>,
    pub(crate) role: Role,
    pub(crate) formatting: Formatting,
    /// Whether it is, or lies in, a span that is marked.
    pub(crate) in_computation: bool,
    pub(crate) fields: Fields,
    pub(crate) computation: Option<Arc<Computation>>,
    pub(crate) follows: Vec<Followed>,
    /// When it was opened, in the thread's time.
    pub(crate) opened: Moment,
}

/// What happens to a computation while its span is open.
#[derive(Debug)]
pub(crate) struct Computation {
    opened: Instant,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
pub(crate) struct State {
    /// The last failure that was recorded for it.
    pub(crate) recorded: Option<Recorded>,
    /// The last failures of computations inside it, newest last.
    pub(crate) inner: VecDeque<Recorded>,
    /// Whether a computation inside it has succeeded since.
    pub(crate) inner_got_over: bool,
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
    pub(crate) fn open() -> Arc<Self> {
        Arc::new(Computation { opened: Instant::now(), state: Mutex::default() })
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long it has been open, without the time that we took to record what failed in it.
    pub(crate) fn duration(&self) -> Duration {
        self.opened.elapsed().saturating_sub(self.state().recording)
    }

    /// The last failure that was recorded for it.
    pub(crate) fn failure(&self) -> Option<Uuid> {
        self.state().recorded.as_ref().map(|recorded| recorded.id)
    }
}

/// The open spans that are kept.
#[derive(Debug)]
pub(crate) struct Scopes {
    shards: [Mutex<Shard>; 32],
    open_computations: AtomicUsize,
}

/// What was found of a span that closes.
#[derive(Debug)]
pub(crate) enum Closing {
    /// It was not kept.
    Unknown,
    /// It was kept, and now is not.
    Plain(Box<Scope>),
    /// It is a computation's: there may be something to say before it goes.
    Computation,
}

type Shard = HashMap<u64, Box<Scope>, BuildHasherDefault<IdHasher>>;

impl Scopes {
    pub(crate) fn new() -> Self {
        Scopes { shards: std::array::from_fn(|_| Mutex::default()), open_computations: AtomicUsize::new(0) }
    }

    fn shard(&self, id: u64) -> MutexGuard<'_, Shard> {
        let shard = (mix(id) >> 48) as usize % self.shards.len();
        self.shards[shard].lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn insert(&self, id: u64, scope: Box<Scope>) {
        if scope.computation.is_some() {
            self.open_computations.fetch_add(1, Ordering::Relaxed);
        }
        self.shard(id).insert(id, scope);
    }

    /// Whether any span could lie in a computation. A span that was opened on this thread is seen by it.
    pub(crate) fn any_computation(&self) -> bool {
        self.open_computations.load(Ordering::Relaxed) > 0
    }

    /// Takes out a span that closes, unless it is a computation's.
    pub(crate) fn close(&self, id: u64) -> Closing {
        let mut shard = self.shard(id);
        match shard.get(&id) {
            None => Closing::Unknown,
            Some(scope) if scope.computation.is_some() => Closing::Computation,
            Some(_) => shard.remove(&id).map_or(Closing::Unknown, Closing::Plain),
        }
    }

    /// Takes out the span of a computation.
    pub(crate) fn close_computation(&self, id: u64) -> Option<Box<Scope>> {
        let scope = self.shard(id).remove(&id)?;
        self.open_computations.fetch_sub(1, Ordering::Relaxed);
        Some(scope)
    }

    /// Looks at a scope. No code of the user may run in here: the shard is locked.
    pub(crate) fn with<R>(&self, id: u64, look: impl FnOnce(&mut Scope) -> R) -> Option<R> {
        self.shard(id).get_mut(&id).map(|scope| look(scope))
    }

    /// The open spans, innermost first, that this chain of callsites stands for: of several, the one opened last on
    /// this thread.
    pub(crate) fn find(&self, chain: &[&'static Metadata<'static>]) -> Vec<u64> {
        let Some(innermost) = chain.first() else { return Vec::new() };
        let mut candidates = Vec::new();
        for shard in &self.shards {
            let shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            let same = shard.iter().filter(|(_, scope)| std::ptr::eq(scope.meta, *innermost));
            candidates.extend(same.map(|(id, scope)| (scope.opened.recency(), *id)));
        }
        candidates.sort_unstable();
        let ancestry = |(_, id): &((bool, u64), u64)| {
            let mut ids = vec![*id];
            let mut parent = self.with(*id, |scope| scope.parent).flatten();
            for meta in &chain[1..] {
                let matches = |scope: &mut Scope| (std::ptr::eq(scope.meta, *meta), scope.parent);
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

fn mix(id: u64) -> u64 {
    id.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// Span ids are distinct already.
#[derive(Default)]
pub(crate) struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = mix(self.0 ^ u64::from(byte));
        }
    }

    fn write_u64(&mut self, id: u64) {
        self.0 = mix(id);
    }
}

thread_local! {
    // A box is what the table holds: it moves between pool and table without a copy.
    #[allow(clippy::vec_box)]
    static POOLED: RefCell<Vec<Box<Scope>>> = const { RefCell::new(Vec::new()) };
}

/// A scope without fields, from the pool where there is one.
pub(crate) fn take(meta: &'static Metadata<'static>, role: Role) -> Box<Scope> {
    let pooled = POOLED.try_with(|pool| pool.try_borrow_mut().ok()?.pop()).ok().flatten();
    let fresh = || {
        Box::new(Scope {
            meta,
            parent: None,
            role,
            formatting: Formatting::All,
            in_computation: false,
            fields: Fields::default(),
            computation: None,
            follows: Vec::new(),
            opened: Moment::now(),
        })
    };
    let mut scope = pooled.unwrap_or_else(fresh);
    scope.meta = meta;
    scope.role = role;
    scope
}

/// Keeps a closed scope's memory for the next span.
pub(crate) fn give_back(mut scope: Box<Scope>) {
    scope.fields.clear();
    scope.follows.clear();
    scope.computation = None;
    if scope.fields.capacity() > POOLED_BYTES {
        return;
    }
    let _ = POOLED.try_with(|pool| {
        if let Ok(mut pool) = pool.try_borrow_mut()
            && pool.len() < POOL
        {
            pool.push(scope);
        }
    });
}
