//! The stacks of a record, and a counter of the threads that read names for them.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use record::Failure;
use record::internal::Redactor;
use runtime::fork;

use crate::observe::backtrace::Stack;

/// Maximum time that the guard waits for names.
const MAX_NAMING_WAIT: Duration = Duration::from_secs(10);

/// The stacks of a record.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stacks {
    /// The stack of the failing thread.
    pub(crate) failure: Stack,
    /// Stacks of the panics that may have caused the failure.
    pub(crate) raised: Vec<Stack>,
}

impl Stacks {
    /// Returns true if the debug information would name more frames.
    pub(crate) fn is_unresolved(&self) -> bool {
        self.failure.is_unresolved() || self.raised.iter().any(Stack::is_unresolved)
    }

    pub(crate) fn redact(&mut self, redactor: &Redactor) {
        self.each().for_each(|stack| redactor.frames(&mut stack.frames));
    }

    /// Reads the names of the frames from the debug information.
    pub(crate) fn resolve(&mut self, turn: Duration) {
        self.each().for_each(|stack| stack.resolve(turn));
    }

    fn each(&mut self) -> impl Iterator<Item = &mut Stack> {
        std::iter::once(&mut self.failure).chain(&mut self.raised)
    }

    /// Writes the frames and their text. Redact the frames before.
    pub(crate) fn write_into(&self, failure: &mut Failure) {
        failure.stack_trace = self.failure.text();
        failure.context.frames.clone_from(&self.failure.frames);
        let raised = failure.context.panic_origin.iter_mut().flat_map(|origin| &mut origin.raised);
        raised.zip(&self.raised).for_each(|(panic, stack)| panic.frames.clone_from(&stack.frames));
    }
}

/// The number of threads of this process that complete records. The generation of the process is in the high bits,
/// because a forked child does not inherit these threads.
#[derive(Debug, Default)]
pub(crate) struct Naming(AtomicU64);

const GENERATION: u64 = 1 << 24;

impl Naming {
    /// Waits until no thread reads names, at most for [`MAX_NAMING_WAIT`].
    pub(crate) fn wait(&self) {
        let started = Instant::now();
        while number_in(self.0.load(Ordering::Acquire)) > 0 && started.elapsed() < MAX_NAMING_WAIT {
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    pub(crate) fn change(&self, change: impl Fn(u64) -> u64) {
        let change = |state| Some(fork::generation() * GENERATION + change(number_in(state)));
        let _ = self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, change);
    }
}

fn number_in(state: u64) -> u64 {
    if state / GENERATION == fork::generation() { state % GENERATION } else { 0 }
}
