//! The types and limits of a lane that the loom models replace.

pub(super) use std::sync::atomic::{AtomicBool, AtomicU64, Ordering, fence};

/// Number of ring descriptors in a lane.
pub(super) const RINGS: usize = 64;
