//! Events and computations, on their way into the runtime log.

use std::time::SystemTime;

use tracing::{Event, Level, Subscriber, span};
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;
use uuid::Uuid;

use super::fields::Fields;
use super::scope::Computation;
use super::{FailureLayer, Outcome, Step};
use crate::log::{ComputationLine, EventLine, write_span};

impl<S> FailureLayer<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    /// The line of a computation that closes.
    pub(super) fn log_computation(&self, path: &[Step], computation: &Computation, failure: Option<Uuid>) {
        let recorder = &self.capture.recorder;
        if recorder.log.is_none() {
            return;
        }
        let outcome = match failure {
            Some(_) => Outcome::Failed,
            None if std::thread::panicking() && computation.may_unwind() => Outcome::Panicked,
            None => computation.stated(),
        };
        let mut line = ComputationLine::new(path[0].1);
        for (id, _) in path {
            self.capture.scopes.with(*id, |scope| line.add_span(&scope.fields, recorder));
        }
        line.write(outcome, computation.duration(), failure, recorder);
    }

    /// The line of an event.
    pub(super) fn log_event(
        &self,
        time: SystemTime,
        event: &Event<'_>,
        fields: &Fields,
        failure: Option<Uuid>,
        ctx: &Context<'_, S>,
    ) {
        let recorder = &self.capture.recorder;
        let mut line = EventLine::new(time, event.metadata(), fields, recorder);
        let mut next = self.parent_of_event(event, ctx).map(|around| around.span);
        for _ in 0..recorder.limits.spans {
            let Some(id) = next else { break };
            let kept = self.capture.scopes.with(id, |scope| {
                if scope.logged.is_empty() {
                    write_span(&mut scope.logged, scope.meta, Some(&scope.fields), recorder);
                }
                line.add_span(|json| json.extend_from_slice(&scope.logged));
                scope.parent
            });
            next = kept.unwrap_or_else(|| {
                let span = ctx.span(&span::Id::from_u64(id))?;
                line.add_span(|json| write_span(json, span.metadata(), None, recorder));
                span.parent().map(|parent| parent.id().into_u64())
            });
        }
        line.write(failure, recorder);
        if let (Some(log), true) = (&recorder.log, *event.metadata().level() == Level::ERROR) {
            log.flush();
        }
    }
}
