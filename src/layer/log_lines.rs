//! Writes events and closing computations to the runtime log.

use std::time::SystemTime;

use tracing::{Event, Level, Subscriber, span};
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;
use uuid::Uuid;

use crate::layer::FailureLayer;
use crate::log::line::{ComputationLine, EventLine, write_span};
use crate::observe::fields::Fields;
use crate::observe::open_spans::Computation;
use crate::observe::outcome::ComputationOutcome;
use crate::observe::span_path::SpanKey;

impl<S> FailureLayer<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    /// Writes the line of a computation that closes.
    pub(super) fn log_computation(&self, path: &[SpanKey], computation: &Computation, failure: Option<Uuid>) {
        let Some(context) = self.core.recorder.line_context() else { return };
        let outcome = match failure {
            Some(_) => ComputationOutcome::Failed,
            None if std::thread::panicking() && computation.may_unwind() && !computation.is_cancelled() => {
                ComputationOutcome::Panicked
            }
            None => computation.outcome(),
        };
        let mut line = ComputationLine::new(path[0].1);
        for (id, _) in path {
            self.core.open_spans.with(*id, |open_span| line.add_span(&open_span.fields, &context));
        }
        if context.successes.trail {
            line.set_trail(computation.trail_digest(context.redactor));
        }
        line.write(outcome, computation.duration(), failure, &context);
    }

    /// Writes the line of an event.
    pub(super) fn log_event(
        &self,
        time: SystemTime,
        event: &Event<'_>,
        fields: &Fields,
        failure: Option<Uuid>,
        ctx: &Context<'_, S>,
    ) {
        let Some(context) = self.core.recorder.line_context() else { return };
        let mut line = EventLine::new(time, event.metadata(), fields, &context);
        let mut next = self.parent_of_event(event, ctx).map(|current| current.span);
        for _ in 0..context.limits.spans {
            let Some(id) = next else { break };
            let parent = self.core.open_spans.with(id, |open_span| {
                if open_span.logged.is_empty() {
                    write_span(&mut open_span.logged, open_span.meta, Some(&open_span.fields), &context);
                }
                line.add_span(|json| json.extend_from_slice(&open_span.logged));
                open_span.parent
            });
            next = parent.unwrap_or_else(|| {
                let span = ctx.span(&span::Id::from_u64(id))?;
                line.add_span(|json| write_span(json, span.metadata(), None, &context));
                span.parent().map(|parent| parent.id().into_u64())
            });
        }
        line.write(failure, &context);
        if *event.metadata().level() == Level::ERROR {
            context.log.flush();
        }
    }
}
