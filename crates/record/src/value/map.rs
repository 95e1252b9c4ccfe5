//! Access to the entries of a map.

use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::variant::{Map, Name, Value};

impl Map {
    /// Creates an empty map.
    ///
    /// ```
    /// assert!(tracing_failure::record::Map::new().is_empty());
    /// ```
    #[must_use]
    pub const fn new() -> Self {
        Map(Vec::new())
    }

    /// Sets the value of a name. A known name keeps its position, and a new one is appended.
    ///
    /// ```
    /// let mut map = tracing_failure::record::Map::new();
    /// map.insert("method", "RK45");
    /// assert_eq!(map.len(), 1);
    /// ```
    pub fn insert(&mut self, name: impl Into<Cow<'static, str>>, value: impl Into<Value>) {
        let (name, value) = (name.into(), value.into());
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, old)) => *old = value,
            None => self.0.push((name, value)),
        }
    }

    /// Returns the value of a name.
    ///
    /// ```
    /// let map = tracing_failure::record::Map::from_iter([("order", 4)]);
    /// assert_eq!(map.get("order"), Some(&4.into()));
    /// ```
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// Removes the value of a name and returns it.
    ///
    /// ```
    /// let mut map = tracing_failure::record::Map::from_iter([("order", 4)]);
    /// assert_eq!(map.remove("order"), Some(4.into()));
    /// assert!(map.is_empty());
    /// ```
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        let index = self.0.iter().position(|(known, _)| known == name)?;
        Some(self.0.remove(index).1)
    }

    /// Returns the names as stored, and the values.
    #[doc(hidden)]
    pub fn entries(&self) -> impl Iterator<Item = (&Cow<'static, str>, &Value)> {
        self.0.iter().map(|(name, value)| (name, value))
    }

    /// Copies the entries of another map whose names are wanted and not yet present.
    #[doc(hidden)]
    pub fn add_missing(&mut self, other: &Map, is_wanted: impl Fn(&str) -> bool) {
        for (name, value) in &other.0 {
            if is_wanted(name) && self.get(name).is_none() {
                self.0.push((name.clone(), value.clone()));
            }
        }
    }

    #[doc(hidden)]
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&str, &mut Value)> {
        self.0.iter_mut().map(|(name, value)| (&**name, value))
    }

    /// Adds an entry that states how many entries were omitted.
    #[doc(hidden)]
    pub fn insert_omission(&mut self, entries: usize) {
        if entries > 0 {
            self.insert("…", format!("[{entries} entries left out]"));
        }
    }

    /// Returns the number of entries.
    ///
    /// ```
    /// assert_eq!(tracing_failure::record::Map::from_iter([("order", 4)]).len(), 1);
    /// ```
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns true if there are no entries.
    ///
    /// ```
    /// assert!(tracing_failure::record::Map::new().is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<K: Into<Cow<'static, str>>, V: Into<Value>> FromIterator<(K, V)> for Map {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let mut map = Map::new();
        map.extend(entries);
        map
    }
}

impl<K: Into<Cow<'static, str>>, V: Into<Value>> Extend<(K, V)> for Map {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, entries: I) {
        // Comparing a few names is faster than building an index.
        const MAX_UNINDEXED_ENTRIES: usize = 32;
        let mut places: Option<HashMap<Name, usize>> = None;
        for (name, value) in entries {
            if self.0.len() < MAX_UNINDEXED_ENTRIES {
                self.insert(name, value);
                continue;
            }
            let (name, value) = (name.into(), value.into());
            let places = places.get_or_insert_with(|| {
                self.0.iter().enumerate().map(|(place, (name, _))| (name.clone(), place)).collect()
            });
            match places.entry(name) {
                Entry::Occupied(place) => self.0[*place.get()].1 = value,
                Entry::Vacant(place) => {
                    self.0.push((place.key().clone(), value));
                    place.insert(self.0.len() - 1);
                }
            }
        }
    }
}

/// Returns the name with as many underscores appended as are necessary to make it unique.
pub fn free_name(name: &str, entries: &Map) -> String {
    let mut free = format!("{name}_");
    while entries.get(&free).is_some() {
        free.push('_');
    }
    free
}
