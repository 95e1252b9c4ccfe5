//! Background threads of the recorder.
//!
//! A starting or ending thread briefly locks a table of the standard library. In a child that is forked at that moment,
//! no thread can start, and `std::process::exit` never returns. A fork therefore waits until the threads of the
//! recorder have started, and a thread without work waits for more instead of ending.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::Thread;

use crate::generation;
use crate::lock::{self, Mutex, Renewable};
use crate::unwind::catch_panic;

/// Stack size for reading debug information: the default size of Rust threads.
///
/// ```
/// use tracing_failure_runtime::background::{SMALL_STACK, STACK_SIZE, spawn};
///
/// spawn("symbols", STACK_SIZE, || ())?;
/// assert!(SMALL_STACK < STACK_SIZE);
/// # Ok::<(), std::io::Error>(())
/// ```
pub const STACK_SIZE: usize = 2 << 20;

/// Stack size for tasks that need little stack.
///
/// ```
/// use tracing_failure_runtime::background::{SMALL_STACK, spawn};
///
/// spawn("timer", SMALL_STACK, || ())?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub const SMALL_STACK: usize = 512 << 10;

/// Maximum number of threads that wait for work. Further ones end.
const MAX_IDLE_WORKERS: usize = 8;

type Task = Box<dyn FnOnce() + Send>;

/// A thread that runs one task after the other.
#[derive(Debug)]
struct Worker {
    thread: Thread,
    task: Mutex<TaskSlot>,
}

#[derive(Default)]
struct TaskSlot(Option<Task>);

impl std::fmt::Debug for TaskSlot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("TaskSlot").field(&self.0.is_some()).finish()
    }
}

/// Workers without a task. The workers of a parent process do not exist in its children.
#[derive(Debug, Default)]
struct IdleWorkers {
    generation: u64,
    workers: Vec<Arc<Worker>>,
}

static IDLE: Renewable<Option<IdleWorkers>> = Renewable::none();

/// Number of threads of the recorder that have not begun their work.
static STARTING: AtomicU32 = AtomicU32::new(0);

/// Runs a task on an idle thread, or starts a thread for it.
///
/// ```
/// let (sender, receiver) = std::sync::mpsc::channel();
/// tracing_failure_runtime::background::run(move || sender.send(7).unwrap())?;
/// assert_eq!(receiver.recv(), Ok(7));
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
///
/// Fails if no thread can be started.
pub fn run(task: impl FnOnce() + Send + 'static) -> io::Result<()> {
    let task: Task = Box::new(task);
    let idle = with_idle(|workers| workers.pop()).flatten();
    match idle {
        Some(worker) => worker.assign(task),
        None => spawn("failure-worker", STACK_SIZE, || run_worker(task)).map(drop),
    }
}

/// Starts a thread.
///
/// ```
/// use tracing_failure_runtime::background::{STACK_SIZE, spawn};
///
/// let (sender, receiver) = std::sync::mpsc::channel();
/// spawn("example", STACK_SIZE, move || sender.send(std::thread::current().id()).unwrap())?;
/// assert_ne!(receiver.recv(), Ok(std::thread::current().id()));
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
///
/// Fails if the system cannot start a thread.
pub fn spawn(name: &str, stack_size: usize, work: impl FnOnce() + Send + 'static) -> io::Result<Thread> {
    STARTING.fetch_add(1, Ordering::SeqCst);
    let spawned = lock::thread(name).stack_size(stack_size).spawn(move || {
        count_started();
        work();
    });
    spawned.map(|handle| handle.thread().clone()).inspect_err(|_| count_started())
}

/// Returns false if a thread of the recorder is about to start.
#[cfg(unix)]
pub(crate) fn have_all_started() -> bool {
    STARTING.load(Ordering::SeqCst) == 0
}

/// Resets the count of threads that were about to start in the parent process.
#[cfg(unix)]
pub(crate) fn after_fork_in_child() {
    STARTING.store(0, Ordering::SeqCst);
}

fn count_started() {
    let _ = STARTING.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |starting| starting.checked_sub(1));
}

fn run_worker(first: Task) {
    let worker = Arc::new(Worker { thread: std::thread::current(), task: Mutex::new(TaskSlot(Some(first))) });
    loop {
        let task = worker.task.lock().and_then(|mut next| next.0.take());
        match task {
            Some(task) => {
                let _ = catch_panic(task);
                if !wait_for_work(&worker) {
                    return;
                }
            }
            None => std::thread::park(),
        }
    }
}

/// Adds the worker to the idle ones. Returns false if enough threads wait already.
fn wait_for_work(worker: &Arc<Worker>) -> bool {
    let is_idle = with_idle(|workers| {
        let is_needed = workers.len() < MAX_IDLE_WORKERS;
        if is_needed {
            workers.push(Arc::clone(worker));
        }
        is_needed
    });
    is_idle.unwrap_or(false)
}

fn with_idle<R>(look: impl FnOnce(&mut Vec<Arc<Worker>>) -> R) -> Option<R> {
    let mut idle = IDLE.lock()?;
    let idle = idle.get_or_insert_default();
    if idle.generation != generation::generation() {
        *idle = IdleWorkers { generation: generation::generation(), workers: Vec::new() };
    }
    Some(look(&mut idle.workers))
}

impl Worker {
    fn assign(&self, task: Task) -> io::Result<()> {
        self.task.lock().ok_or(io::ErrorKind::WouldBlock)?.0 = Some(task);
        self.thread.unpark();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    fn thread_of_task() -> std::thread::ThreadId {
        let (sender, receiver) = mpsc::channel();
        run(move || sender.send(std::thread::current().id()).unwrap()).unwrap();
        receiver.recv().unwrap()
    }

    #[test]
    fn a_thread_does_one_task_after_the_other_also_after_a_panic() {
        run(|| std::panic::resume_unwind(Box::new("a task"))).unwrap();
        let mut threads: Vec<_> = (0..200).map(|_| thread_of_task()).collect();
        threads.sort_by_key(|thread| format!("{thread:?}"));
        threads.dedup();
        // Other tests have tasks as well.
        assert!(threads.len() < 100, "{}", threads.len());
    }

    #[test]
    fn tasks_run_at_the_same_time() {
        let (sender, receiver) = mpsc::channel::<()>();
        let (first, second) = mpsc::channel();
        run(move || receiver.recv().unwrap()).unwrap();
        run(move || first.send(()).unwrap()).unwrap();
        second.recv().unwrap();
        sender.send(()).unwrap();
    }
}
