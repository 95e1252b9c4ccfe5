//! Names for the frames of a record, read on a thread of its own.
//!
//! The first failure of a program reads its debug information. In a debug build of 70 MB this takes 0.4 s on an idle
//! machine, and 3 s where six other programs compete for two processors. A failing thread does not wait that long:
//!
//! 1. It writes the record with addresses in place of names.
//! 2. A thread of its own reads the names. The failing thread waits for it up to [`LIMIT`], and writes the record
//!    again.
//! 3. Where that is too short, the failing thread goes on, and the other one completes the record when it has the
//!    names.
//!
//! The guard waits for the records that are to be completed, since the end of the process ends that thread as well.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, SendError};
use std::time::{Duration, Instant};

use crate::capture::{Busy, READING_TURN, Stack, has_memory_for_names};
use crate::recorder::Recorder;
use record::Failure;
use record::internal::Redactor;
use runtime::{background, fork};

/// How long a failing thread waits for its stack and for the names in it, altogether.
const LIMIT: Duration = Duration::from_millis(950);

/// How long the guard waits for names.
const LONGEST_END: Duration = Duration::from_secs(10);

/// The stacks of a record.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stacks {
    pub(crate) own: Stack,
    /// Those of the panics that it may come from.
    pub(crate) raised: Vec<Stack>,
}

impl Stacks {
    /// Returns true if reading the debug information would name more frames.
    pub(crate) fn is_unresolved(&self) -> bool {
        self.own.is_unresolved() || self.raised.iter().any(Stack::is_unresolved)
    }

    pub(crate) fn redact(&mut self, redactor: &Redactor) {
        self.each().for_each(|stack| redactor.frames(&mut stack.frames));
    }

    fn each(&mut self) -> impl Iterator<Item = &mut Stack> {
        std::iter::once(&mut self.own).chain(&mut self.raised)
    }

    /// Writes the frames, which are redacted, and their text.
    pub(crate) fn write_into(&self, failure: &mut Failure) {
        failure.stack_trace = self.own.text();
        failure.context.frames.clone_from(&self.own.frames);
        let raised = failure.context.panic_origin.iter_mut().flat_map(|origin| &mut origin.raised);
        raised.zip(&self.raised).for_each(|(panic, stack)| panic.frames.clone_from(&stack.frames));
    }
}

impl Recorder {
    /// Completes a record with the names of its frames, and writes it. The frames have their addresses where the names
    /// take long; they follow later then.
    pub(crate) fn write_named<R>(
        self: &Arc<Self>,
        failure: Failure,
        stacks: Stacks,
        write: impl FnOnce(&Failure) -> R,
    ) -> R {
        let patience = LIMIT.saturating_sub(stacks.own.waited);
        let failure = Arc::new(failure);
        let named = if has_memory_for_names() { self.name_elsewhere(&failure, &stacks) } else { None };
        let Some(named) = named else { return write(&self.name(&failure, stacks)) };
        match named.recv_timeout(patience) {
            Ok(failure) => write(&failure),
            // The receiver is dropped after this: only then does the other thread write.
            Err(_) => write(&failure),
        }
    }

    /// Names the frames on another thread. `None` if there can be none.
    fn name_elsewhere(self: &Arc<Self>, failure: &Arc<Failure>, stacks: &Stacks) -> Option<Receiver<Failure>> {
        // The channel has no room: what is sent is received, or it comes back.
        let (sender, receiver) = mpsc::sync_channel(0);
        let (recorder, before, stacks) = (Arc::clone(self), Arc::clone(failure), stacks.clone());
        let name = move || {
            let _busy = Busy::enter();
            let work = Work::begin(recorder);
            if let Err(SendError(named)) = sender.send(work.0.name(&before, stacks)) {
                work.0.replace(&before, &named);
            }
        };
        background::run(name).ok().map(|()| receiver)
    }

    fn name(&self, failure: &Failure, mut stacks: Stacks) -> Failure {
        let mut failure = failure.clone();
        stacks.each().for_each(|stack| stack.resolve(READING_TURN));
        stacks.redact(&self.redactor);
        stacks.write_into(&mut failure);
        failure
    }

    fn replace(&self, before: &Failure, failure: &Failure) {
        let _is_replaced = self.store.replace(before, failure);
        #[cfg(feature = "publish")]
        if let Some(auto_push) = self.auto_push.as_ref().filter(|_| _is_replaced) {
            auto_push.notify();
        }
    }
}

/// Threads of this process that complete records. The generation of the process stands above their number: a fork
/// leaves the threads behind.
#[derive(Debug, Default)]
pub(crate) struct Naming(AtomicU64);

const GENERATION: u64 = 1 << 24;

impl Naming {
    /// Returns when no record lacks names that are being read, or after [`LONGEST_END`].
    pub(crate) fn wait(&self) {
        let started = Instant::now();
        while number_in(self.0.load(Ordering::Acquire)) > 0 && started.elapsed() < LONGEST_END {
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    fn change(&self, change: impl Fn(u64) -> u64) {
        let change = |state| Some(fork::generation() * GENERATION + change(number_in(state)));
        let _ = self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, change);
    }
}

fn number_in(state: u64) -> u64 {
    if state / GENERATION == fork::generation() { state % GENERATION } else { 0 }
}

/// A thread that completes a record, for as long as it lives.
struct Work(Arc<Recorder>);

impl Work {
    fn begin(recorder: Arc<Recorder>) -> Self {
        recorder.naming.change(|number| number + 1);
        Work(recorder)
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        self.0.naming.change(|number| number.saturating_sub(1));
    }
}
