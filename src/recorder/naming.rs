//! Names for the frames of a record, read on a thread of its own.
//!
//! The first failure of a program reads its debug information. In a debug build of 70 MB this takes 0.4 s on an idle
//! machine, and 3 s where six other programs compete for two processors. A failing thread does not wait that long:
//!
//! 1. It writes the record with addresses in place of names.
//! 2. A thread of its own reads the names. The failing thread waits for it up to [`NAMING_TIMEOUT`], and writes the record
//!    again.
//! 3. Where that is too short, the failing thread goes on, and the other one completes the record when it has the
//!    names.
//!
//! The guard waits for the records that are to be completed, since the end of the process ends that thread as well.

use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, SendError};
use std::time::Duration;

use record::Failure;
use runtime::background;

use crate::observe::backtrace::READING_TURN;
use crate::observe::thread::Busy;
use crate::observe::unwinder::has_memory;
use crate::recorder::Recorder;
use crate::recorder::stacks::Stacks;

/// How long a failing thread waits for its stack and for the names in it, altogether.
const NAMING_TIMEOUT: Duration = Duration::from_millis(950);

impl Recorder {
    /// Completes a record with the names of its frames, and writes it. The frames have their addresses where the names
    /// take long; they follow later then.
    pub(crate) fn write_named<R>(
        self: &Arc<Self>,
        failure: Failure,
        stacks: Stacks,
        write: impl FnOnce(&Failure) -> R,
    ) -> R {
        let timeout = NAMING_TIMEOUT.saturating_sub(stacks.own.waited);
        let failure = Arc::new(failure);
        let named = if has_memory() { self.name_elsewhere(&failure, &stacks) } else { None };
        let Some(named) = named else { return write(&self.name(&failure, stacks)) };
        match named.recv_timeout(timeout) {
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
        stacks.resolve(READING_TURN);
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
