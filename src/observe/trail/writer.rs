//! The lane that a thread writes, remembered from event to event.

use std::cell::RefCell;
use std::sync::Arc;

use tracing::Metadata;

use crate::observe::span_stack::CurrentSpan;
use crate::observe::trail::lane::Lane;
use crate::observe::trail::paths::{KnownPath, PathWord, Paths};

/// A lane that this thread is the writer of.
#[derive(Debug)]
pub(crate) struct WriterLease {
    lane: Arc<Lane>,
    paths: Arc<Paths>,
    /// The callsite of the computation's span.
    home: &'static Metadata<'static>,
    /// The path of the spans that the thread is in.
    path: PathWord,
}

impl WriterLease {
    pub(super) fn new(lane: Arc<Lane>, paths: Arc<Paths>, home: &'static Metadata<'static>) -> Self {
        WriterLease { lane, paths, home, path: PathWord::default() }
    }

    pub(crate) fn paths(&self) -> &Paths {
        &self.paths
    }

    #[inline]
    pub(crate) fn path(&self) -> PathWord {
        self.path
    }

    #[inline]
    pub(crate) fn lane(&self) -> &Lane {
        &self.lane
    }

    pub(crate) fn home(&self) -> &'static Metadata<'static> {
        self.home
    }

    /// Goes on in a lane that has taken the place of this one.
    pub(super) fn replace(&mut self, lane: Arc<Lane>) {
        self.lane = lane;
    }
}

impl Drop for WriterLease {
    fn drop(&mut self) {
        self.lane.release();
    }
}

/// The lane that the thread wrote last.
#[derive(Debug)]
struct LastLane {
    /// The layer that told of it, and the moves of the thread then. If these are the same, so is the lane: without one,
    /// there is none to be found.
    layer: u64,
    epoch: u64,
    /// The address of the computation that the lane belongs to, which is its own as long as the lane is open.
    computation: usize,
    lane: Option<WriterLease>,
}

thread_local! {
    static LAST_LANE: RefCell<LastLane> = const { RefCell::new(LastLane::NONE) };
}

/// What is found of the lane for a span.
pub(crate) enum LaneLookup {
    /// It is the one that the thread wrote last.
    Same,
    /// It is another one, of the computation at this address; or there is none.
    Other(Option<(usize, WriterLease)>),
}

/// What is found of the path of spans to a computation.
pub(crate) enum Trace {
    /// The span is the computation's.
    Home,
    /// The span lies in it, and remembers its path if it has been used before.
    Within(KnownPath),
}

/// Calls with the lane for what a layer tells of this span; where it is not known to be the last one, it is looked for.
/// `None` where there is no lane, or the thread is about to end.
#[inline]
pub(crate) fn with_lane<R>(
    layer: u64,
    around: CurrentSpan,
    find: impl FnOnce(Option<usize>) -> (LaneLookup, Trace),
    keep_path: impl FnOnce(&WriterLease) -> PathWord,
    write: impl FnOnce(&mut WriterLease) -> R,
) -> Option<R> {
    let write = |here: &RefCell<LastLane>| {
        let mut here = here.try_borrow_mut().ok()?;
        let is_same = here.epoch == around.epoch && here.layer == layer && around.epoch != 0;
        if !is_same {
            here.look(find, keep_path);
            (here.layer, here.epoch) = (layer, around.epoch);
        }
        here.lane.as_mut().map(write)
    };
    LAST_LANE.try_with(write).ok().flatten()
}

impl LastLane {
    const NONE: LastLane = LastLane { layer: 0, epoch: 0, computation: 0, lane: None };

    #[cold]
    fn look(
        &mut self,
        find: impl FnOnce(Option<usize>) -> (LaneLookup, Trace),
        keep_path: impl FnOnce(&WriterLease) -> PathWord,
    ) {
        let is_open = self.lane.as_ref().is_some_and(|held| held.lane.is_open());
        let (found, trace) = find(is_open.then_some(self.computation));
        if let LaneLookup::Other(found) = found {
            let (computation, lane) = found.map_or((0, None), |(computation, held)| (computation, Some(held)));
            (self.computation, self.lane) = (computation, lane);
        }
        if let Some(held) = &mut self.lane {
            held.path = match trace {
                Trace::Home => PathWord::default(),
                Trace::Within(known) => held.paths.known(known).unwrap_or_else(|| keep_path(held)),
            };
        }
    }
}

/// Lets go of a lane whose computation has closed.
pub(crate) fn forget(lane: &Arc<Lane>) {
    lane.close();
    let _ = LAST_LANE.try_with(|here| {
        if let Ok(mut here) = here.try_borrow_mut()
            && here.lane.as_ref().is_some_and(|held| Arc::ptr_eq(&held.lane, lane))
        {
            *here = LastLane::NONE;
        }
    });
}
