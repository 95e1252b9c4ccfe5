//! Iterators over the entries of a map.

use std::borrow::Cow;
use std::iter::FusedIterator;
use std::slice;
use std::vec;

use super::variant::{Map, Value};

/// The names and values of a [`Map`], in order.
///
/// ```
/// let map = tracing_failure::record::Map::from_iter([("rtol", 1e-6), ("atol", 1e-9)]);
/// for (name, value) in &map {
///     println!("{name} = {value}");
/// }
/// assert_eq!(map.iter().len(), 2);
/// ```
#[derive(Clone, Debug)]
pub struct MapIter<'a>(pub(super) slice::Iter<'a, (Cow<'static, str>, Value)>);

impl Map {
    /// Returns the names and values in order.
    ///
    /// ```
    /// let map = tracing_failure::record::Map::from_iter([("rtol", 1e-6), ("atol", 1e-9)]);
    /// let names: Vec<&str> = map.iter().map(|(name, _)| name).collect();
    /// assert_eq!(names, ["rtol", "atol"]);
    /// ```
    #[inline]
    pub fn iter(&self) -> MapIter<'_> {
        MapIter(self.0.iter())
    }
}

impl<'a> Iterator for MapIter<'a> {
    type Item = (&'a str, &'a Value);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(|(name, value)| (&**name, value))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl DoubleEndedIterator for MapIter<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.0.next_back().map(|(name, value)| (&**name, value))
    }
}

impl ExactSizeIterator for MapIter<'_> {}

impl FusedIterator for MapIter<'_> {}

impl<'a> IntoIterator for &'a Map {
    type Item = (&'a str, &'a Value);
    type IntoIter = MapIter<'a>;

    fn into_iter(self) -> MapIter<'a> {
        self.iter()
    }
}

impl IntoIterator for Map {
    type Item = (Cow<'static, str>, Value);
    type IntoIter = vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}
