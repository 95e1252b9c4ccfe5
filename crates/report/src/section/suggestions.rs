//! The first suggestion of each group of failures, the one for most failures first.

use std::collections::HashMap;

use maud::{Markup, html};

use crate::data::ReportGroup;
use crate::page::rest;
use crate::shown::{bounded_block, counted, line};

/// Maximum number of suggestions.
const MAX_SUGGESTIONS: usize = 10;
/// Maximum length of a suggestion in bytes.
const MAX_TEXT: usize = 600;

/// The groups of failures whose first suggestion is the same, except for its numbers.
struct CommonSuggestion<'a> {
    fix: &'a str,
    computations: Vec<&'a str>,
    failures: u64,
    /// The positions of the groups on the page.
    groups: Vec<usize>,
}

/// Returns the suggestions, or nothing if there are none. `groups` are in the order of the page.
pub(crate) fn suggestions(groups: &[&ReportGroup], linked_groups: usize) -> Option<Markup> {
    let mut common = common_suggestions(groups);
    common.sort_by_key(|suggestion| std::cmp::Reverse(suggestion.failures));
    (!common.is_empty()).then(|| {
        html! {
            p { "The first suggestion for each group of failures. Suggestions come from rules; check them." }
            ol class="suggestions" { @for suggestion in common.iter().take(MAX_SUGGESTIONS) {
                li {
                    (bounded_block(suggestion.fix, MAX_TEXT))
                    " " span class="faint" { (origin(suggestion, linked_groups)) }
                }
            } }
            (rest(common.len(), MAX_SUGGESTIONS, "suggestion"))
        }
    })
}

fn common_suggestions<'a>(groups: &[&'a ReportGroup]) -> Vec<CommonSuggestion<'a>> {
    let mut common: Vec<CommonSuggestion<'_>> = Vec::new();
    let mut positions: HashMap<String, usize> = HashMap::new();
    for (index, group) in groups.iter().enumerate() {
        let Some(fix) = group.newest.suggested_fixes.first() else { continue };
        let position = *positions.entry(without_numbers(fix)).or_insert(common.len());
        if position == common.len() {
            common.push(CommonSuggestion { fix, computations: Vec::new(), failures: 0, groups: Vec::new() });
        }
        let suggestion = &mut common[position];
        suggestion.failures += group.count;
        suggestion.groups.push(index);
        if !suggestion.computations.contains(&&*group.newest.computation) {
            suggestion.computations.push(&group.newest.computation);
        }
    }
    common
}

/// The words of a text that have no digit.
fn without_numbers(text: &str) -> String {
    let text = text::shorten(text, 4 * MAX_TEXT);
    let has_digit = |word: &str| word.contains(|c: char| c.is_ascii_digit());
    text.split_whitespace().filter(|word| !has_digit(word)).collect::<Vec<_>>().join(" ")
}

/// `396 failures of observable_phase_zero, group 3 and 3 more groups`.
fn origin(suggestion: &CommonSuggestion<'_>, linked_groups: usize) -> Markup {
    let more = suggestion.groups.len().saturating_sub(1);
    html! {
        (counted(suggestion.failures as usize, "failure")) " of "
        @match *suggestion.computations {
            [computation] => (line(computation)),
            _ => (counted(suggestion.computations.len(), "computation")),
        }
        @if let Some(group) = suggestion.groups.first().filter(|group| **group < linked_groups) {
            ", " a href={ "#group-" (group + 1) } { "group " (group + 1) }
            @if more > 0 { " and " (counted(more, "more group")) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggestions_that_differ_in_numbers_are_one() {
        let group = |computation: &str, fix: &str| {
            let mut failure = record::Failure::new(computation, "Eq. 1", "E", "failed");
            failure.suggested_fixes = vec![fix.to_owned()];
            ReportGroup::of(failure)
        };
        let groups = [group("a", "x grew to 7.5e174."), group("b", "Halve dt."), group("c", "x grew to -2.")];
        let common = common_suggestions(&groups.iter().collect::<Vec<_>>());
        let found: Vec<_> = common.iter().map(|one| (one.fix, one.failures, &*one.groups)).collect();
        assert_eq!(found, [("x grew to 7.5e174.", 2, &[0, 2][..]), ("Halve dt.", 1, &[1][..])]);
        assert_eq!(common[0].computations, ["a", "c"]);
    }
}
