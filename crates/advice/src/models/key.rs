//! Keys of services and their redaction.

use std::collections::HashSet;
use std::fmt;
use std::ops::Range;

/// The replacement of a key.
const REDACTED: &str = "[redacted]";
/// Prefixes of the providers' keys.
const KEY_PREFIXES: [&str; 3] = ["sk-", "AIza", "AQ."];
/// Minimum length of a part of a key that is redacted.
const MIN_SECRET_LENGTH: usize = 8;

/// A key. `Debug` and `Display` redact it.
#[derive(Clone)]
pub(super) struct Key(String);

impl Key {
    /// Creates a key. Returns `None` if the text is blank or not valid in a header.
    pub(super) fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        let is_key = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        is_key.then(|| Key(text.to_owned()))
    }

    /// The key itself, for the header of a request.
    pub(super) fn reveal(&self) -> &str {
        &self.0
    }

    /// Redacts the key and long parts of it. The rest of the text, which may be JSON, does not change.
    ///
    /// Shorter keys are placeholders (`EMPTY`, `none`). They are not redacted, because they may be part of any word.
    pub(super) fn redact_in(&self, text: &str) -> String {
        if self.0.len() < MIN_SECRET_LENGTH { text.to_owned() } else { replace(text, &self.find_in(text)) }
    }

    /// The ranges of the key and of long parts of it.
    fn find_in(&self, text: &str) -> Vec<Range<usize>> {
        let length = MIN_SECRET_LENGTH.min(self.0.len());
        let windows: HashSet<&[u8]> = self.0.as_bytes().windows(length).collect();
        let mut ranges: Vec<Range<usize>> = Vec::new();
        for (at, _) in text.as_bytes().windows(length).enumerate().filter(|(_, window)| windows.contains(window)) {
            match ranges.last_mut() {
                Some(last) if at <= last.end => last.end = at + length,
                _ => ranges.push(at..at + length),
            }
        }
        ranges
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

/// Redacts words in a server's error that contain the key, a part of it, or anything that looks like a key. Servers
/// repeat keys that they reject, in full or in part.
pub(super) fn redact_keys(text: &str, key: Option<&Key>) -> String {
    let is_key = |word: &str| KEY_PREFIXES.iter().any(|prefix| word.starts_with(prefix));
    let mut ranges: Vec<Range<usize>> = words(text)
        .filter(|word| is_key(text[word.clone()].trim_start_matches(|c: char| c.is_ascii_punctuation())))
        .chain(key.into_iter().flat_map(|key| key.find_in(text)).map(|range| expand_to_words(text, range)))
        .collect();
    ranges.sort_by_key(|range| range.start);
    let mut joined: Vec<Range<usize>> = Vec::new();
    for range in ranges {
        match joined.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => joined.push(range),
        }
    }
    replace(text, &joined)
}

/// Replaces the ranges, which are sorted and disjoint.
fn replace(text: &str, ranges: &[Range<usize>]) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut copied = 0;
    for range in ranges {
        clean.push_str(&text[copied..range.start]);
        clean.push_str(REDACTED);
        copied = range.end;
    }
    clean + &text[copied..]
}

fn words(text: &str) -> impl Iterator<Item = Range<usize>> {
    let start = |piece: &str| piece.as_ptr().addr() - text.as_ptr().addr();
    text.split(is_word_boundary).filter(|word| !word.is_empty()).map(move |word| start(word)..start(word) + word.len())
}

/// Expands a range to whole words.
fn expand_to_words(text: &str, range: Range<usize>) -> Range<usize> {
    let start = text[..range.start]
        .rfind(is_word_boundary)
        .map_or(0, |at| at + text[at..].chars().next().map_or(0, char::len_utf8));
    let end = text[range.end..].find(is_word_boundary).map_or(text.len(), |at| range.end + at);
    start..end
}

fn is_word_boundary(c: char) -> bool {
    c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '<' | '>' | '(' | ')' | '&' | '=' | ',' | ';')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_not_shown() {
        let key = Key::new(" sesame-1234\n").unwrap();
        assert_eq!(key.reveal(), "sesame-1234");
        assert_eq!(format!("{key:?} {key}"), "[redacted] [redacted]");
        assert!(Key::new(" ").is_none() && Key::new("a\nb").is_none() && Key::new("ключ").is_none());
    }

    #[test]
    fn a_server_that_repeats_it_is_not_repeated() {
        let key = Key::new("sesame-1234-open").unwrap();
        let without = |text: &str| redact_keys(text, Some(&key));
        assert_eq!(without("the key \"sesame-1234-open\" is wrong"), "the key \"[redacted]\" is wrong");
        assert_eq!(without("Bearer:sesame-1234-open."), "[redacted]");
        assert_eq!(without("key=sesame-12*****, sorry"), "key=[redacted], sorry");
        assert_eq!(without("provided: sk-pr**9f3a. AIzaSyB, sk-1"), "provided: [redacted] [redacted], [redacted]");
        assert_eq!(without("the model sesame is overloaded\nlater"), "the model sesame is overloaded\nlater");
        assert_eq!(redact_keys("task-force risk-free", None), "task-force risk-free");
        let key = Key::new("ab,cd;ef=gh(1)&2").unwrap();
        let without = |text: &str| redact_keys(text, Some(&key));
        assert_eq!(without("no \"ab,cd;ef=gh(1)&2\", é"), "no \"[redacted]\", é");
        assert_eq!(without("ab,cd;ef*** is wrong"), "[redacted] is wrong");
        assert_eq!(redact_keys("use x here", Key::new("x").as_ref()), "use [redacted] here");
    }

    #[test]
    fn only_the_key_is_removed_from_an_answer() {
        let key = Key::new("sesame-1234-open").unwrap();
        let json = r#"{"a": "try \"sesame-1234-open\" or sk-learn\nsesame-1234"}"#;
        assert_eq!(key.redact_in(json), r#"{"a": "try \"[redacted]\" or sk-learn\n[redacted]"}"#);
        assert_eq!(Key::new("EMPTY").unwrap().redact_in("EMPTY set"), "EMPTY set");
    }
}
