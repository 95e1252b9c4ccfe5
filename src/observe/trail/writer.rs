//! The lane to which a thread writes. The thread keeps it from event to event.

use std::cell::RefCell;
use std::sync::Arc;

use crate::observe::span_stack::CurrentSpan;
use crate::observe::trail::lane::Lane;
use crate::observe::trail::paths::{KnownPath, PathWord, Paths};

/// The exclusive right of this thread to write to a lane.
#[derive(Debug)]
pub(crate) struct WriterLease {
    lane: Arc<Lane>,
    paths: Arc<Paths>,
    /// The path of the spans that the thread is in.
    path: PathWord,
}

impl WriterLease {
    pub(super) fn new(lane: Arc<Lane>, paths: Arc<Paths>) -> Self {
        WriterLease { lane, paths, path: PathWord::default() }
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

    /// Continues with a lane that replaces this one.
    pub(super) fn replace(&mut self, lane: Arc<Lane>) {
        self.lane = lane;
    }
}

impl Drop for WriterLease {
    fn drop(&mut self) {
        self.lane.release();
    }
}

/// The lane to which the thread wrote last.
#[derive(Debug)]
struct LastLane {
    /// The layer for which the lane was found, and the epoch of the thread's span stack at that time. While both are
    /// the same, so is the lane, or its absence.
    layer: u64,
    epoch: u64,
    /// The address of the computation to which the lane belongs. It is unique while the lane is open.
    computation: usize,
    lane: Option<WriterLease>,
}

thread_local! {
    static LAST_LANE: RefCell<LastLane> = const { RefCell::new(LastLane::NONE) };
}

/// The lane for a span.
pub(crate) enum LaneLookup {
    /// The lane is the one to which the thread wrote last.
    Same,
    /// The lane is another one, of the computation at this address, or there is none.
    Other(Option<(usize, WriterLease)>),
}

/// The path from a span to its computation.
pub(crate) enum PathLookup {
    /// The span is the computation's own.
    ComputationSpan,
    /// The span is inside the computation. It has a known path if the trail has used it before.
    InnerSpan(KnownPath),
}

/// Calls `write` with the lane for events in this span. Uses the last lane if the thread has not moved since, and
/// otherwise looks for the lane. Returns `None` if there is no lane or the thread is about to end.
#[inline]
pub(crate) fn with_lane<R>(
    layer: u64,
    current: CurrentSpan,
    find: impl FnOnce(Option<usize>) -> (LaneLookup, PathLookup),
    add_path: impl FnOnce(&WriterLease) -> PathWord,
    write: impl FnOnce(&mut WriterLease) -> R,
) -> Option<R> {
    let write = |last: &RefCell<LastLane>| {
        let mut last = last.try_borrow_mut().ok()?;
        let is_same = last.epoch == current.epoch && last.layer == layer && current.epoch != 0;
        if !is_same {
            last.look(find, add_path);
            (last.layer, last.epoch) = (layer, current.epoch);
        }
        last.lane.as_mut().map(write)
    };
    LAST_LANE.try_with(write).ok().flatten()
}

impl LastLane {
    const NONE: LastLane = LastLane { layer: 0, epoch: 0, computation: 0, lane: None };

    #[cold]
    fn look(
        &mut self,
        find: impl FnOnce(Option<usize>) -> (LaneLookup, PathLookup),
        add_path: impl FnOnce(&WriterLease) -> PathWord,
    ) {
        let is_open = self.lane.as_ref().is_some_and(|lease| lease.lane.is_open());
        let (lookup, path) = find(is_open.then_some(self.computation));
        if let LaneLookup::Other(found) = lookup {
            let (computation, lane) = found.map_or((0, None), |(computation, lease)| (computation, Some(lease)));
            (self.computation, self.lane) = (computation, lane);
        }
        if let Some(lease) = &mut self.lane {
            lease.path = match path {
                PathLookup::ComputationSpan => PathWord::default(),
                PathLookup::InnerSpan(known) => lease.paths.word_of(known).unwrap_or_else(|| add_path(lease)),
            };
        }
    }
}

/// Closes a lane, and releases it if it is the last one of this thread.
pub(crate) fn forget(lane: &Arc<Lane>) {
    lane.close();
    let _ = LAST_LANE.try_with(|last| {
        if let Ok(mut last) = last.try_borrow_mut()
            && last.lane.as_ref().is_some_and(|lease| Arc::ptr_eq(&lease.lane, lane))
        {
            *last = LastLane::NONE;
        }
    });
}
