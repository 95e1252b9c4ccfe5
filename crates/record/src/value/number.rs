//! Numbers in text: a text is a number only if Rust writes the number in exactly this way.
//!
//! A commit `61e9540`, a version `3.10` and a label `007` parse as numbers, but the `Debug` and `Display` of numbers
//! never write them. They stay text. Numbers that were formatted with a precision, such as 3.1 with `{:.2}`, also stay
//! text.

use std::fmt::{self, Write};

use super::variant::Value;

/// Returns the number with this `Debug` or `Display` text. Integers beyond 64 bits stay decimal text.
pub(super) fn number(word: &str) -> Option<Value> {
    let form = Form::of(word)?;
    let number = form.parse(word)?;
    match number {
        Value::Float(x) if !form.is_exact() => is_text_of_float(word, x).then_some(number),
        _ => Some(number),
    }
}

/// Returns the number of an array entry, without formatting it again for comparison, because that takes longer than
/// reading. A decimal of 16 or 17 digits in the form of a number therefore counts as one.
pub(super) fn array_entry(word: &str) -> Option<Value> {
    let form = Form::of(word)?;
    let number = form.parse(word)?;
    match (form, &number) {
        (Form::Float { .. }, Value::Float(x)) => x.is_finite().then_some(number),
        _ => Some(number),
    }
}

/// The form of a number as Rust writes it: without redundant zeros and signs.
enum Form {
    NonFinite,
    Integer,
    Float { digits: usize, exponent: i32 },
}

impl Form {
    fn of(word: &str) -> Option<Form> {
        if matches!(word, "inf" | "-inf" | "NaN") {
            return Some(Form::NonFinite);
        }
        let unsigned = word.strip_prefix('-').unwrap_or(word);
        let (decimal, exponent) = match unsigned.split_once('e') {
            Some((decimal, exponent)) => (decimal, Some(exponent)),
            None => (unsigned, None),
        };
        let (whole, fraction) = match decimal.split_once('.') {
            Some((whole, fraction)) => (whole, Some(fraction)),
            None => (decimal, None),
        };
        let digits = whole.len() + fraction.map_or(0, str::len);
        match (fraction, exponent) {
            _ if !is_whole_number(whole) => None,
            (None, None) if word == "-0" => Some(Form::Float { digits, exponent: 0 }),
            (None, None) => Some(Form::Integer),
            (Some(fraction), None) => {
                (fraction == "0" || is_fraction(fraction)).then_some(Form::Float { digits, exponent: 0 })
            }
            (fraction, Some(exponent)) => {
                let is_normal = whole.len() == 1 && whole != "0" && fraction.is_none_or(is_fraction);
                let magnitude = exponent.strip_prefix('-').unwrap_or(exponent);
                if !is_normal || !is_whole_number(magnitude) {
                    return None;
                }
                let exponent = exponent.parse().ok()?;
                // `Debug` writes an exponent below 1e-4 and from 1e16 on.
                (!(-4..16).contains(&exponent)).then_some(Form::Float { digits, exponent })
            }
        }
    }

    fn parse(&self, word: &str) -> Option<Value> {
        match self {
            Form::Integer => word.parse::<i128>().ok().map(Value::from),
            Form::NonFinite | Form::Float { .. } => word.parse().ok().map(Value::Float),
        }
    }

    /// Returns true if the text identifies the number uniquely. Different decimals of at most 15 digits are different
    /// numbers, except near the ends of the range.
    fn is_exact(&self) -> bool {
        match *self {
            Form::NonFinite | Form::Integer => true,
            Form::Float { digits, exponent } => digits <= 15 && exponent.abs() < 290,
        }
    }
}

fn is_whole_number(text: &str) -> bool {
    is_digits(text) && (text == "0" || !text.starts_with('0'))
}

fn is_fraction(text: &str) -> bool {
    is_digits(text) && !text.ends_with('0')
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_text_of_float(word: &str, x: f64) -> bool {
    is_text_of(word, format_args!("{x:?}")) || is_text_of(word, format_args!("{x}"))
}

/// Returns true if the word is equal to the formatted text. It does not allocate.
fn is_text_of(word: &str, written: fmt::Arguments<'_>) -> bool {
    struct Rest<'a>(&'a str);

    impl Write for Rest<'_> {
        fn write_str(&mut self, part: &str) -> fmt::Result {
            self.0 = self.0.strip_prefix(part).ok_or(fmt::Error)?;
            Ok(())
        }
    }

    let mut rest = Rest(word);
    rest.write_fmt(written).is_ok() && rest.0.is_empty()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn labels_that_parse_as_numbers_stay_text() {
        for word in [
            "61e9540",
            "72225e2",
            "3.10",
            "0.30",
            "1e5",
            "1E5",
            "1e16.0",
            "+5",
            "+1.5",
            "007",
            "00",
            "-007",
            "1_000",
            "1.",
            ".5",
            "-",
            "-.5",
            "+inf",
            "infinity",
            "Infinity",
            "-Infinity",
            "nan",
            "-NaN",
            "+NaN",
            "NAN",
            "INF",
            "1e+16",
            "1.0e16",
            "1e016",
            "0e0",
            "1e-05",
            "0.10e-5",
            "1.50e-9",
            "12e17",
            "1,5",
            "0x1f",
            "1e",
            "12.5.1",
            "",
            "i",
            "N",
            "00.5",
            "-0.0e0",
            "0.10000000000000000555",
            "1.0000000000000000",
            "1f64",
            "1e400",
            "1e-400",
        ] {
            assert_eq!(number(word), None, "{word}");
        }
    }

    #[test]
    fn numbers_written_by_rust_are_parsed() {
        for (word, expected) in [
            ("5", Value::Int(5)),
            ("-5", Value::Int(-5)),
            ("0", Value::Int(0)),
            ("-0", Value::Float(-0.0)),
            ("-0.0", Value::Float(-0.0)),
            ("0.0", Value::Float(0.0)),
            ("100000.0", Value::Float(1e5)),
            ("1e16", Value::Float(1e16)),
            ("1e-5", Value::Float(1e-5)),
            ("0.0001", Value::Float(1e-4)),
            ("5e-324", Value::Float(5e-324)),
            ("0.1", Value::Float(0.1)),
            ("inf", Value::Float(f64::INFINITY)),
            ("-inf", Value::Float(f64::NEG_INFINITY)),
            ("NaN", Value::Float(f64::NAN)),
            ("18446744073709551615", Value::UInt(u64::MAX)),
            ("18446744073709551616", Value::from("18446744073709551616")),
        ] {
            assert_eq!(number(word), Some(expected), "{word}");
        }
    }

    proptest! {
        #[test]
        fn every_float_is_read_from_its_text(bits in any::<u64>()) {
            let x = f64::from_bits(bits);
            prop_assert_eq!(number(&format!("{x:?}")), Some(Value::Float(x)));
            // `Display` writes whole numbers like integers, which beyond 64 bits are decimal text.
            let display = number(&format!("{x}")).and_then(|value| value.as_f64());
            prop_assert!(x.abs() >= 1e18 || display.is_some_and(|read| read == x || x.is_nan()));
        }

        #[test]
        fn every_float_of_a_human_size_is_read(mantissa in -999_999_999i64..999_999_999, exponent in -12i32..12) {
            let x = mantissa as f64 * 10f64.powi(exponent);
            prop_assert_eq!(number(&format!("{x:?}")), Some(Value::Float(x)));
        }

        #[test]
        fn every_single_is_read_from_its_text(bits in any::<u32>()) {
            let x = f32::from_bits(bits);
            let read = number(&format!("{x:?}")).and_then(|value| value.as_f64());
            prop_assert!(read.is_some_and(|read| read as f32 == x || x.is_nan()));
        }

        #[test]
        fn every_integer_is_read_from_its_text(n in any::<i64>(), m in any::<u64>(), k in any::<i128>()) {
            prop_assert_eq!(number(&format!("{n}")), Some(Value::from(n)));
            prop_assert_eq!(number(&format!("{m:?}")), Some(Value::from(m)));
            prop_assert_eq!(number(&format!("{k}")), Some(Value::from(k)));
        }

        #[test]
        fn all_other_text_stays_text(word in "[-+]?[0-9]{0,3}[.eE_]?[0-9]{0,20}[.eE]?[-+]?[0-9]{0,3}|[-+]?[iInNaAfFtTyY]{1,8}") {
            let is_integer = word.parse::<i128>().is_ok_and(|n| n.to_string() == word);
            let is_float = word.parse::<f64>().is_ok_and(|x| x.to_string() == word || format!("{x:?}") == word);
            prop_assert_eq!(number(&word).is_some(), is_integer || is_float, "{}", word);
            prop_assert!(array_entry(&word).is_some() >= number(&word).is_some(), "{}", word);
        }
    }
}
