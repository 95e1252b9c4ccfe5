//! A key of a service, which nobody gets to see.

use std::fmt;

/// What stands in the place of a key.
const REDACTED: &str = "[redacted]";
/// How keys of the providers begin, and what stands before one in a header.
const BEGINNINGS: [&str; 3] = ["sk-", "AIza", "AQ."];
/// So many characters of a key in a row are as good as the key.
const WINDOW: usize = 8;

/// A key; `{:?}` and `{}` do not show it.
#[derive(Clone)]
pub(super) struct Key(String);

impl Key {
    /// The key in this text; `None` when it is blank or cannot stand in a header.
    pub(super) fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        let is_key = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        is_key.then(|| Key(text.to_owned()))
    }

    /// The key itself, for the header that it is sent in.
    pub(super) fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether the word has the key in it, or a good part of it.
    fn is_in(&self, word: &str) -> bool {
        let key = self.0.as_bytes();
        key.windows(WINDOW.min(key.len())).any(|part| word.as_bytes().windows(part.len()).any(|there| there == part))
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

/// A server's text without the key and without what looks like one: servers repeat the key that they refuse.
pub(super) fn without_keys(text: &str, key: Option<&Key>) -> String {
    let is_key = |word: &str| {
        let word = word.trim_matches(|c: char| c.is_ascii_punctuation());
        BEGINNINGS.iter().any(|beginning| word.starts_with(beginning)) || key.is_some_and(|key| key.is_in(word))
    };
    text.split_inclusive(ends_word).map(|piece| redact(piece, is_key)).collect()
}

fn ends_word(c: char) -> bool {
    c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '<' | '>' | '(' | ')' | '&' | '=' | ',' | ';')
}

/// The piece is a word and what ends it.
fn redact(piece: &str, is_key: impl Fn(&str) -> bool) -> String {
    let word = piece.trim_end_matches(ends_word);
    if is_key(word) { format!("{REDACTED}{}", &piece[word.len()..]) } else { piece.to_owned() }
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
        let without = |text: &str| without_keys(text, Some(&key));
        assert_eq!(without("the key \"sesame-1234-open\" is wrong"), "the key \"[redacted]\" is wrong");
        assert_eq!(without("Bearer:sesame-1234-open."), "[redacted]");
        assert_eq!(without("key=sesame-12*****, sorry"), "key=[redacted], sorry");
        assert_eq!(without("provided: sk-pr**9f3a. AIzaSyB, sk-1"), "provided: [redacted] [redacted], [redacted]");
        assert_eq!(without("the model sesame is overloaded\nlater"), "the model sesame is overloaded\nlater");
        assert_eq!(without_keys("task-force risk-free", None), "task-force risk-free");
    }
}
