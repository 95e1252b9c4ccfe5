//! The lane that a thread writes, remembered from event to event, and the memory that lanes are made of.

use std::cell::RefCell;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};

use super::lane::Lane;
use crate::sync::lock;

/// Pieces of memory that are kept for the next lanes.
const POOL: usize = 8;

static POOLED: Mutex<Vec<Box<[AtomicU64]>>> = Mutex::new(Vec::new());

/// Words for a lane. What is in them is of no account; fresh ones take no memory until they are written.
pub(super) fn words(count: usize) -> Box<[AtomicU64]> {
    let pooled = lock(&POOLED).and_then(|mut pool| {
        let fits = pool.iter().rposition(|words| words.len() == count)?;
        Some(pool.swap_remove(fits))
    });
    pooled.unwrap_or_else(|| bytemuck::zeroed_slice_box(count))
}

impl Drop for Lane {
    fn drop(&mut self) {
        let words = self.take_words();
        if let Some(mut pool) = lock(&POOLED).filter(|pool| pool.len() < POOL) {
            pool.push(words);
        }
    }
}

/// A lane that this thread is the writer of.
#[derive(Debug)]
pub(crate) struct Held(Arc<Lane>);

impl Held {
    pub(super) fn new(lane: Arc<Lane>) -> Self {
        Held(lane)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.release();
    }
}

/// The span of a layer that the thread was in at the last event, and the lane of its computation.
#[derive(Debug)]
struct Here {
    layer: u64,
    span: u64,
    lane: Option<Held>,
}

thread_local! {
    static HERE: RefCell<Here> = const { RefCell::new(Here { layer: 0, span: 0, lane: None }) };
}

/// Calls with the lane for events in this span; it is looked for where the last event was in another one. `None` where
/// there is no lane, or the thread is about to end.
pub(crate) fn with_lane<R>(
    layer: u64,
    span: u64,
    find: impl FnOnce() -> Option<Held>,
    write: impl FnOnce(&Lane) -> R,
) -> Option<R> {
    let write = |here: &RefCell<Here>| {
        let mut here = here.try_borrow_mut().ok()?;
        if here.span != span || here.layer != layer {
            *here = Here { layer, span, lane: None };
            here.lane = find();
        }
        here.lane.as_ref().map(|held| write(&held.0))
    };
    HERE.try_with(write).ok().flatten()
}

/// Lets go of a lane whose computation has closed.
pub(crate) fn forget(lane: &Arc<Lane>) {
    let _ = HERE.try_with(|here| {
        if let Ok(mut here) = here.try_borrow_mut()
            && here.lane.as_ref().is_some_and(|held| Arc::ptr_eq(&held.0, lane))
        {
            *here = Here { layer: 0, span: 0, lane: None };
        }
    });
}
