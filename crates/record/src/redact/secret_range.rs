//! A secret in a text, and its replacement.

use std::borrow::Cow;
use std::ops::Range;

/// The text that replaces a secret.
pub const REDACTED: &str = "[redacted]";

/// A secret in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SecretRange {
    pub(super) range: Range<usize>,
    pub(super) kind: &'static str,
}

/// Replaces each finding in the text with a mark.
pub(super) fn without<'a>(text: &'a str, found: &[SecretRange]) -> Cow<'a, str> {
    if found.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len());
    let mut copied = 0;
    for SecretRange { range, .. } in found {
        clean.push_str(&text[copied..range.start]);
        clean.push_str(REDACTED);
        copied = range.end;
    }
    clean.push_str(&text[copied..]);
    Cow::Owned(clean)
}
