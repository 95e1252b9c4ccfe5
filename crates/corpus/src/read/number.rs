//! Numbers of JSON.

/// Powers of ten that a double represents exactly.
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
];
/// The largest number up to which a double represents every integer.
const MAX_EXACT: u64 = 1 << 53;
/// Maximum number of digits whose value fits into 64 bits.
const MAX_DIGITS: usize = 19;

/// Reads the number that starts at a position of a line, and returns it with the position after it. Returns `None`
/// unless it is a number of JSON whose nearest double is finite.
#[inline]
pub(super) fn read_number(text: &str, start: usize) -> Option<(f64, usize)> {
    let bytes = text.as_bytes();
    let mut at = start;
    let is_negative = bytes.get(at) == Some(&b'-');
    at += usize::from(is_negative);
    let digits = |at: &mut usize, value: &mut u64| {
        let start = *at;
        while let Some(digit) = bytes.get(*at).map(|byte| byte.wrapping_sub(b'0')).filter(|digit| *digit < 10) {
            *value = value.wrapping_mul(10).wrapping_add(u64::from(digit));
            *at += 1;
        }
        *at - start
    };
    let mut mantissa = 0_u64;
    let integer_start = at;
    let integer_digits = digits(&mut at, &mut mantissa);
    if integer_digits == 0 || (integer_digits > 1 && bytes[integer_start] == b'0') {
        return None;
    }
    let mut fraction_digits = 0;
    if bytes.get(at) == Some(&b'.') {
        at += 1;
        fraction_digits = digits(&mut at, &mut mantissa);
        if fraction_digits == 0 {
            return None;
        }
    }
    let mut exponent = 0_i64;
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        at += 1;
        let is_negative = bytes.get(at) == Some(&b'-');
        at += usize::from(matches!(bytes.get(at), Some(b'-' | b'+')));
        let mut value = 0_u64;
        let exponent_digits = digits(&mut at, &mut value);
        if exponent_digits == 0 {
            return None;
        }
        exponent = if exponent_digits > 6 { i64::MAX / 2 } else { value as i64 };
        exponent = if is_negative { -exponent } else { exponent };
    }
    let scale = exponent - fraction_digits as i64;
    // Both operands are exact, so the result is rounded once: Clinger, How to read floating point numbers accurately,
    // PLDI 1990.
    let is_exact = integer_digits + fraction_digits <= MAX_DIGITS && mantissa <= MAX_EXACT && scale.abs() <= 22;
    let number = if is_exact {
        let power = POWERS[scale.unsigned_abs() as usize];
        let magnitude = if scale < 0 { mantissa as f64 / power } else { mantissa as f64 * power };
        if is_negative { -magnitude } else { magnitude }
    } else {
        text.get(start..at)?.parse().ok()?
    };
    number.is_finite().then_some((number, at))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_numbers_of_json_are_read() {
        for text in ["", "-", "01", "-01", ".5", "1.", "1.e5", "1e", "1e+", "+1", "1e999", "-1e999", "inf", "NaN"] {
            assert_eq!(read_number(text, 0), None, "{text}");
        }
        for text in ["0", "-0", "0.0", "-0.0", "1e22", "1e23", "9007199254740993", "1e-400", "0e99999999"] {
            let (number, end) = read_number(text, 0).unwrap();
            assert_eq!((number.to_bits(), end), (text.parse::<f64>().unwrap().to_bits(), text.len()), "{text}");
        }
        assert_eq!(read_number("[1.5,2]", 1), Some((1.5, 4)));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]

        #[test]
        fn numbers_are_those_of_the_standard_library(
            text in r"-?(0|[1-9][0-9]{0,22})(\.[0-9]{1,22})?([eE][+-]?[0-9]{1,3})?"
        ) {
            let expected = text.parse::<f64>().unwrap();
            let read = read_number(&text, 0).map(|(number, end)| (number.to_bits(), end));
            prop_assert_eq!(read, expected.is_finite().then_some((expected.to_bits(), text.len())));
        }

        #[test]
        fn every_finite_number_is_read_exactly(number in proptest::num::f64::NORMAL | proptest::num::f64::SUBNORMAL) {
            let text = format!("{number:?}");
            prop_assert_eq!(read_number(&text, 0).map(|(read, _)| read.to_bits()), Some(number.to_bits()), "{}", text);
        }
    }
}
