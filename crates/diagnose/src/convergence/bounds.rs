//! Bounds on the values of a series. A bound follows from the quantity itself or from a parameter.

use super::SeriesRole;
use super::series::NumericSeries;
use record::BoundCrossing;
use record::internal::WordSequence;
use record::{Map, Value};

/// Names of quantities that cannot be negative.
const NON_NEGATIVE_WORDS: &[&str] =
    &["density", "rho", "pressure", "probability", "concentration", "variance", "volume", "population"];
/// Words that name a quantity derived from another, which the bounds of the other do not apply to.
const DERIVED_WORDS: &[&str] =
    &["log", "ln", "change", "error", "flux", "correction", "difference", "delta", "rate", "gradient", "max"];
/// Names of quantities that cannot exceed one. Explicit schemes are stable up to a Courant number of one.
const AT_MOST_ONE_WORDS: &[&str] = &["probability", "courant", "cfl"];
const UPPER_WORDS: &[&str] = &["max", "maximum", "upper", "limit", "most"];
const LOWER_WORDS: &[&str] = &["min", "minimum", "lower", "least"];
const RANGE_WORDS: &[&str] = &["range", "bounds", "interval", "limits"];
/// Maximum number of parameters that are searched for bounds.
const MAX_PARAMETERS: usize = 64;

/// The bounds that the parameters set.
#[derive(Debug)]
pub(super) struct Bounds<'a>(Vec<Bound<'a>>);

#[derive(Debug)]
struct Bound<'a> {
    /// The name of the parameter.
    parameter: &'a str,
    /// The words of that name without those that mark it as a bound.
    words: Vec<String>,
    low: f64,
    high: f64,
}

impl<'a> Bounds<'a> {
    pub(super) fn of(parameters: &'a Map) -> Self {
        Bounds(parameters.iter().take(MAX_PARAMETERS).filter_map(|(name, value)| bound(name, value)).collect())
    }

    /// Returns the first value beyond a bound. Counters and times have none: they may reach their limits.
    pub(super) fn first_crossing(
        &self,
        words: &WordSequence,
        role: SeriesRole,
        series: &NumericSeries,
    ) -> Option<BoundCrossing> {
        // A residual above its target has not crossed a bound.
        if matches!(role, SeriesRole::Counter | SeriesRole::Time) || role.should_decrease() {
            return None;
        }
        // `log_density` and `density_flux` may be negative.
        let is_plain = !words.iter().any(|word| DERIVED_WORDS.contains(&word));
        let is_any_of = |known: &[&str]| is_plain && words.iter().next_back().is_some_and(|word| known.contains(&word));
        let low = if is_any_of(NON_NEGATIVE_WORDS) { 0.0 } else { f64::NEG_INFINITY };
        let high = if is_any_of(AT_MOST_ONE_WORDS) { 1.0 } else { f64::INFINITY };
        crossing(series, low, high, "nature").or_else(|| {
            let mut bounds = self.0.iter().filter(|bound| words.iter().eq(bound.words.iter().map(String::as_str)));
            bounds.find_map(|bound| crossing(series, bound.low, bound.high, &format!("parameters.{}", bound.parameter)))
        })
    }
}

fn bound<'a>(name: &'a str, value: &Value) -> Option<Bound<'a>> {
    let words = WordSequence::of(name);
    let is = |known: &[&str]| words.iter().any(|word| known.contains(&word));
    let (low, high) = match value {
        Value::List(list) if is(RANGE_WORDS) && list.len() == 2 => (list[0].as_f64()?, list[1].as_f64()?),
        _ if is(UPPER_WORDS) => (f64::NEG_INFINITY, value.as_f64()?),
        _ if is(LOWER_WORDS) => (value.as_f64()?, f64::INFINITY),
        _ => return None,
    };
    let is_bound_word = |word: &&str| [UPPER_WORDS, LOWER_WORDS, RANGE_WORDS].iter().any(|known| known.contains(word));
    let words: Vec<String> = words.iter().filter(|word| !is_bound_word(word)).map(str::to_owned).collect();
    let is_bound = !words.is_empty() && !low.is_nan() && !high.is_nan();
    is_bound.then_some(Bound { parameter: name, words, low: low.min(high), high: high.max(low) })
}

fn crossing(series: &NumericSeries, low: f64, high: f64, of: &str) -> Option<BoundCrossing> {
    if low == f64::NEG_INFINITY && high == f64::INFINITY {
        return None;
    }
    // A rounding error beyond a bound does not count.
    let slack = |bound: f64| 1e-12 * bound.abs().max(1e-300);
    let found = series.values.iter().position(|x| *x < low - slack(low) || *x > high + slack(high))?;
    let value = series.values[found];
    let bound = if value < low { low } else { high };
    Some(BoundCrossing::new(series.row(found), value, bound, of))
}

#[cfg(test)]
mod tests {
    use super::*;
    use record::TrailEntry;

    fn crossed(parameters: &[(&'static str, Value)], name: &str, values: &[f64]) -> Option<BoundCrossing> {
        let parameters: Map = parameters.iter().cloned().collect();
        let mut series = NumericSeries::default();
        let column = Value::from(values.to_vec());
        series.read(&TrailEntry::default(), None, &column);
        let words = WordSequence::of(name);
        Bounds::of(&parameters).first_crossing(&words, SeriesRole::of(&words, &column), &series)
    }

    #[test]
    fn the_first_value_beyond_a_bound_is_found() {
        let found = crossed(&[], "min_density", &[1.0, 0.2, -0.1, -3.0]).unwrap();
        assert_eq!((found.row, found.value, found.bound, found.of.as_str()), (2, -0.1, 0.0, "nature"));
        let found = crossed(&[("max_norm", 1e3.into())], "norm", &[1.0, 2e3]).unwrap();
        assert_eq!((found.bound, found.of.as_str()), (1e3, "parameters.max_norm"));
        let found = crossed(&[("u_range", vec![-1.0, 1.0].into())], "u", &[0.0, -1.5]).unwrap();
        assert_eq!((found.bound, found.value), (-1.0, -1.5));
        assert_eq!(crossed(&[("dt_min", 1e-3.into())], "dt", &[1.0, 1e-4]).unwrap().bound, 1e-3);
    }

    #[test]
    fn bounds_of_other_things_do_not_count() {
        assert_eq!(crossed(&[("max_norm", 1.0.into())], "residual_norm", &[5.0]), None);
        assert_eq!(crossed(&[("max", 1.0.into())], "norm", &[5.0]), None);
        assert_eq!(crossed(&[("norm", 1.0.into())], "norm", &[5.0]), None);
        assert_eq!(crossed(&[], "coupling", &[-5.0]), None);
        assert_eq!(crossed(&[], "density", &[5.0]), None);
        assert_eq!(crossed(&[], "log_density", &[-5.0]), None);
        assert_eq!(crossed(&[], "density_flux", &[-5.0]), None);
        assert_eq!(crossed(&[("max_norm", f64::NAN.into())], "norm", &[5.0]), None);
        assert_eq!(crossed(&[("t_max", 1.0.into())], "t", &[0.5, 1.1]), None);
    }
}
