//! The figure of a region, which depends on the number of its thresholds.

use corpus::{Region, RunTable};
use maud::Markup;

use super::region_rates::{label_rates, number_rates};
use super::region_runs::{RegionRuns, threshold_parameters};
use super::scatter::scatter;

/// Returns the figure of a region, unless its parameters have no values. `id` is unique on the page.
pub(crate) fn region_figure(table: &RunTable, region: &Region, id: &str) -> Option<Markup> {
    let figure = match threshold_parameters(region)[..] {
        [x, y, ..] => scatter(&RegionRuns::new(table, region, &[x, y]), x, y, id),
        [x] => number_rates(&RegionRuns::new(table, region, &[x]), x, id),
        [] => None,
    };
    figure.or_else(|| {
        let parameter = &*region.conditions.first()?.parameter;
        label_rates(&RegionRuns::new(table, region, &[parameter]), parameter)
    })
}
