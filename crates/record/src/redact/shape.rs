//! The shape of a value: random, a number, words or a placeholder.

pub(super) fn is_any(_: &str) -> bool {
    true
}

pub(super) fn has_digit(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_digit())
}

pub(super) fn has_digit_and_letter(text: &str) -> bool {
    has_digit(text) && text.bytes().any(|byte| byte.is_ascii_alphabetic())
}

/// Returns true for digits and upper case. Peptide sequences have no digits.
pub(super) fn is_upper_with_digit(text: &str) -> bool {
    has_digit(text) && !text.bytes().any(|byte| byte.is_ascii_lowercase())
}

/// Returns true if the text contains a long piece with letters of both cases and digits that consists neither of words
/// nor, in hexadecimal, of a hash. Very long pieces need no upper case.
pub(super) fn is_random(text: &str) -> bool {
    text.split(['-', '_']).any(|piece| {
        let has = |kind: fn(&u8) -> bool| piece.as_bytes().iter().any(kind);
        let has_digits = has(u8::is_ascii_digit);
        let is_hash = piece.bytes().all(|byte| byte.is_ascii_hexdigit());
        let is_mixed = has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase) && has_digits;
        let is_long = piece.len() >= 32 && has(u8::is_ascii_alphabetic) && has_digits && !is_hash;
        (piece.len() >= 20 && is_mixed || is_long) && !is_words(piece)
    })
}

/// Returns true for words in camel case with numbers between them: `GaussSeidelSolver2DPoisson`. Their kind of
/// character rarely changes.
fn is_words(text: &str) -> bool {
    let kind = |byte: u8| match byte {
        b'a'..=b'z' => 0,
        b'A'..=b'Z' => 1,
        b'0'..=b'9' => 2,
        _ => 3,
    };
    let bytes = text.as_bytes();
    let breaks = bytes.windows(2).filter(|pair| {
        let [before, after] = [kind(pair[0]), kind(pair[1])];
        before != after && (before, after) != (1, 0)
    });
    breaks.count() * 5 <= text.len()
}

/// Returns true for three parts of which the first two are JSON objects in base64, which begin with `eyJ`.
pub(super) fn is_web_token(rest: &str) -> bool {
    let mut parts = rest.split('.');
    let (header, claims, signature) = (parts.next(), parts.next(), parts.next());
    header.is_some_and(|part| part.len() >= 8)
        && claims.is_some_and(|part| part.starts_with("eyJ") && part.len() >= 8)
        && signature.is_some_and(|part| part.len() >= 16)
}

/// Returns true for the base64 of `user:password`.
pub(super) fn is_basic_credentials(text: &str) -> bool {
    let decoded = from_base64(text);
    decoded.is_some_and(|bytes| {
        bytes.contains(&b':')
            && bytes.iter().all(|byte| (b' '..0x7f).contains(byte) || *byte >= 0x80)
            && std::str::from_utf8(&bytes).is_ok()
    })
}

fn from_base64(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let (mut bits, mut count) = (0_u32, 0);
    for byte in text.trim_end_matches('=').bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    Some(bytes)
}

/// Returns true for a number in any common notation: `128001`, `1.5e-12`, `0x7f3a12`, `-3`.
pub(super) fn is_number(text: &str) -> bool {
    // `tracing` writes `%` before a value.
    let text = text.trim().trim_start_matches('%');
    let hexadecimal = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
    if let Some(digits) = hexadecimal {
        return digits.len() <= 16 && !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    }
    let text = text.trim_end_matches(['j', 'f', 'd']);
    has_digit(text) && (text.parse::<f64>().is_ok() || text.replace(['_', ','], "").parse::<f64>().is_ok())
}

/// Words that replace a missing secret.
const PLACEHOLDER_WORDS: &[&str] = &[
    "none",
    "null",
    "nil",
    "nan",
    "true",
    "false",
    "yes",
    "no",
    "on",
    "off",
    "undefined",
    "unset",
    "empty",
    "missing",
    "required",
    "invalid",
    "expired",
    "wrong",
    "incorrect",
    "unknown",
    "not",
    "is",
    "was",
    "has",
    "hidden",
    "masked",
    "redacted",
    "removed",
    "omitted",
    "filtered",
    "str",
    "string",
    "bytes",
    "optional",
    "any",
    "self",
    "&str",
    "must",
];

fn is_placeholder_name(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-: !()\"'[]{}*".contains(&byte))
}

/// Returns true if a text is a placeholder for a secret: `[redacted]`, `$PASSWORD`, `{password}`, `***`, `None`.
pub(super) fn is_placeholder(text: &str) -> bool {
    let text = text.trim();
    let is_in_brackets = [('<', '>'), ('{', '}'), ('[', ']')].into_iter().any(|(open, close)| {
        let inner = text.strip_prefix(open).and_then(|rest| rest.strip_suffix(close));
        inner.is_some_and(|name| name.len() <= 40 && is_placeholder_name(name) && !looks_secret(name))
    });
    let is_variable = text.strip_prefix('$').is_some_and(|name| {
        let name = name.trim_matches(['{', '}', '(', ')']);
        name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
            && !name.starts_with(|c: char| c.is_ascii_digit())
    });
    let is_format = text.strip_prefix('%').is_some_and(|rest| {
        matches!(rest, "s" | "r" | "d")
            || rest.starts_with('(')
            || rest.strip_suffix('%').is_some_and(|name| !name.is_empty())
    });
    text.is_empty()
        || is_in_brackets
        || is_variable
        || is_format
        || text.chars().all(|c| "*.•●-_…?#".contains(c))
        || text.len() >= 3 && text.chars().all(|c| "*xX.".contains(c))
        || text.contains("[redacted]")
        || PLACEHOLDER_WORDS.iter().any(|word| text.trim_matches(['.', '!', '?', '(', ')']).eq_ignore_ascii_case(word))
}

/// Returns true if the value of a doubtful name is a secret by its form: one piece of at least six letters and digits
/// that is neither a number, a path nor the name of an algorithm.
pub(super) fn looks_secret(text: &str) -> bool {
    const ALGORITHMS: &[&str] =
        &["oauth1", "oauth2", "sha256", "sha512", "ed25519", "base64", "rsa2048", "rsa4096", "ntlmv2"];
    let text = text.trim();
    let is_algorithm = ALGORITHMS.iter().any(|name| text.eq_ignore_ascii_case(name));
    let is_one_piece = !text.contains(char::is_whitespace);
    let is_path = text.starts_with(['/', '~']) || text.starts_with("./");
    is_one_piece && text.len() >= 6 && has_digit_and_letter(text) && !is_algorithm && !is_number(text) && !is_path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_not_random() {
        assert!(!is_random("GaussSeidelSolver2DPoisson"));
        assert!(!is_random("4b825dc642cb6eb9a060e54bf8d69288fbee4904"));
        assert!(is_random("aB3dE5gH7jK9mN1pQ3sT5"));
        assert!(is_basic_credentials("Ym9iOmh1bnRlcjI="));
        assert!(!is_basic_credentials("GaussSeidelSolver2DPoisson"));
    }

    #[test]
    fn places_and_numbers_are_no_secrets() {
        for text in [
            "[redacted]",
            "$PASSWORD",
            "${DB_PASS}",
            "{password}",
            "{{ password }}",
            "<password>",
            "***",
            "None",
            "%s",
            "…",
        ] {
            assert!(is_placeholder(text), "{text}");
        }
        for text in ["hunter2", "$2b$12$abc", "{hunter2x}", "<a1b2c3d4", "%41bc"] {
            assert!(!is_placeholder(text), "{text}");
        }
        for text in ["128001", "0x7f3a12", "1.5e-12", "-3", "1_000_000"] {
            assert!(is_number(text), "{text}");
        }
        for text in ["61e954f0a", "hunter2", "", "0xZZ"] {
            assert!(!is_number(text), "{text}");
        }
    }
}
