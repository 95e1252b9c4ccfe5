//! The frame of a page: its policy, its style, and its landmarks.

use maud::{DOCTYPE, Markup, PreEscaped, html};

/// Nothing may be loaded, and nothing may run. Only the style within the page applies.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";
const STYLE: &str = include_str!("style.css");

/// Returns a page. `contents` are the ids and names of its sections.
pub(crate) fn page(title: &str, contents: &[(&str, &str)], header: &Markup, main: &Markup, footer: &Markup) -> String {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="generator" content="tracing-failure";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                a class="skip" href="#main" { "Skip to the content" }
                (shapes())
                header { (header) }
                @if !contents.is_empty() {
                    nav aria-label="Contents" {
                        ul { @for (id, name) in contents { li { a href={ "#" (id) } { (name) } } } }
                    }
                }
                main id="main" tabindex="-1" { (main) }
                footer { (footer) }
            }
        }
    }
    .into_string()
}

/// The shapes that charts refer to. Failures have a shape and a pattern of their own, besides their colour.
fn shapes() -> Markup {
    html! {
        svg class="shapes" width="0" height="0" aria-hidden="true" focusable="false" {
            defs {
                path id="cross" d="M-3-3L3 3M3-3L-3 3" {}
                pattern id="hatch" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)" {
                    rect class="hatch-ground" width="5" height="5" {}
                    rect class="hatch-line" width="2" height="5" {}
                }
                pattern id="stripes" width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)" {
                    rect class="region-line" width="1" height="8" {}
                }
            }
        }
    }
}

/// A table that scrolls by itself if the page is narrow. Columns from `numeric_from` are aligned at the right.
pub(crate) fn table(caption: &str, head: &[&str], numeric_from: usize, rows: &[Vec<Markup>]) -> Markup {
    let class = |column: usize| (column >= numeric_from).then_some("n");
    html! {
        div class="scroll" role="region" aria-label=(caption) tabindex="0" {
            table class=[(numeric_from == usize::MAX).then_some("texts")] {
                caption { span { (caption) } }
                thead {
                    tr { @for (column, name) in head.iter().enumerate() {
                        th scope="col" class=[class(column)] { (name) }
                    } }
                }
                tbody { @for row in rows {
                    tr { @for (column, cell) in row.iter().enumerate() {
                        @if column == 0 { th scope="row" { (cell) } } @else { td class=[class(column)] { (cell) } }
                    } }
                } }
            }
        }
    }
}

/// A list of names and values. Pairs without a value are omitted.
pub(crate) fn pairs(pairs: &[(String, Markup)]) -> Markup {
    html! {
        @if !pairs.is_empty() {
            dl { @for (name, value) in pairs { div { dt { (name) } dd { (value) } } } }
        }
    }
}

/// `and 12 more runs`, if there are more than shown.
pub(crate) fn rest(total: usize, shown: usize, thing: &str) -> Markup {
    let more = total.saturating_sub(shown);
    html! {
        @if more > 0 {
            p class="rest" {
                "and " (text::thousands(more as u64)) " more " (thing)
                @if more > 1 && !thing.ends_with('s') { "s" }
            }
        }
    }
}
