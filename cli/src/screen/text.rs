//! Text of a record for a terminal.

use std::borrow::Cow;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Columns that a text takes in a terminal.
pub(crate) fn width(text: &str) -> usize {
    text.width()
}

/// The text with its control characters spelt out: what a record says cannot move the cursor or change colours.
pub(crate) fn visible(text: &str) -> Cow<'_, str> {
    spelt_out(text, |c| c == '\n' || c == '\t')
}

/// The same on one line.
pub(crate) fn one_line(text: &str) -> Cow<'_, str> {
    match text.contains(['\n', '\r', '\t']) {
        false => spelt_out(text, |_| false),
        true => {
            let words: Vec<&str> =
                text.split(['\n', '\r', '\t']).map(str::trim).filter(|line| !line.is_empty()).collect();
            Cow::Owned(spelt_out(&words.join(" "), |_| false).into_owned())
        }
    }
}

/// Characters that turn the direction of a text are as able to deceive as control characters.
fn is_unsafe(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn spelt_out(text: &str, allowed: impl Fn(char) -> bool) -> Cow<'_, str> {
    let unsafe_here = |c: char| is_unsafe(c) && !allowed(c);
    if !text.contains(unsafe_here) {
        return Cow::Borrowed(text);
    }
    let spell = |c: char| if unsafe_here(c) { c.escape_unicode().to_string() } else { c.to_string() };
    Cow::Owned(text.chars().map(spell).collect())
}

/// The text cut to so many columns, with an ellipsis where it is cut.
pub(crate) fn fit(text: &str, columns: usize) -> Cow<'_, str> {
    if width(text) <= columns {
        return Cow::Borrowed(text);
    }
    let mut cut = String::new();
    let mut taken = 1;
    for c in text.chars() {
        taken += c.width().unwrap_or(0);
        if taken > columns {
            break;
        }
        cut.push(c);
    }
    cut.truncate(cut.trim_end().len());
    cut.push('…');
    Cow::Owned(cut)
}

/// The end of the text, in so many columns.
pub(crate) fn fit_end(text: &str, columns: usize) -> Cow<'_, str> {
    let reversed = |text: &str| text.chars().rev().collect::<String>();
    match width(text) <= columns {
        true => Cow::Borrowed(text),
        false => Cow::Owned(reversed(&fit(&reversed(text), columns))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_cannot_speak_to_the_terminal() {
        assert_eq!(one_line("\u{1b}[2Jgone"), "\\u{1b}[2Jgone");
        assert_eq!(visible("a\nb\u{202e}c\r"), "a\nb\\u{202e}c\\u{d}");
        assert_eq!(one_line("first\n  second\tthird"), "first second third");
        assert_eq!(one_line("‖∇B‖ = 1e-3, 残差"), "‖∇B‖ = 1e-3, 残差");
    }

    #[test]
    fn text_is_cut_by_columns() {
        assert_eq!(fit("residual", 8), "residual");
        assert_eq!(fit("residual", 7), "residu…");
        assert_eq!(fit("残差が大きい", 7), "残差が…");
        assert_eq!(fit("step size", 6), "step…");
        assert!(width(&fit("residual", 1)) <= 1);
        assert_eq!(fit_end("Part 1 §1.2, Eq. 1.12", 9), "…Eq. 1.12");
    }
}
