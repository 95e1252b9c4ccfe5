//! The memory that lanes are made of.

use std::sync::atomic::AtomicU64;

use crate::observe::trail::lane::Lane;
use runtime::lock::Mutex;

/// Pieces of memory that are kept for the next lanes.
const MAX_POOLED: usize = 8;

static POOLED: Mutex<Vec<Box<[AtomicU64]>>> = Mutex::new(Vec::new());

/// Words for a lane, or `None` if no memory is left. What is in them is of no account; fresh ones take no memory until
/// they are written.
pub(super) fn words(count: usize) -> Option<Box<[AtomicU64]>> {
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
                // The oldest goes: it may be of a size that nobody asks for any more.
                pool.remove(0);
            }
            pool.push(words);
        }
    }
}

#[cfg(unix)]
pub(super) fn is_free() -> bool {
    POOLED.is_free()
}

#[cfg(test)]
pub(super) mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    /// What unit tests find in memory that nobody has written. As kinds, every column would have an unsigned number.
    pub(in crate::observe::trail) const POISON: u64 = 0x3333_3333_3333_3333;

    pub(super) fn poison(words: &[AtomicU64]) {
        words.iter().for_each(|word| word.store(POISON, Ordering::Relaxed));
    }
}
