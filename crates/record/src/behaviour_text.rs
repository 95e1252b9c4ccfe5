//! The behaviour of a series as text.

use crate::failure::{Behaviour, Convergence};
use crate::value::brief;

/// Describes the behaviour of a series, unless it is ordinary.
pub fn behaviour_text(series: &Convergence) -> Option<String> {
    let each = series.rate.map(|rate| format!(" × {}", rounded(rate))).unwrap_or_default();
    let course = match series.behaviour {
        Behaviour::GeometricGrowth => Some(format!("grows{each}")),
        Behaviour::GeometricDecay => Some(format!("falls{each}")),
        Behaviour::SlowConvergence => Some(format!("falls slowly{each}")),
        Behaviour::Stagnation => Some("stagnates".to_owned()),
        Behaviour::Oscillation => Some(match series.period {
            Some(period) => format!("repeats every {period}"),
            None => "oscillates".to_owned(),
        }),
        Behaviour::StepCollapse => Some("steps collapse".to_owned()),
        _ => None,
    };
    let broken = series.first_non_finite.as_ref().map(|broken| format!("{} at the end", broken.value).replace('"', ""));
    let crossed = series.crossed.as_ref().map(|crossed| format!("crosses {}", brief(crossed.bound)));
    let words: Vec<String> = [course, broken, crossed].into_iter().flatten().collect();
    (!words.is_empty()).then(|| words.join(", "))
}

/// Formats a factor with two decimals, or five if it is close to one.
fn rounded(rate: f64) -> String {
    let digits = if (rate - 1.0).abs() < 0.01 { 5 } else { 2 };
    if (0.01..100.0).contains(&rate) { format!("{rate:.digits$}") } else { format!("{rate:.1e}") }
}
