//! Locks that never block forever, and that a forked child recognises as dead.
//!
//! A thread that holds a lock while another thread forks does not exist in the child, where the lock stays locked. The
//! mutex stores the generation of the process that last locked it. A child that finds an older generation tries to lock
//! the mutex. This succeeds unless a thread of the parent holds the lock. In that case, the child marks the mutex as
//! dead permanently.
//!
//! A lock costs no more than one of the standard library, because an unchanged generation is only read.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{MutexGuard, PoisonError, TryLockError};
use std::time::{Duration, Instant};

use crate::generation;

/// Maximum time to wait for a lock. Locks are held briefly, unless a file system hangs.
///
/// ```
/// use tracing_failure_runtime::lock::{LOCK_TIMEOUT, Mutex};
///
/// let count = Mutex::new(7);
/// assert_eq!(count.lock_within(2 * LOCK_TIMEOUT).as_deref(), Some(&7));
/// ```
pub const LOCK_TIMEOUT: Duration = Duration::from_secs(1);

/// Maximum time for the first attempt of a process to lock a mutex. Another thread that makes the first attempt at the
/// same time needs less.
const FIRST_ATTEMPT_TIMEOUT: Duration = Duration::from_millis(20);

/// A mutex that detects whether a thread of the parent process holds it.
///
/// ```
/// use tracing_failure_runtime::lock::Mutex;
///
/// static COUNT: Mutex<u64> = Mutex::new(0);
/// *COUNT.lock().unwrap() += 1;
/// assert_eq!(*COUNT.lock().unwrap(), 1);
/// ```
#[derive(Debug, Default)]
pub struct Mutex<T> {
    /// The process that uses the mutex: [`UNUSED`], or one more than the generation of the process. [`DEAD`] is set if
    /// a thread of a parent process holds the lock.
    user: AtomicU64,
    value: std::sync::Mutex<T>,
}

const UNUSED: u64 = 0;
const DEAD: u64 = 1 << 63;

/// Access to the value of a locked [`Mutex`].
///
/// ```
/// use tracing_failure_runtime::lock::{LockGuard, Mutex};
///
/// fn increment(mut count: LockGuard<u32>) {
///     *count += 1;
/// }
///
/// let count = Mutex::new(7);
/// count.lock().map(increment);
/// assert_eq!(count.lock().as_deref(), Some(&8));
/// ```
pub type LockGuard<'a, T> = MutexGuard<'a, T>;

impl<T> Mutex<T> {
    /// Creates an unlocked mutex.
    ///
    /// ```
    /// let count = tracing_failure_runtime::lock::Mutex::new(7);
    /// assert!(count.is_free());
    /// ```
    pub const fn new(value: T) -> Self {
        Mutex { user: AtomicU64::new(UNUSED), value: std::sync::Mutex::new(value) }
    }

    /// Locks the mutex. Returns `None` if a thread of the parent process holds it, or if a thread of this process holds
    /// it for longer than [`LOCK_TIMEOUT`].
    ///
    /// ```
    /// let names = tracing_failure_runtime::lock::Mutex::new(vec!["rtol"]);
    /// if let Some(mut names) = names.lock() {
    ///     names.push("atol");
    /// }
    /// assert_eq!(names.lock().unwrap().len(), 2);
    /// ```
    #[inline]
    pub fn lock(&self) -> Option<LockGuard<'_, T>> {
        self.lock_within(LOCK_TIMEOUT)
    }

    /// Locks with another timeout.
    ///
    /// ```
    /// let count = tracing_failure_runtime::lock::Mutex::new(7);
    /// let _guard = count.lock();
    /// assert!(count.lock_within(std::time::Duration::ZERO).is_none());
    /// ```
    #[inline]
    pub fn lock_within(&self, timeout: Duration) -> Option<LockGuard<'_, T>> {
        match self.attempt() {
            Some(guard) if !generation::is_near() => Some(guard),
            guard => {
                drop(guard);
                self.wait(timeout)
            }
        }
    }

    #[cold]
    fn wait(&self, timeout: Duration) -> Option<LockGuard<'_, T>> {
        if self.is_dead() {
            return None;
        }
        generation::wait();
        let mut started = None;
        for attempt in 0u32.. {
            if let Some(guard) = self.attempt() {
                return Some(guard);
            }
            match attempt {
                0..64 => std::hint::spin_loop(),
                64..256 => std::thread::yield_now(),
                _ if started.get_or_insert_with(Instant::now).elapsed() >= timeout => return None,
                _ => std::thread::sleep(Duration::from_micros(50)),
            }
        }
        None
    }

    /// Locks if the lock is free. It does not wait, not even for a fork.
    ///
    /// ```
    /// let count = tracing_failure_runtime::lock::Mutex::new(7);
    /// let guard = count.try_lock();
    /// assert!(guard.is_some() && count.try_lock().is_none());
    /// ```
    pub fn try_lock(&self) -> Option<LockGuard<'_, T>> {
        if self.is_dead() { None } else { self.attempt() }
    }

    #[inline]
    fn attempt(&self) -> Option<LockGuard<'_, T>> {
        if self.user.load(Ordering::Relaxed) == user() || self.is_living() { self.try_value() } else { None }
    }

    #[inline]
    fn try_value(&self) -> Option<LockGuard<'_, T>> {
        match self.value.try_lock() {
            Ok(guard) => Some(guard),
            Err(TryLockError::Poisoned(poisoned)) => Some(PoisonError::into_inner(poisoned)),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// Returns true unless a thread of the parent process holds the lock. The first answer of a process is final.
    fn is_living(&self) -> bool {
        let started = Instant::now();
        loop {
            let known = self.user.load(Ordering::Relaxed);
            if known & !DEAD == user() {
                return known & DEAD == 0;
            }
            let free = self.try_value();
            // Before the first fork there is no parent whose thread could hold it.
            let is_living = free.is_some() || known == UNUSED && generation::generation() == 0;
            if is_living || started.elapsed() >= FIRST_ATTEMPT_TIMEOUT {
                let found = if is_living { user() } else { user() | DEAD };
                let _ = self.user.compare_exchange(known, found, Ordering::Relaxed, Ordering::Relaxed);
            } else {
                std::thread::sleep(Duration::from_micros(50));
            }
        }
    }

    /// Returns the value. The exclusive reference makes locking unnecessary.
    ///
    /// ```
    /// let mut count = tracing_failure_runtime::lock::Mutex::new(7);
    /// *count.get_mut() += 1;
    /// assert_eq!(*count.get_mut(), 8);
    /// ```
    pub fn get_mut(&mut self) -> &mut T {
        self.value.get_mut().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns true unless a thread of this process holds the lock. The call locks the mutex briefly, so that a thread
    /// that locks it later sees everything that happened before.
    ///
    /// ```
    /// let count = tracing_failure_runtime::lock::Mutex::new(7);
    /// let guard = count.lock();
    /// assert!(!count.is_free());
    /// drop(guard);
    /// assert!(count.is_free());
    /// ```
    pub fn is_free(&self) -> bool {
        self.try_value().is_some() || self.is_dead()
    }

    /// Returns true if a thread of the parent process holds the lock. The answer stays the same for the lifetime of
    /// this process.
    ///
    /// ```
    /// let count = tracing_failure_runtime::lock::Mutex::new(7);
    /// assert!(!count.is_dead());
    /// ```
    pub fn is_dead(&self) -> bool {
        self.user.load(Ordering::Relaxed) != user() && !self.is_living()
    }
}

/// Returns the value of `user` for this process.
#[inline]
fn user() -> u64 {
    generation::generation() + 1
}

/// Locks a mutex of the standard library, for code that needs a condition variable. It returns `None` after
/// [`LOCK_TIMEOUT`].
///
/// ```
/// let count = std::sync::Mutex::new(7);
/// assert_eq!(tracing_failure_runtime::lock::lock(&count).as_deref(), Some(&7));
/// ```
pub fn lock<T>(mutex: &std::sync::Mutex<T>) -> Option<std::sync::MutexGuard<'_, T>> {
    let started = Instant::now();
    loop {
        match mutex.try_lock() {
            Ok(guard) => return Some(guard),
            Err(TryLockError::Poisoned(poisoned)) => return Some(PoisonError::into_inner(poisoned)),
            Err(TryLockError::WouldBlock) if started.elapsed() > LOCK_TIMEOUT => return None,
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_micros(50)),
        }
    }
}

/// Returns a builder for a thread of the recorder with a small stack. An explicit stack size avoids a lookup in the
/// environment, whose lock may be dead after a fork.
///
/// ```
/// let thread = tracing_failure_runtime::lock::thread("example").spawn(|| 7)?;
/// assert_eq!(thread.join().ok(), Some(7));
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn thread(name: &str) -> std::thread::Builder {
    std::thread::Builder::new().name(name.to_owned()).stack_size(512 << 10)
}

/// Number of mutexes in a [`Renewable`].
const MAX_DEAD_LOCKS: usize = 4;

/// A mutex with spares. A child whose parent held the first one uses the next one, which has its own value.
///
/// A mutex that is dead stays dead during the lifetime of a process, so all threads use the same mutex.
///
/// ```
/// use tracing_failure_runtime::lock::Renewable;
///
/// static NAMES: Renewable<Option<Vec<&str>>> = Renewable::none();
/// NAMES.lock().unwrap().get_or_insert_default().push("rtol");
/// ```
#[derive(Debug, Default)]
pub struct Renewable<T>([Mutex<T>; MAX_DEAD_LOCKS]);

impl Renewable<()> {
    /// Creates a mutex without a value.
    ///
    /// ```
    /// use tracing_failure_runtime::lock::Renewable;
    ///
    /// static WRITING: Renewable<()> = Renewable::new();
    /// assert!(WRITING.lock().is_some());
    /// ```
    pub const fn new() -> Self {
        Renewable([const { Mutex::new(()) }; MAX_DEAD_LOCKS])
    }
}

impl<T> Renewable<Option<T>> {
    /// Creates a mutex for a static whose value is created on demand.
    ///
    /// ```
    /// use tracing_failure_runtime::lock::Renewable;
    ///
    /// static NAMES: Renewable<Option<Vec<&str>>> = Renewable::none();
    /// assert_eq!(NAMES.lock().as_deref(), Some(&None));
    /// ```
    pub const fn none() -> Self {
        Renewable([const { Mutex::new(None) }; MAX_DEAD_LOCKS])
    }
}

impl<T> Renewable<T> {
    /// Locks the first mutex that is not dead.
    ///
    /// ```
    /// let count = tracing_failure_runtime::lock::Renewable::<u32>::default();
    /// *count.lock().unwrap() += 1;
    /// assert_eq!(count.lock().as_deref(), Some(&1));
    /// ```
    pub fn lock(&self) -> Option<LockGuard<'_, T>> {
        self.lock_within(LOCK_TIMEOUT)
    }

    /// Locks with another timeout.
    ///
    /// ```
    /// let count = tracing_failure_runtime::lock::Renewable::<u32>::default();
    /// let _guard = count.lock();
    /// assert!(count.lock_within(std::time::Duration::ZERO).is_none());
    /// ```
    pub fn lock_within(&self, timeout: Duration) -> Option<LockGuard<'_, T>> {
        self.first_living()?.lock_within(timeout)
    }

    /// Locks if the lock is free. It does not wait, not even for a fork.
    ///
    /// ```
    /// let count = tracing_failure_runtime::lock::Renewable::<u32>::default();
    /// let guard = count.try_lock();
    /// assert!(guard.is_some() && count.try_lock().is_none());
    /// ```
    pub fn try_lock(&self) -> Option<LockGuard<'_, T>> {
        self.first_living()?.try_lock()
    }

    fn first_living(&self) -> Option<&Mutex<T>> {
        self.0.iter().find(|mutex| !mutex.is_dead())
    }

    /// Returns true unless a thread of this process holds a lock.
    ///
    /// ```
    /// let count = tracing_failure_runtime::lock::Renewable::<u32>::default();
    /// let guard = count.lock();
    /// assert!(!count.is_free());
    /// drop(guard);
    /// assert!(count.is_free());
    /// ```
    pub fn is_free(&self) -> bool {
        self.0.iter().all(Mutex::is_free)
    }
}

/// A value that is created on first use. A child that is forked during the creation creates its own.
///
/// ```
/// use tracing_failure_runtime::lock::Lazy;
///
/// static TABLE: Lazy<Vec<u32>> = Lazy::new(|| (0..4).collect());
/// assert_eq!(TABLE.get().len(), 4);
/// ```
#[derive(Debug)]
pub struct Lazy<T: 'static> {
    value: Renewable<Option<&'static T>>,
    make: fn() -> T,
}

impl<T> Lazy<T> {
    /// Creates a lazy value from a function.
    ///
    /// ```
    /// use tracing_failure_runtime::lock::Lazy;
    ///
    /// static SQUARES: Lazy<[u32; 3]> = Lazy::new(|| [1, 4, 9]);
    /// assert_eq!(SQUARES.get()[2], 9);
    /// ```
    pub const fn new(make: fn() -> T) -> Self {
        Lazy { value: Renewable::none(), make }
    }

    /// Returns the value.
    ///
    /// ```
    /// use tracing_failure_runtime::lock::Lazy;
    ///
    /// static START: Lazy<std::time::Instant> = Lazy::new(std::time::Instant::now);
    /// assert_eq!(START.get(), START.get());
    /// ```
    pub fn get(&self) -> &'static T {
        let make = || &*Box::leak(Box::new((self.make)()));
        match self.value.lock() {
            Some(mut value) => value.get_or_insert_with(make),
            None => make(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Simulates a fork while another thread holds the lock.
    fn leave_to_the_dead<T>(mutex: &Mutex<T>) {
        let guard = mutex.lock().unwrap();
        mutex.user.store(user() + 1, Ordering::Relaxed);
        std::mem::forget(guard);
    }

    #[test]
    fn a_lock_of_the_parents_is_recognised_once_and_for_all() {
        let mutex = Mutex::new(1);
        *mutex.lock().unwrap() += 1;
        assert_eq!(*mutex.lock().unwrap(), 2);
        leave_to_the_dead(&mutex);
        assert!(mutex.is_dead() && mutex.is_free());
        // An hour would be noticed.
        assert!(mutex.lock_within(Duration::from_secs(3600)).is_none());
        // Even if it seems to be free later.
        assert_eq!(mutex.user.load(Ordering::Relaxed), user() | DEAD);
    }

    #[test]
    fn a_lock_that_is_slow_to_be_used_first_is_not_taken_for_dead() {
        let mutex = Mutex::new(());
        // A thread that was interrupted between its attempt and the note of it.
        let guard = mutex.value.lock();
        assert!(mutex.lock_within(2 * FIRST_ATTEMPT_TIMEOUT).is_none() && !mutex.is_dead());
        drop(guard);
        assert!(mutex.lock().is_some());
    }

    #[test]
    fn a_dead_lock_is_replaced_as_often_as_there_are_spares() {
        let renewable = Renewable::<u32>::default();
        for generation in 0..MAX_DEAD_LOCKS as u32 {
            let mut value = renewable.lock().unwrap();
            assert_eq!(*value, 0);
            *value = generation + 1;
            drop(value);
            leave_to_the_dead(renewable.first_living().unwrap());
        }
        assert!(renewable.lock().is_none());
    }

    #[test]
    fn a_value_is_made_once_and_again_after_a_fork_in_the_middle() {
        let lazy = Lazy::new(|| String::from("made"));
        let first = lazy.get();
        assert!(std::ptr::eq(first, lazy.get()) && first == "made");
        leave_to_the_dead(lazy.value.first_living().unwrap());
        assert!(!std::ptr::eq(first, lazy.get()) && lazy.get() == "made");
    }

    #[test]
    fn a_holder_that_lives_is_waited_for_within_limits() {
        let mutex = Mutex::new(());
        let guard = mutex.lock().unwrap();
        assert!(mutex.lock_within(Duration::from_millis(1)).is_none());
        assert!(mutex.try_lock().is_none() && !mutex.is_dead() && !mutex.is_free());
        drop(guard);
        assert!(mutex.lock().is_some() && mutex.is_free());
    }

    #[test]
    fn a_panic_under_the_lock_unlocks_it() {
        let mutex = Mutex::new(3);
        let panics = std::panic::AssertUnwindSafe(|| {
            let _guard = mutex.lock();
            std::panic::resume_unwind(Box::new(()));
        });
        assert!(std::panic::catch_unwind(panics).is_err());
        assert_eq!(*mutex.lock().unwrap(), 3);
    }

    #[test]
    fn threads_exclude_each_other() {
        let count = Mutex::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..1000).for_each(|_| *count.lock_within(Duration::from_secs(60)).unwrap() += 1));
            }
        });
        assert_eq!(*count.lock().unwrap(), 4000);
    }
}
