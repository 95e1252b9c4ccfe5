//! What an event or a span says about a failure.

use std::borrow::Cow;

use tracing::Metadata;

use super::callsite::{COMPUTATION, ERROR_FIELDS, RESERVED_IN_EVENTS, THEORETICAL_REF};
use super::fields::Fields;
use super::scope::Scope;
use super::{Carries, ErrorChain, Kind, Place, Seen};
use crate::failure::Location;
use crate::recorder::Recorder;

/// What an ERROR event says about the failure.
pub(super) fn seen_in_event(
    meta: &'static Metadata<'static>,
    fields: &Fields,
    error: Option<ErrorChain>,
    recorder: &Recorder,
) -> Seen {
    let text = |name| fields.text(name, &recorder.limits);
    let said = fields.prose("message").unwrap_or_default();
    let error_text = ERROR_FIELDS.iter().find_map(|name| fields.prose(name));
    let mut seen = Seen::new(Kind::Event, Place::Callsite(meta.callsite()));
    seen.computation = text(COMPUTATION);
    seen.theoretical_ref = text(THEORETICAL_REF);
    seen.error_type = text("error_type");
    seen.category = text("category");
    seen.reason = text("reason");
    seen.carries = match (error.is_some() || error_text.is_some(), said.is_empty()) {
        (true, true) => Carries::ErrorAlone,
        (true, false) => Carries::Error,
        (false, _) => Carries::Words,
    };
    seen.error =
        error.or_else(|| error_text.map(|text| ErrorChain::of_text(text, &recorder.limits))).unwrap_or_default();
    seen.message = said.to_owned();
    let others = fields.to_map(RESERVED_IN_EVENTS, &recorder.limits, &recorder.redactor);
    match seen.computation {
        // A lone event: what it carries are the computation's parameters.
        Some(_) => seen.parameters = Some(others),
        None => seen.event = others,
    }
    if !seen.error.entries.is_empty() && !said.is_empty() {
        seen.event.insert("message", said);
    }
    seen.location = location(meta, fields, recorder);
    seen
}

/// What the span of an error says when it closes.
pub(super) fn seen_in_span(scope: &Scope, recorder: &Recorder) -> Seen {
    let said = ERROR_FIELDS.iter().chain(&["message"]).find_map(|name| scope.fields.prose(name));
    let mut seen = Seen::new(Kind::Span, Place::Close);
    seen.error_type = scope.fields.text("error_type", &recorder.limits);
    seen.reason = scope.fields.text("reason", &recorder.limits);
    seen.message = said.map_or_else(|| format!("the error-level span `{}` closed", scope.meta.name()), str::to_owned);
    seen.location = location(scope.meta, &scope.fields, recorder);
    seen
}

/// Records of the `log` crate carry their place in fields.
fn location(meta: &'static Metadata<'static>, fields: &Fields, recorder: &Recorder) -> Location {
    let of_callsite = Location::of_callsite(meta);
    let text = |name| fields.text(name, &recorder.limits).map(Cow::Owned);
    let line = || fields.value("log.line", &recorder.limits)?.as_f64();
    Location {
        file: text("log.file").or(of_callsite.file),
        line: line().map(|line| line as u32).or(of_callsite.line),
        module: text("log.module_path").or(of_callsite.module),
        target: text("log.target").or(of_callsite.target),
    }
}
