//! The location of a failure, its stack frames, and the panics that caused it.

use maud::{Markup, html};
use record::{Failure, Frame, Location, PanicMatch};

use crate::page::rest;
use crate::shown::{block, bounded_block, line};

/// Maximum number of frames of the program, and of libraries.
const MAX_FRAMES: usize = 60;
/// Maximum number of panics.
const MAX_PANICS: usize = 8;
/// Maximum length of a stack trace in bytes.
const MAX_STACK: usize = 40_000;

/// Returns the location and the frames, or nothing if neither is known.
pub(super) fn place(failure: &Failure) -> Option<Markup> {
    let context = &failure.context;
    let (app, others): (Vec<&Frame>, Vec<&Frame>) = context.frames.iter().partition(|frame| frame.in_app);
    (context.location.is_some() || !context.frames.is_empty()).then(|| {
        html! {
            @if let Some(at) = &context.location {
                p { "Raised in " code { (location_text(failure, at)) }
                    @if let Some(module) = &at.module { " " (line(module)) } }
            }
            (frames(failure, &app))
            @if !others.is_empty() {
                details { summary { "Frames of libraries: " (others.len()) } (frames(failure, &others)) }
            }
        }
    })
}

fn frames(failure: &Failure, frames: &[&Frame]) -> Markup {
    html! {
        @if !frames.is_empty() {
            ul { @for frame in frames.iter().take(MAX_FRAMES) {
                li { code { (place_text(failure, frame.file.as_deref(), frame.line)) } " " (line(&frame.function)) }
            } }
            (rest(frames.len(), MAX_FRAMES, "frame"))
        }
    }
}

fn location_text(failure: &Failure, at: &Location) -> String {
    place_text(failure, at.file.as_deref(), at.line)
}

fn place_text(failure: &Failure, file: Option<&str>, number: Option<u32>) -> String {
    let working_dir = failure.context.process.as_ref().and_then(|process| process.cwd.as_deref());
    line(&text::place_of(file, number, working_dir))
}

/// Returns whether the panics are known to be the cause.
pub(super) fn panics_title(failure: &Failure) -> &'static str {
    match &failure.context.panic_origin {
        Some(origin) if origin.matched_by != PanicMatch::Unknown => "Caused by a panic",
        _ => "May be caused by one of these panics",
    }
}

/// Returns the panics of other threads that caused the failure or may have caused it.
pub(super) fn panics(failure: &Failure) -> Option<Markup> {
    let raised = &failure.context.panic_origin.as_ref()?.raised;
    (!raised.is_empty()).then(|| {
        html! {
            ul { @for panic in raised.iter().take(MAX_PANICS) {
                li {
                    @if let Some(thread) = &panic.thread { "thread " (line(thread)) " " }
                    @if let Some(at) = &panic.location { "at " code { (location_text(failure, at)) } " " }
                    span class="error block" { (block(&panic.message)) }
                    (frames(failure, &panic.frames.iter().filter(|frame| frame.in_app).collect::<Vec<_>>()))
                }
            } }
            (rest(raised.len(), MAX_PANICS, "panic"))
        }
    })
}

/// Returns the text of a stack.
pub(super) fn stack(stack: &str) -> Markup {
    html! {
        details {
            summary { "Text of the stack" }
            pre { (bounded_block(stack, MAX_STACK)) }
        }
    }
}
