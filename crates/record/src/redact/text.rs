//! Finds the secrets in a text.

use super::names::{NameKind, begins_name, may_begin_name};
use super::secret_range::SecretRange;
use super::units::ends_escape;
use super::{forms, keys, tokens, urls, validation};

/// Returns all secrets in a text, in order and without overlaps. `kind_of` classifies names, and `names` are the names
/// that the program added.
pub(super) fn find(text: &str, names: &[String], kind_of: impl Fn(&str) -> NameKind) -> Vec<SecretRange> {
    let mut clues = find_clues(text);
    clues.has_name |= names.iter().any(|name| contains_ignoring_case(text, name));
    let mut found = clues.tokens;
    if clues.has_name {
        let kind = "a value under the name of a secret";
        found.extend(keys::private_keys(text).into_iter().map(|range| SecretRange { range, kind: "a private key" }));
        found
            .extend(validation::secrets_in_errors(text, &kind_of).into_iter().map(|range| SecretRange { range, kind }));
        found.extend(forms::secrets_in_forms(text, kind_of).into_iter().map(|range| SecretRange { range, kind }));
    }
    if clues.has_url {
        found.extend(urls::secrets_in_urls(text).into_iter().map(|(range, kind)| SecretRange { range, kind }));
    }
    found.retain(|finding| !finding.range.is_empty());
    if found.len() > 1 { merge(found) } else { found }
}

/// The result of one pass over the bytes of a text. Most texts contain no clue and need no further search.
#[derive(Default)]
struct Clues {
    /// The text may contain the name of a secret.
    has_name: bool,
    /// The text may contain a URL with credentials or parameters.
    has_url: bool,
    tokens: Vec<SecretRange>,
}

fn find_clues(text: &str) -> Clues {
    let bytes = text.as_bytes();
    let mut clues = Clues::default();
    let (mut is_inside, mut has_escape) = (false, false);
    for (at, byte) in bytes.iter().enumerate() {
        let was_inside = std::mem::replace(&mut is_inside, byte.is_ascii_alphanumeric());
        let class = CLASSES[usize::from(*byte)];
        if class == 0 {
            continue;
        }
        has_escape |= class & ESCAPE_CLASS != 0;
        clues.has_url |= class & URL_CLASS != 0;
        clues.has_name = clues.has_name || class & NAME_CLASS != 0 && begins_name(&bytes[at..]);
        if class & TOKEN_CLASS != 0
            && (!was_inside || has_escape && ends_escape(text, at))
            && let Some((range, kind)) = tokens::token_at(text, at)
        {
            clues.tokens.push(SecretRange { range, kind });
        }
    }
    clues
}

const NAME_CLASS: u8 = 1;
const TOKEN_CLASS: u8 = 2;
const URL_CLASS: u8 = 4;
const ESCAPE_CLASS: u8 = 8;

/// The kinds of clues that may begin with each byte.
static CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        classes[byte] = if may_begin_name(byte as u8) { NAME_CLASS } else { 0 }
            | if tokens::may_begin_token(byte as u8) { TOKEN_CLASS } else { 0 }
            | if matches!(byte as u8, b'@' | b'?' | b'&' | b'%') { URL_CLASS } else { 0 }
            | if matches!(byte as u8, b'\\' | b'%' | b'[') { ESCAPE_CLASS } else { 0 };
        byte += 1;
    }
    classes
};

/// Sorts the findings and merges those that overlap.
fn merge(mut found: Vec<SecretRange>) -> Vec<SecretRange> {
    found.retain(|finding| !finding.range.is_empty());
    found.sort_by_key(|finding| (finding.range.start, std::cmp::Reverse(finding.range.end)));
    let mut merged: Vec<SecretRange> = Vec::with_capacity(found.len());
    for finding in found {
        match merged.last_mut() {
            Some(last) if finding.range.start < last.range.end => {
                last.range.end = last.range.end.max(finding.range.end)
            }
            _ => merged.push(finding),
        }
    }
    merged
}

fn contains_ignoring_case(text: &str, name: &str) -> bool {
    text.as_bytes().windows(name.len().max(1)).any(|window| window.eq_ignore_ascii_case(name.as_bytes()))
}
