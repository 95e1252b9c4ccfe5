//! Which runs are in which regions.

use region::{Cell, Region, RuleCondition};

use super::query::RunQuery;
use crate::table::run_table::RunTable;

/// Maximum number of regions. Each has a bit.
const MAX_REGIONS: usize = 32;

/// For some runs of a table, the regions that contain each.
pub(super) struct RegionMembership {
    rows: Vec<u32>,
    /// For each row, a bit for each region.
    bits: Vec<u32>,
}

/// Regions by their bits.
pub(super) type RegionBits = u32;

impl RegionMembership {
    pub(super) fn new(table: &RunTable, rows: Vec<u32>, regions: &[Region]) -> Self {
        let mut bits = vec![0; rows.len()];
        for (index, region) in regions.iter().take(MAX_REGIONS).enumerate() {
            let is_inside = membership_of(table, region);
            for (bits, &row) in bits.iter_mut().zip(&rows) {
                *bits |= u32::from(is_inside(row)) << index;
            }
        }
        RegionMembership { rows, bits }
    }

    /// Returns the runs outside all of these regions.
    pub(super) fn rows_outside(&self, regions: RegionBits) -> Vec<u32> {
        let outside = self.rows.iter().zip(&self.bits).filter(|(_, bits)| **bits & regions == 0);
        outside.map(|(row, _)| *row).collect()
    }

    /// Returns the regions that do not contain a run.
    pub(super) fn regions_without(query: &RunQuery<'_>, regions: &[Region]) -> RegionBits {
        let without = regions.iter().take(MAX_REGIONS).enumerate();
        without.map(|(index, region)| u32::from(query.is_in(region) == Some(false)) << index).sum()
    }
}

/// Returns those of some rows that are in a region.
pub(super) fn rows_in(table: &RunTable, rows: &[u32], region: &Region) -> Vec<u32> {
    let is_inside = membership_of(table, region);
    rows.iter().copied().filter(|&row| is_inside(row)).collect()
}

fn membership_of<'a>(table: &'a RunTable, region: &'a Region) -> impl Fn(u32) -> bool + 'a {
    let test = |condition: &'a RuleCondition| (&condition.test, table.parameter(&condition.parameter));
    let tests: Vec<_> = region.conditions.iter().map(test).collect();
    move |row| {
        tests
            .iter()
            .all(|(test, column)| test.matches(column.map_or(Cell::Missing, |column| column.cell(row as usize))))
    }
}
