//! Reads the arguments of annotated functions into their spans when a computation fails.

use record::internal::ValueRoom;
use tracing::Span;
use uuid::Uuid;

use crate::layer::hook_state;
use crate::layer::layer_core::LayerCore;
use crate::observe::arguments::{CallArgument, CallFrame, NoRoom, ReadArgument, for_each_frame};
use crate::observe::open_spans::OpenSpan;
use crate::observe::outcome::ComputationOutcome;
use crate::observe::span_path::SpanKey;
use crate::observe::thread::Busy;

impl LayerCore {
    /// Reads the arguments of all functions that this thread is in into their spans.
    pub(super) fn read_arguments(&self) {
        for_each_frame(|frame| self.read_frame(frame));
    }

    /// Reads the arguments that the span of a function lacks.
    fn read_frame(&self, frame: &CallFrame<'_>) {
        let arguments = frame.arguments(hook_state::is_recording()).collect();
        self.add_arguments((frame.span, frame.meta), arguments, |argument, room| {
            let read = self.read_for_closing_line(argument, room);
            // A record also contains what a closing line omits.
            Ok(read.unwrap_or_else(|NoRoom| argument.read(&self.recorder.limits, false)))
        });
    }

    /// States that a function has succeeded. Its closing line contains its small arguments, or all that have room.
    #[inline(never)]
    pub(crate) fn state_success_of(span: &Span, arguments: &[CallArgument<'_>]) {
        Self::for_each_user_of_outcome(span, |core, id| {
            match span.metadata() {
                Some(meta) if core.has_log && core.recorder.successes.arguments => {
                    core.add_arguments_with_room((id, meta), arguments);
                }
                _ if core.has_log => core.add_small_arguments(id, arguments),
                _ => {}
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
        let mut values: Vec<_> = small().flat_map(|argument| argument.read(&self.recorder.limits, true)).collect();
        self.open_spans.with(id, |open_span| {
            open_span.logged.clear();
            open_span.fields.add_arguments(&mut values, open_span.meta);
        });
    }

    fn add_arguments_with_room(&self, span: SpanKey, arguments: &[CallArgument<'_>]) {
        let Some(_busy) = Busy::enter() else { return };
        let arguments = arguments.iter().filter(|argument| !argument.is_empty()).collect();
        self.add_arguments(span, arguments, |argument, room| self.read_for_closing_line(argument, room));
    }

    /// Reads an argument if the closing line has room for it.
    fn read_for_closing_line(
        &self,
        argument: &CallArgument<'_>,
        room: &mut ValueRoom,
    ) -> Result<Vec<ReadArgument>, NoRoom> {
        let limits = &self.recorder.limits;
        if argument.is_small() {
            return Ok(argument.read(limits, true));
        }
        if !self.recorder.successes.arguments {
            return Err(NoRoom);
        }
        argument.read_into(limits, room).map(|read| read.into_iter().collect())
    }

    /// Adds the arguments that a span lacks. The values are read without the lock, because reading may run code of the
    /// program. Arguments without room are omitted from the closing line.
    fn add_arguments(
        &self,
        span: SpanKey,
        mut arguments: Vec<&CallArgument<'_>>,
        read: impl Fn(&CallArgument<'_>, &mut ValueRoom) -> Result<Vec<ReadArgument>, NoRoom>,
    ) {
        let room = self.with_span(span, |open_span| {
            arguments.retain(|argument| argument.name().is_none_or(|name| !open_span.fields.contains(name)));
            open_span.fields.argument_use_mut().room
        });
        let Some(mut room) = room else { return };
        if arguments.is_empty() {
            return;
        }
        // A panic hook reads plain data first, and the unwinding function the rest. The order decides what has room.
        arguments.sort_by_key(|argument| argument.runs_program_code());
        let (mut values, mut omitted) = (Vec::new(), Vec::new());
        for argument in arguments {
            match read(argument, &mut room) {
                Ok(read) => values.extend(read),
                Err(NoRoom) => omitted.extend(argument.name()),
            }
        }
        self.with_span(span, |open_span| {
            open_span.logged.clear();
            open_span.fields.add_arguments(&mut values, open_span.meta);
            open_span.fields.argument_use_mut().omit_all(omitted, room);
        });
    }

    fn with_span_of<R>(&self, frame: &CallFrame<'_>, look: impl FnOnce(&mut OpenSpan) -> R) -> Option<R> {
        self.with_span((frame.span, frame.meta), look)
    }

    /// Calls `look` with the span of this id, if it has this callsite.
    fn with_span<R>(&self, (id, meta): SpanKey, look: impl FnOnce(&mut OpenSpan) -> R) -> Option<R> {
        let look = |open_span: &mut OpenSpan| std::ptr::eq(open_span.meta, meta).then(|| look(open_span));
        self.open_spans.with(id, look).flatten()
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
        let arguments = self.with_span_of(frame, |open_span| open_span.fields.added_arguments(limits, redactor));
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
