//! The values that the runs of a table have.

use std::collections::HashMap;

use region::Cell;

use crate::table::column::ValueColumn;
use crate::table::run_table::RunTable;

/// The kinds of values of each parameter.
pub(super) struct KnownValues(HashMap<String, ValueKinds>);

#[derive(Default)]
struct ValueKinds {
    /// The smallest and the largest number.
    range: Option<(f64, f64)>,
    has_not_finite: bool,
    has_missing: bool,
    has_bool: [bool; 2],
}

impl KnownValues {
    pub(super) fn of(table: &RunTable) -> Self {
        let kinds = table.parameters().iter().map(|column| (column.name().to_owned(), ValueKinds::of(column)));
        KnownValues(kinds.collect())
    }

    /// The parameters that all runs have.
    pub(super) fn complete(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter(|(_, kinds)| !kinds.has_missing).map(|(name, _)| &**name)
    }

    /// Returns a note if no run has such a value. A missing value has no note.
    pub(super) fn missing_kind(&self, column: &ValueColumn, cell: Cell<'_>) -> Option<String> {
        let (name, kinds) = (column.name(), self.0.get(column.name())?);
        match cell {
            Cell::Number(_) if kinds.range.is_none() => Some(format!("No known run has a number as {name}.")),
            Cell::NotFinite(_) if !kinds.has_not_finite => {
                Some(format!("No known run has a {name} that is not finite."))
            }
            Cell::Bool(value) if !kinds.has_bool[usize::from(value)] => {
                Some(format!("No known run has {name} {value}."))
            }
            Cell::Text(text) if column.text_position(text).is_none() => {
                Some(format!("No known run has {name} {text:?}."))
            }
            _ => None,
        }
    }

    /// Returns a note if a number is beyond all known ones.
    pub(super) fn range_note(&self, name: &str, number: f64) -> Option<String> {
        let (low, high) = self.0.get(name)?.range?;
        if number < low {
            Some(format!("{name} {number} is below all known values. The smallest is {low}."))
        } else if number > high {
            Some(format!("{name} {number} is above all known values. The largest is {high}."))
        } else {
            None
        }
    }
}

impl ValueKinds {
    fn of(column: &ValueColumn) -> Self {
        let mut kinds = ValueKinds::default();
        for cell in column.cells() {
            match cell {
                Cell::Missing => kinds.has_missing = true,
                Cell::NotFinite(_) => kinds.has_not_finite = true,
                Cell::Bool(value) => kinds.has_bool[usize::from(value)] = true,
                Cell::Number(number) => {
                    let (low, high) = kinds.range.unwrap_or((number, number));
                    kinds.range = Some((number.min(low), number.max(high)));
                }
                Cell::Text(_) => {}
            }
        }
        kinds
    }
}
