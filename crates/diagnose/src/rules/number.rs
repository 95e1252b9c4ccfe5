//! Formats numbers for people.

use text::without_trailing_zeros;

/// Maximum distance from a whole number by which rounding moves a number.
const MAX_ROUNDING: f64 = 1e-9;

/// Formats a number with four significant digits.
pub(super) fn brief(x: f64) -> String {
    with_digits(x, 4)
}

/// Formats a position with seven significant digits.
pub(super) fn exact(x: f64) -> String {
    with_digits(x, 7)
}

/// Formats a number with four significant digits, or with all digits if rounding has moved it off a whole number.
pub(super) fn distinct(x: f64) -> String {
    let distance = (x - x.round()).abs();
    let is_rounded = distance > 0.0 && distance < MAX_ROUNDING && x.round() != 0.0;
    if is_rounded { x.to_string() } else { brief(x) }
}

/// Formats an uncertain factor with two digits, or with as many as distinguish it from one.
pub(super) fn factor_of(x: f64) -> String {
    let beside_one = -(x - 1.0).abs().log10().floor();
    let digits = 2.0_f64.max(beside_one + 1.0).min(7.0) as usize;
    with_digits(x, digits + usize::from(x < 1.0))
}

fn with_digits(x: f64, digits: usize) -> String {
    if !x.is_finite() {
        return x.to_string().replace("inf", "infinity");
    }
    let magnitude = x.abs();
    if magnitude != 0.0 && !(1e-3..1e5).contains(&magnitude) {
        let text = format!("{x:.*e}", digits.min(4).saturating_sub(2));
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        return format!("{}e{exponent}", without_trailing_zeros(mantissa));
    }
    let whole = if magnitude < 1.0 { 1 } else { magnitude.log10() as usize + 1 };
    without_trailing_zeros(&format!("{x:.*}", digits.saturating_sub(whole))).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_beside_a_whole_number_have_all_digits() {
        assert_eq!(distinct(1.0000000000000009), "1.0000000000000009");
        assert_eq!(distinct(-0.9999999999999998), "-0.9999999999999998");
        for x in [1.0, 0.9999, 1e-12, 16_024_734_547_840.75] {
            assert_eq!(distinct(x), brief(x));
        }
    }

    #[test]
    fn numbers_have_few_significant_digits() {
        for (x, text) in [
            (0.0, "0"),
            (1.0, "1"),
            (-9.783900833809087, "-9.784"),
            (0.25, "0.25"),
            (69005326831560.58, "6.9e13"),
            (2.2e-16, "2.2e-16"),
            (1e-6, "1e-6"),
            (50.0, "50"),
            (12345.678, "12346"),
            (99999.9, "100000"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-infinity"),
        ] {
            assert_eq!(brief(x), text);
        }
        assert_eq!(exact(-9.783900833809087), "-9.783901");
        assert_eq!(
            [2.0585, 1.0154, 0.98641, 0.212, 17.3, 1.0].map(factor_of),
            ["2.1", "1.02", "0.986", "0.21", "17", "1"]
        );
    }
}
