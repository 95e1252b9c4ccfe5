//! The parts of a lane that a model checker replaces by its own.

pub(super) use std::sync::atomic::{AtomicBool, AtomicU64, Ordering, fence};

/// Places for the rings of a lane.
pub(super) const RINGS: usize = 64;
