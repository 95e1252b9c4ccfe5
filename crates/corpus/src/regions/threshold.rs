//! Thresholds as a person would write them.

use region::CellTest;

/// The side of a threshold on which runs fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Above,
    Below,
}

/// Returns the side and the threshold of a limit.
pub(super) fn threshold_of(test: &CellTest) -> Option<(Side, f64)> {
    match *test {
        CellTest::Greater(threshold) | CellTest::AtLeast(threshold) => Some((Side::Above, threshold)),
        CellTest::Less(threshold) | CellTest::AtMost(threshold) => Some((Side::Below, threshold)),
        _ => None,
    }
}

/// Returns the test that separates two neighbouring values, `low < high`, by the shortest decimal number, and the
/// number of its digits.
pub(super) fn between(side: Side, low: f64, high: f64) -> (CellTest, usize) {
    let inner = shortest_between(low, high);
    // `t >= 0.3` reads better than `t > 0.29`.
    let (inner_digits, high_digits) = (digits(inner), digits(high));
    let includes_high = high_digits < inner_digits;
    let test = match (side, includes_high) {
        (Side::Above, false) => CellTest::Greater(inner),
        (Side::Above, true) => CellTest::AtLeast(high),
        (Side::Below, false) => CellTest::AtMost(inner),
        (Side::Below, true) => CellTest::Less(high),
    };
    (test, inner_digits.min(high_digits))
}

/// Returns the number in `[low, high)` with the fewest decimal digits; of several, one near the middle.
fn shortest_between(low: f64, high: f64) -> f64 {
    let is_inside = |number: f64| low <= number && number < high;
    if is_inside(0.0) {
        return 0.0;
    }
    let middle = middle(low, high);
    let mut rounded = (0..17).filter_map(|digits| format!("{middle:.digits$e}").parse::<f64>().ok());
    rounded.find(|&number| is_inside(number)).unwrap_or(low)
}

/// The middle of two numbers of the same sign: of their logarithms if they differ by more than a factor of ten.
fn middle(low: f64, high: f64) -> f64 {
    let (small, large) = (low.abs().min(high.abs()), low.abs().max(high.abs()));
    if small > 0.0 && large / small > 10.0 {
        (small.sqrt() * large.sqrt()).copysign(low)
    } else {
        low / 2.0 + high / 2.0
    }
}

/// The number of significant decimal digits.
fn digits(number: f64) -> usize {
    let text = format!("{number:e}");
    let mantissa = text.split('e').next().unwrap_or_default();
    mantissa.bytes().filter(u8::is_ascii_digit).count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use region::Cell;

    #[test]
    fn thresholds_are_short() {
        for (low, high, above) in [
            (37.163, 37.248, CellTest::Greater(37.2)),
            (4.07, 4.1, CellTest::AtLeast(4.1)),
            (3.0, 4.0, CellTest::AtLeast(4.0)),
            (0.29, 0.3, CellTest::AtLeast(0.3)),
            (-0.5, 0.25, CellTest::Greater(0.0)),
            (1e-7, 1e-5, CellTest::Greater(1e-6)),
            (-1e-5, -1e-7, CellTest::Greater(-1e-6)),
            (999.0, 1001.5, CellTest::Greater(1000.0)),
            (f64::MAX / 2.0, f64::MAX, CellTest::Greater(1e308)),
        ] {
            assert_eq!(between(Side::Above, low, high).0, above, "{low} {high}");
        }
        assert_eq!(between(Side::Below, 0.29, 0.3).0, CellTest::Less(0.3));
        assert_eq!(between(Side::Below, 37.163, 37.248).0, CellTest::AtMost(37.2));
    }

    proptest! {
        #[test]
        fn a_threshold_separates_its_neighbours(a in proptest::num::f64::NORMAL, steps in 1_u64..1000, far: bool) {
            let b = if far { a * 1.5 } else { f64::from_bits(a.to_bits() + steps) };
            let (low, high) = (a.min(b), a.max(b));
            prop_assume!(high.is_finite() && low < high);
            for (side, inside, outside) in [(Side::Above, high, low), (Side::Below, low, high)] {
                let (test, _) = between(side, low, high);
                prop_assert!(test.matches(Cell::Number(inside)) && !test.matches(Cell::Number(outside)), "{test:?}");
            }
        }
    }
}
