//! One numeric column of the trail and its behaviour.

use super::SeriesRole;
use super::fit::{self, FittedLine, LineFits};
use record::Value;
use record::{Behaviour, Convergence, NonFinite, TrailEntry};

/// Minimum number of rows for a statement about the behaviour.
const MIN_ROWS: usize = 4;
/// Minimum slope of ln|x|. At this slope, a factor of ten takes more than 20,000 occurrences.
const MIN_SLOPE: f64 = 1e-4;
/// A step has collapsed if it is smaller than this fraction of the largest one.
const MAX_COLLAPSED_FRACTION: f64 = 1e-3;
/// Maximum period of an oscillation, in rows.
const MAX_PERIOD: usize = 8;
/// Maximum number of rows that are searched for a period.
const MAX_PERIOD_ROWS: usize = 48;

/// The numbers of a column. One `NumericSeries` reads all columns in turn, so its buffers are allocated once.
#[derive(Debug, Default)]
pub(super) struct NumericSeries {
    /// The finite values before the first non-finite one.
    pub(super) values: Vec<f64>,
    /// The row of each value. Empty if the index of each value is its row.
    rows: Vec<usize>,
    /// The number of rows before the gap in the trail, and the number of occurrences dropped in the gap.
    gap: (usize, f64),
    non_finite: Option<NonFinite>,
    /// True if the entry holds several series. The values are then neighbours, whatever rows lie between them.
    is_one_of_several: bool,
}

/// The behaviour of a series, and the numbers that describe it.
#[derive(Clone, Copy, Debug, Default)]
struct Analysis {
    behaviour: Behaviour,
    line: Option<FittedLine>,
    period: Option<usize>,
    rows: usize,
}

impl NumericSeries {
    /// Reads the numbers of a column, or of the given rows of it. Returns true if there are any.
    pub(super) fn read(&mut self, entry: &TrailEntry, rows: Option<&[bool]>, column: &Value) -> bool {
        self.values.clear();
        self.rows.clear();
        self.non_finite = None;
        self.is_one_of_several = rows.is_some();
        let Some(list) = column.as_list() else { return false };
        self.values.reserve(list.len());
        self.gap = (entry.head.unwrap_or(list.len()), entry.dropped as f64);
        for (row, value) in list.iter().enumerate().skip(leading_nan_rows(list)) {
            let is_in_series = rows.is_none_or(|rows| rows.get(row).is_some_and(|is_in_series| *is_in_series));
            if !is_in_series {
                continue;
            }
            let Some(x) = value.as_f64() else { continue };
            if !x.is_finite() {
                self.non_finite = Some(NonFinite::new(row, value.clone()));
                break;
            }
            if row != self.values.len() || !self.rows.is_empty() {
                self.push_row(row);
            }
            self.values.push(x);
        }
        !self.values.is_empty() || self.non_finite.is_some()
    }

    /// Stores the row of the next value. Rows are stored from the first row without a value on.
    fn push_row(&mut self, row: usize) {
        if self.rows.is_empty() {
            self.rows.extend(0..self.values.len());
        }
        self.rows.push(row);
    }

    /// Returns the row of a value.
    pub(super) fn row(&self, index: usize) -> usize {
        self.rows.get(index).copied().unwrap_or(index)
    }

    /// Returns the number of a value among all occurrences.
    fn at(&self, index: usize) -> f64 {
        if self.is_one_of_several {
            return index as f64;
        }
        let row = self.row(index);
        row as f64 + if row < self.gap.0 { 0.0 } else { self.gap.1 }
    }

    /// Writes the behaviour of the series into `convergence`.
    pub(super) fn describe(&mut self, role: SeriesRole, convergence: &mut Convergence) {
        let analysis = self.analyze(role);
        convergence.behaviour = analysis.behaviour;
        convergence.rate = analysis.line.map(|line| line.slope.exp()).filter(|rate| rate.is_finite());
        convergence.fit = analysis.line.map(|line| line.fit);
        convergence.rows = analysis.rows;
        convergence.period = analysis.period;
        convergence.first = self.values.first().copied();
        convergence.last = self.values.last().copied();
        let (smallest, largest) = range(&self.values);
        convergence.smallest = Some(smallest).filter(|x| x.is_finite());
        convergence.largest = Some(largest).filter(|x| x.is_finite());
        convergence.first_non_finite = self.non_finite.take();
    }

    /// Finds the behaviour. Each check relies on the failure of the earlier ones.
    fn analyze(&self, role: SeriesRole) -> Analysis {
        if let Some(behaviour) = self.behaviour_without_fit(role) {
            return Analysis { behaviour, rows: self.values.len(), ..Analysis::default() };
        }
        let lines = fit::lines(|index| self.at(index), &self.values);
        self.regular_change(role, &lines)
            .or_else(|| self.trend(role, &lines))
            .or_else(|| self.oscillation(role, &lines))
            .unwrap_or_else(|| self.whole(Behaviour::Irregular, &lines))
    }

    /// Describes all rows by their longest line.
    fn whole(&self, behaviour: Behaviour, lines: &LineFits) -> Analysis {
        Analysis { behaviour, line: lines.longest(), period: None, rows: self.values.len() }
    }

    /// Returns the behaviour of a series to which no line is fitted.
    fn behaviour_without_fit(&self, role: SeriesRole) -> Option<Behaviour> {
        let values = &self.values;
        if values.len() < MIN_ROWS {
            Some(Behaviour::Short)
        } else if role.should_decrease() && values.last() == Some(&0.0) {
            // A residual that ends at exactly zero has converged.
            let is_constant = values.iter().all(|x| *x == 0.0);
            Some(if is_constant { Behaviour::Constant } else { Behaviour::GeometricDecay })
        } else if role == SeriesRole::Objective && values.iter().any(|x| *x < 0.0) {
            // The logarithm says nothing about a negative cost, whose magnitude grows while it decreases.
            Some(if is_monotone(values) { Behaviour::Steady } else { Behaviour::Irregular })
        } else if role == SeriesRole::Counter {
            Some(Behaviour::Steady)
        } else {
            None
        }
    }

    /// Recognises a constant, a collapse of the step, and a steady advance.
    fn regular_change(&self, role: SeriesRole, lines: &LineFits) -> Option<Analysis> {
        let values = &self.values;
        if values.iter().all(|x| x == &values[0]) {
            let behaviour = if role.should_decrease() { Behaviour::Stagnation } else { Behaviour::Constant };
            return Some(self.whole(behaviour, lines));
        }
        if let Some(collapse) = self.collapse(role) {
            return Some(collapse);
        }
        let is_steady = (role == SeriesRole::Time && is_monotone(values)) || self.is_arithmetic();
        is_steady.then(|| self.whole(Behaviour::Steady, lines))
    }

    /// Recognises growth and decay by a factor, and a standstill.
    fn trend(&self, role: SeriesRole, lines: &LineFits) -> Option<Analysis> {
        let values = &self.values;
        let end = &values[values.len() - (values.len() / 6).max(8).min(values.len())..];
        let is_stationary = spread(end) < 0.01;
        if let Some(line) = lines.iter().find(|line| is_trend(line, is_stationary)) {
            let behaviour = geometric_behaviour(line, role);
            return Some(Analysis { behaviour, line: Some(*line), period: None, rows: line.rows });
        }
        if is_stationary {
            let behaviour = if role.should_decrease() { Behaviour::Stagnation } else { Behaviour::Steady };
            return Some(Analysis { behaviour, line: lines.iter().last().copied(), period: None, rows: end.len() });
        }
        let line = lines.longest().filter(|line| is_mostly_monotone(values, line))?;
        Some(self.whole(geometric_behaviour(&line, role), lines))
    }

    fn oscillation(&self, role: SeriesRole, lines: &LineFits) -> Option<Analysis> {
        let period = period(&self.values);
        let is_oscillating = period.is_some() || (role.should_decrease() && alternates(&self.values));
        let rows = self.values.len().min(MAX_PERIOD_ROWS);
        is_oscillating.then(|| Analysis { behaviour: Behaviour::Oscillation, line: lines.longest(), period, rows })
    }

    /// Detects a step size, or a distance between times, that shrinks to a tiny fraction of the largest one.
    fn collapse(&self, role: SeriesRole) -> Option<Analysis> {
        let steps: Vec<f64> = match role {
            SeriesRole::Step => self.values.iter().map(|step| step.abs()).collect(),
            SeriesRole::Time if is_monotone(&self.values) => {
                self.values.windows(2).map(|pair| (pair[1] - pair[0]).abs()).collect()
            }
            _ => return None,
        };
        let largest = steps.iter().copied().fold(0.0, f64::max);
        let last = steps.last().copied()?;
        if steps.len() < MIN_ROWS || last >= MAX_COLLAPSED_FRACTION * largest {
            return None;
        }
        let first_row = self.values.len() - steps.len();
        let lines = fit::lines(|index| self.at(index + first_row), &steps);
        let line = lines.iter().find(|line| line.slope < 0.0).copied();
        let rows = line.map_or(steps.len(), |line| line.rows);
        Some(Analysis { behaviour: Behaviour::StepCollapse, line, period: None, rows })
    }

    /// Returns true if the value changes by the same amount at each occurrence.
    fn is_arithmetic(&self) -> bool {
        let (Some(first), Some(last)) = (self.values.first(), self.values.last()) else { return false };
        let begin = self.at(0);
        let change = (last - first) / (self.at(self.values.len() - 1) - begin);
        let tolerance = 1e-6 * (last - first).abs();
        let expected = |at: f64| first + change * (at - begin);
        self.values.iter().enumerate().all(|(index, x)| (x - expected(self.at(index))).abs() <= tolerance)
    }
}

/// Counts the NaN rows before the first finite value. A change or a ratio is unknown in the first iteration.
fn leading_nan_rows(list: &[Value]) -> usize {
    let is_nan = |value: &&Value| value.as_f64().is_some_and(f64::is_nan);
    let rows = list.iter().take_while(is_nan).count();
    let is_finite = list.get(rows).and_then(Value::as_f64).is_some_and(f64::is_finite);
    if is_finite { rows } else { 0 }
}

/// Returns true if the line is regular and steep: it changes by a factor of two or, with hardly any scatter, by more
/// than a standstill.
fn is_trend(line: &FittedLine, is_stationary: bool) -> bool {
    let is_steep = line.rise.abs() > std::f64::consts::LN_2 && line.fit > 0.9 && !is_stationary;
    let is_clean = line.fit > 0.99 && line.slope.abs() > MIN_SLOPE && line.rise.abs() > 0.005;
    line.rows >= MIN_ROWS && (is_steep || is_clean)
}

fn geometric_behaviour(line: &FittedLine, role: SeriesRole) -> Behaviour {
    match line.slope.exp() {
        rate if rate > 1.0 => Behaviour::GeometricGrowth,
        rate if rate > 0.9 && (role.should_decrease() || role == SeriesRole::Norm) => Behaviour::SlowConvergence,
        _ => Behaviour::GeometricDecay,
    }
}

/// Recognises a blow-up or quadratic convergence. Neither is a straight line, but each goes one way almost all the time
/// and far.
fn is_mostly_monotone(values: &[f64], line: &FittedLine) -> bool {
    let steps = values.windows(2).filter(|pair| (pair[1].abs() > pair[0].abs()) == (line.slope > 0.0)).count();
    10 * steps >= 9 * (values.len() - 1) && line.rise.abs() > std::f64::consts::LN_10
}

fn is_monotone(values: &[f64]) -> bool {
    let rises = values.first() < values.last();
    values.windows(2).all(|pair| if rises { pair[0] <= pair[1] } else { pair[0] >= pair[1] })
}

/// Returns the range of the values divided by the largest magnitude.
fn spread(values: &[f64]) -> f64 {
    let (low, high) = range(values);
    (high - low) / high.abs().max(low.abs())
}

fn range(values: &[f64]) -> (f64, f64) {
    let wider = |(low, high): (f64, f64), &x: &f64| (if x < low { x } else { low }, if x > high { x } else { high });
    values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), wider)
}

/// Returns the period with which the end of the series repeats, if it repeats three times.
fn period(values: &[f64]) -> Option<usize> {
    let values = &values[values.len() - values.len().min(MAX_PERIOD_ROWS)..];
    let returns = |period: &usize| {
        let end = &values[values.len() - 3 * period..];
        let (low, high) = range(end);
        end.iter().zip(&end[*period..]).all(|(a, b)| (a - b).abs() <= 1e-3 * (high - low))
    };
    (2..=MAX_PERIOD).take_while(|period| 3 * period <= values.len()).find(returns)
}

/// Returns true if the values alternate between up and down, like a residual with too little damping.
fn alternates(values: &[f64]) -> bool {
    let end = &values[values.len() - values.len().min(MAX_PERIOD_ROWS)..];
    let turns = end.windows(3).filter(|three| (three[1] > three[0]) != (three[2] > three[1])).count();
    end.len() >= 6 && 10 * turns >= 9 * (end.len() - 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn describe(name: &str, values: impl IntoIterator<Item = f64>) -> Convergence {
        let column = Value::List(values.into_iter().map(Value::from).collect());
        let mut series = NumericSeries::default();
        assert!(series.read(&TrailEntry::default(), None, &column));
        let mut convergence = Convergence::default();
        series.describe(SeriesRole::of(&record::internal::WordSequence::of(name), &column), &mut convergence);
        convergence
    }

    fn behaviour(name: &str, values: impl IntoIterator<Item = f64>) -> Behaviour {
        describe(name, values).behaviour
    }

    /// Returns a number between −1 and 1, the same one in every run.
    fn noise(k: i32) -> f64 {
        (f64::from(k) * 12.9898).sin() * 43758.5453 % 1.0
    }

    #[test]
    fn behaviours_are_distinguished() {
        let k = || 0..60;
        for (name, values, expected) in [
            ("residual", k().map(|k| 1.3_f64.powi(k)).collect::<Vec<_>>(), Behaviour::GeometricGrowth),
            ("residual", k().map(|k| (1.0 + 0.2 * noise(k)) * 1.3_f64.powi(k)).collect(), Behaviour::GeometricGrowth),
            ("residual", k().map(|k| (1.0 + 0.2 * noise(k)) * 0.5_f64.powi(k)).collect(), Behaviour::GeometricDecay),
            ("residual", k().map(|k| 0.98_f64.powi(k)).collect(), Behaviour::SlowConvergence),
            ("residual", k().map(|k| 0.9995_f64.powi(k)).collect(), Behaviour::SlowConvergence),
            ("temperature", k().map(|k| 0.98_f64.powi(k)).collect(), Behaviour::GeometricDecay),
            ("residual", k().map(|k| 0.73 + 1e-4 * noise(k)).collect(), Behaviour::Stagnation),
            ("residual", k().map(|k| 1e-9 + 0.5_f64.powi(k)).collect(), Behaviour::Stagnation),
            ("residual", k().map(|_| 0.73).collect(), Behaviour::Stagnation),
            ("norm", k().map(|_| 0.73).collect(), Behaviour::Constant),
            ("residual", k().map(|k| if k % 2 == 0 { 0.2 } else { 0.7 }).collect(), Behaviour::Oscillation),
            ("x_next", k().map(|k| f64::from(k % 3)).collect(), Behaviour::Oscillation),
            ("residual", k().map(|k| 1.0 + noise(k)).collect(), Behaviour::Irregular),
            ("dt", k().map(|k| 0.1 * 0.7_f64.powi(k)).collect(), Behaviour::StepCollapse),
            ("t", k().map(|k| 1.0 - 0.7_f64.powi(k)).collect(), Behaviour::StepCollapse),
            ("t", k().map(|k| f64::from(k) + 0.3 * noise(k)).collect(), Behaviour::Steady),
            ("energy", k().map(|k| 3.0 + 0.25 * f64::from(k)).collect(), Behaviour::Steady),
            ("residual", vec![1.0, 0.5], Behaviour::Short),
        ] {
            assert_eq!(behaviour(name, values), expected, "{name}");
        }
    }

    #[test]
    fn series_faster_than_geometric_are_geometric() {
        assert_eq!(behaviour("norm", (1..60).map(|k| 1.0 / (60.0 - f64::from(k)).powi(3))), Behaviour::GeometricGrowth);
        let newton = [1.0, 0.5, 0.125, 8e-3, 3e-5, 5e-10, 1e-19];
        assert_eq!(behaviour("residual", newton), Behaviour::GeometricDecay);
    }

    #[test]
    fn rate_and_fit_quality_are_computed() {
        let clean = describe("residual", (0..100).map(|k| 0.97_f64.powi(k)));
        assert!((clean.rate.unwrap() - 0.97).abs() < 1e-9 && clean.fit.unwrap() > 0.999_999);
        let noisy = describe("residual", (0..100).map(|k| (1.0 + 0.3 * noise(k)) * 0.97_f64.powi(k)));
        assert!((noisy.rate.unwrap() - 0.97).abs() < 0.01 && noisy.fit.unwrap() < 0.999, "{noisy:?}");
    }

    #[test]
    fn the_end_counts() {
        let values =
            (0..200).map(|k| if k < 150 { 0.8_f64.powi(k) } else { 0.8_f64.powi(150) * 1.5_f64.powi(k - 150) });
        let found = describe("residual", values);
        assert_eq!(found.behaviour, Behaviour::GeometricGrowth);
        assert!((found.rate.unwrap() - 1.5).abs() < 0.1 && found.rows < 60, "{found:?}");
    }

    #[test]
    fn periods_are_counted() {
        assert_eq!(describe("x", (0..40).map(|k| [1.0, -2.0, 0.5, 4.0][k % 4])).period, Some(4));
        assert_eq!(describe("residual", (0..9).map(|k| [0.2, 0.7][k % 2])).period, Some(2));
    }

    #[test]
    fn the_values_before_a_nan_are_described() {
        let values = (0..20).map(|k| 2.0_f64.powi(50 * k)).chain([f64::INFINITY, f64::NAN]);
        let found = describe("norm", values);
        let broken = found.first_non_finite.unwrap();
        assert_eq!((broken.row, broken.value), (20, f64::INFINITY.into()));
        assert_eq!((found.behaviour, found.last), (Behaviour::GeometricGrowth, Some(2.0_f64.powi(950))));
    }

    #[test]
    fn gaps_and_rows_without_a_number_keep_their_places() {
        let mut entry = TrailEntry::default();
        entry.head = Some(2);
        entry.dropped = 100;
        let mut series = NumericSeries::default();
        series.read(&entry, None, &Value::List(vec![1.0.into(), Value::Null, 3.0.into(), f64::NAN.into()]));
        assert_eq!([0, 1].map(|index| (series.row(index), series.at(index))), [(0, 0.0), (2, 102.0)]);
        assert_eq!(series.non_finite.unwrap().row, 3);
    }

    #[test]
    fn an_initial_nan_is_not_a_failure() {
        let found = describe("change", [f64::NAN, 0.5, 0.25, 0.125, 0.0625]);
        assert_eq!((found.first_non_finite, found.first), (None, Some(0.5)));
        assert_eq!(describe("change", [f64::NAN, f64::NAN]).first_non_finite.unwrap().row, 0);
        assert_eq!(describe("change", [f64::INFINITY, 1.0]).first_non_finite.unwrap().row, 0);
    }

    #[test]
    fn zero_is_convergence_and_a_cost_may_be_negative() {
        let residual = [1.0, 0.1, 1e-3, 1e-5, 0.0];
        assert_eq!(behaviour("residual", residual), Behaviour::GeometricDecay);
        assert_eq!(behaviour("residual", [0.0; 6]), Behaviour::Constant);
        assert_eq!(behaviour("cost", (0..9).map(|k| -(1.5_f64.powi(k)))), Behaviour::Steady);
        assert_eq!(behaviour("residual", (0..9).map(|k| -(0.5_f64.powi(k)))), Behaviour::GeometricDecay);
    }

    proptest::proptest! {
        #[test]
        fn any_series_is_described(
            values in proptest::collection::vec(proptest::num::f64::ANY, 1..80),
            name in "t|dt|residual|norm",
        ) {
            let found = describe(&name, values);
            proptest::prop_assert!(found.rate.is_none_or(f64::is_finite), "{found:?}");
            proptest::prop_assert!(found.fit.is_none_or(|fit| (0.0..=1.0).contains(&fit)), "{found:?}");
        }

        #[test]
        fn a_factor_is_found_again(rate in 0.2_f64..3.0, scale in 1e-3_f64..1e3, rows in 8_i32..200) {
            proptest::prop_assume!((rate - 1.0).abs() > 1e-3);
            let values: Vec<f64> = (0..rows).map(|k| scale * rate.powi(k)).collect();
            let found = describe("residual", values);
            proptest::prop_assert!((found.rate.unwrap() / rate - 1.0).abs() < 1e-6, "{found:?}");
        }
    }
}
