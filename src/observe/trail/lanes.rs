//! The lanes of one computation.

use std::sync::Arc;

use runtime::lock::Mutex;

use crate::observe::clock::Reading;
use crate::observe::trail::breadcrumbs;
use crate::observe::trail::lane::Lane;
use crate::observe::trail::paths::{self, Paths};
use crate::observe::trail::pool;
use crate::observe::trail::retention::Retention;
use crate::observe::trail::ring_request::{RingRequest, holds_texts};
use crate::observe::trail::room;
use crate::observe::trail::writer::{WriterLease, forget};

/// Number of ring descriptors of a lane.
pub(super) const DESCRIPTORS: usize = 64;
/// Words per row of the retention. A lane for 256 rows takes less than 64 kB.
const WORDS_A_ROW: usize = 25;

/// Returns the number of words of a lane.
pub(crate) fn words(retention: Retention) -> usize {
    Lane::overhead(DESCRIPTORS) + breadcrumbs::SHARE.words + (retention.head + retention.tail) * WORDS_A_ROW
}

/// The trail of one computation. It is empty until the first event.
#[derive(Debug, Default)]
pub(crate) struct Trail {
    pub(crate) lanes: Mutex<Lanes>,
}

#[derive(Debug, Default)]
pub(crate) struct Lanes {
    pub(crate) lanes: Vec<LaneWithPaths>,
    /// The time at which the first lane was opened.
    pub(crate) origin: Option<Reading>,
}

/// A lane with the paths to which its rows refer.
#[derive(Clone, Debug)]
pub(crate) struct LaneWithPaths {
    pub(crate) lane: Arc<Lane>,
    pub(crate) paths: Arc<Paths>,
}

impl Trail {
    /// Leases a lane without a writer, or opens one. Returns `None` if no memory is left.
    pub(crate) fn lease(&self, retention: Retention) -> Option<WriterLease> {
        let mut lanes = self.lanes.lock()?;
        lanes.origin.get_or_insert_with(Reading::now);
        let free = lanes.lanes.iter().find(|lane| lane.lane.try_acquire()).cloned();
        let LaneWithPaths { lane, paths } = match free {
            Some(free) => free,
            None => lanes.open(retention)?,
        };
        Some(WriterLease::new(lane, paths))
    }

    /// Makes room for the next row of a series, if possible. `is_home` returns true for a callsite that belongs to the
    /// crate of the computation.
    pub(crate) fn make_room(&self, lease: &mut WriterLease, request: RingRequest, is_home: &dyn Fn(u64) -> bool) {
        let is_home = |key| !holds_texts(key) && is_home(paths::callsite_of(key));
        let Some(divided) = room::divided(lease.lane(), request, &is_home) else { return };
        let divided = Arc::new(divided);
        let Some(mut lanes) = self.lanes.lock() else { return };
        // Another thread may have closed the computation.
        let known = lanes.lanes.iter_mut().find(|lane| std::ptr::eq(&*lane.lane, lease.lane()));
        if let Some(known) = known {
            known.lane = Arc::clone(&divided);
            lease.replace(divided);
        }
    }

    /// Releases all lanes. Other threads may still hold the computation, but no event follows.
    pub(crate) fn close(&self) {
        if let Some(mut lanes) = self.lanes.lock() {
            lanes.close();
        }
    }

    /// Same as [`close`](Self::close), for a trail that no other thread can access.
    pub(crate) fn clear(&mut self) {
        self.lanes.get_mut().close();
    }
}

impl Lanes {
    fn open(&mut self, retention: Retention) -> Option<LaneWithPaths> {
        let lane = Arc::new(Lane::open(pool::words(words(retention))?, DESCRIPTORS));
        let lane = LaneWithPaths { lane, paths: Arc::new(Paths::new()) };
        self.lanes.push(lane.clone());
        Some(lane)
    }

    fn close(&mut self) {
        self.lanes.drain(..).for_each(|lane| forget(&lane.lane));
        self.origin = None;
    }
}

/// A later computation may have the same address, so the lanes must be marked as closed.
impl Drop for Trail {
    fn drop(&mut self) {
        self.clear();
    }
}
