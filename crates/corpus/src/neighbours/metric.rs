//! The weights of parameters in the distance between runs.

use super::rank_scale::{RankScale, distance};
use super::relevance::relevance;
use super::run_space::kth_smallest;
use crate::spread::spread;
use crate::table::column::ValueColumn;

/// Maximum number of parameters with a weight.
const MAX_AXES: usize = 32;
/// Maximum number of failed runs, and of others, among which neighbours are searched.
const MAX_RUNS: usize = 2_000;
/// Maximum number of failed runs, and of others, whose outcome is predicted.
const MAX_QUERIES: usize = 300;
/// Number of neighbours that predict an outcome.
const NEIGHBOURS: usize = 20;
/// The improvement of the mean log-likelihood, in nats, that a change of the weights must bring.
const MIN_GAIN: f64 = 0.001;
/// Maximum number of rounds in which each weight is changed.
const MAX_ROUNDS: usize = 4;
/// Rounding errors of equal distances.
const TOLERANCE: f32 = 1e-5;

/// Returns the columns that predict the outcome of a run from its neighbours, with their weights. There are none if
/// the neighbours tell nothing.
///
/// Coordinate descent: each weight in turn is dropped, halved or doubled, and the change stays if the 20 nearest runs
/// then predict the outcomes of left-out runs better.
pub(crate) fn weighted_columns<'a>(
    columns: Vec<&'a ValueColumn>,
    rows: &[u32],
    is_failure: &[bool],
) -> Vec<(&'a ValueColumn, f64)> {
    let mut columns: Vec<(&ValueColumn, RankScale<'_>, f64)> = columns
        .into_iter()
        .map(|column| {
            let scale = RankScale::new(column);
            let relevance = relevance(column, &scale, rows, is_failure);
            (column, scale, relevance)
        })
        .collect();
    columns.sort_by(|a, b| b.2.total_cmp(&a.2));
    columns.truncate(MAX_AXES);
    let sample = SampledRuns::new(rows, is_failure);
    if sample.rows.len() <= NEIGHBOURS {
        return Vec::new();
    }
    let code = |(column, scale, _): &(&'a ValueColumn, RankScale<'a>, f64)| {
        sample.rows.iter().map(|&row| scale.code(column.cell(row as usize))).collect()
    };
    let codes: Vec<Vec<f32>> = columns.iter().map(code).collect();
    let equal = vec![1.0; columns.len()];
    let relevant: Vec<f64> = columns.iter().map(|column| column.2).collect();
    let starts = [vec![0.0; columns.len()], equal, relevant].map(|weights| Metric::new(&sample, &codes, weights));
    let Some(mut metric) = starts.into_iter().min_by(|a, b| a.loss.total_cmp(&b.loss)) else { return Vec::new() };
    metric.improve();
    let weighted = columns.into_iter().zip(metric.weights).map(|((column, ..), weight)| (column, weight));
    weighted.filter(|(_, weight)| *weight > 0.0).collect()
}

/// As many failed runs as others, as far as there are that many.
struct SampledRuns {
    rows: Vec<u32>,
    is_failure: Vec<bool>,
    /// The runs whose outcome is predicted.
    queries: Vec<usize>,
}

impl SampledRuns {
    fn new(rows: &[u32], is_failure: &[bool]) -> Self {
        let (failed, others): (Vec<u32>, Vec<u32>) = rows.iter().partition(|&&row| is_failure[row as usize]);
        let mut sample = SampledRuns { rows: Vec::new(), is_failure: Vec::new(), queries: Vec::new() };
        for (rows, failed) in [(failed, true), (others, false)] {
            let first = sample.rows.len();
            let mut positions: Vec<usize> = spread(rows.len(), MAX_RUNS).collect();
            positions.sort_unstable();
            positions.dedup();
            sample.rows.extend(positions.iter().map(|&position| rows[position]));
            sample.is_failure.resize(sample.rows.len(), failed);
            sample.queries.extend(spread(positions.len(), MAX_QUERIES).map(|position| first + position));
        }
        sample
    }

    /// The mean negative log-likelihood of the outcomes, given the distances of each query to all sampled runs.
    fn loss(&self, distances: &[f32]) -> f64 {
        let runs = self.rows.len();
        let rate = self.is_failure.iter().filter(|failed| **failed).count() as f64 / runs as f64;
        let losses = self.queries.iter().zip(distances.chunks_exact(runs)).map(|(&query, distances)| {
            // The query itself is the nearest.
            let limit = kth_smallest(distances, NEIGHBOURS + 1).unwrap_or_default() + TOLERANCE;
            let (mut near, mut failed) = (0_u32, 0_u32);
            for (distance, is_failure) in distances.iter().zip(&self.is_failure) {
                near += u32::from(*distance <= limit);
                failed += u32::from(*distance <= limit && *is_failure);
            }
            let is_failure = self.is_failure[query];
            let (near, failed) = (near - 1, failed - u32::from(is_failure));
            let risk = (f64::from(failed) + rate) / (f64::from(near) + 1.0);
            -(if is_failure { risk } else { 1.0 - risk }).ln()
        });
        losses.sum::<f64>() / self.queries.len() as f64
    }
}

struct Metric<'s> {
    sample: &'s SampledRuns,
    codes: &'s [Vec<f32>],
    weights: Vec<f64>,
    /// The distance of each query to each run.
    distances: Vec<f32>,
    loss: f64,
}

impl<'s> Metric<'s> {
    fn new(sample: &'s SampledRuns, codes: &'s [Vec<f32>], mut weights: Vec<f64>) -> Self {
        let largest = weights.iter().copied().fold(0.0, f64::max);
        weights.iter_mut().filter(|weight| **weight > 0.0).for_each(|weight| *weight /= largest);
        let mut distances = vec![0.0; sample.queries.len() * sample.rows.len()];
        for (axis, weight) in weights.iter().enumerate() {
            add(sample, &codes[axis], *weight, &mut distances);
        }
        let loss = sample.loss(&distances);
        Metric { sample, codes, weights, distances, loss }
    }

    fn improve(&mut self) {
        for _ in 0..MAX_ROUNDS {
            let before = self.loss;
            (0..self.weights.len()).for_each(|axis| self.improve_weight(axis));
            if self.loss > before - MIN_GAIN {
                break;
            }
        }
    }

    fn improve_weight(&mut self, axis: usize) {
        let weight = self.weights[axis];
        let largest = self.weights.iter().copied().fold(0.0, f64::max);
        let choices = match (weight > 0.0, largest > 0.0) {
            (true, _) => [0.0, weight / 2.0, weight * 2.0],
            (false, true) => [largest / 8.0, largest / 4.0, largest / 2.0],
            (false, false) => [1.0; 3],
        };
        for choice in choices {
            let mut distances = self.distances.clone();
            add(self.sample, &self.codes[axis], choice - self.weights[axis], &mut distances);
            let loss = self.sample.loss(&distances);
            if loss < self.loss - MIN_GAIN {
                (self.loss, self.distances, self.weights[axis]) = (loss, distances, choice);
            }
        }
    }
}

/// Adds the weighted distances of an axis.
fn add(sample: &SampledRuns, codes: &[f32], weight: f64, distances: &mut [f32]) {
    if weight == 0.0 {
        return;
    }
    for (&query, distances) in sample.queries.iter().zip(distances.chunks_exact_mut(sample.rows.len())) {
        let code = codes[query];
        for (sum, other) in distances.iter_mut().zip(codes) {
            *sum += weight as f32 * distance(code, *other);
        }
    }
}

#[cfg(test)]
mod tests {
    use region::Cell;

    use super::*;

    /// A number between 0 and 1 for each run and parameter.
    fn number(run: usize, parameter: usize) -> f64 {
        let roots = [0.754_877_666_246_692_7, 0.569_840_290_998_053_2, 0.618_033_988_749_894_9, 0.414_213_562_373_095];
        ((run + 1) as f64 * roots[parameter]).fract()
    }

    fn weights(runs: usize, fails: impl Fn(usize) -> bool) -> Vec<f64> {
        let mut columns: Vec<_> = (0..4).map(|parameter| ValueColumn::new(parameter.to_string())).collect();
        for (parameter, column) in columns.iter_mut().enumerate() {
            (0..runs).for_each(|run| column.push(Cell::Number(number(run, parameter))));
        }
        let is_failure: Vec<bool> = (0..runs).map(fails).collect();
        let rows: Vec<u32> = (0..runs as u32).collect();
        let weighted = weighted_columns(columns.iter().collect(), &rows, &is_failure);
        let weight = |column: &ValueColumn| weighted.iter().find(|(other, _)| other.name() == column.name());
        columns.iter().map(|column| weight(column).map_or(0.0, |weighted| weighted.1)).collect()
    }

    #[test]
    fn parameters_that_decide_have_the_largest_weights() {
        let weights = weights(3_000, |run| number(run, 0) * number(run, 2) > 0.4);
        let decisive = weights[0].min(weights[2]);
        assert!(decisive > 0.0 && decisive >= 2.0 * weights[1].max(weights[3]), "{weights:?}");
    }

    #[test]
    fn parameters_that_decide_only_together_have_weights() {
        let weights = weights(3_000, |run| (number(run, 0) > 0.5) != (number(run, 1) > 0.5));
        assert!(weights[0].min(weights[1]) > 2.0 * weights[2].max(weights[3]), "{weights:?}");
    }

    #[test]
    fn chance_has_no_weights() {
        assert_eq!(weights(3_000, |run| run * 7919 % 101 < 20), [0.0; 4]);
        assert_eq!(weights(10, |run| run < 5), [0.0; 4]);
        assert_eq!(weights(0, |_| false), [0.0; 4]);
    }
}
