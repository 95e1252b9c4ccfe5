//! The section "Where": the location of the failure and its stack frames.

use std::io::Write;

use anyhow::Result;
use record::{Failure, Frame, PanicMatch};

use super::sections::{working_dir, write_title};
use crate::screen::{Screen, count, one_line, paint, place_of, visible};

/// Maximum number of library frames that are shown if the stack has no frames of the program.
const MAX_LIBRARY_FRAMES: usize = 8;

pub(super) fn write(failure: &Failure, library_frames: bool, screen: &mut Screen) -> Result<()> {
    let context = &failure.context;
    if context.location.is_none() && context.frames.is_empty() {
        return write_stack_text(&failure.stack_trace, screen);
    }
    write_title("Where", screen)?;
    let working_dir = working_dir(failure);
    let (app_frames, others): (Vec<&Frame>, Vec<&Frame>) = context.frames.iter().partition(|frame| frame.in_app);
    let place = context.location.as_ref().map(|at| (place_of(at.file.as_deref(), at.line, working_dir), at));
    app_frames.iter().try_for_each(|frame| write_frame(frame, working_dir, screen))?;
    if let Some((place, at)) = place
        && !app_frames.iter().any(|frame| place_of_frame(frame, working_dir) == place)
    {
        let module = at.module.as_deref().map(|module| format!("  {}", one_line(module))).unwrap_or_default();
        let prefix = if app_frames.is_empty() { "" } else { "raised in " };
        writeln!(screen, "  {prefix}{}{module}", screen.paint(paint::STRONG, &place))?;
    }
    let shown = if library_frames {
        others.len()
    } else if app_frames.is_empty() {
        MAX_LIBRARY_FRAMES.min(others.len())
    } else {
        0
    };
    others[..shown].iter().try_for_each(|frame| write_frame(frame, working_dir, screen))?;
    if shown < others.len() {
        let rest = format!("  and {} of libraries (use --frames)", count(others.len() - shown, "frame"));
        writeln!(screen, "{}", screen.paint(paint::FAINT, &rest))?;
    }
    Ok(())
}

/// Writes the panics that caused the failure or may have caused it, each with the program's frames of its thread.
pub(super) fn write_panics(failure: &Failure, screen: &mut Screen) -> Result<()> {
    let Some(origin) = failure.context.panic_origin.as_ref().filter(|origin| !origin.raised.is_empty()) else {
        return Ok(());
    };
    let is_known = origin.matched_by != PanicMatch::Unknown;
    write_title(if is_known { "Caused by a panic" } else { "May be caused by one of these panics" }, screen)?;
    let working_dir = working_dir(failure);
    for panic in &origin.raised {
        let thread = panic.thread.as_deref().map(|thread| format!("thread {}", one_line(thread)));
        let place = panic.location.as_ref().map(|at| place_of(at.file.as_deref(), at.line, working_dir));
        let known: Vec<String> = thread.into_iter().chain(place.filter(|place| !place.is_empty())).collect();
        let before = if known.is_empty() { String::new() } else { known.join(" at ") + ": " };
        let message = screen.paint(paint::ERROR, &visible(&panic.message).replace('\n', "\n    "));
        writeln!(screen, "  {before}{message}")?;
        for frame in panic.frames.iter().filter(|frame| frame.in_app).take(MAX_LIBRARY_FRAMES) {
            write!(screen, "  ")?;
            write_frame(frame, working_dir, screen)?;
        }
    }
    Ok(())
}

fn place_of_frame(frame: &Frame, working_dir: Option<&str>) -> String {
    place_of(frame.file.as_deref(), frame.line, working_dir)
}

fn write_frame(frame: &Frame, working_dir: Option<&str>, screen: &mut Screen) -> Result<()> {
    let style = if frame.in_app { paint::STRONG } else { paint::FAINT };
    let place = screen.paint(style, &place_of_frame(frame, working_dir));
    let function = if frame.in_app { paint::PLAIN } else { paint::FAINT };
    let function = screen.paint(function, &one_line(&frame.function));
    Ok(writeln!(screen, "  {place}  {function}")?)
}

/// Records of other programs have a stack as text only.
fn write_stack_text(text: &str, screen: &mut Screen) -> Result<()> {
    if text.trim().is_empty() {
        return Ok(());
    }
    write_title("Where", screen)?;
    for line in visible(text.trim_end()).lines() {
        writeln!(screen, "  {line}")?;
    }
    Ok(())
}
