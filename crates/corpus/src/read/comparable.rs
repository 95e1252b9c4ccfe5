//! Finds parameters that cannot be compared, because only failed runs have them.

use std::collections::BTreeMap;

use crate::table::run_table::RunTable;
use region::Cell;

/// Removes parameters with nested values that only failed runs have, and returns their names. Without a run that did
/// not fail, nothing is removed.
///
/// Older versions of the recorder wrote large arguments, such as options in a struct, into closing lines of failed runs
/// only. Such a parameter would look like a cause of failure. Numbers and texts are in all closing lines, so a scalar
/// that only failed runs have may be a cause.
pub(super) fn remove_incomparable(table: &mut RunTable) -> Vec<String> {
    let others: Vec<usize> = (0..table.len()).filter(|&run| !table.runs()[run].outcome.is_failure()).collect();
    if others.is_empty() {
        return Vec::new();
    }
    let mut is_comparable = BTreeMap::<&str, bool>::new();
    for column in table.parameters() {
        let root = root(column.name());
        let is_known = is_comparable.entry(root).or_insert(root.len() == column.name().len());
        *is_known = *is_known || others.iter().any(|&run| column.cell(run) != Cell::Missing);
    }
    is_comparable.retain(|_, is_comparable| !*is_comparable);
    let removed: Vec<String> = is_comparable.into_keys().map(str::to_owned).collect();
    if !removed.is_empty() {
        table.retain_parameters(|name| !removed.iter().any(|removed| removed == root(name)));
    }
    removed
}

/// Returns the name of the parameter that a nested value belongs to.
pub(super) fn root(name: &str) -> &str {
    name.find(['.', '[']).map_or(name, |end| &name[..end])
}
