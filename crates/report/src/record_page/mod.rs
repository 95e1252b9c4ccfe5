//! The page about a single failure.

mod errors;
mod origin;
mod place;
mod steps;
mod values;

use maud::{Markup, html};
use record::Failure;
use record::internal::duration;

use crate::page::page;
use crate::shown::{block, line, time};

/// A section with its id, its name and its content.
type RecordSection = (&'static str, &'static str, Option<Markup>);

/// Returns the page of a failure as one self-contained HTML page. It has the sections of `failures show`.
///
/// ```
/// use record::Failure;
///
/// let failure = Failure::new("rg_flow", "Eq. 1.12", "StepError", "step size < 1e-9");
/// let html = tracing_failure_report::render_failure(&failure);
/// assert!(html.starts_with("<!DOCTYPE html>") && html.contains("step size &lt; 1e-9"));
/// ```
pub fn render_failure(failure: &Failure) -> String {
    let context = &failure.context;
    let stack = &failure.stack_trace;
    let sections: [RecordSection; 11] = [
        ("suggestions", "Suggestions", values::suggestions(failure)),
        ("errors", "Errors", errors::errors(failure)),
        ("parameters", "Parameters", values::value_table("Values of the parameters", &failure.parameters)),
        ("trail", "Trail", steps::trail(failure)),
        ("where", "Where", place::place(failure)),
        ("panics", place::panics_title(failure), place::panics(failure)),
        ("event", "Event fields", values::value_table("Fields of the event", &context.event)),
        ("spans", "Spans, innermost first", steps::spans(failure)),
        ("breadcrumbs", "Breadcrumbs", steps::breadcrumbs(failure)),
        ("stack", "Stack trace", (!stack.trim().is_empty()).then(|| place::stack(stack))),
        ("record", "Record", Some(origin::origin(failure))),
    ];
    let contents: Vec<(&str, &str)> =
        sections.iter().filter(|(_, _, content)| content.is_some()).map(|(id, name, _)| (*id, *name)).collect();
    let main = html! {
        @for (id, name, content) in &sections {
            @if let Some(content) = content {
                section aria-labelledby=(id) { h2 id=(id) { (name) } (content) }
            }
        }
    };
    let footer = html! { p { "Written by " code { "failures show --html" } ". Times are in UTC." } };
    let title = format!("{} failed", line(&failure.computation));
    page(&title, &contents, &header(failure, &title), &main, &footer)
}

fn header(failure: &Failure, title: &str) -> Markup {
    let context = &failure.context;
    html! {
        h1 { (title) }
        @if !failure.theoretical_ref.is_empty() { p class="faint" { "by " (line(&failure.theoretical_ref)) } }
        p class="lead block" { span class="error" { (line(&failure.error_type)) } ": " (block(&failure.error_message)) }
        p {
            (time(failure.timestamp))
            @if let Some(elapsed) = context.elapsed_s { ", after " (duration(elapsed)) }
            @if let Some(category) = context.category { " " span class="category" { (category.name()) } }
            @if let Some(reason) = &context.reason { " " (line(reason)) }
        }
    }
}
