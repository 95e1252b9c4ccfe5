//! Runs the body of an annotated function inside its span, and reports how the function ends.

use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll};

use tracing::{Metadata, Span};

use crate::attribute::function_failure::FunctionFailure;
use crate::layer::layer_core::LayerCore;
use crate::observe::arguments::{CallArgument, CallFrame, in_frame};
use crate::observe::open_spans::failures_in_process;
use crate::observe::outcome::ComputationOutcome;
use crate::observe::reported_error;

/// Returns the id and the callsite of an enabled span.
#[inline]
fn span_key(span: &Span) -> Option<(u64, &'static Metadata<'static>)> {
    Some((span.id()?.into_u64(), span.metadata()?))
}

/// Calls `body` in a frame with these arguments. Records that were written without arguments get them afterwards: those
/// of panics, also of panics that `body` catches, and those of other threads. `known_failures` is the number of
/// failures in the process before.
///
/// The body is a reference, so that it exists once, and takes no room in the frames between it and its function.
fn in_frame_of(span: &Span, arguments: &[CallArgument<'_>], known_failures: &mut u64, body: &mut dyn FnMut()) {
    let Some((id, meta)) = span_key(span) else { return body() };
    in_frame(id, meta, arguments, |frame| {
        let unwinding = OnUnwind(frame);
        body();
        mem::forget(unwinding);
        if failures_in_process() != *known_failures {
            complete_records_inside(frame);
            *known_failures = failures_in_process();
        }
    });
}

#[cold]
#[inline(never)]
fn complete_records_inside(frame: &CallFrame<'_>) {
    LayerCore::complete_records_inside(frame);
}

/// Completes the records of a panic that unwinds a frame.
struct OnUnwind<'a>(&'a CallFrame<'a>);

impl Drop for OnUnwind<'_> {
    #[cold]
    fn drop(&mut self) {
        LayerCore::complete_records(self.0);
    }
}

/// Runs code in a separate stack frame. Without optimisation, the variables of a macro would otherwise take room in
/// the frame of the annotated function while its body runs, and a recursive function would soon overflow the stack.
#[inline]
pub fn in_own_frame<R>(work: impl FnOnce() -> R) -> R {
    work()
}

/// Runs the body of a function inside its span.
#[inline]
pub fn run<R>(span: &Span, arguments: &[CallArgument<'_>], body: impl FnOnce() -> R) -> R {
    let _entered = span.enter();
    call(span, arguments, &mut failures_in_process(), body)
}

#[inline]
fn call<R>(span: &Span, arguments: &[CallArgument<'_>], known_failures: &mut u64, body: impl FnOnce() -> R) -> R {
    if arguments.is_empty() {
        return body();
    }
    let (mut body, mut returned) = (Some(body), None);
    in_frame_of(span, arguments, known_failures, &mut || returned = body.take().map(|body| body()));
    match returned {
        Some(returned) => returned,
        None => unreachable!("the body is called once"),
    }
}

/// States that the function has succeeded.
#[inline]
pub fn succeed(span: &Span, arguments: &[CallArgument<'_>]) {
    if LayerCore::may_use_outcome(span) {
        LayerCore::state_success_of(span, arguments);
    }
}

/// Reports the failure of the function. `emit` emits the event.
#[cold]
#[inline(never)]
pub fn fail(span: &Span, arguments: &[CallArgument<'_>], error: &FunctionFailure<'_>, emit: &dyn Fn()) {
    LayerCore::state_outcome_of(span, ComputationOutcome::Failed);
    let report = || reported_error::report(error, emit);
    let Some((id, meta)) = span_key(span) else { return report() };
    let _entered = span.enter();
    in_frame(id, meta, arguments, |frame| {
        LayerCore::complete_records(frame);
        report();
    });
}

/// The call of an asynchronous function. Its computation is cancelled if the call is dropped before the function has
/// returned.
pub struct AsyncCall {
    span: Span,
    progress: PollProgress,
    known_failures: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum PollProgress {
    Suspended,
    Polling,
    Returned,
}

impl AsyncCall {
    /// Begins the call of a function with this span.
    #[must_use]
    pub fn new(span: Span) -> Self {
        AsyncCall { span, progress: PollProgress::Suspended, known_failures: failures_in_process() }
    }

    /// Returns the span of the call.
    #[must_use]
    pub fn span(&self) -> &Span {
        &self.span
    }

    /// Polls the body, which enters the span itself.
    pub fn poll<F: Future>(
        &mut self,
        arguments: &[CallArgument<'_>],
        body: Pin<&mut F>,
        context: &mut Context<'_>,
    ) -> Poll<F::Output> {
        // If the poll panics, the progress remains `Polling`: the future is dropped later, but it is not cancelled.
        self.progress = PollProgress::Polling;
        let polled = call(&self.span, arguments, &mut self.known_failures, || body.poll(context));
        self.progress = if polled.is_ready() { PollProgress::Returned } else { PollProgress::Suspended };
        polled
    }
}

impl Drop for AsyncCall {
    fn drop(&mut self) {
        if self.progress == PollProgress::Suspended {
            LayerCore::cancel(&self.span);
        }
    }
}
