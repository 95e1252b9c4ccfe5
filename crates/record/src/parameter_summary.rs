//! Summarises the parameters of many records: equal and varying ones.

use std::cmp::Ordering;
use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use text::{count, one_line};

use crate::value::{Map, Value, brief, parameter};

/// Maximum number of distinct values stored per parameter.
const MAX_VALUES: usize = 16;
/// Maximum number of values named in a line.
const MAX_NAMED_VALUES: usize = 4;

/// The parameters of a group of records, by name.
#[derive(Debug)]
pub struct ParameterSummary {
    records: usize,
    parameters: HashMap<Arc<str>, Parameter>,
    /// The names of one record, in its order. They come before all others.
    first_names: Vec<Arc<str>>,
}

#[derive(Debug)]
struct Parameter {
    /// Number of records with this parameter.
    records: usize,
    /// Sorted, so that the stored values do not depend on the order of the records.
    values: Vec<Value>,
    /// True if there are more values than stored.
    has_more: bool,
    /// The smallest and the largest value, if all are numbers.
    range: Option<(f64, f64)>,
}

impl ParameterSummary {
    /// Returns the summary of one record.
    pub fn of(parameters: &Map) -> Self {
        let mut summary = ParameterSummary { records: 1, parameters: HashMap::new(), first_names: Vec::new() };
        summary.flatten("", parameters);
        summary
    }

    /// Adds the entries of structures one by one: `options.rtol`.
    fn flatten(&mut self, prefix: &str, map: &Map) {
        for (name, value) in map.iter() {
            let name = format!("{prefix}{name}");
            match value {
                Value::Map(inner) if !inner.is_empty() && inner.get("summary").is_none() => {
                    self.flatten(&format!("{name}."), inner);
                }
                value => {
                    let name: Arc<str> = name.into();
                    if self.parameters.insert(Arc::clone(&name), Parameter::of(value.clone())).is_none() {
                        self.first_names.push(name);
                    }
                }
            }
        }
    }

    /// Adds the summary of other records. `theirs_first` selects their order of names.
    pub fn join(&mut self, mut other: ParameterSummary, theirs_first: bool) {
        if theirs_first {
            std::mem::swap(&mut self.first_names, &mut other.first_names);
        }
        // Merges the smaller map into the larger, so that a record with few parameters is cheap to add.
        if other.parameters.len() > self.parameters.len() {
            std::mem::swap(&mut self.parameters, &mut other.parameters);
        }
        self.records += other.records;
        for (name, parameter) in other.parameters {
            match self.parameters.entry(name) {
                Entry::Occupied(mut known) => known.get_mut().join(parameter),
                Entry::Vacant(place) => drop(place.insert(parameter)),
            }
        }
    }

    /// Returns the parameters of the first record in its order, then all others by name.
    fn in_order(&self) -> Vec<(&str, &Parameter)> {
        let first: HashSet<&str> = self.first_names.iter().map(|name| &**name).collect();
        let mut others: Vec<&str> =
            self.parameters.keys().map(|name| &**name).filter(|name| !first.contains(name)).collect();
        others.sort_unstable();
        let names = self.first_names.iter().map(|name| &**name).chain(others);
        names.filter_map(|name| Some((name, self.parameters.get(name)?))).collect()
    }

    fn is_same(&self, parameter: &Parameter) -> bool {
        parameter.records == self.records && parameter.values.len() == 1
    }

    /// Returns the parameters that are equal in all records: `rtol 1e-6, method RK45`.
    pub fn same(&self) -> String {
        let same = self.in_order().into_iter().filter(|(_, known)| self.is_same(known));
        same.map(|(name, known)| format!("{} {}", one_line(name), parameter(&known.values[0])))
            .collect::<Vec<_>>()
            .join(", ")
    }

    /// Returns the parameters that vary: `mu 0.5 … 3.9 (40 values), method RK45 | DOP853`.
    pub fn differing(&self) -> String {
        let differing = self.in_order().into_iter().filter(|(_, known)| !self.is_same(known));
        differing
            .map(|(name, known)| format!("{} {}", one_line(name), known.text(self.records)))
            .collect::<Vec<_>>()
            .join(", ")
    }
}

impl Parameter {
    fn of(value: Value) -> Self {
        let range = value.as_f64().filter(|x| !x.is_nan()).map(|x| (x, x));
        Parameter { records: 1, values: vec![value], has_more: false, range }
    }

    fn join(&mut self, other: Parameter) {
        self.records += other.records;
        self.has_more |= other.has_more;
        for value in other.values {
            if let Err(place) = self.values.binary_search_by(|known| compare_values(known, &value)) {
                self.values.insert(place, value);
            }
        }
        self.has_more |= self.values.len() > MAX_VALUES;
        self.values.truncate(MAX_VALUES);
        self.range = match (self.range, other.range) {
            (Some((low, high)), Some((other_low, other_high))) => Some((low.min(other_low), high.max(other_high))),
            _ => None,
        };
    }

    fn text(&self, of_records: usize) -> String {
        let distinct =
            count(self.values.len(), "value").replacen(' ', if self.has_more { " and more " } else { " " }, 1);
        let mut text = match self.range {
            Some((low, high)) if self.values.len() > MAX_NAMED_VALUES => {
                format!("{} … {} ({distinct})", brief(low), brief(high))
            }
            _ => {
                let named: Vec<String> = self.values.iter().take(MAX_NAMED_VALUES).map(parameter).collect();
                let rest =
                    if self.values.len() > MAX_NAMED_VALUES { format!(" … ({distinct})") } else { String::new() };
                named.join(" | ") + &rest
            }
        };
        if self.records < of_records {
            text.push_str(&format!(" [in {} of {of_records}]", self.records));
        }
        text
    }
}

/// Orders numbers by value, then all other values by their text.
fn compare_values(a: &Value, b: &Value) -> Ordering {
    match (a.as_f64(), b.as_f64()) {
        (Some(x), Some(y)) => x.total_cmp(&y).then_with(|| a.to_string().cmp(&b.to_string())),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => a.to_string().cmp(&b.to_string()),
    }
}

/// `{"same": {name: value}, "varies": {name: {"records": n, "min": …, "max": …, "values": […]}}}`; `values` is absent
/// if there are more than stored.
impl Serialize for ParameterSummary {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (same, varies): (Vec<_>, Vec<_>) = self.in_order().into_iter().partition(|(_, known)| self.is_same(known));
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry(
            "same",
            &Map::from_iter(same.iter().map(|(name, known)| ((*name).to_owned(), known.values[0].clone()))),
        )?;
        map.serialize_entry(
            "varies",
            &Map::from_iter(varies.iter().map(|(name, known)| ((*name).to_owned(), known.as_map()))),
        )?;
        map.end()
    }
}

impl Parameter {
    fn as_map(&self) -> Map {
        let mut map = Map::from_iter([("records", self.records)]);
        if let Some((low, high)) = self.range {
            map.insert("min", low);
            map.insert("max", high);
        }
        if !self.has_more {
            map.insert("values", self.values.clone());
        }
        map
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(records: &[Map]) -> ParameterSummary {
        let mut parts = records.iter().map(ParameterSummary::of);
        let mut all = parts.next().unwrap();
        parts.for_each(|part| all.join(part, false));
        all
    }

    #[test]
    fn varying_and_constant_parameters_are_distinguished() {
        let record = |mu: f64, method: &str| {
            let options = Map::from_iter([("rtol", 1e-6), ("atol", mu / 1e3)]);
            let mut map = Map::from_iter([("mu", Value::from(mu)), ("method", method.into())]);
            map.insert("options", options);
            map
        };
        let mut records: Vec<Map> = (1..=6).map(|n| record(f64::from(n), "RK45")).collect();
        records.push(record(0.5, "DOP853"));
        records[0].insert("seed", 7);
        let varies = of(&records);
        assert_eq!(varies.same(), "options.rtol 1e-6");
        assert_eq!(
            varies.differing(),
            "mu 0.5 … 6 (7 values), method DOP853 | RK45, options.atol 5e-4 … 0.006 (7 values), seed 7 [in 1 of 7]"
        );
    }

    #[test]
    fn memory_is_bounded_and_ranges_are_exact_all_the_same() {
        let records: Vec<Map> = (0..1000).map(|n| Map::from_iter([("x", f64::from(n))])).collect();
        let varies = of(&records);
        assert_eq!(varies.differing(), "x 0 … 999 (16 and more values)");
        let json = serde_json::to_string(&varies).unwrap();
        assert_eq!(json, r#"{"same":{},"varies":{"x":{"records":1000,"min":0.0,"max":999.0}}}"#);
    }
}
