//! Finds private keys: PEM (RFC 7468), OpenSSH, PGP (RFC 9580), PuTTY.

use std::ops::Range;

/// Minimum length of a line of a key.
const MIN_LINE_BYTES: usize = 32;

/// Maximum length of a label such as `RSA PRIVATE KEY`.
const MAX_LABEL_BYTES: usize = 64;

/// Returns the private keys in a text. Line ends may be written as `\n`, and the lines may be in a list.
pub(super) fn private_keys(text: &str) -> Vec<Range<usize>> {
    if !text.contains("PRIVATE KEY") && !text.contains("PuTTY-User-Key-File-") {
        return Vec::new();
    }
    let mut keys: Vec<Range<usize>> = Vec::new();
    for (at, _) in text.match_indices("BEGIN ") {
        if keys.last().is_some_and(|key| at < key.end) {
            continue;
        }
        if let Some(start) = end_of_label(text, at, "BEGIN ").filter(|start| begins_key(&text[*start..])) {
            let end = text[start..].match_indices("END ").find_map(|(end, _)| end_of_label(text, start + end, "END "));
            keys.push(at - dashes_before(text, at)..end.unwrap_or(text.len()));
        }
    }
    // The beginning of a long text may be missing.
    for (at, _) in text.match_indices("END ") {
        if let Some(end) = end_of_label(text, at, "END ")
            && !keys.iter().any(|key| key.contains(&at))
        {
            let lines = start_of_key_lines(&text[..at]);
            if at - lines > MIN_LINE_BYTES {
                keys.push(lines..end);
            }
        }
    }
    if text.contains("Private-Lines") {
        keys.extend(text.find("PuTTY-User-Key-File-").map(|at| at..text.len()));
    }
    keys
}

/// Returns true if a text contains the first line of a private key.
pub(super) fn has_begin(text: &str) -> bool {
    text.match_indices("BEGIN ").any(|(at, _)| end_of_label(text, at, "BEGIN ").is_some())
}

/// Returns true if a text contains the last line of a private key.
pub(super) fn has_end(text: &str) -> bool {
    text.match_indices("END ").any(|(at, _)| end_of_label(text, at, "END ").is_some())
}

/// Returns true if a text is a line of base64 or a header such as `Proc-Type: 4,ENCRYPTED`.
pub(super) fn is_key_line(text: &str) -> bool {
    begins_key(text)
}

/// Returns the position after `BEGIN RSA PRIVATE KEY-----`.
fn end_of_label(text: &str, at: usize, word: &str) -> Option<usize> {
    let label = &text[at + word.len()..];
    let end = label.find("----").filter(|end| *end < MAX_LABEL_BYTES)?;
    let name = label[..end].trim_end();
    let is_label = name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b' ');
    let is_key = name.ends_with("PRIVATE KEY") || name.ends_with("PRIVATE KEY BLOCK");
    let dashes = label[end..].bytes().take_while(|byte| *byte == b'-').count();
    (is_label && is_key && dashes_before(text, at) >= 4).then_some(at + word.len() + end + dashes)
}

fn dashes_before(text: &str, at: usize) -> usize {
    // SSH2 writes a space after the dashes.
    let before = text[..at].strip_suffix("---- ").map_or(&text[..at], |_| &text[..at - 1]);
    let dashes = before.bytes().rev().take(5).take_while(|byte| *byte == b'-').count();
    dashes + at - before.len()
}

/// Returns true if the content of a key follows. Text about keys, such as a pattern, continues differently.
fn begins_key(rest: &str) -> bool {
    let mut rest = rest;
    // `\n` before the first line.
    loop {
        let trimmed = rest.trim_start_matches(|c: char| c.is_whitespace() || "\\\"',+[]()|>&;".contains(c));
        let was_escape = trimmed.len() < rest.len() && rest[..rest.len() - trimmed.len()].ends_with('\\');
        rest = match trimmed.strip_prefix(['n', 'r', 't']) {
            Some(next) if was_escape => next,
            _ => trimmed,
        };
        if rest.len() == trimmed.len() {
            break;
        }
    }
    rest.bytes().take(4).filter(|byte| byte.is_ascii_alphanumeric() || b"+/".contains(byte)).count() == 4
}

/// Returns the start of the lines of base64 at the end of a text.
fn start_of_key_lines(text: &str) -> usize {
    let other = text.rfind(|c: char| !c.is_ascii_alphanumeric() && !"+/=\\\"',- \n\r".contains(c));
    let start = other.map_or(0, |at| at + text[at..].chars().next().map_or(1, char::len_utf8));
    // Words of a preceding sentence are no lines of a key.
    let words = text[start..].split_inclusive([' ', '\n', '\\', '"', ',', '\'']);
    let (mut at, mut before) = (start, start);
    for word in words {
        if word.trim_end_matches([' ', '\n', '\\', '"', ',', '\'']).len() >= MIN_LINE_BYTES {
            // The line before may be the rest of a cut line.
            return before;
        }
        before = if word.len() > 1 { at } else { before };
        at += word.len();
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hidden(text: &str) -> String {
        let mut hidden = text.to_owned();
        for key in private_keys(text).into_iter().rev() {
            hidden.replace_range(key, "…");
        }
        hidden
    }

    #[test]
    fn keys_are_found_in_every_spelling() {
        for label in ["RSA PRIVATE KEY", "PRIVATE KEY", "OPENSSH PRIVATE KEY", "PGP PRIVATE KEY BLOCK"] {
            for separator in ["\n", "\\n", "\\\\n", "\", \"", "\\\", \\\"", "\r\n"] {
                let line = "MIIEpAIBAAKCAQEA0123456789abcdefghijklmnop";
                let key = [
                    "-----BEGIN ",
                    label,
                    "-----",
                    separator,
                    line,
                    separator,
                    line,
                    separator,
                    "-----END ",
                    label,
                    "-----",
                ]
                .concat();
                assert_eq!(hidden(&format!("a {key} b")), "a … b", "{key}");
                let cut = &key[40 + label.len()..];
                assert!(!hidden(cut).contains("klmnop"), "{cut}");
            }
        }
        let cut = ["-----BEGIN ", "PRIVATE KEY-----\nMIIE"].concat();
        assert_eq!(hidden(&cut), "…");
    }

    #[test]
    fn texts_about_keys_are_unchanged() {
        for text in [
            "-----BEGIN (RSA |EC )?PRIVATE KEY-----",
            "expected -----BEGIN PRIVATE KEY-----",
            "-----BEGIN PUBLIC KEY-----\nMIIE",
            "-----BEGIN CERTIFICATE-----\nMIIE",
            "no -----END PRIVATE KEY----- in it",
        ] {
            assert_eq!(hidden(text), text);
        }
    }
}
