//! The names of the numbers that JSON has no syntax for.

/// Returns the text of a number that JSON has no syntax for, as in the Protocol Buffers JSON mapping.
pub(super) fn non_finite_name(x: f64) -> Option<&'static str> {
    if x.is_finite() {
        None
    } else if x.is_nan() {
        Some("NaN")
    } else if x > 0.0 {
        Some("Infinity")
    } else {
        Some("-Infinity")
    }
}

pub(super) fn parse_non_finite(name: &str) -> Option<f64> {
    match name {
        "NaN" => Some(f64::NAN),
        "Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        _ => None,
    }
}
