//! The values by which two runs are compared.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use record::Value;

/// The compared values of a run, by name, in insertion order.
#[derive(Default)]
pub(super) struct ComparedValues {
    entries: Vec<(String, Value)>,
    positions: HashMap<String, usize>,
}

impl ComparedValues {
    pub(super) fn insert(&mut self, name: impl Into<String>, value: impl Into<Value>) {
        match self.positions.entry(name.into()) {
            Entry::Occupied(place) => self.entries[*place.get()].1 = value.into(),
            Entry::Vacant(place) => {
                self.entries.push((place.key().clone(), value.into()));
                place.insert(self.entries.len() - 1);
            }
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.positions.get(name).map(|place| &self.entries[*place].1)
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|(name, _)| name.as_str())
    }
}

/// The values that differ: first those of A in their order, then those that only B has. A missing value is null.
pub(super) fn differences<'f>(a: &'f ComparedValues, b: &'f ComparedValues) -> Vec<(&'f str, &'f Value, &'f Value)> {
    let value = |values: &'f ComparedValues, name: &str| values.get(name).unwrap_or(&Value::Null);
    let only_in_b = b.names().filter(|name| a.get(name).is_none());
    let names = a.names().chain(only_in_b);
    names.map(|name| (name, value(a, name), value(b, name))).filter(|(_, a, b)| a != b).collect()
}
