//! Texts of a record for a prompt.

/// Removes invisible characters and replaces control characters, so that a text cannot break out of its section.
pub(super) fn sanitize(text: &str) -> String {
    let is_control = |c: char| (c.is_control() && c != '\n' && c != '\t') || matches!(c, '\u{2028}' | '\u{2029}');
    text.chars().filter(|c| !is_invisible(*c)).map(|c| if is_control(c) { ' ' } else { c }).collect()
}

/// Returns true for characters that are invisible or look like a space: Unicode's default ignorable code points,
/// bidirectional controls and blank letters.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{2800}'
            | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

/// The beginning of a text, with at most `max_bytes` bytes.
pub(super) fn excerpt_start(text: &str, max_bytes: usize) -> String {
    if text.len() <= max_bytes {
        return sanitize(text);
    }
    let end = (0..=max_bytes).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
    sanitize(&text[..end]) + "…"
}

/// The end of a text, with at most `max_bytes` bytes.
pub(super) fn excerpt_end(text: &str, max_bytes: usize) -> String {
    let start = text.len().saturating_sub(max_bytes);
    match (start..).find(|&at| text.is_char_boundary(at)) {
        Some(start) if start > 0 => format!("…{}", sanitize(&text[start..])),
        _ => sanitize(text),
    }
}
