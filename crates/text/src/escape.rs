//! Escapes control characters in texts of a failure, so that a terminal does not interpret them.

use std::borrow::Cow;

/// Returns the text with its control characters escaped. It cannot move the cursor or change colours or the direction
/// of text.
///
/// ```
/// assert_eq!(tracing_failure_text::visible("\u{1b}[2Jgone"), "\\u{1b}[2Jgone");
/// ```
pub fn visible(text: &str) -> Cow<'_, str> {
    escape(text, |c| c == '\n' || c == '\t')
}

/// Returns JSON with control characters escaped as in JSON, which does not change its meaning.
///
/// ```
/// assert_eq!(tracing_failure_text::visible_json("\"\u{9b}2J\""), "\"\\u009b2J\"");
/// ```
pub fn visible_json(json: &str) -> Cow<'_, str> {
    let unsafe_here = |c: char| is_unsafe(c) && !matches!(c, '\n' | '\t');
    if !json.contains(unsafe_here) {
        return Cow::Borrowed(json);
    }
    let mut escaped = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        if unsafe_here(c) {
            escaped.extend(c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")));
        } else {
            escaped.push(c);
        }
    }
    Cow::Owned(escaped)
}

/// Returns the text with its control characters escaped, except those that are allowed.
///
/// ```
/// assert_eq!(tracing_failure_text::escape("a\n\r", |c| c == '\n'), "a\n\\u{d}");
/// ```
pub fn escape(text: &str, allowed: impl Fn(char) -> bool) -> Cow<'_, str> {
    let unsafe_here = |c: char| is_unsafe(c) && !allowed(c);
    if !text.contains(unsafe_here) {
        return Cow::Borrowed(text);
    }
    let escaped = text.chars().map(|c| if unsafe_here(c) { c.escape_unicode().to_string() } else { c.to_string() });
    Cow::Owned(escaped.collect())
}

/// Returns the text without the sequences that colour it in a terminal.
///
/// ```
/// assert_eq!(tracing_failure_text::strip_colours("\u{1b}[3mx\u{1b}[0m\u{1b}[2m=\u{1b}[0m1"), "x=1");
/// ```
pub fn strip_colours(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        plain.push_str(part.split_once('m').map_or(part, |(_, rest)| rest));
    }
    plain
}

/// Returns true for control characters and for characters that change the direction of text, which can hide content.
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_cannot_speak_to_the_terminal() {
        assert_eq!(visible("a\nb\u{202e}c\r"), "a\nb\\u{202e}c\\u{d}");
        assert_eq!(visible("‖∇B‖ = 1e-3, 残差"), "‖∇B‖ = 1e-3, 残差");
    }

    proptest::proptest! {
        #[test]
        fn escaped_json_is_equivalent(text in "(\\PC|[\\x00-\\x1f\u{7f}-\u{9f}\u{202a}-\u{202e}\u{e0000}-\u{e007f}]){0,20}") {
            let json = serde_json::to_string(&text).unwrap();
            let shown = visible_json(&json);
            proptest::prop_assert!(!shown.contains(is_unsafe));
            proptest::prop_assert_eq!(serde_json::from_str::<String>(&shown).unwrap(), text);
        }
    }
}
