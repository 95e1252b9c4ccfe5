//! Values that do not fit into a word of a row: texts, lists and objects.

use std::collections::{BTreeMap, BTreeSet};

use record::Value;

/// Minimum number of objects before unused ones are removed.
const MIN_SWEEP: usize = 64;

/// The objects to which the rows of a lane refer by number.
#[derive(Debug, Default)]
pub(crate) struct Objects {
    values: BTreeMap<u64, Value>,
    next: u64,
    /// The number of objects that were in use at the latest sweep.
    used: usize,
}

impl Objects {
    /// Adds an object and returns its number.
    pub(crate) fn add(&mut self, value: Value) -> u64 {
        self.next += 1;
        self.values.insert(self.next, value);
        self.next
    }

    pub(crate) fn get(&self, number: u64) -> Option<&Value> {
        self.values.get(&number)
    }

    #[cfg(test)]
    pub(crate) fn count(&self) -> usize {
        self.values.len()
    }

    /// Returns true if there are twice as many objects as were in use at the latest sweep.
    pub(crate) fn needs_sweep(&self) -> bool {
        self.values.len() > MIN_SWEEP.max(2 * self.used)
    }

    /// Removes the objects that no row uses.
    pub(crate) fn sweep(&mut self, used: &BTreeSet<u64>) {
        self.values.retain(|number, _| used.contains(number));
        self.used = self.values.len();
    }
}
