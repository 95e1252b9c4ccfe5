use super::Map;

/// A text over the limit keeps its two ends and says how much is gone between them.
pub(crate) fn shorten(text: &str, limit: usize) -> std::borrow::Cow<'_, str> {
    if text.len() <= limit {
        return text.into();
    }
    let tail = limit / 4;
    let head = boundary_before(text, limit - tail);
    let tail = boundary_before(text, text.len() - tail);
    join_ends(&text[..head], tail - head, &text[tail..]).into()
}

/// The text for a line that people read: without control characters, and cut after so many characters.
pub(crate) fn one_line(text: &str, most: usize) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(most).collect();
    if text.chars().nth(most).is_some() { line + "…" } else { line }
}

/// The name with underscores behind it, as many as no other entry has.
pub(crate) fn free_name(name: &str, entries: &Map) -> String {
    let mut free = format!("{name}_");
    while entries.get(&free).is_some() {
        free.push('_');
    }
    free
}

/// The last character boundary at or before this byte.
pub(crate) fn boundary_before(text: &str, byte: usize) -> usize {
    (0..=byte.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0)
}

pub(super) fn join_ends(head: &str, gone: usize, tail: &str) -> String {
    format!("{head}… [{gone} bytes left out] …{tail}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_stay_and_the_gap_is_named() {
        let text = format!("begin{}end", "é".repeat(500));
        let short = shorten(&text, 40);
        assert!(short.starts_with("begin") && short.ends_with("end"), "{short}");
        assert!(short.contains("bytes left out"), "{short}");
        assert!(short.len() < 100);
        assert_eq!(shorten("short", 40), "short");
    }

    #[test]
    fn a_line_holds_no_control_characters() {
        assert_eq!(one_line("a\n\u{1b}[2Jb", 40), "a  [2Jb");
        assert_eq!((one_line("éééé", 3).as_str(), one_line("é\u{85}é", 3).as_str()), ("ééé…", "é é"));
    }
}
