//! The locks and tables that all layers share.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use runtime::fork;

use crate::layer::live;
use crate::observe::{backtrace, clock, trail};

/// Builds what layers need, before any failure.
pub(crate) fn prepare() {
    watch_forks();
    clock::prepare();
}

/// The locks that all layers share.
struct SharedLocks;

impl fork::Locks for SharedLocks {
    fn are_free(&self) -> bool {
        backtrace::locks_are_free() && trail::locks_are_free() && live::is_free()
    }
}

fn watch_forks() {
    static WATCHED: AtomicBool = AtomicBool::new(false);
    if WATCHED.swap(true, Ordering::Relaxed) {
        return;
    }
    // A thread gets its number from `thread_local` when it first looks at its spans. In a child, that could wait for
    // ever.
    fork::prepare_with(|| {
        tracing::dispatcher::get_default(|dispatch| dispatch.current_span().id().is_some());
    });
    let locks: Arc<dyn fork::Locks> = Arc::new(SharedLocks);
    fork::spare(Arc::downgrade(&locks));
    std::mem::forget(locks);
}
