//! Durations.

use super::display::brief;

/// Formats a duration in seconds for people: `1.2 ms`, `3 s`, `2 h 10 min`.
pub fn duration(seconds: f64) -> String {
    match seconds {
        s if !(s >= 0.0 && s.is_finite()) => "?".to_owned(),
        s if s >= 1e9 => format!("{} s", brief(s)),
        s if s < 1e-3 => format!("{:.0} µs", s * 1e6),
        s if s < 1.0 => format!("{:.1} ms", s * 1e3),
        s if s < 120.0 => format!("{s:.1} s"),
        s if s < 7200.0 => format!("{:.0} min", s / 60.0),
        s if s < 172_800.0 => format!("{:.0} h {:.0} min", (s / 3600.0).floor(), (s % 3600.0 / 60.0).floor()),
        s => format!("{:.1} d", s / 86400.0),
    }
}

#[cfg(test)]
mod tests {
    use super::duration;

    #[test]
    fn durations_from_microseconds_to_days() {
        for (seconds, text) in [
            (42e-6, "42 µs"),
            (0.0123, "12.3 ms"),
            (3.0, "3.0 s"),
            (600.0, "10 min"),
            (7800.0, "2 h 10 min"),
            (259_200.0, "3.0 d"),
            (f64::NAN, "?"),
            (1e300, "1e300 s"),
        ] {
            assert_eq!(duration(seconds), text);
        }
    }
}
