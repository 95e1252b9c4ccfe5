//! The first suggestion of each group of failures, the one for most failures first.

use maud::{Markup, html};

use crate::data::ReportGroup;
use crate::page::rest;
use crate::shown::{bounded_block, counted, line};

/// Maximum number of suggestions.
const MAX_SUGGESTIONS: usize = 10;
/// Maximum length of a suggestion in bytes.
const MAX_TEXT: usize = 600;

/// Returns the suggestions, or nothing if there are none. `groups` are in the order of the page.
pub(crate) fn suggestions(groups: &[&ReportGroup], linked_groups: usize) -> Option<Markup> {
    let mut distinct: Vec<(&str, u64, usize, &str)> = Vec::new();
    for (index, group) in groups.iter().enumerate() {
        let Some(fix) = group.newest.suggested_fixes.first() else { continue };
        match distinct.iter_mut().find(|(text, ..)| text == fix) {
            Some((_, count, ..)) => *count += group.count,
            None => distinct.push((fix, group.count, index, &group.newest.computation)),
        }
    }
    distinct.sort_by_key(|(_, count, ..)| std::cmp::Reverse(*count));
    (!distinct.is_empty()).then(|| {
        html! {
            p { "The first suggestion for each group of failures. Suggestions come from rules; check them." }
            ol class="suggestions" { @for (fix, count, group, computation) in distinct.iter().take(MAX_SUGGESTIONS) {
                li {
                    (bounded_block(fix, MAX_TEXT))
                    " " span class="faint" {
                        (counted(*count as usize, "failure")) " of " (line(computation))
                        @if *group < linked_groups { ", " a href={ "#group-" (group + 1) } { "group " (group + 1) } }
                    }
                }
            } }
            (rest(distinct.len(), MAX_SUGGESTIONS, "suggestion"))
        }
    })
}
