//! The groups of equal failures, each with the newest failure of the group.

use maud::{Markup, html};
use record::Failure;
use record::internal::parameter;

use super::budget::SizeBudget;
use crate::data::ReportGroup;
use crate::figure::trail::telling_series;
use crate::page::pairs;
use crate::shown::{bounded_block, line, number, period};

/// Maximum number of groups.
const MAX_GROUPS: usize = 50;
/// Number of groups that are open at first.
const OPEN_GROUPS: usize = 3;
/// Maximum number of series of a trail.
const MAX_SERIES: usize = 2;
/// Maximum number of parameters of the newest failure.
const MAX_PARAMETERS: usize = 20;
/// Maximum number of suggestions of a group.
const MAX_SUGGESTIONS: usize = 3;
/// Maximum length of a suggestion in bytes.
const MAX_TEXT: usize = 600;
const MAX_BYTES: usize = 450_000;

/// Returns the groups that fit on the page, the largest first.
pub(crate) fn group_items(groups: &[&ReportGroup]) -> Vec<Markup> {
    let items = groups.iter().take(MAX_GROUPS).enumerate();
    SizeBudget::new(MAX_BYTES).take(items.map(|(index, group)| item(group, index + 1)))
}

fn item(group: &ReportGroup, place: usize) -> Markup {
    let failure = &group.newest;
    html! {
        details class="group" id={ "group-" (place) } open=[(place <= OPEN_GROUPS).then_some("")] {
            summary {
                h3 { (number(group.count as usize)) " × " (line(&failure.computation)) }
                @if let Some(category) = failure.context.category { " " span class="category" { (category.name()) } }
                " " span class="message" { (line(&failure.error_message)) }
            }
            (pairs(&facts(group)))
            @if let Some(figure) = telling_series(failure, MAX_SERIES, &format!("trail-{place}")) { (figure) }
            (suggestions(failure))
        }
    }
}

fn facts(group: &ReportGroup) -> Vec<(String, Markup)> {
    let failure = &group.newest;
    let mut facts = vec![("When".to_owned(), html! { (period(group.first, group.last)) })];
    facts.push(("Error".to_owned(), html! { code { (line(&failure.error_type)) } }));
    if !failure.theoretical_ref.is_empty() {
        facts.push(("By".to_owned(), html! { (line(&failure.theoretical_ref)) }));
    }
    if !failure.parameters.is_empty() {
        let shown = failure.parameters.iter().take(MAX_PARAMETERS);
        let more = failure.parameters.len().saturating_sub(MAX_PARAMETERS);
        let list = html! {
            @for (index, (name, value)) in shown.enumerate() {
                @if index > 0 { ", " }
                code { (line(name)) " " (line(&parameter(value))) }
            }
            @if more > 0 { " and " (more) " more" }
        };
        facts.push(("Parameters".to_owned(), list));
    }
    if let Some(id) = failure.context.id {
        facts.push(("Newest record".to_owned(), html! { code { (id.to_string()) } }));
    }
    if let Some(fingerprint) = &failure.context.fingerprint {
        facts.push(("Fingerprint".to_owned(), html! { code { (line(fingerprint)) } }));
    }
    facts
}

fn suggestions(failure: &Failure) -> Markup {
    let fixes = &failure.suggested_fixes;
    html! {
        @if !fixes.is_empty() {
            h4 { "Suggestions" }
            ol { @for fix in fixes.iter().take(MAX_SUGGESTIONS) { li { (bounded_block(fix, MAX_TEXT)) } } }
            (crate::page::rest(fixes.len(), MAX_SUGGESTIONS, "suggestion"))
        }
    }
}
