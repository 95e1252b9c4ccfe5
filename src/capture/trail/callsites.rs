//! The callsites that trails refer to by their address.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};

use tracing::Metadata;

use crate::sync::Renewable;

/// A callsite that a trail refers to.
#[derive(Clone, Debug)]
pub(super) struct Callsite {
    pub(super) meta: &'static Metadata<'static>,
    /// What it said first.
    pub(super) message: Option<String>,
}

static KNOWN: Renewable<Option<HashMap<u64, Callsite>>> = Renewable::none();

/// Some of those that are known: whoever is found here need not be looked up.
static SURELY_KNOWN: [AtomicU64; 256] = [const { AtomicU64::new(0) }; 256];

#[inline]
pub(super) fn address(meta: &'static Metadata<'static>) -> u64 {
    std::ptr::from_ref(meta).addr() as u64
}

/// Sees to it that a trail can refer to a callsite. Its message is asked for the first time only.
pub(crate) fn remember(meta: &'static Metadata<'static>, message: impl FnOnce() -> Option<String>) {
    let address = address(meta);
    let surely = &SURELY_KNOWN[(address >> 4) as usize % SURELY_KNOWN.len()];
    if surely.load(Ordering::Relaxed) == address {
        return;
    }
    if recall(address).is_none() {
        // It may be any code of the user's that says the message: nothing may be locked then.
        let message = message();
        if let Some(mut known) = KNOWN.lock() {
            known.get_or_insert_default().entry(address).or_insert(Callsite { meta, message });
        }
    }
    surely.store(address, Ordering::Relaxed);
}

pub(super) fn recall(address: u64) -> Option<Callsite> {
    KNOWN.lock()?.as_ref()?.get(&address).cloned()
}

#[cfg(unix)]
pub(super) fn is_free() -> bool {
    KNOWN.is_free()
}
