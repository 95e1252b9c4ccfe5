//! The types of a lane that the loom models replace.

pub(super) use std::sync::atomic::{AtomicBool, AtomicU64, Ordering, fence};
