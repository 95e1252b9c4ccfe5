//! The parameters of a run that is compared with the runs of a table.

use std::collections::HashMap;

use indexmap::IndexMap;
use record::{Map, Value};
use region::{Cell, Region, RuleCondition, flat_parameters};

use crate::table::column::ValueColumn;
use crate::table::run_table::RunTable;

/// The parameters of a run, under the names of the columns of a table.
pub(super) struct RunQuery<'a> {
    cells: IndexMap<String, Cell<'a>>,
    /// Parameters that are absent although all runs of the table have them.
    unknown: Vec<String>,
    /// Parameters that the table does not have, and values beyond those that it has.
    pub(super) notes: Vec<String>,
}

impl<'a> RunQuery<'a> {
    pub(super) fn new(table: &RunTable, ranges: &ValueRanges, parameters: &'a Map) -> Self {
        let flat = flat_parameters(parameters);
        let mut notes = Vec::new();
        for (name, cell) in &flat {
            match (table.parameter(name), cell) {
                (None, _) => notes.push(format!("No known run has a parameter {name}.")),
                (Some(_), Cell::Number(number)) => notes.extend(ranges.note(name, *number)),
                _ => {}
            }
        }
        let cells: IndexMap<_, _> = flat.into_iter().collect();
        let is_absent = |name: &str| cells.get(name).is_none_or(|cell| *cell == Cell::Missing);
        let unknown = ranges.complete.iter().filter(|name| is_absent(name)).cloned().collect();
        RunQuery { cells, unknown, notes }
    }

    pub(super) fn cell(&self, name: &str) -> Cell<'a> {
        self.cells.get(name).copied().unwrap_or(Cell::Missing)
    }

    /// The parameters without missing ones.
    pub(super) fn parameters(&self) -> Map {
        let present = self.cells.iter().filter(|(_, cell)| **cell != Cell::Missing);
        Map::from_iter(present.map(|(name, cell)| (name.clone(), Value::from(*cell))))
    }

    /// Replaces the value of a parameter.
    pub(super) fn with(&self, name: &str, cell: Cell<'a>) -> Self {
        let mut cells = self.cells.clone();
        cells.insert(name.to_owned(), cell);
        RunQuery { cells, unknown: self.unknown.clone(), notes: Vec::new() }
    }

    /// Returns whether the run is in a region; none if an unknown parameter decides that.
    pub(super) fn is_in(&self, region: &Region) -> Option<bool> {
        let conditions = &region.conditions;
        match conditions.iter().all(|condition| self.may_satisfy(condition)) {
            false => Some(false),
            true => conditions.iter().all(|condition| !self.is_unknown(&condition.parameter)).then_some(true),
        }
    }

    /// Returns false if the run does not satisfy a condition.
    pub(super) fn may_satisfy(&self, condition: &RuleCondition) -> bool {
        self.is_unknown(&condition.parameter) || condition.test.matches(self.cell(&condition.parameter))
    }

    pub(super) fn is_unknown(&self, parameter: &str) -> bool {
        self.unknown.iter().any(|name| name == parameter)
    }
}

/// The smallest and the largest number of each parameter, and the parameters that all runs have.
pub(super) struct ValueRanges {
    ranges: HashMap<String, (f64, f64)>,
    complete: Vec<String>,
}

impl ValueRanges {
    pub(super) fn of(table: &RunTable) -> Self {
        let columns = || table.parameters().iter().map(|column| (column.name().to_owned(), column));
        let is_complete = |column: &ValueColumn| column.cells().all(|cell| cell != Cell::Missing);
        ValueRanges {
            ranges: columns().filter_map(|(name, column)| Some((name, range(column)?))).collect(),
            complete: columns().filter(|(_, column)| is_complete(column)).map(|(name, _)| name).collect(),
        }
    }

    fn note(&self, name: &str, number: f64) -> Option<String> {
        let &(low, high) = self.ranges.get(name)?;
        if number < low {
            Some(format!("{name} {number} is below all known values. The smallest is {low}."))
        } else if number > high {
            Some(format!("{name} {number} is above all known values. The largest is {high}."))
        } else {
            None
        }
    }
}

fn range(column: &ValueColumn) -> Option<(f64, f64)> {
    let numbers = column.cells().filter_map(|cell| if let Cell::Number(number) = cell { Some(number) } else { None });
    numbers.fold(None, |range, number| {
        let (low, high) = range.unwrap_or((number, number));
        Some((number.min(low), number.max(high)))
    })
}
