//! Redacts whole records before they are written.

use std::sync::Arc;

use super::redactor::Redactor;
use crate::failure::{Breadcrumb, Failure, Frame, Location, Process, SpanEntry, Suggestion, TrailEntry};
use crate::value::Value;

impl Redactor {
    /// Redacts every text of a record.
    pub fn failure(&self, failure: &mut Failure) {
        self.stacks(failure);
        self.except_stacks(failure);
    }

    /// Redacts every text of a record except the stacks.
    pub fn except_stacks(&self, failure: &mut Failure) {
        let Failure { computation, theoretical_ref, error_type, error_message, parameters, context, .. } = failure;
        let texts = [computation, theoretical_ref, error_type, error_message];
        let others = [&mut context.reason, &mut context.thread, &mut context.job_id, &mut context.notebook];
        let errors = context.errors.iter_mut().flat_map(|error| {
            let texts =
                [Some(&mut error.message), error.type_name.as_mut(), error.variant.as_mut(), error.backtrace.as_mut()];
            texts.into_iter().flatten().chain(&mut error.notes)
        });
        let texts = texts.into_iter().chain(others.into_iter().flatten()).chain(errors);
        texts.for_each(|text| self.clean(text));
        failure.suggested_fixes.iter_mut().for_each(|fix| self.clean(fix));
        for map in [parameters, &mut context.event, &mut context.other] {
            *map = self.map(std::mem::take(map));
        }
        for error in &mut context.errors {
            error.data = error.data.take().map(|data| self.inside(data));
        }
        context.spans.iter_mut().for_each(|span| self.span(span));
        context.trail.iter_mut().for_each(|entry| self.trail_entry(entry));
        context.breadcrumbs.iter_mut().for_each(|breadcrumb| self.breadcrumb(breadcrumb));
        for series in &mut context.convergence {
            self.clean_name(&mut series.column);
            series.crossed.iter_mut().for_each(|crossed| self.clean(&mut crossed.of));
        }
        for panic in context.panic_origin.iter_mut().flat_map(|origin| &mut origin.raised) {
            self.clean(&mut panic.message);
            panic.thread.iter_mut().for_each(|thread| self.clean(thread));
            panic.location.iter_mut().for_each(|place| self.location(place));
        }
        context.location.iter_mut().for_each(|place| self.location(place));
        if let Some(process) = &mut context.process {
            self.process(process);
        }
        if let Some(build) = &mut context.build {
            let texts = [&mut build.package, &mut build.version, &mut build.profile, &mut build.git_commit];
            texts.into_iter().flatten().for_each(|text| self.clean(text));
        }
        context.suggestions.iter_mut().for_each(|suggestion| self.suggestion(suggestion));
        if let Some(resolution) = &mut context.resolution {
            self.clean(&mut resolution.fix);
        }
    }

    fn stacks(&self, failure: &mut Failure) {
        self.clean(&mut failure.stack_trace);
        self.frames(&mut failure.context.frames);
        let raised = failure.context.panic_origin.iter_mut().flat_map(|origin| &mut origin.raised);
        raised.for_each(|panic| self.frames(&mut panic.frames));
    }

    /// Redacts the frames of a stack.
    pub fn frames(&self, frames: &mut [Frame]) {
        for frame in frames {
            self.clean_name(&mut frame.function);
            frame.file.iter_mut().for_each(|file| self.clean_name(file));
        }
    }

    fn trail_entry(&self, entry: &mut TrailEntry) {
        entry.message.iter_mut().for_each(|message| self.clean(message));
        self.clean_name(&mut entry.level);
        entry.span.iter_mut().chain(&mut entry.spans).for_each(|span| self.clean_name(span));
        entry.span_fields = self.map(std::mem::take(&mut entry.span_fields));
        entry.span_columns.iter_mut().for_each(|name| self.clean(name));
        entry.location.iter_mut().for_each(|place| self.location(place));
        for (name, column) in entry.columns.iter_mut() {
            *column = self.column(name, std::mem::take(column));
        }
    }

    fn breadcrumb(&self, breadcrumb: &mut Breadcrumb) {
        self.clean(&mut breadcrumb.message);
        self.clean_name(&mut breadcrumb.level);
        breadcrumb.span.iter_mut().for_each(|span| self.clean_name(span));
        breadcrumb.span_fields = self.map(std::mem::take(&mut breadcrumb.span_fields));
        breadcrumb.location.iter_mut().for_each(|place| self.location(place));
    }

    fn suggestion(&self, suggestion: &mut Suggestion) {
        let Suggestion { root_cause, location, reason, code, provider, model, fix, .. } = suggestion;
        let texts = [root_cause, location, reason, code, provider, model].into_iter().flatten();
        texts.chain([fix]).for_each(|text| self.clean(text));
        [&mut suggestion.rule, &mut suggestion.source].into_iter().flatten().for_each(|text| self.clean_name(text));
        for evidence in &mut suggestion.evidence {
            evidence.value = self.value(&evidence.field, std::mem::take(&mut evidence.value));
            self.clean(&mut evidence.field);
        }
    }

    fn location(&self, place: &mut Location) {
        let texts = [&mut place.file, &mut place.module, &mut place.target];
        texts.into_iter().flatten().for_each(|text| self.clean_name(text));
    }

    fn span(&self, span: &mut SpanEntry) {
        span.fields = self.map(std::mem::take(&mut span.fields));
        self.clean_name(&mut span.name);
        self.clean_name(&mut span.target);
        self.clean_name(&mut span.level);
        span.file.iter_mut().for_each(|file| self.clean_name(file));
        span.follows_from.iter_mut().for_each(|name| self.clean(name));
    }

    /// Redacts a column of the trail, which keeps its length.
    fn column(&self, name: &str, column: Value) -> Value {
        let kind = self.kind_of(name);
        match column {
            Value::List(values) => values.into_iter().map(|value| self.under(kind, value)).collect::<Vec<_>>().into(),
            other => self.under(kind, other),
        }
    }

    fn process(&self, process: &mut Arc<Process>) {
        let mut clean = Process::clone(process);
        clean.argv = self.command_line(clean.argv);
        [&mut clean.cwd, &mut clean.host, &mut clean.executable]
            .into_iter()
            .flatten()
            .for_each(|text| self.clean(text));
        if clean != **process {
            *process = Arc::new(clean);
        }
    }
}

impl Failure {
    /// Redacts everything that looks like a secret: values of secret names, and secrets in texts. Use it before you
    /// share a record. Secrets that were redacted when the record was written stay redacted.
    ///
    /// ```
    /// use tracing_failure::Failure;
    ///
    /// let mut failure = Failure::new("fit", "§2", "DbError", "cannot reach postgres://me:hunter2@db.example/x");
    /// failure.parameters.insert("api_key", "abc123");
    /// failure.parameters.insert("rtol", 1e-6);
    /// failure.redact();
    /// assert_eq!(failure.error_message, "cannot reach postgres://[redacted]@db.example/x");
    /// assert_eq!(failure.parameters.to_string(), r#"{"api_key":"[redacted]","rtol":1e-6}"#);
    /// ```
    pub fn redact(&mut self) {
        Redactor::default().failure(self);
    }
}
