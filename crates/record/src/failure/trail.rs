//! The trail of a record: the events before the failure.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::location::Location;
use crate::value::{Map, Value};

/// Minimum number of rows of a series.
const MIN_SERIES_ROWS: usize = 4;
/// Maximum number of distinct values in a column that distinguishes series.
const MAX_DISTINCT_VALUES: usize = 12;

/// The numbers that one callsite reported while the computation ran: fields of events, and span fields that were
/// recorded after the span was opened. The history is bounded: it contains the first and the last rows.
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
    /// The message of the event. If it is a format string such as `step {n}`, an ellipsis replaces each number, and
    /// other varying parts have the value of the first occurrence in this process.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The name of the span, if the entry contains recorded span fields.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub span: Option<Cow<'static, str>>,
    /// The level of the event or span: `ERROR` to `TRACE`.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub level: Cow<'static, str>,
    /// The source location.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    /// The number of occurrences.
    pub seen: u64,
    /// The number of occurrences without a row.
    pub dropped: u64,
    /// The number of rows before the dropped occurrences. The other rows come after them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub head: Option<usize>,
    /// Seconds since the span of the computation was opened, one value for each row.
    pub elapsed_s: Vec<f64>,
    /// The values of each field, one for each row. Null where the row has no value.
    pub columns: Map,
    /// The names of the spans between the computation and the event, outermost first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub spans: Vec<Cow<'static, str>>,
    /// The numbers and short texts with which these spans were opened. Events in other spans, or in spans with other
    /// values, have their own entry, unless there are more than twelve.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub span_fields: Map,
    /// The columns that are fields of these spans, if the entry contains events of many spans.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub span_columns: Vec<String>,
    /// The largest number of fields in a row that have no column because there are too many.
    #[serde(skip_serializing_if = "is_zero")]
    pub omitted_columns: usize,
}

impl TrailEntry {
    /// Returns which rows belong to the last series, if the entry contains several series. These are the rows with the
    /// same span fields as the last row, or at least with the same values in columns of few distinct values. Returns
    /// `None` if all rows form one series.
    #[doc(hidden)]
    pub fn rows_of_last_series(&self) -> Option<Vec<bool>> {
        let names = self.span_columns.iter();
        let columns: Vec<&[Value]> = names.filter_map(|name| self.columns.get(name)?.as_list()).collect();
        self.rows_like_last(&columns).or_else(|| {
            let few: Vec<&[Value]> = columns.iter().copied().filter(|column| has_few_distinct_values(column)).collect();
            self.rows_like_last(&few)
        })
    }

    /// Returns which rows have the values of the last row in these columns, if there are enough of them.
    fn rows_like_last(&self, columns: &[&[Value]]) -> Option<Vec<bool>> {
        if columns.is_empty() {
            return None;
        }
        let is_same = |row: usize| columns.iter().all(|column| column.get(row) == column.last());
        let rows: Vec<bool> = (0..self.elapsed_s.len()).map(is_same).collect();
        (rows.iter().filter(|is_same| **is_same).count() >= MIN_SERIES_ROWS).then_some(rows)
    }
}

fn has_few_distinct_values(column: &[Value]) -> bool {
    let mut distinct: Vec<&Value> = Vec::new();
    for value in column {
        if !distinct.contains(&value) {
            distinct.push(value);
        }
        if distinct.len() > MAX_DISTINCT_VALUES {
            return false;
        }
    }
    true
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
    /// The message and the other texts of the event. Long texts are shortened.
    pub message: String,
    /// The source location.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    /// The name of the innermost span around the event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub span: Option<Cow<'static, str>>,
    /// The numbers and short texts with which the spans between the event and the computation were opened.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub span_fields: Map,
}
