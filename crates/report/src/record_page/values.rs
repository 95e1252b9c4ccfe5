//! Values of a record, and its suggestions.

use maud::{Markup, html};
use record::internal::parameter;
use record::{Failure, Map, Origin, Suggestion};

use crate::page::{rest, table};
use crate::shown::{block, line, time};

/// Maximum number of rows of a table.
const MAX_ROWS: usize = 200;
/// Maximum number of suggestions.
const MAX_SUGGESTIONS: usize = 20;

/// Returns a table of names and values, or nothing if there are none.
pub(super) fn value_table(caption: &str, map: &Map) -> Option<Markup> {
    let row = |(name, value)| vec![html! { code { (line(name)) } }, html! { (block(&parameter(value))) }];
    let rows: Vec<Vec<Markup>> = map.iter().take(MAX_ROWS).map(row).collect();
    (!rows.is_empty()).then(|| {
        html! { (table(caption, &["Name", "Value"], usize::MAX, &rows)) (rest(map.len(), MAX_ROWS, "value")) }
    })
}

/// Returns the fix, if it is known, and the suggestions.
pub(super) fn suggestions(failure: &Failure) -> Option<Markup> {
    let (fixes, resolution) = (&failure.suggested_fixes, &failure.context.resolution);
    let known = |fix: &String| failure.context.suggestions.iter().find(|suggestion| suggestion.fix == *fix);
    (!fixes.is_empty() || resolution.is_some()).then(|| {
        html! {
            @if let Some(resolution) = resolution {
                p { strong { "Fix: " } span class="block" { (block(&resolution.fix)) } }
            }
            ol class="suggestions" { @for fix in fixes.iter().take(MAX_SUGGESTIONS) {
                li {
                    span class="block" { (block(fix)) }
                    @if let Some(suggestion) = known(fix) {
                        @if let Some(code) = &suggestion.code { pre { code { (block(code)) } } }
                        p class="note" { (origin_of(suggestion)) }
                    }
                }
            } }
            (rest(fixes.len(), MAX_SUGGESTIONS, "suggestion"))
        }
    })
}

/// The source of a suggestion and its confidence.
fn origin_of(suggestion: &Suggestion) -> Markup {
    let source = match suggestion.origin {
        Origin::Author => "the author of the error".to_owned(),
        Origin::Resolution => "fix of an earlier failure".to_owned(),
        Origin::Model => {
            let provider = suggestion.provider.as_deref().map(|name| format!(" by {name}")).unwrap_or_default();
            format!("{}{provider}", suggestion.model.as_deref().unwrap_or("a model"))
        }
        _ => suggestion.source.as_deref().or(suggestion.rule.as_deref()).unwrap_or("of unknown origin").to_owned(),
    };
    html! {
        @if let Some(confidence) = suggestion.confidence { (confidence.name()) " confidence, " }
        (line(&source))
        @if let Some(at) = suggestion.time { " on " (time(at)) }
    }
}
