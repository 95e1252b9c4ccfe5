//! Scales of axes, linear or logarithmic, and their ticks.

use record::internal::brief;

/// Positive numbers that span more than this many decades have a logarithmic scale.
const LOG_SCALE_DECADES: f64 = 2.0;
/// Linear scales hold a quarter of each number, since the difference of two numbers may overflow.
const LINEAR_FACTOR: f64 = 0.25;

/// A scale that maps numbers to fractions of an axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct AxisScale {
    low: f64,
    high: f64,
    is_logarithmic: bool,
}

/// A labelled position on an axis.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct AxisTick {
    pub(crate) position: f64,
    pub(crate) label: String,
}

impl AxisScale {
    /// Returns the scale of all finite numbers, with a margin as a fraction of its length. Returns nothing if there are
    /// none.
    pub(crate) fn of(numbers: impl IntoIterator<Item = f64>, margin: f64) -> Option<Self> {
        let finite = numbers.into_iter().filter(|x| x.is_finite());
        let (low, high) =
            finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (f64::min(low, x), f64::max(high, x)));
        if low > high {
            return None;
        }
        let is_logarithmic = low > 0.0 && high.log10() - low.log10() > LOG_SCALE_DECADES;
        Some(Self::with_kind(low, high, is_logarithmic, margin))
    }

    fn with_kind(low: f64, high: f64, is_logarithmic: bool, margin: f64) -> Self {
        let scale = AxisScale { low: 0.0, high: 0.0, is_logarithmic };
        let (low, high) = (scale.scaled(low), scale.scaled(high));
        let padding = if high > low {
            (high - low) * margin
        } else if low.abs() < f64::MIN_POSITIVE {
            LINEAR_FACTOR
        } else {
            low.abs() / 10.0
        };
        AxisScale { low: low - padding, high: high + padding, is_logarithmic }
    }

    /// Returns the scale of a parameter with many values. It is logarithmic only if most values are spread over
    /// decades: equally distributed values have a few very small ones.
    pub(crate) fn of_parameter(numbers: impl IntoIterator<Item = f64>, margin: f64) -> Option<Self> {
        let mut numbers: Vec<f64> = numbers.into_iter().filter(|x| x.is_finite()).collect();
        numbers.sort_unstable_by(f64::total_cmp);
        let (low, high) = (*numbers.first()?, *numbers.last()?);
        let is_wide = Self::of([low, high], 0.0)?.is_logarithmic;
        let decile = |part: usize| numbers[part * (numbers.len() - 1) / 10].log10();
        let is_spread = decile(9) - decile(1) > LOG_SCALE_DECADES / 2.0 || numbers.len() < 10;
        Some(Self::with_kind(low, high, is_wide && is_spread, margin))
    }

    /// Returns a linear scale from 0 to a positive number.
    pub(crate) fn from_zero(high: f64) -> Self {
        let high = if high.is_finite() && high > 0.0 { high } else { 1.0 };
        AxisScale { low: 0.0, high: high * LINEAR_FACTOR, is_logarithmic: false }
    }

    pub(crate) fn is_logarithmic(&self) -> bool {
        self.is_logarithmic
    }

    fn scaled(&self, x: f64) -> f64 {
        if self.is_logarithmic { x.log10() } else { x * LINEAR_FACTOR }
    }

    fn unscaled(&self, x: f64) -> f64 {
        if self.is_logarithmic { 10f64.powf(x) } else { x / LINEAR_FACTOR }
    }

    /// Returns the fraction of the axis at which a number is: 0 at the beginning, 1 at the end, and beyond them for
    /// numbers outside. Returns nothing for numbers that have no place.
    pub(crate) fn position(&self, x: f64) -> Option<f64> {
        let position = (self.scaled(x) - self.low) / (self.high - self.low);
        (x.is_finite() && position.is_finite()).then_some(position)
    }

    /// Returns the number at a fraction of the axis.
    pub(crate) fn number_at(&self, position: f64) -> f64 {
        self.unscaled(self.low + position * (self.high - self.low))
    }

    /// Returns at most this many ticks, and at least one.
    pub(crate) fn ticks(&self, max: usize) -> Vec<AxisTick> {
        let max = max.max(2);
        let ticks = if self.is_logarithmic { self.decade_ticks(max) } else { self.linear_ticks(max) };
        let is_distinct = ticks.windows(2).all(|pair| pair[0].label != pair[1].label);
        if ticks.is_empty() || !is_distinct { self.end_ticks() } else { ticks }
    }

    fn linear_ticks(&self, max: usize) -> Vec<AxisTick> {
        let (low, high) = (self.unscaled(self.low), self.unscaled(self.high));
        let length = (self.high - self.low) / LINEAR_FACTOR;
        let unit = 10f64.powf((length / max as f64).log10().floor());
        for step in [0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0].map(|digit| digit * unit) {
            let (first, last) = ((low / step - 1e-9).ceil(), (high / step + 1e-9).floor());
            if last - first < max as f64 {
                let count = if last < first { 0 } else { (last - first) as usize + 1 };
                return self.ticks_at((0..count).map(|index| (first + index as f64) * step));
            }
        }
        Vec::new()
    }

    fn decade_ticks(&self, max: usize) -> Vec<AxisTick> {
        let (first, last) = (self.low.ceil() as i32, self.high.floor() as i32);
        let stride = (1..).find(|stride| (last - first) / stride < max as i32).unwrap_or(1);
        let decades = (first..=last).filter(|decade| decade.rem_euclid(stride) == 0);
        let tick = |decade: i32| {
            let position = (f64::from(decade) - self.low) / (self.high - self.low);
            let label = if (-3..=4).contains(&decade) { brief(10f64.powi(decade)) } else { format!("1e{decade}") };
            AxisTick { position, label }
        };
        decades.map(tick).collect()
    }

    fn ticks_at(&self, numbers: impl Iterator<Item = f64>) -> Vec<AxisTick> {
        numbers.filter_map(|x| Some(AxisTick { position: self.position(x)?, label: brief(x) })).collect()
    }

    /// The ends of the axis, for numbers that differ only in their last digits.
    fn end_ticks(&self) -> Vec<AxisTick> {
        let tick = |position: f64| AxisTick { position, label: format!("{:e}", self.number_at(position)) };
        vec![tick(0.0), tick(1.0)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(numbers: &[f64], max: usize) -> Vec<String> {
        AxisScale::of(numbers.iter().copied(), 0.0).unwrap().ticks(max).into_iter().map(|tick| tick.label).collect()
    }

    #[test]
    fn ticks_are_round_numbers() {
        assert_eq!(labels(&[0.0, 50.0], 4), ["0", "20", "40"]);
        assert_eq!(labels(&[-0.13, 0.29], 5), ["-0.1", "0", "0.1", "0.2"]);
        assert_eq!(labels(&[1e-9, 1e3], 5), ["1e-9", "1e-6", "0.001", "1", "1000"]);
        assert_eq!(labels(&[1.0, 150.0], 5), ["1", "10", "100"]);
        assert_eq!(labels(&[0.0, 150.0], 5), ["0", "50", "100", "150"]);
    }

    #[test]
    fn the_scale_is_logarithmic_over_more_than_two_decades_of_positive_numbers() {
        let is_logarithmic = |numbers: &[f64]| AxisScale::of(numbers.iter().copied(), 0.1).unwrap().is_logarithmic();
        assert!(is_logarithmic(&[1.0, 101.0]) && !is_logarithmic(&[1.0, 99.0]) && !is_logarithmic(&[0.0, 1e9]));
    }

    #[test]
    fn the_scale_of_equally_distributed_parameters_is_linear() {
        let is_logarithmic =
            |number: fn(i32) -> f64| AxisScale::of_parameter((0..1000).map(number), 0.1).unwrap().is_logarithmic();
        assert!(!is_logarithmic(|n| f64::from(n) + 0.1));
        assert!(is_logarithmic(|n| 1.01f64.powi(n)));
        assert!(!is_logarithmic(|n| f64::from(n) - 3.0));
    }

    #[test]
    fn every_scale_has_finite_positions_and_labels() {
        for numbers in [
            &[0.0][..],
            &[-0.0, 0.0],
            &[7.0],
            &[-3.0],
            &[f64::NAN, 1.0, f64::INFINITY],
            &[f64::MAX, -f64::MAX],
            &[f64::MIN_POSITIVE, f64::MAX],
            &[5e-324],
            &[5e-324, 1e-323],
            &[1.0, 1.0 + f64::EPSILON],
            &[1e15, 1e15 + 1.0],
        ] {
            for margin in [0.0, 0.04] {
                let scale = AxisScale::of(numbers.iter().copied(), margin).unwrap();
                let ticks = scale.ticks(4);
                assert!((1..=4).contains(&ticks.len()), "{numbers:?}: {ticks:?}");
                assert!(ticks.iter().all(|tick| tick.position.is_finite()), "{numbers:?}: {ticks:?}");
                for x in numbers.iter().filter(|x| x.is_finite()) {
                    let position = scale.position(*x).unwrap_or(0.5);
                    assert!((-1e-6..=1.000001).contains(&position), "{x} of {numbers:?} at {position}");
                }
            }
        }
        assert_eq!(AxisScale::of([f64::NAN, f64::INFINITY], 0.0), None);
        assert_eq!(AxisScale::of([1.0, 1e6], 0.0).unwrap().position(-1.0), None);
    }
}
