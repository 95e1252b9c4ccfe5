//! Printing the answer of a language model.

use std::io::Write;

use advice::{Advice, Fix};
use anyhow::Result;

use crate::screen::{Screen, local_time, one_line, paint, truncate_to_width, wrap};

/// Maximum width of a model's name.
const MAX_MODEL_COLUMNS: usize = 100;

pub(super) fn write(advice: &Advice, asked_for: &str, screen: &mut Screen) -> Result<()> {
    let answer = &advice.answer;
    write_title("Root cause", screen)?;
    writeln!(screen, "  {}", wrap(&answer.root_cause, screen.width, "  "))?;
    writeln!(screen)?;
    write_title("Suggestions", screen)?;
    for (number, fix) in answer.fixes.iter().enumerate() {
        if number > 0 {
            writeln!(screen)?;
        }
        write_fix(number + 1, fix, screen)?;
    }
    writeln!(screen, "\nconfidence  {}", answer.confidence.name())?;
    Ok(writeln!(screen, "model       {}", source(advice, asked_for))?)
}

fn write_fix(number: usize, fix: &Fix, screen: &mut Screen) -> Result<()> {
    let number = screen.paint(paint::GOOD, &format!("{number}."));
    writeln!(screen, "  {number} {}", wrap(&fix.change, screen.width, "     "))?;
    if let Some(location) = &fix.location {
        let location = screen.paint(paint::FAINT, &one_line(location));
        writeln!(screen, "     in {location}")?;
    }
    writeln!(screen, "     {}", wrap(&fix.reason, screen.width, "     "))?;
    if let Some(code) = &fix.code {
        writeln!(screen, "\n         {}", wrap(code, None, "         "))?;
    }
    Ok(())
}

/// The model with its provider, the requested name if it differs, and the number of tokens or the time of a cached
/// answer.
fn source(advice: &Advice, asked_for: &str) -> String {
    let requested = if advice.model == asked_for { String::new() } else { format!(", requested as {asked_for}") };
    let tokens = advice.tokens.map(|tokens| format!(", {tokens} tokens")).unwrap_or_default();
    let from_cache = || format!(", on {}, cached in .suggestions (use --fresh to ask again)", local_time(advice.time));
    let when = if advice.is_cached { from_cache() } else { tokens };
    let model = truncate_to_width(&advice.model, MAX_MODEL_COLUMNS);
    one_line(&format!("{model} by {}{requested}{when}", advice.provider)).into_owned()
}

fn write_title(text: &str, screen: &mut Screen) -> Result<()> {
    let title = screen.paint(paint::STRONG, text);
    Ok(writeln!(screen, "{title}")?)
}
