//! Shortening of texts.

/// Returns the longest beginning of a text with at most this many bytes.
pub(crate) fn beginning(text: &str, max_bytes: usize) -> &str {
    let end = (0..=max_bytes.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
    &text[..end]
}

/// Returns the text, or its beginning and an ellipsis if it has more bytes.
pub(crate) fn truncate(text: &str, max_bytes: usize) -> String {
    if text.len() <= max_bytes { text.to_owned() } else { format!("{}…", beginning(text, max_bytes)) }
}
