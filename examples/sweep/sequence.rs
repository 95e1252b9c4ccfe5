//! A sequence of points that fills the unit cube more evenly than random numbers do.

/// The inverse powers of the root of g⁶ = g + 1: Roberts' additive recurrence in five dimensions.
const STRIDES: [f64; 5] = [
    0.881_271_461_633_569_6,
    0.776_639_389_089_768_3,
    0.684_430_129_585_342_7,
    0.603_168_740_685_728_3,
    0.531_555_397_715_791_4,
];

/// Returns the point with this number. Neighbouring numbers give distant points.
pub(crate) fn point(number: u32) -> [f64; 5] {
    STRIDES.map(|stride| (0.5 + f64::from(number + 1) * stride).fract())
}
