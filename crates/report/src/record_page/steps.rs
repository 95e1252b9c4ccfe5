//! The way to the failure: trail, spans and breadcrumbs.

use maud::{Markup, html};
use record::internal::{duration, parameter};
use record::{Failure, SpanEntry, Value};

use crate::figure::trail::entry_series;
use crate::page::{rest, table};
use crate::shown::line;

/// Maximum number of places of the trail.
const MAX_ENTRIES: usize = 8;
/// Maximum number of series of a place.
const MAX_SERIES: usize = 12;
/// Maximum number of spans, and of fields of a span.
const MAX_SPANS: usize = 40;
const MAX_FIELDS: usize = 40;
/// Maximum number of breadcrumbs.
const MAX_BREADCRUMBS: usize = 200;

/// Returns the charts of the trail.
pub(super) fn trail(failure: &Failure) -> Option<Markup> {
    let trail = &failure.context.trail;
    (!trail.is_empty()).then(|| {
        html! {
            @for entry in 0..trail.len().min(MAX_ENTRIES) {
                (entry_series(failure, entry, MAX_SERIES, &format!("trail-{entry}")))
            }
            (rest(trail.len(), MAX_ENTRIES, "place"))
        }
    })
}

/// Returns the spans, each with the fields that no other section shows.
pub(super) fn spans(failure: &Failure) -> Option<Markup> {
    let spans = &failure.context.spans;
    (!spans.is_empty()).then(|| {
        html! {
            ul { @for span in spans.iter().take(MAX_SPANS) { li { (span_entry(failure, span)) } } }
            (rest(spans.len(), MAX_SPANS, "span"))
        }
    })
}

fn span_entry(failure: &Failure, span: &SpanEntry) -> Markup {
    let working_dir = failure.context.process.as_ref().and_then(|process| process.cwd.as_deref());
    let place = text::place_of(span.file.as_deref(), span.line, working_dir);
    let fields: Vec<(&str, &Value)> = span.fields.iter().filter(|field| is_unique_field(failure, *field)).collect();
    html! {
        strong { (line(&span.name)) } " " code { (line(&place)) }
        @for (name, value) in fields.iter().take(MAX_FIELDS) { ", " (line(name)) " " (line(&parameter(value))) }
        (rest(fields.len(), MAX_FIELDS, "field"))
        @for other in span.follows_from.iter().take(MAX_FIELDS) { ", follows from " (line(other)) }
    }
}

/// Returns true if no other section shows this field of a span.
fn is_unique_field(failure: &Failure, (name, value): (&str, &Value)) -> bool {
    let shown = match name {
        "computation" => Some(failure.computation.as_str().into()),
        "theoretical_ref" => Some(failure.theoretical_ref.as_str().into()),
        name => failure.parameters.get(name).cloned(),
    };
    shown.as_ref() != Some(value)
}

/// Returns the newest breadcrumbs.
pub(super) fn breadcrumbs(failure: &Failure) -> Option<Markup> {
    let breadcrumbs = &failure.context.breadcrumbs;
    let older = breadcrumbs.len().saturating_sub(MAX_BREADCRUMBS);
    let rows: Vec<Vec<Markup>> = breadcrumbs[older..]
        .iter()
        .map(|breadcrumb| {
            let texts = [duration(breadcrumb.elapsed_s), line(&breadcrumb.level), line(&breadcrumb.message)];
            texts.map(|text| html! { (text) }).to_vec()
        })
        .collect();
    (!rows.is_empty()).then(|| {
        html! {
            (table("Events before the failure", &["After", "Level", "Message"], usize::MAX, &rows))
            (rest(breadcrumbs.len(), rows.len(), "older event"))
        }
    })
}
