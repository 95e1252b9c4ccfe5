//! Fits a straight line to the logarithms of a series. The slope is the rate, and R² measures how regular it is.

/// Number of points at the end of a series that are all used.
const DENSE_POINTS: usize = 16;
/// Maximum number of earlier points that are used. They are spread evenly.
const SPREAD_POINTS: usize = 16;

/// Numbers of points of the shorter lines.
const SHORT_LINE_POINTS: [usize; 3] = [6, 12, 20];

/// A line fitted to the last rows of a series.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct FittedLine {
    /// The number of rows that the line spans.
    pub(super) rows: usize,
    /// The change of ln|x| from one occurrence to the next.
    pub(super) slope: f64,
    /// R², the coefficient of determination.
    pub(super) fit: f64,
    /// The change of ln|x| along the line over all its rows.
    pub(super) rise: f64,
}

/// The sums of a least-squares fit. Points are relative to the last one, which avoids cancellation.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    count: f64,
    x: f64,
    y: f64,
    xx: f64,
    yy: f64,
    xy: f64,
}

impl Sums {
    fn add(&mut self, x: f64, y: f64) {
        self.count += 1.0;
        self.x += x;
        self.y += y;
        self.xx += x * x;
        self.yy += y * y;
        self.xy += x * y;
    }

    fn line(&self, rows: usize, width: f64) -> FittedLine {
        let (mean_x, mean_y) = (self.x / self.count, self.y / self.count);
        let (xx, yy) = (self.xx - mean_x * self.x, self.yy - mean_y * self.y);
        let xy = self.xy - mean_x * self.y;
        let slope = if xx > 0.0 { xy / xx } else { 0.0 };
        let fit = if yy > 0.0 { (xy * xy / (xx * yy)).clamp(0.0, 1.0) } else { 1.0 };
        FittedLine { rows, slope, fit, rise: slope * width }
    }
}

/// Fits lines to the end of a series: to its last 6, 12 and 20 points, and to all points back to the last zero, which
/// has no logarithm. `at` returns the number of an occurrence.
pub(super) fn lines(at: impl Fn(usize) -> f64, values: &[f64]) -> LineFits {
    let mut lines = LineFits::default();
    let mut sums = Sums::default();
    let Some(last) = values.len().checked_sub(1) else { return lines };
    let (end, scale) = (at(last), values[last].abs().ln());
    let mut points = 0;
    for row in rows_from_the_end(values.len()) {
        let magnitude = values[row].abs();
        if magnitude == 0.0 || !magnitude.is_finite() {
            break;
        }
        let before = at(row) - end;
        sums.add(before, magnitude.ln() - scale);
        points += 1;
        lines.all = Some(sums.line(values.len() - row, -before));
        if SHORT_LINE_POINTS.contains(&points) {
            lines.shorter[lines.count] = lines.all.unwrap_or_default();
            lines.count += 1;
        }
    }
    lines
}

/// The result of [`lines`].
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct LineFits {
    all: Option<FittedLine>,
    shorter: [FittedLine; SHORT_LINE_POINTS.len()],
    count: usize,
}

impl LineFits {
    /// Returns the lines from the longest to the shortest.
    pub(super) fn iter(&self) -> impl Iterator<Item = &FittedLine> {
        self.all.iter().chain(self.shorter[..self.count].iter().rev())
    }

    pub(super) fn longest(&self) -> Option<FittedLine> {
        self.all
    }
}

/// Returns each of the last rows, then evenly spread earlier rows, back to the first.
fn rows_from_the_end(len: usize) -> impl Iterator<Item = usize> {
    let dense = len.min(DENSE_POINTS);
    let before = len - dense;
    let stride = before.div_ceil(SPREAD_POINTS).max(1);
    (len - dense..len).rev().chain((0..before).step_by(stride).rev())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[f64]) -> LineFits {
        lines(|row| row as f64, values)
    }

    #[test]
    fn a_geometric_series_lies_on_a_line() {
        let values: Vec<f64> = (0..200).map(|k| -3.0 * 0.97_f64.powi(k)).collect();
        let line = of(&values).longest().unwrap();
        assert!((line.slope.exp() - 0.97).abs() < 1e-12 && line.fit > 1.0 - 1e-12, "{line:?}");
        assert_eq!(line.rows, 200);
    }

    #[test]
    fn rows_left_out_in_the_middle_do_not_matter() {
        let at: Vec<f64> = (0..8).chain(1_000..1_248).map(f64::from).collect();
        let values: Vec<f64> = at.iter().map(|at| 0.999_f64.powf(*at)).collect();
        let line = lines(|row| at[row], &values).longest().unwrap();
        assert!((line.slope.exp() - 0.999).abs() < 1e-12, "{line:?}");
    }

    #[test]
    fn rows_up_to_a_zero_are_not_fitted() {
        let line = of(&[1.0, 0.0, 4.0, 2.0, 1.0]).longest().unwrap();
        assert!(line.rows == 3 && (line.slope.exp() - 0.5).abs() < 1e-15, "{line:?}");
        assert!(of(&[1.0, 0.0]).longest().is_none());
        assert!(of(&[]).longest().is_none());
    }

    #[test]
    fn the_end_is_fitted_separately() {
        let values: Vec<f64> = (0..40).map(|k| if k < 28 { 0.5_f64.powi(k) } else { 2.0_f64.powi(k - 56) }).collect();
        let best = *of(&values).iter().find(|line| line.fit > 0.999).unwrap();
        assert!(best.rows == 12 && (best.slope.exp() - 2.0).abs() < 1e-9, "{best:?}");
    }
}
