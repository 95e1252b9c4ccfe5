//! A pool of the memory of lanes.

use std::sync::atomic::AtomicU64;

use crate::observe::trail::lane::Lane;
use runtime::lock::Mutex;

/// Maximum number of pieces of memory in the pool.
const MAX_POOLED: usize = 8;

static POOLED: Mutex<Vec<Box<[AtomicU64]>>> = Mutex::new(Vec::new());

/// Returns words for a lane, or `None` if no memory is left. Their content is arbitrary. Fresh words take no memory
/// until they are written.
pub(crate) fn words(count: usize) -> Option<Box<[AtomicU64]>> {
    let pooled = POOLED.lock().and_then(|mut pool| {
        let fits = pool.iter().rposition(|words| words.len() == count)?;
        Some(pool.swap_remove(fits))
    });
    let words = pooled.or_else(|| bytemuck::try_zeroed_slice_box(count).ok())?;
    #[cfg(test)]
    tests::poison(&words);
    Some(words)
}

impl Drop for Lane {
    fn drop(&mut self) {
        let words = self.take_words();
        if let Some(mut pool) = POOLED.lock() {
            if pool.len() == MAX_POOLED {
                // Remove the oldest one: no lane may need its size any more.
                pool.remove(0);
            }
            pool.push(words);
        }
    }
}

/// Returns true unless a thread uses the pool.
pub(super) fn is_free() -> bool {
    POOLED.is_free()
}

#[cfg(test)]
pub(super) mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    /// The content of fresh memory in unit tests. As kinds, it would give every column an unsigned number.
    pub(in crate::observe::trail) const POISON: u64 = 0x3333_3333_3333_3333;

    pub(super) fn poison(words: &[AtomicU64]) {
        words.iter().for_each(|word| word.store(POISON, Ordering::Relaxed));
    }
}
