//! The chain of errors.

use maud::{Markup, html};
use record::{ErrorEntry, Failure, Relation, Value};

use super::values::value_table;
use crate::page::rest;
use crate::shown::{block, line};

/// Maximum number of errors.
const MAX_ERRORS: usize = 32;
/// Maximum number of notes of an error.
const MAX_NOTES: usize = 8;

/// Returns the chain of errors, unless the head already shows all of it.
pub(super) fn errors(failure: &Failure) -> Option<Markup> {
    let errors = &failure.context.errors;
    let has_details = |error: &ErrorEntry| error.data.is_some() || !error.notes.is_empty();
    (errors.len() > 1 || errors.iter().any(has_details)).then(|| {
        html! {
            ol { @for (depth, error) in errors.iter().take(MAX_ERRORS).enumerate() { li { (entry(error, depth)) } } }
            (rest(errors.len(), MAX_ERRORS, "error"))
            @if failure.context.errors_cut { p class="rest" { "Further errors were not recorded." } }
        }
    })
}

fn entry(error: &ErrorEntry, depth: usize) -> Markup {
    let before = match error.relation {
        _ if depth == 0 => "",
        Some(Relation::Context) => "raised while handling ",
        Some(Relation::Member) => "with ",
        _ => "caused by ",
    };
    let name = error.type_name.as_deref().unwrap_or("error");
    let variant = error.variant.as_deref().filter(|variant| !name.ends_with(variant));
    html! {
        (before) span class="error" { (line(name)) @if let Some(variant) = variant { "::" (line(variant)) } }
        ": " span class="block" { (block(&error.message)) }
        @match &error.data {
            Some(Value::Map(data)) => @if let Some(table) = value_table("Data of the error", data) { (table) },
            Some(data) => p { (block(&record::internal::parameter(data))) },
            None => {},
        }
        @for note in error.notes.iter().take(MAX_NOTES) { p class="block" { (block(note)) } }
    }
}
