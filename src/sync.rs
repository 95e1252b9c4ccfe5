use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::{Duration, Instant};

/// How long to wait for somebody who holds what we need, before they are taken for gone.
pub(crate) const PATIENCE: Duration = Duration::from_secs(1);

/// Locks, but does not wait for ever: what another thread held while the process forked stays locked in the child.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> Option<MutexGuard<'_, T>> {
    let mut started = None;
    for attempt in 0u32.. {
        match mutex.try_lock() {
            Ok(guard) => return Some(guard),
            Err(TryLockError::Poisoned(poisoned)) => return Some(PoisonError::into_inner(poisoned)),
            Err(TryLockError::WouldBlock) => {}
        }
        // What we lock for is short: somebody else is done in a moment, or was forked away.
        match attempt {
            0..64 => std::hint::spin_loop(),
            64..256 => std::thread::yield_now(),
            _ if started.get_or_insert_with(Instant::now).elapsed() > PATIENCE => return None,
            _ => std::thread::sleep(Duration::from_micros(50)),
        }
    }
    None
}
