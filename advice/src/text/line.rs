//! Text of a record for a terminal.

use std::borrow::Cow;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Columns that a text takes in a terminal.
pub fn width(text: &str) -> usize {
    text.width()
}

/// The text with its control characters spelt out: what a record says cannot move the cursor or change colours.
pub fn visible(text: &str) -> Cow<'_, str> {
    spelt_out(text, |c| c == '\n' || c == '\t')
}

/// The same on one line.
pub fn one_line(text: &str) -> Cow<'_, str> {
    match text.contains(['\n', '\r', '\t']) {
        false => spelt_out(text, |_| false),
        true => {
            let words: Vec<&str> =
                text.split(['\n', '\r', '\t']).map(str::trim).filter(|line| !line.is_empty()).collect();
            Cow::Owned(spelt_out(&words.join(" "), |_| false).into_owned())
        }
    }
}

/// JSON with such characters spelt out in its way, which changes nothing of what it says.
pub fn visible_json(json: &str) -> Cow<'_, str> {
    if !json.contains(|c| is_unsafe(c) && c != '\n') {
        return Cow::Borrowed(json);
    }
    // All of them are in the basic plane.
    let spell = |c: char| if is_unsafe(c) && c != '\n' { format!("\\u{:04x}", u32::from(c)) } else { c.to_string() };
    Cow::Owned(json.chars().map(spell).collect())
}

/// Characters that turn the direction of a text are as able to deceive as control characters.
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{e0000}'..='\u{e007f}')
}

fn spelt_out(text: &str, allowed: impl Fn(char) -> bool) -> Cow<'_, str> {
    let unsafe_here = |c: char| is_unsafe(c) && !allowed(c);
    if !text.contains(unsafe_here) {
        return Cow::Borrowed(text);
    }
    let spell = |c: char| if unsafe_here(c) { c.escape_unicode().to_string() } else { c.to_string() };
    Cow::Owned(text.chars().map(spell).collect())
}

/// The text in lines of so many columns at most, broken between words; the lines after the first begin with an indent.
pub fn wrap(text: &str, columns: Option<usize>, indent: &str) -> String {
    let text = visible(text.trim_end());
    let Some(columns) = columns.map(|columns| columns.saturating_sub(indent.len()).max(20)) else {
        return text.replace('\n', &format!("\n{indent}"));
    };
    let mut lines: Vec<String> = Vec::new();
    for line in text.split('\n') {
        let mut current = String::new();
        for word in line.split(' ') {
            if !current.is_empty() && width(&current) + 1 + width(word) > columns {
                lines.push(std::mem::take(&mut current));
            }
            if !current.is_empty() {
                current.push(' ');
            }
            current.push_str(word);
        }
        lines.push(current);
    }
    lines.join(&format!("\n{indent}"))
}

/// The text cut to so many columns, with an ellipsis where it is cut.
pub fn fit(text: &str, columns: usize) -> Cow<'_, str> {
    if width(text) <= columns {
        return Cow::Borrowed(text);
    }
    let mut end = 0;
    let mut taken = 1;
    for (at, c) in text.char_indices() {
        taken += c.width().unwrap_or(0);
        if taken > columns {
            break;
        }
        end = at + c.len_utf8();
    }
    // Some sequences are wider than their characters.
    while width(&text[..end]) >= columns.max(1) {
        end = text[..end].char_indices().next_back().map_or(0, |(at, _)| at);
    }
    Cow::Owned(format!("{}…", text[..end].trim_end()))
}

/// The end of the text, in so many columns.
pub fn fit_end(text: &str, columns: usize) -> Cow<'_, str> {
    if width(text) <= columns {
        return Cow::Borrowed(text);
    }
    let wide = text.char_indices().filter(|(_, c)| c.width().unwrap_or(0) > 0).map(|(at, _)| at);
    let fits = |at: &usize| width(&text[*at..]) < columns;
    // What comes before the first character that fits is no mark of it.
    let start = wide.rev().take_while(fits).last().unwrap_or(text.len());
    Cow::Owned(format!("…{}", text[start..].trim_start()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_words() {
        assert_eq!(wrap("one two three four five six", Some(24), "  "), "one two three four\n  five six");
        assert_eq!(wrap("one\ntwo", None, "  "), "one\n  two");
        let long = "x".repeat(50);
        assert_eq!(wrap(&long, Some(24), ""), long);
        assert_eq!(wrap("a\u{1b}b", Some(80), ""), "a\\u{1b}b");
    }

    #[test]
    fn a_record_cannot_speak_to_the_terminal() {
        assert_eq!(one_line("\u{1b}[2Jgone"), "\\u{1b}[2Jgone");
        assert_eq!(visible("a\nb\u{202e}c\r"), "a\nb\\u{202e}c\\u{d}");
        assert_eq!(one_line("\u{61c}\u{2028}\u{9b}"), "\\u{61c}\\u{2028}\\u{9b}");
        assert_eq!(visible_json("{\"\u{9b}\u{2066}\"}\n"), "{\"\\u009b\\u2066\"}\n");
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
        assert!(width(&fit("☁\u{fe0f}☁\u{fe0f}☁\u{fe0f}☁\u{fe0f}", 5)) <= 5);
        assert_eq!(fit_end("Part 1 §1.2, Eq. 1.12", 10), "…Eq. 1.12");
        assert_eq!(fit_end("abce\u{301}fg", 4), "…e\u{301}fg");
    }
}
