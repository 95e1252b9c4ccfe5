//! Distances between runs.

use std::collections::BinaryHeap;

use region::Cell;

use super::rank_scale::{RankScale, distance};
use crate::table::column::ValueColumn;

/// Runs, and the parameters by which they are compared.
///
/// Source of the distance: J. C. Gower, A general coefficient of similarity and some of its properties, Biometrics 27
/// (1971) 857–871. Numbers are compared by their ranks.
pub(crate) struct RunSpace<'a> {
    rows: Vec<u32>,
    axes: Vec<Axis<'a>>,
}

struct Axis<'a> {
    parameter: &'a str,
    scale: RankScale<'a>,
    weight: f32,
    /// For each row of the space.
    codes: Vec<f32>,
}

/// A run near another one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct NearRun {
    /// The row of the table.
    pub(crate) row: u32,
    /// The distance between 0 and 1.
    pub(crate) distance: f32,
}

impl<'a> RunSpace<'a> {
    /// Creates a space of some rows of a table, with weighted columns.
    pub(crate) fn new(rows: Vec<u32>, columns: impl IntoIterator<Item = (&'a ValueColumn, f64)>) -> Self {
        let columns: Vec<_> = columns.into_iter().collect();
        let sum: f64 = columns.iter().map(|(_, weight)| weight).sum();
        let axis = |(column, weight): (&'a ValueColumn, f64)| {
            let scale = RankScale::new(column);
            let codes = rows.iter().map(|&row| scale.code(column.cell(row as usize))).collect();
            Axis { parameter: column.name(), weight: (weight / sum) as f32, codes, scale }
        };
        let axes = columns.into_iter().map(axis).collect();
        RunSpace { rows, axes }
    }

    pub(crate) fn rows(&self) -> &[u32] {
        &self.rows
    }

    /// Returns the nearest runs, the nearest first. There are more than `count` if several are equally far.
    pub(crate) fn nearest<'c>(&self, count: usize, cell: impl Fn(&str) -> Cell<'c>) -> Vec<NearRun> {
        let mut distances = vec![0.0_f32; self.rows.len()];
        for axis in &self.axes {
            let code = axis.scale.code(cell(axis.parameter));
            for (sum, other) in distances.iter_mut().zip(&axis.codes) {
                *sum += axis.weight * distance(code, *other);
            }
        }
        let Some(limit) = kth_smallest(&distances, count) else { return Vec::new() };
        let near = self.rows.iter().zip(distances).filter(|(_, distance)| *distance <= limit);
        let mut near: Vec<NearRun> = near.map(|(&row, distance)| NearRun { row, distance }).collect();
        near.sort_by(|a, b| a.distance.total_cmp(&b.distance));
        near
    }
}

/// The largest of the `count` smallest distances. Distances are not negative, so their bits have the same order.
pub(super) fn kth_smallest(distances: &[f32], count: usize) -> Option<f32> {
    let mut heap = BinaryHeap::with_capacity(count + 1);
    for distance in distances {
        let bits = distance.to_bits();
        if heap.len() < count {
            heap.push(bits);
        } else if heap.peek().is_some_and(|largest| bits < *largest) {
            heap.pop();
            heap.push(bits);
        }
    }
    heap.peek().map(|bits| f32::from_bits(*bits))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str, cells: impl IntoIterator<Item = Cell<'static>>) -> ValueColumn {
        let mut column = ValueColumn::new(name);
        cells.into_iter().for_each(|cell| column.push(cell));
        column
    }

    #[test]
    fn the_nearest_run_differs_least() {
        let lambda = column("lambda", (0..10).map(|run| Cell::Number(f64::from(run))));
        let method = column("method", (0..10).map(|run| Cell::Text(["RK45", "BDF"][run % 2])));
        let space = RunSpace::new((0..10).collect(), [(&lambda, 1.0), (&method, 1.0)]);
        let cell = |name: &str| if name == "lambda" { Cell::Number(4.1) } else { Cell::Text("BDF") };
        let near: Vec<u32> = space.nearest(3, cell).iter().map(|near| near.row).collect();
        assert_eq!(near, [5, 3, 7]);
    }

    #[test]
    fn runs_at_the_same_distance_are_all_near() {
        let method = column("method", (0..10).map(|run| Cell::Text(["RK45", "BDF"][run % 2])));
        let space = RunSpace::new((0..10).collect(), [(&method, 1.0)]);
        assert_eq!(space.nearest(2, |_| Cell::Text("BDF")).len(), 5);
        assert_eq!(RunSpace::new((0..10).collect(), []).nearest(2, |_| Cell::Missing).len(), 10);
        assert!(RunSpace::new(Vec::new(), [(&method, 1.0)]).nearest(2, |_| Cell::Missing).is_empty());
    }
}
