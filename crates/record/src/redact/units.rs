//! Characters of a text with their escapes decoded. A quote may be `"`, `\"`, `\\\"`, `\u0022`, `&quot;` or `%22`.

/// A decoded character and its length in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unit {
    pub(super) c: char,
    pub(super) length: usize,
}

impl Unit {
    pub(super) fn is_quote(self) -> bool {
        matches!(self.c, '"' | '\'' | '`')
    }

    pub(super) fn is_space(self) -> bool {
        self.c.is_whitespace()
    }
}

/// Maximum number of backslashes of an escape.
const MAX_BACKSLASHES: usize = 256;

/// Returns the unit that begins here, or `None` at the end.
pub(super) fn unit_at(text: &str, at: usize) -> Option<Unit> {
    let rest = text.get(at..)?;
    let c = rest.chars().next()?;
    let escaped = match c {
        '\\' => after_backslashes(rest),
        '&' => entity(rest),
        '%' => percent(rest),
        '\u{1b}' => colour(rest),
        _ => None,
    };
    escaped.or(Some(Unit { c, length: c.len_utf8() }))
}

fn after_backslashes(rest: &str) -> Option<Unit> {
    let backslashes = rest.bytes().take(MAX_BACKSLASHES).take_while(|byte| *byte == b'\\').count();
    let next = rest[backslashes..].chars().next()?;
    let hexadecimal = |digits: usize| {
        let code = rest.get(backslashes + 1..backslashes + 1 + digits)?;
        let c = char::from_u32(u32::from_str_radix(code, 16).ok()?).filter(char::is_ascii)?;
        Some(Unit { c, length: backslashes + 1 + digits })
    };
    let plain = |c: char| Some(Unit { c, length: backslashes + next.len_utf8() });
    // An escape inside another one.
    let inner = match next {
        '&' => entity(&rest[backslashes..]),
        '%' => percent(&rest[backslashes..]),
        _ => None,
    };
    if let Some(quote) = inner.filter(|unit| unit.is_quote()) {
        return Some(Unit { length: backslashes + quote.length, ..quote });
    }
    match next {
        '"' | '\'' | '`' | '/' | '\n' => plain(next),
        'n' | 'r' => plain('\n'),
        't' => plain('\t'),
        'u' => hexadecimal(4),
        'x' => hexadecimal(2),
        _ => None,
    }
}

fn entity(rest: &str) -> Option<Unit> {
    const ENTITIES: &[(&str, char)] = &[
        ("quot;", '"'),
        ("#34;", '"'),
        ("#x22;", '"'),
        ("apos;", '\''),
        ("#39;", '\''),
        ("#x27;", '\''),
        ("lt;", '<'),
        ("gt;", '>'),
    ];
    let mut name = &rest[1..];
    while let Some(inner) = name.strip_prefix("amp;") {
        name = inner;
    }
    let found = ENTITIES.iter().find(|(entity, _)| name.starts_with(entity));
    let before = rest.len() - name.len();
    match found {
        Some((entity, c)) => Some(Unit { c: *c, length: before + entity.len() }),
        None if before > 1 => Some(Unit { c: '&', length: before }),
        None => None,
    }
}

fn percent(rest: &str) -> Option<Unit> {
    let mut code = &rest[1..];
    while let Some(inner) = code.strip_prefix("25") {
        code = inner;
    }
    let c = char::from_u32(u32::from_str_radix(code.get(..2)?, 16).ok()?)?;
    let is_mark = c.is_ascii_punctuation() || c == ' ' || c == '\n';
    is_mark.then_some(Unit { c, length: rest.len() - code.len() + 2 })
}

/// Decodes the escape sequence of a terminal colour as a space.
fn colour(rest: &str) -> Option<Unit> {
    let end = rest.strip_prefix("\u{1b}[")?.find(|c: char| c.is_ascii_alphabetic()).filter(|end| *end < 16)?;
    Some(Unit { c: ' ', length: end + 3 })
}

/// Returns the position of the first unit from here on that is wanted, and the unit.
pub(super) fn find_unit(
    text: &str,
    from: usize,
    mut is_wanted: impl FnMut(usize, Unit) -> bool,
) -> Option<(usize, Unit)> {
    let mut at = from;
    while let Some(unit) = unit_at(text, at) {
        if is_wanted(at, unit) {
            return Some((at, unit));
        }
        at += unit.length;
    }
    None
}

/// Returns the position of the first unit that is not skipped, or the end.
pub(super) fn skip(text: &str, from: usize, is_skipped: impl Fn(Unit) -> bool) -> usize {
    find_unit(text, from, |_, unit| !is_skipped(unit)).map_or(text.len(), |(at, _)| at)
}

/// Returns the range between the quotes of the quotation that opens at `at`, and the position after it. `open` is the
/// length of the opening quote. Without a closing quote, the quotation ends with the line.
pub(super) fn quotation(text: &str, at: usize, open: usize) -> (std::ops::Range<usize>, usize) {
    let mark = &text[at..at + open];
    let start = at + open;
    // `"""`, but not an empty quotation.
    let is_triple = text[start..].starts_with(mark) && text[start + open..].starts_with(mark);
    let (start, width) = if is_triple { (start + 2 * open, 3 * open) } else { (start, open) };
    let closes = |at: usize, unit: Unit| {
        let raw = &text[at..at + unit.length];
        let is_end = match mark.trim_start_matches('\\') {
            // A quote inside the quotation has another number of backslashes before it. Escaped backslashes of the text
            // itself come in whole steps.
            quote if quote.len() == 1 => {
                let [outer_backslashes, step] = [mark.len() - 1, 2 * mark.len()];
                raw.ends_with(quote)
                    && unit.is_quote()
                    && raw.len() > outer_backslashes
                    && (raw.len() - 1 - outer_backslashes).is_multiple_of(step)
            }
            _ => raw == mark,
        };
        is_end && (!is_triple || text[at + unit.length..].starts_with(&mark.repeat(2)))
    };
    match find_unit(text, start, closes) {
        Some((at, unit)) => (start..at + unit.length - open, at + unit.length + width - open),
        None if is_triple => (start..text.len(), text.len()),
        None => {
            let end = text[start..].find('\n').map_or(text.len(), |line| start + line);
            (start..end, end)
        }
    }
}

/// Returns true if the bytes before are the end of an escape, such as the `n` of `\n` or the `22` of `%22`.
pub(super) fn ends_escape(text: &str, at: usize) -> bool {
    let bytes = text.as_bytes();
    let before = |back: usize| at.checked_sub(back).map(|at| bytes[at]);
    let is_hexadecimal =
        |count: usize| (1..=count).all(|back| before(back).is_some_and(|byte| byte.is_ascii_hexdigit()));
    let is_letter =
        matches!(before(1), Some(b'n' | b'r' | b't' | b'b' | b'f' | b'v' | b'0')) && before(2) == Some(b'\\');
    is_letter
        || is_hexadecimal(2) && ends_percent(&bytes[..at - 2])
        || is_hexadecimal(2) && before(3) == Some(b'x') && before(4) == Some(b'\\')
        || is_hexadecimal(4) && before(5) == Some(b'u') && before(6) == Some(b'\\')
        || before(1) == Some(b'm') && ends_colour(&bytes[..at])
}

/// Returns true after a `%`, which may itself be escaped as `%25`.
fn ends_percent(mut bytes: &[u8]) -> bool {
    while let Some(outer) = bytes.strip_suffix(b"25") {
        bytes = outer;
    }
    bytes.ends_with(b"%")
}

fn ends_colour(bytes: &[u8]) -> bool {
    let tail = &bytes[bytes.len().saturating_sub(16)..bytes.len() - 1];
    let codes = tail.iter().rev().take_while(|byte| byte.is_ascii_digit() || **byte == b';').count();
    tail[..tail.len() - codes].ends_with(b"[")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_undone() {
        for text in ["\"", "\\\"", "\\\\\\\"", "\\u0022", "\\\\u0022", "\\x22", "&quot;", "&amp;quot;", "%22", "%2522"]
        {
            assert_eq!(unit_at(text, 0), Some(Unit { c: '"', length: text.len() }), "{text}");
        }
        for (text, c) in
            [("\\n", '\n'), ("\\\\n", '\n'), ("a", 'a'), ("&lt;", '<'), ("&amp;", '&'), ("\u{1b}[31m", ' ')]
        {
            assert_eq!(unit_at(text, 0), Some(Unit { c, length: text.len() }), "{text}");
        }
        assert_eq!(unit_at("\\d", 0), Some(Unit { c: '\\', length: 1 }));
        assert_eq!(unit_at("%zz", 0), Some(Unit { c: '%', length: 1 }));
    }

    #[test]
    fn quotations_end_at_the_same_depth() {
        for (text, inner) in [
            (r#""a\"b" c"#, r#"a\"b"#),
            (r#"\"a\\\"b\" c"#, r#"a\\\"b"#),
            (r#""a\\" c"#, r"a\\"),
            ("'a\"b' c", "a\"b"),
            ("\"\"\"a\nb\"\"\" c", "a\nb"),
            ("\"\" c", ""),
            ("\"a\nb", "a"),
            ("&quot;a&quot; c", "a"),
        ] {
            let open = unit_at(text, 0).unwrap().length;
            let (range, end) = quotation(text, 0, open);
            assert_eq!(&text[range], inner);
            assert!(text[end..].is_empty() || text[end..].starts_with([' ', '\n']), "{text}: {:?}", &text[end..]);
        }
    }
}
