//! What a record says of the time before the failure.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::Location;
use crate::value::{Map, Value};

/// Rows that make a series.
const MIN_SERIES_ROWS: usize = 4;
/// Values of a column that tells series apart, at most.
const MAX_DISTINCT_VALUES: usize = 12;

/// The numbers that one place in the program reported while the computation ran: numeric events, and fields of spans that
/// were recorded late. A bounded history: its beginning and its end.
///
/// ```
/// # let failure = tracing_failure::Failure::new("c", "r", "E", "m");
/// for entry in &failure.context.trail {
///     let residual = entry.columns.get("residual").and_then(|column| column.as_list());
///     println!("{} of {} kept: {residual:?}", entry.elapsed_s.len(), entry.seen);
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
#[non_exhaustive]
pub struct TrailEntry {
    /// What the event says beside its fields. Where the text is put together each time, `step {n}`, an ellipsis stands for the
    /// numbers in it, and what else varies is as it was first in this process.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The name of the span, where its fields were recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub span: Option<Cow<'static, str>>,
    /// Level of the event or span: `ERROR` to `TRACE`.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub level: Cow<'static, str>,
    /// Where it stands in the source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    /// How often it was seen.
    pub seen: u64,
    /// How many of those are not kept.
    pub dropped: u64,
    /// How many of the rows came before what was dropped; the others came after it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub head: Option<usize>,
    /// Seconds since the computation's span was opened, one for each row.
    pub elapsed_s: Vec<f64>,
    /// By field, its values: one for each row, null where it had none.
    pub columns: Map,
    /// The names of the spans between the computation and the event, the outermost first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub spans: Vec<Cow<'static, str>>,
    /// The numbers and short texts that these spans were opened with. Events in other spans, or in spans with other values,
    /// have an entry of their own, unless there are more than a dozen.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub span_fields: Map,
    /// The columns that are fields of these spans, where the entry holds events of many.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub span_columns: Vec<String>,
    /// The largest number of fields of a row that have no column, because there were too many.
    #[serde(skip_serializing_if = "is_zero")]
    pub omitted_columns: usize,
}

impl TrailEntry {
    /// The rows that belong to the last series, where the entry holds several: rows of the same spans as the last row, or at
    /// least of the same of those that differ little. `None` if all rows are one series.
    #[doc(hidden)]
    pub fn rows_of_last_series(&self) -> Option<Vec<bool>> {
        let list = |name: &String| self.columns.get(name).and_then(Value::as_list);
        let columns: Vec<&[Value]> = self.span_columns.iter().filter_map(list).collect();
        let of_last = |columns: &[&[Value]]| -> Option<Vec<bool>> {
            let is_same = |row: usize| columns.iter().all(|column| column.get(row) == column.last());
            let rows: Vec<bool> = (0..self.elapsed_s.len()).map(is_same).collect();
            (rows.iter().filter(|is_same| **is_same).count() >= MIN_SERIES_ROWS).then_some(rows)
        };
        if columns.is_empty() {
            return None;
        }
        let has_few = |column: &&[Value]| {
            let mut distinct: Vec<&Value> = Vec::new();
            for value in column.iter() {
                if !distinct.contains(&value) {
                    distinct.push(value);
                }
                if distinct.len() > MAX_DISTINCT_VALUES {
                    return false;
                }
            }
            true
        };
        of_last(&columns).or_else(|| {
            let few: Vec<&[Value]> = columns.iter().copied().filter(has_few).collect();
            if few.is_empty() { None } else { of_last(&few) }
        })
    }
}

#[allow(clippy::trivially_copy_pass_by_ref)] // as serde calls it
fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// An event of level INFO or above that carried no numbers.
///
/// ```
/// # let failure = tracing_failure::Failure::new("c", "r", "E", "m");
/// for breadcrumb in &failure.context.breadcrumbs {
///     println!("{:8.3} s  {}", breadcrumb.elapsed_s, breadcrumb.message);
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
#[non_exhaustive]
pub struct Breadcrumb {
    /// Seconds since the computation's span was opened.
    pub elapsed_s: f64,
    /// `ERROR`, `WARN` or `INFO`.
    pub level: Cow<'static, str>,
    /// Its message and its other texts; cut where they are long.
    pub message: String,
    /// Where it stands in the source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    /// The name of the innermost span around it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub span: Option<Cow<'static, str>>,
    /// The numbers and short texts that the spans between it and the computation were opened with.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub span_fields: Map,
}
