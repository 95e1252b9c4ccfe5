//! Reads the names of a record's frames on a separate thread.
//!
//! The first failure of a program reads the debug information. For a debug build of 70 MB this takes 0.4 s on an idle
//! machine, and 3 s if six other programs compete for two processors. A failing thread does not wait that long:
//!
//! 1. It writes the record with addresses in place of names.
//! 2. Another thread reads the names. The failing thread waits for it up to [`NAMING_TIMEOUT`], and writes the record
//!    again.
//! 3. After the timeout the failing thread continues, and the other thread completes the record when it has the names.
//!
//! The guard waits for these threads, because the end of the process ends them as well.

use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, SendError};
use std::time::Duration;

use record::Failure;
use runtime::background;

use crate::observe::backtrace::READ_TIMEOUT;
use crate::observe::thread::Busy;
use crate::observe::unwinder::has_memory;
use crate::recorder::Recorder;
use crate::recorder::stacks::Stacks;

/// Maximum time that a failing thread waits for its stack and the names in it, in total.
const NAMING_TIMEOUT: Duration = Duration::from_millis(950);

impl Recorder {
    /// Adds the names of the frames to a record and writes it. If reading takes too long, it writes addresses, and the
    /// names follow later.
    pub(crate) fn write_named<R>(
        self: &Arc<Self>,
        failure: Failure,
        stacks: Stacks,
        write: impl FnOnce(&Failure) -> R,
    ) -> R {
        let timeout = NAMING_TIMEOUT.saturating_sub(stacks.failure.waited);
        let failure = Arc::new(failure);
        let named = if has_memory() { self.name_elsewhere(&failure, &stacks) } else { None };
        let Some(named) = named else { return write(&self.name(&failure, stacks)) };
        match named.recv_timeout(timeout) {
            Ok(failure) => write(&failure),
            // The other thread writes only after the receiver is dropped, which is after this write.
            Err(_) => write(&failure),
        }
    }

    /// Reads the names on another thread. Returns `None` if no thread can be started.
    fn name_elsewhere(self: &Arc<Self>, failure: &Arc<Failure>, stacks: &Stacks) -> Option<Receiver<Failure>> {
        // The channel has no buffer. A sent value is received, or `send` returns it.
        let (sender, receiver) = mpsc::sync_channel(0);
        let (recorder, before, stacks) = (Arc::clone(self), Arc::clone(failure), stacks.clone());
        let started = background::run(move || {
            let _busy = Busy::enter();
            let task = NamingTask::begin(recorder);
            if let Err(SendError(named)) = sender.send(task.0.name(&before, stacks)) {
                task.0.replace(&before, &named);
            }
        });
        started.ok().map(|()| receiver)
    }

    fn name(&self, failure: &Failure, mut stacks: Stacks) -> Failure {
        let mut failure = failure.clone();
        stacks.resolve(READ_TIMEOUT);
        stacks.redact(&self.redactor);
        stacks.write_into(&mut failure);
        failure
    }

    fn replace(&self, before: &Failure, failure: &Failure) {
        let _is_replaced = self.store.replace(before, failure);
        #[cfg(feature = "publish")]
        if _is_replaced && let Some(auto_push) = &self.auto_push {
            auto_push.notify();
        }
    }
}

/// Counts a thread that completes a record, until it is dropped.
struct NamingTask(Arc<Recorder>);

impl NamingTask {
    fn begin(recorder: Arc<Recorder>) -> Self {
        recorder.naming.change(|number| number + 1);
        NamingTask(recorder)
    }
}

impl Drop for NamingTask {
    fn drop(&mut self) {
        self.0.naming.change(|number| number.saturating_sub(1));
    }
}
