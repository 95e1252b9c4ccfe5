//! The rows of trails: one for each number that a failed computation reported.

use std::collections::HashSet;

use super::part_rows::{PartColumn, PartRows};
use super::trail_file::ExportedSeries;
use crate::names::column_name::{RUN_ID, SERIES};

/// The trails of some runs, as columns.
#[derive(Debug, Default)]
pub(crate) struct TrailRows {
    run: Vec<String>,
    series: Vec<String>,
    /// Indices of the run and of the series.
    rows: Vec<(u32, u32)>,
    steps: Vec<f64>,
    elapsed: Vec<Option<f64>>,
    values: Vec<Option<f64>>,
}

impl TrailRows {
    /// Adds the numeric columns of a trail. Series with the same name are told apart by their place.
    pub(crate) fn push(&mut self, run_id: String, trail: &[ExportedSeries]) {
        self.run.push(run_id);
        let mut names = HashSet::new();
        for series in trail {
            let mut name = series.name();
            if !names.insert(name.clone()) {
                name = format!("{name} ({})", series.place());
            }
            for (column, values) in &series.columns {
                // Texts are not values of a series. A missing value stays, so that the steps are complete.
                if values.iter().all(|value| value.as_f64().is_none()) {
                    continue;
                }
                self.series.push(format!("{name}.{column}"));
                for (index, value) in values.iter().enumerate() {
                    let is_after_gap = series.head.is_none_or(|head| index as u64 >= head);
                    let step = index as u64 + if is_after_gap { series.dropped } else { 0 };
                    self.rows.push((self.run.len() as u32 - 1, self.series.len() as u32 - 1));
                    self.steps.push(step as f64);
                    self.elapsed.push(series.elapsed_s.get(index).and_then(|elapsed| elapsed.as_f64()));
                    self.values.push(value.as_f64());
                }
            }
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub(crate) fn rows(&self) -> PartRows<'_> {
        let columns = vec![
            PartColumn::texts(RUN_ID, |row| Some(&*self.run[self.rows[row].0 as usize])),
            PartColumn::texts(SERIES, |row| Some(&*self.series[self.rows[row].1 as usize])),
            PartColumn::numbers("step", |row| Some(self.steps[row])),
            PartColumn::numbers("elapsed_s", |row| self.elapsed[row]),
            PartColumn::numbers("value", |row| self.values[row]),
        ];
        PartRows { columns, len: self.rows.len() }
    }
}
