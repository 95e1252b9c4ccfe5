//! The parameters of a run that is compared with the runs of a table.

use indexmap::IndexMap;
use record::{Map, Value};
use region::{Cell, Region, RuleCondition, flat_parameters};

use super::known_values::KnownValues;
use crate::table::run_table::RunTable;

/// The parameters of a run, under the names of the columns of a table.
pub(super) struct RunQuery<'a> {
    cells: IndexMap<String, Cell<'a>>,
    /// Parameters about which the table says nothing: they are absent although all runs have them, or no run has such
    /// a value.
    unknown: Vec<String>,
    /// Parameters and values that no run of the table has.
    pub(super) notes: Vec<String>,
}

impl<'a> RunQuery<'a> {
    pub(super) fn new(table: &RunTable, values: &KnownValues, parameters: &'a Map) -> Self {
        let flat = flat_parameters(parameters);
        let (mut unknown, mut notes) = (Vec::new(), Vec::new());
        for (name, cell) in &flat {
            let Some(column) = table.parameter(name) else {
                notes.push(format!("No known run has a parameter {name}."));
                continue;
            };
            if let Some(note) = values.missing_kind(column, *cell) {
                unknown.push(name.clone());
                notes.push(note);
            } else if let Cell::Number(number) = cell {
                notes.extend(values.range_note(name, *number));
            }
        }
        let cells: IndexMap<_, _> = flat.into_iter().collect();
        let is_absent = |name: &str| cells.get(name).is_none_or(|cell| *cell == Cell::Missing);
        unknown.extend(values.complete().filter(|name| is_absent(name)).map(str::to_owned));
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
        let unknown = self.unknown.iter().filter(|other| *other != name).cloned().collect();
        RunQuery { cells, unknown, notes: Vec::new() }
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
