//! Shortens long texts to their two ends.

use std::borrow::Cow;

/// Shortens a text to a limit in bytes. A longer text keeps its two ends and states how many bytes are omitted between
/// them.
///
/// ```
/// let text = format!("begin{}end", "-".repeat(1000));
/// let short = tracing_failure_text::shorten(&text, 40);
/// assert!(short.starts_with("begin") && short.contains("968 bytes left out") && short.ends_with("end"));
/// ```
#[inline]
pub fn shorten(text: &str, limit: usize) -> Cow<'_, str> {
    if text.len() <= limit {
        return text.into();
    }
    let tail = limit / 4;
    let head = boundary_before(text, limit - tail);
    let tail = boundary_before(text, text.len() - tail);
    join_ends(&text[..head], tail - head, &text[tail..]).into()
}

/// Returns at most this many characters of the text on one line. Spaces replace control characters.
///
/// ```
/// assert_eq!(tracing_failure_text::shorten_to_line("no\nconvergence", 6), "no con…");
/// ```
pub fn shorten_to_line(text: &str, max_chars: usize) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(max_chars).collect();
    if text.chars().nth(max_chars).is_some() { line + "…" } else { line }
}

/// Returns the last character boundary at or before this byte.
///
/// ```
/// assert_eq!(tracing_failure_text::boundary_before("é", 1), 0);
/// ```
#[inline]
pub fn boundary_before(text: &str, byte: usize) -> usize {
    (0..=byte.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0)
}

/// Joins the two ends of a text, with the number of omitted bytes between them.
///
/// ```
/// assert_eq!(tracing_failure_text::join_ends("a", 7, "b"), "a… [7 bytes left out] …b");
/// ```
pub fn join_ends(head: &str, gone: usize, tail: &str) -> String {
    format!("{head}… [{gone} bytes left out] …{tail}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_are_kept_and_the_gap_is_named() {
        let text = format!("begin{}end", "é".repeat(500));
        let short = shorten(&text, 40);
        assert!(short.starts_with("begin") && short.ends_with("end"), "{short}");
        assert!(short.contains("bytes left out"), "{short}");
        assert!(short.len() < 100);
        assert_eq!(shorten("short", 40), "short");
    }

    #[test]
    fn a_line_holds_no_control_characters() {
        assert_eq!(shorten_to_line("a\n\u{1b}[2Jb", 40), "a  [2Jb");
        assert_eq!((shorten_to_line("éééé", 3).as_str(), shorten_to_line("é\u{85}é", 3).as_str()), ("ééé…", "é é"));
    }
}
