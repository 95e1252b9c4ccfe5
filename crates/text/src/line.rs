//! Lines of text in a terminal.

use std::borrow::Cow;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::escape::{escape, visible};

/// Returns the number of columns of a text in a terminal.
///
/// ```
/// assert_eq!(tracing_failure_text::width("残差"), 4);
/// ```
pub fn width(text: &str) -> usize {
    text.width()
}

/// Returns the text on one line with its control characters escaped.
///
/// ```
/// assert_eq!(tracing_failure_text::one_line("first\n  second"), "first second");
/// ```
pub fn one_line(text: &str) -> Cow<'_, str> {
    let breaks = ['\n', '\r', '\t'];
    if !text.contains(breaks) {
        return escape(text, |_| false);
    }
    let parts: Vec<&str> = text.split(breaks).map(str::trim).filter(|part| !part.is_empty()).collect();
    Cow::Owned(escape(&parts.join(" "), |_| false).into_owned())
}

/// Wraps the text between words to lines of at most this many columns. The lines after the first begin with an indent.
///
/// ```
/// let wrapped = tracing_failure_text::wrap("one two three four five six", Some(24), "  ");
/// assert_eq!(wrapped, "one two three four\n  five six");
/// ```
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

/// Returns the text cut to this many columns, with an ellipsis at the cut.
///
/// ```
/// assert_eq!(tracing_failure_text::truncate_to_width("residual", 7), "residu…");
/// ```
pub fn truncate_to_width(text: &str, columns: usize) -> Cow<'_, str> {
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

/// Returns the end of the text in this many columns, with an ellipsis at the cut.
///
/// ```
/// assert_eq!(tracing_failure_text::truncate_start("Part 1 §1.2, Eq. 1.12", 10), "…Eq. 1.12");
/// ```
pub fn truncate_start(text: &str, columns: usize) -> Cow<'_, str> {
    if width(text) <= columns {
        return Cow::Borrowed(text);
    }
    let wide = text.char_indices().filter(|(_, c)| c.width().unwrap_or(0) > 0).map(|(at, _)| at);
    let fits = |at: &usize| width(&text[*at..]) < columns;
    // A combining mark before the first character that fits does not belong to it.
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
        assert_eq!(one_line("\u{61c}\u{2028}\u{9b}"), "\\u{61c}\\u{2028}\\u{9b}");
        assert_eq!(one_line("first\n  second\tthird"), "first second third");
        assert_eq!(one_line("‖∇B‖ = 1e-3, 残差"), "‖∇B‖ = 1e-3, 残差");
    }

    #[test]
    fn text_is_truncated_by_columns() {
        assert_eq!(truncate_to_width("residual", 8), "residual");
        assert_eq!(truncate_to_width("residual", 7), "residu…");
        assert_eq!(truncate_to_width("残差が大きい", 7), "残差が…");
        assert_eq!(truncate_to_width("step size", 6), "step…");
        assert!(width(&truncate_to_width("residual", 1)) <= 1);
        assert!(width(&truncate_to_width("☁\u{fe0f}☁\u{fe0f}☁\u{fe0f}☁\u{fe0f}", 5)) <= 5);
        assert_eq!(truncate_start("Part 1 §1.2, Eq. 1.12", 10), "…Eq. 1.12");
        assert_eq!(truncate_start("abce\u{301}fg", 4), "…e\u{301}fg");
    }
}
