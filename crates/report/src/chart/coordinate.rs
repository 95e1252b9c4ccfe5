//! Coordinates as text.

use text::without_trailing_zeros;

/// Width and height of the coordinate system that is stretched over a chart.
const UNITS: f64 = 1000.0;

/// Returns a fraction as a percentage for an attribute: `12.34%`. A fraction that is not finite is 0.
pub(crate) fn percentage(fraction: f64) -> String {
    let fraction = if fraction.is_finite() { fraction.clamp(-1.0, 2.0) } else { 0.0 };
    format!("{}%", without_trailing_zeros(&format!("{:.2}", fraction * 100.0)))
}

/// Returns the height of a value above the bottom as a percentage from the top.
pub(crate) fn percentage_from_top(fraction: f64) -> String {
    percentage(1.0 - fraction)
}

/// Returns a fraction in units of a stretched coordinate system.
pub(crate) fn units(fraction: f64) -> i64 {
    let fraction = if fraction.is_finite() { fraction.clamp(-1.0, 2.0) } else { 0.0 };
    (fraction * UNITS).round() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coordinates_are_numbers_whatever_the_fraction() {
        assert_eq!((percentage(0.125), percentage_from_top(0.125)), ("12.5%".into(), "87.5%".into()));
        assert_eq!((units(0.5), units(f64::NAN), units(1e300)), (500, 0, 2000));
        assert_eq!((percentage(f64::INFINITY), percentage(1e300)), ("0%".into(), "200%".into()));
    }
}
