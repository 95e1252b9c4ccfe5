//! Sparklines: series of numbers as bars.

const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Positive numbers that span at least this many decades have a logarithmic scale.
const LOG_SCALE_DECADES: f64 = 2.0;

/// The mark between head and tail.
const GAP_MARK: char = '⋯';

/// Returns a sparkline of the numbers before and after a gap, and whether its scale is logarithmic.
///
/// If there are more numbers than columns, each bar shows the number with the largest magnitude of its interval. `×` is
/// NaN, `↑` and `↓` are the infinities, and a space is a missing number.
pub(crate) fn sparkline(head: &[Option<f64>], tail: &[Option<f64>], columns: usize) -> (String, bool) {
    let head = downsample(head, columns / 4);
    let tail = downsample(tail, columns - head.len());
    let scale = Scale::of(head.iter().chain(&tail).flatten().copied());
    let mut line: String = head.iter().map(|point| scale.symbol(*point)).collect();
    if !head.is_empty() {
        line.push(GAP_MARK);
    }
    line.extend(tail.iter().map(|point| scale.symbol(*point)));
    (line, scale.is_logarithmic)
}

/// Maps numbers to bars.
struct Scale {
    low: f64,
    high: f64,
    is_logarithmic: bool,
}

impl Scale {
    fn of(points: impl Iterator<Item = f64>) -> Self {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        points.filter(|x| x.is_finite()).for_each(|x| (low, high) = (low.min(x), high.max(x)));
        let is_logarithmic = low > 0.0 && high.log10() - low.log10() >= LOG_SCALE_DECADES;
        // Halved, since the difference of two numbers may overflow.
        let scaled = |x: f64| if is_logarithmic { x.log10() } else { x / 2.0 };
        Scale { low: scaled(low), high: scaled(high), is_logarithmic }
    }

    fn symbol(&self, point: Option<f64>) -> char {
        match point {
            None => ' ',
            Some(x) if x.is_nan() => '×',
            Some(x) if x == f64::INFINITY => '↑',
            Some(x) if x == f64::NEG_INFINITY => '↓',
            Some(x) => self.bar(if self.is_logarithmic { x.log10() } else { x / 2.0 }),
        }
    }

    fn bar(&self, x: f64) -> char {
        let part = (x - self.low) / (self.high - self.low);
        if part.is_finite() { BARS[(part * 7.0).round().clamp(0.0, 7.0) as usize] } else { BARS[0] }
    }
}

fn downsample(series: &[Option<f64>], columns: usize) -> Vec<Option<f64>> {
    let points = series.len().min(columns.max(1));
    let part = |index: usize| &series[index * series.len() / points..(index + 1) * series.len() / points];
    (0..points).map(|index| part(index).iter().flatten().copied().reduce(more_significant)).collect()
}

/// Prefers non-finite numbers to finite ones, and larger magnitudes to smaller ones.
fn more_significant(a: f64, b: f64) -> f64 {
    if a.is_nan() || (!b.is_nan() && a.abs() >= b.abs()) { a } else { b }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(series: &[f64], columns: usize) -> (String, bool) {
        sparkline(&[], &series.iter().copied().map(Some).collect::<Vec<_>>(), columns)
    }

    #[test]
    fn bars_follow_the_numbers() {
        assert_eq!(of(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0], 20), ("▁▂▃▄▅▆▇█".into(), false));
        assert_eq!(of(&[-1.0, 0.0, 1.0], 20), ("▁▅█".into(), false));
        assert_eq!(of(&[2.0, 2.0], 20), ("▁▁".into(), false));
        assert_eq!(of(&[], 20), (String::new(), false));
    }

    #[test]
    fn numbers_that_span_decades_have_a_logarithmic_scale() {
        assert_eq!(of(&[1e7, 1e6, 1e5, 1e4, 1e3, 1e2, 1e1, 1e0], 20), ("█▇▆▅▄▃▂▁".into(), true));
        assert_eq!(of(&[1e-300, 1e300], 20), ("▁█".into(), true));
        assert!(!of(&[0.0, 1e9], 20).1);
    }

    #[test]
    fn both_sides_of_a_gap_have_one_scale() {
        let tail: Vec<Option<f64>> = (0..100).map(|n| Some(f64::from(n))).collect();
        assert_eq!(sparkline(&[Some(99.0), Some(0.0)], &tail, 12).0, "█▁⋯▂▂▃▄▄▅▆▇▇█");
    }

    #[test]
    fn non_finite_numbers_are_visible_in_long_series() {
        assert_eq!(of(&[1.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY], 20).0, "▁×↑↓");
        assert_eq!(sparkline(&[], &[Some(1.0), None, Some(2.0)], 20).0, "▁ █");
        let mut long = vec![1.0; 1000];
        long[500] = f64::NAN;
        assert_eq!(of(&long, 10).0, "▁▁▁▁▁×▁▁▁▁");
        assert_eq!(of(&[f64::MAX, -f64::MAX, 0.0], 3).0, "█▁▅");
    }
}
