//! Texts of failures for a terminal, which must not obey them.

use std::borrow::Cow;

/// The text with its control characters spelt out: it cannot move the cursor, change colours or turn the direction of
/// what follows.
pub fn visible(text: &str) -> Cow<'_, str> {
    spelt_out(text, |c| c == '\n' || c == '\t')
}

/// JSON with such characters spelt out in its way, which changes nothing of what it says.
pub fn visible_json(json: &str) -> Cow<'_, str> {
    let unsafe_here = |c: char| is_unsafe(c) && !matches!(c, '\n' | '\t');
    if !json.contains(unsafe_here) {
        return Cow::Borrowed(json);
    }
    let mut spelt = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        match unsafe_here(c) {
            true => spelt.extend(c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}"))),
            false => spelt.push(c),
        }
    }
    Cow::Owned(spelt)
}

/// The text with its control characters spelt out, except those that are allowed.
pub fn spelt_out(text: &str, allowed: impl Fn(char) -> bool) -> Cow<'_, str> {
    let unsafe_here = |c: char| is_unsafe(c) && !allowed(c);
    if !text.contains(unsafe_here) {
        return Cow::Borrowed(text);
    }
    let spell = |c: char| if unsafe_here(c) { c.escape_unicode().to_string() } else { c.to_string() };
    Cow::Owned(text.chars().map(spell).collect())
}

/// Characters that turn the direction of a text are as able to deceive as control characters.
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
        fn json_says_the_same(text in "(\\PC|[\\x00-\\x1f\u{7f}-\u{9f}\u{202a}-\u{202e}\u{e0000}-\u{e007f}]){0,20}") {
            let json = serde_json::to_string(&text).unwrap();
            let shown = visible_json(&json);
            proptest::prop_assert!(!shown.contains(is_unsafe));
            proptest::prop_assert_eq!(serde_json::from_str::<String>(&shown).unwrap(), text);
        }
    }
}
