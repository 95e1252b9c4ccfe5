//! Reads the arguments of annotated functions into their spans when a computation fails.

use tracing::Span;
use uuid::Uuid;

use crate::layer::hook_state;
use crate::layer::layer_core::LayerCore;
use crate::observe::arguments::{CallArgument, CallFrame, for_each_frame};
use crate::observe::open_spans::OpenSpan;
use crate::observe::outcome::ComputationOutcome;
use crate::observe::thread::Busy;

impl LayerCore {
    /// Reads the arguments of all functions that this thread is in into their spans.
    pub(super) fn read_arguments(&self) {
        for_each_frame(|frame| self.read_frame(frame));
    }

    /// Reads the arguments that the span of a function lacks.
    fn read_frame(&self, frame: &CallFrame<'_>) {
        // The values are read without the lock, because reading may run code of the program.
        let mut missing: Vec<_> = frame.arguments(hook_state::is_recording()).collect();
        let is_known = self.with_span_of(frame, |open_span| {
            missing.retain(|argument| argument.name().is_none_or(|name| !open_span.fields.contains(name)));
        });
        if is_known.is_none() || missing.is_empty() {
            return;
        }
        let limits = &self.recorder.limits;
        let mut values: Vec<_> = missing.iter().flat_map(|argument| argument.read(limits)).collect();
        self.with_span_of(frame, |open_span| {
            open_span.logged.clear();
            open_span.fields.add_arguments(&mut values, open_span.meta);
        });
    }

    /// States that a function has succeeded. Its log line contains its small arguments.
    #[inline(never)]
    pub(crate) fn state_success_of(span: &Span, arguments: &[CallArgument<'_>]) {
        Self::for_each_user_of_outcome(span, |core, id| {
            if core.has_log {
                core.add_small_arguments(id, arguments);
            }
            core.state_outcome_at(id, ComputationOutcome::Ok);
        });
    }

    fn add_small_arguments(&self, id: u64, arguments: &[CallArgument<'_>]) {
        let small = || arguments.iter().filter(|argument| !argument.is_empty() && argument.is_small());
        if small().next().is_none() {
            return;
        }
        let Some(_busy) = Busy::enter() else { return };
        let mut values: Vec<_> = small().flat_map(|argument| argument.read(&self.recorder.limits)).collect();
        self.open_spans.with(id, |open_span| {
            open_span.logged.clear();
            open_span.fields.add_arguments(&mut values, open_span.meta);
        });
    }

    fn with_span_of<R>(&self, frame: &CallFrame<'_>, look: impl FnOnce(&mut OpenSpan) -> R) -> Option<R> {
        let look = |open_span: &mut OpenSpan| std::ptr::eq(open_span.meta, frame.meta).then(|| look(open_span));
        self.open_spans.with(frame.span, look).flatten()
    }

    /// Reads the arguments of a failing function, and adds them to the records that were written without them: by the
    /// panic hook, and by other threads.
    pub(crate) fn complete_records(frame: &CallFrame<'_>) {
        let Some(_busy) = Busy::enter() else { return };
        Self::for_each_current(|core, _, _| core.complete_records_of(frame));
    }

    /// Completes the records of a function if something has failed inside it.
    pub(crate) fn complete_records_inside(frame: &CallFrame<'_>) {
        let Some(_busy) = Busy::enter() else { return };
        Self::for_each_current(|core, _, _| {
            if core.has_failures(frame) {
                core.complete_records_of(frame);
            }
        });
    }

    fn complete_records_of(&self, frame: &CallFrame<'_>) {
        self.read_frame(frame);
        let records = self.incomplete_records_of(frame);
        if records.is_empty() {
            return;
        }
        let (limits, redactor) = (&self.recorder.limits, &self.recorder.redactor);
        let arguments = self.with_span_of(frame, |open_span| open_span.fields.arguments(limits, redactor));
        if let Some(arguments) = arguments.filter(|arguments| !arguments.is_empty()) {
            records.into_iter().for_each(|id| self.recorder.add_parameters(id, &arguments));
        }
    }

    fn has_failures(&self, frame: &CallFrame<'_>) -> bool {
        let has_failures = |open_span: &mut OpenSpan| open_span.as_computation().is_some_and(|own| own.has_failures());
        self.with_span_of(frame, has_failures).unwrap_or(false)
    }

    /// Returns the records of the failures of a computation and of those inside it that may lack arguments.
    fn incomplete_records_of(&self, frame: &CallFrame<'_>) -> Vec<Uuid> {
        let computation = self.with_span_of(frame, |open_span| open_span.as_computation().cloned()).flatten();
        computation.map(|computation| computation.incomplete_failures()).unwrap_or_default()
    }
}
