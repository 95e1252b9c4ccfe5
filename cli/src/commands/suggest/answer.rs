//! An answer for human eyes.

use std::io::Write;

use anyhow::Result;

use crate::advice::Advice;
use crate::models::Fix;
use crate::screen::{Screen, local, one_line, paint, visible};

pub(super) fn write(advice: &Advice, is_known: bool, asked_for: &str, screen: &mut Screen) -> Result<()> {
    let answer = &advice.answer;
    title("Why", screen)?;
    writeln!(screen, "  {}", indented(&answer.root_cause, "  "))?;
    writeln!(screen)?;
    title("What to try", screen)?;
    for (number, fix) in answer.fixes.iter().enumerate() {
        if number > 0 {
            writeln!(screen)?;
        }
        write_fix(number + 1, fix, screen)?;
    }
    writeln!(screen, "\nconfidence  {}", answer.confidence.name())?;
    Ok(writeln!(screen, "said by     {}", source(advice, is_known, asked_for))?)
}

fn write_fix(number: usize, fix: &Fix, screen: &mut Screen) -> Result<()> {
    let number = screen.paint(paint::GOOD, &format!("{number}."));
    writeln!(screen, "  {number} {}", indented(&fix.change, "     "))?;
    if let Some(location) = &fix.location {
        let location = screen.paint(paint::FAINT, &one_line(location));
        writeln!(screen, "     in {location}")?;
    }
    writeln!(screen, "     {}", indented(&fix.reason, "     "))?;
    if let Some(code) = &fix.code {
        writeln!(screen, "\n         {}", indented(code, "         "))?;
    }
    Ok(())
}

/// Who said so, by which name it was asked, and what it took or when it was.
fn source(advice: &Advice, is_known: bool, asked_for: &str) -> String {
    let asked = if advice.model == asked_for { String::new() } else { format!(", asked for as {asked_for}") };
    let tokens = advice.tokens.map(|tokens| format!(", {tokens} tokens")).unwrap_or_default();
    let when = if is_known { format!(", on {}; --fresh asks again", local(advice.time)) } else { tokens };
    one_line(&format!("{} by {}{asked}{when}", advice.model, advice.provider)).into_owned()
}

fn title(text: &str, screen: &mut Screen) -> Result<()> {
    let title = screen.paint(paint::STRONG, text);
    Ok(writeln!(screen, "{title}")?)
}

/// The text with its lines one below the other, and nothing in it that a terminal would obey.
fn indented(text: &str, indent: &str) -> String {
    visible(text.trim_end()).replace('\n', &format!("\n{indent}"))
}
