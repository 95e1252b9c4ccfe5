//! Repairs JSON of other programs so that every reader accepts it without losing a value.

use std::borrow::Cow;

use super::record::Failure;

/// The byte order mark that some editors write.
const BYTE_ORDER_MARK: char = '\u{feff}';

impl Failure {
    /// Repairs everything for which a JSON reader would reject the text or round a value:
    ///
    /// - `NaN`, `Infinity` and `-Infinity` without quotes, and numbers beyond the range of a double (`1e400`), become
    ///   text;
    /// - integers beyond 64 bits become text, as in records;
    /// - an escaped half of a surrogate pair becomes U+FFFD;
    /// - a byte order mark at the beginning is removed.
    ///
    /// ```
    /// use tracing_failure::Failure;
    ///
    /// let json = r#"{"n": 123456789012345678901, "x": NaN, "y": 1e400, "z": 1.5}"#;
    /// let repaired = r#"{"n": "123456789012345678901", "x": "NaN", "y": "1e400", "z": 1.5}"#;
    /// assert_eq!(Failure::repair_json(json), repaired);
    /// ```
    pub fn repair_json(json: &str) -> Cow<'_, str> {
        let mut repair = Repair { json, at: 0, copied: 0, repaired: String::new() };
        repair.run();
        match repair.copied {
            0 => Cow::Borrowed(json),
            copied => Cow::Owned(repair.repaired + &json[copied..]),
        }
    }
}

struct Repair<'a> {
    json: &'a str,
    at: usize,
    /// The text up to here is in `repaired`.
    copied: usize,
    repaired: String,
}

impl Repair<'_> {
    fn run(&mut self) {
        if self.json.starts_with(BYTE_ORDER_MARK) {
            self.replace(BYTE_ORDER_MARK.len_utf8(), "");
        }
        while let Some(&byte) = self.json.as_bytes().get(self.at) {
            match byte {
                b'"' => self.repair_string(),
                b'-' | b'0'..=b'9' | b'N' | b'I' => self.repair_number(),
                _ => self.at += 1,
            }
        }
    }

    /// Replaces the next bytes with another text.
    fn replace(&mut self, length: usize, by: &str) {
        self.repaired.extend([&self.json[self.copied..self.at], by]);
        self.at += length;
        self.copied = self.at;
    }

    fn repair_number(&mut self) {
        let rest = &self.json[self.at..];
        if let Some(name) = ["NaN", "Infinity", "-Infinity"].into_iter().find(|name| rest.starts_with(name)) {
            return self.replace(name.len(), &format!("\"{name}\""));
        }
        let length = rest.bytes().take_while(|byte| byte.is_ascii_digit() || b"+-.eE".contains(byte)).count();
        let word = &rest[..length];
        if is_too_large(word) {
            self.replace(length, &format!("\"{word}\""));
        } else {
            self.at += length.max(1);
        }
    }

    fn repair_string(&mut self) {
        let bytes = self.json.as_bytes();
        self.at += 1;
        while let Some(&byte) = bytes.get(self.at) {
            match byte {
                b'"' => {
                    self.at += 1;
                    return;
                }
                b'\\' => self.repair_escape(),
                _ => self.at += 1,
            }
        }
    }

    fn repair_escape(&mut self) {
        const ESCAPE_BYTES: usize = "\\u0000".len();
        match (self.surrogate(self.at), self.surrogate(self.at + ESCAPE_BYTES)) {
            (Some(Surrogate::High), Some(Surrogate::Low)) => self.at += 2 * ESCAPE_BYTES,
            (Some(_), _) => self.replace(ESCAPE_BYTES, "\\ufffd"),
            // The character after a backslash does not end the string.
            (None, _) => self.at += 1 + self.json[self.at + 1..].chars().next().map_or(0, char::len_utf8),
        }
    }

    /// Returns the half of a surrogate pair that is escaped at this position.
    fn surrogate(&self, at: usize) -> Option<Surrogate> {
        let digits = self.json.get(at..at + 6)?.strip_prefix("\\u")?;
        match u16::from_str_radix(digits, 16).ok()? {
            0xd800..=0xdbff => Some(Surrogate::High),
            0xdc00..=0xdfff => Some(Surrogate::Low),
            _ => None,
        }
    }
}

enum Surrogate {
    High,
    Low,
}

/// Returns true if a reader would round or reject this number.
fn is_too_large(word: &str) -> bool {
    let digits = word.strip_prefix('-').unwrap_or(word);
    if digits.starts_with('0') && digits.len() > 1 && digits.as_bytes()[1].is_ascii_digit() {
        return false;
    }
    if digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return digits.len() > 18 && word.parse::<i64>().is_err() && word.parse::<u64>().is_err();
    }
    let may_overflow = digits.contains(['e', 'E']) || digits.len() > 300;
    may_overflow && word.parse::<f64>().is_ok_and(f64::is_infinite)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_unreadable_values_are_changed() {
        for (json, repaired) in [
            ("[18446744073709551615, -9223372036854775808]", "[18446744073709551615, -9223372036854775808]"),
            ("[18446744073709551616,-9223372036854775809]", r#"["18446744073709551616","-9223372036854775809"]"#),
            ("[1e400, -1E+999, 1e308, 1e-400]", r#"["1e400", "-1E+999", 1e308, 1e-400]"#),
            ("{\"1e400 \\\" NaN\": NaN}", "{\"1e400 \\\" NaN\": \"NaN\"}"),
            ("\u{feff}{}", "{}"),
            (r#""\ud83d\ude00 \ud83d x \ude00 \\ud83d""#, r#""\ud83d\ude00 \ufffd x \ufffd \\ud83d""#),
            (r#"{"x": Nothing, "y": -"#, r#"{"x": Nothing, "y": -"#),
            (r#""\"#, r#""\"#),
            (r#""\é"#, r#""\é"#),
        ] {
            assert_eq!(Failure::repair_json(json), repaired);
        }
    }

    #[test]
    fn a_record_with_such_values_is_read() {
        let json = Failure::new("c", "r", "E", "m").to_json().replace(
            "\"parameters\": {}",
            r#""parameters": {"n": 123456789012345678901234567890, "x": 1e400, "text": "\ud800!"}"#,
        );
        let failure = Failure::from_json(&format!("\u{feff}{json}")).unwrap();
        let text = |name| failure.parameters.get(name).and_then(|value| value.as_str()).unwrap();
        assert_eq!((text("n"), text("x")), ("123456789012345678901234567890", "1e400"));
        assert_eq!(text("text"), "\u{fffd}!");
    }

    proptest::proptest! {
        #[test]
        fn valid_json_is_unchanged(value in crate::value::tests::any_value()) {
            let json = serde_json::to_string(&value).unwrap();
            proptest::prop_assert!(matches!(Failure::repair_json(&json), Cow::Borrowed(_)));
        }

        #[test]
        fn every_integer_is_exact(n in proptest::prelude::any::<i128>()) {
            let value: crate::Value = serde_json::from_str(&Failure::repair_json(&n.to_string())).unwrap();
            proptest::prop_assert_eq!(value, crate::Value::from(n));
        }

        #[test]
        fn any_text_can_be_looked_at(text in "[\"NaInfty0-9eE+.\\\\{}éu8d-]{0,40}") {
            Failure::repair_json(&text);
        }
    }
}
