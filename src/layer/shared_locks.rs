//! Locks and tables that all layers share.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use runtime::fork;

use crate::layer::live;
use crate::observe::{backtrace, callsite_table, clock, trail};

/// Prepares the fork handlers and the clock, before the first failure.
pub(crate) fn prepare() {
    watch_forks();
    clock::prepare();
}

/// Reports whether the shared locks are free when the process forks.
struct SharedLocks;

impl fork::Locks for SharedLocks {
    fn are_free(&self) -> bool {
        backtrace::locks_are_free() && callsite_table::is_free() && trail::locks_are_free() && live::is_free()
    }
}

fn watch_forks() {
    static WATCHED: AtomicBool = AtomicBool::new(false);
    if WATCHED.swap(true, Ordering::Relaxed) {
        return;
    }
    // A thread gets its number from `thread_local` when it first reads its spans. In a child this could block forever.
    fork::prepare_with(|| {
        tracing::dispatcher::get_default(|dispatch| dispatch.current_span().id().is_some());
    });
    let locks: Arc<dyn fork::Locks> = Arc::new(SharedLocks);
    fork::register(Arc::downgrade(&locks));
    std::mem::forget(locks);
}
