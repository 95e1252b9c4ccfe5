//! Describes the numeric series of a trail the way an analyst would read a plot.

mod bounds;
mod category;
mod fit;
mod role;
mod series;

pub(crate) use category::category;
pub(crate) use role::SeriesRole;

use bounds::Bounds;
use record::internal::WordSequence;
use record::{Convergence, Failure};
use series::NumericSeries;

/// Describes every numeric column of the trail, in the order of the trail.
pub(crate) fn analyze(failure: &Failure) -> Vec<Convergence> {
    let bounds = Bounds::of(&failure.parameters);
    let mut series = NumericSeries::default();
    let mut found = Vec::new();
    for (place, entry) in failure.context.trail.iter().enumerate() {
        let rows = entry.rows_of_last_series();
        let of_entry = entry
            .columns
            .entries()
            .filter(|(name, _)| !entry.span_columns.iter().any(|of_span| of_span == name.as_ref()));
        for (name, column) in of_entry {
            if series.read(entry, rows.as_deref(), column) {
                let words = WordSequence::of(name);
                let role = SeriesRole::of(&words, column);
                let mut convergence = Convergence::new(place, name.clone());
                series.describe(role, &mut convergence);
                convergence.crossed = bounds.first_crossing(&words, role, &series);
                found.push(convergence);
            }
        }
    }
    found
}
