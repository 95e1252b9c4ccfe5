//! The value of a parameter or field, and maps of them.

use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{self, Serialize, SerializeMap, Serializer};

use super::limits::Limits;
use super::map_iter::MapIter;
use super::serialize;

/// A typed value of a record, such as a parameter, a span field or a context entry.
///
/// It differs from [`serde_json::Value`] in three ways that matter to numerics. NaN and the infinities are numbers:
/// they are written as the strings `"NaN"`, `"Infinity"` and `"-Infinity"`, and read back as numbers. Negative zero
/// keeps its sign. Maps keep their order.
///
/// ```
/// use tracing_failure::Value;
///
/// let couplings = Value::from(vec![50.0, f64::NAN, f64::NEG_INFINITY]);
/// let json = serde_json::to_string(&couplings)?;
/// assert_eq!(json, r#"[50.0,"NaN","-Infinity"]"#);
/// assert_eq!(serde_json::from_str::<Value>(&json)?, couplings);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub enum Value {
    /// No value: `()`, `None`.
    #[default]
    Null,
    /// A boolean.
    Bool(bool),
    /// An integer that fits in a signed 64-bit integer.
    Int(i64),
    /// An integer above [`i64::MAX`].
    UInt(u64),
    /// A floating-point number, which may be NaN or infinite.
    Float(f64),
    /// A text.
    String(String),
    /// A list. Arrays of several dimensions are lists of lists.
    List(Vec<Value>),
    /// Named values, in order.
    Map(Map),
}

impl Value {
    /// The name of the newtype struct that contains the text of a number that JSON cannot express. A serializer whose
    /// format has such numbers recognises them by this name.
    ///
    /// ```
    /// assert_eq!(tracing_failure::Value::NON_FINITE, "tracing_failure::record::NonFinite");
    /// ```
    pub const NON_FINITE: &str = "tracing_failure::record::NonFinite";

    /// Converts a [`Serialize`] value. Arrays and texts that exceed the [`Limits`] are summarised while they are read,
    /// so that a million entries never exist twice.
    ///
    /// # Errors
    ///
    /// Fails if the `Serialize` implementation of the value fails.
    ///
    /// ```
    /// use tracing_failure::Value;
    ///
    /// #[derive(serde::Serialize)]
    /// struct Options { rtol: f64, method: &'static str }
    ///
    /// let options = Value::from_serialize(&Options { rtol: 1e-9, method: "RK45" })?;
    /// assert_eq!(options.get("rtol"), Some(&Value::Float(1e-9)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_serialize<T: Serialize + ?Sized>(value: &T) -> Result<Self, serde_json::Error> {
        Self::from_serialize_within(value, &Limits::default())
    }

    #[doc(hidden)]
    pub fn from_serialize_within<T: Serialize + ?Sized>(value: &T, limits: &Limits) -> Result<Self, serde_json::Error> {
        value.serialize(serialize::ValueSerializer::new(limits)).map(|node| node.value).map_err(ser::Error::custom)
    }

    /// Returns the entry of a map with this name.
    ///
    /// ```
    /// use tracing_failure::Value;
    /// use tracing_failure::record::Map;
    ///
    /// let value = Value::from(Map::from_iter([("rtol", 1e-6)]));
    /// assert_eq!(value.get("rtol"), Some(&Value::Float(1e-6)));
    /// assert_eq!(value.get("atol"), None);
    /// ```
    pub fn get(&self, name: &str) -> Option<&Value> {
        match self {
            Value::Map(map) => map.get(name),
            _ => None,
        }
    }

    /// Returns the value as a floating-point number, if it is a number.
    ///
    /// ```
    /// use tracing_failure::Value;
    ///
    /// assert_eq!(Value::Int(3).as_f64(), Some(3.0));
    /// assert_eq!(Value::from("three").as_f64(), None);
    /// ```
    pub fn as_f64(&self) -> Option<f64> {
        match *self {
            Value::Int(n) => Some(n as f64),
            Value::UInt(n) => Some(n as f64),
            Value::Float(x) => Some(x),
            _ => None,
        }
    }

    /// Returns the text of a string.
    ///
    /// ```
    /// use tracing_failure::Value;
    ///
    /// assert_eq!(Value::from("RK45").as_str(), Some("RK45"));
    /// ```
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the entries of a list.
    ///
    /// ```
    /// use tracing_failure::Value;
    ///
    /// assert_eq!(Value::from(vec![1, 2]).as_list().map(|list| list.len()), Some(2));
    /// ```
    pub fn as_list(&self) -> Option<&[Value]> {
        match self {
            Value::List(list) => Some(list),
            _ => None,
        }
    }
}

/// Values are equal if they are written in the same way: NaN equals NaN, and `-0.0` differs from `0.0`.
impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Value::Null, Value::Null) => true,
            (Value::Bool(a), Value::Bool(b)) => a == b,
            (Value::Int(a), Value::Int(b)) => a == b,
            (Value::UInt(a), Value::UInt(b)) => a == b,
            (Value::Float(a), Value::Float(b)) => a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan()),
            (Value::String(a), Value::String(b)) => a == b,
            (Value::List(a), Value::List(b)) => a == b,
            (Value::Map(a), Value::Map(b)) => a == b,
            _ => false,
        }
    }
}

impl Eq for Value {}

/// Writes the value as JSON.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

macro_rules! value_from {
    ($($from:ty => |$x:ident| $value:expr;)*) => {$(
        impl From<$from> for Value {
            fn from($x: $from) -> Self {
                $value
            }
        }
    )*};
}

value_from! {
    bool => |x| Value::Bool(x);
    i8 => |x| Value::Int(x.into());
    u8 => |x| Value::Int(x.into());
    i16 => |x| Value::Int(x.into());
    u16 => |x| Value::Int(x.into());
    i32 => |x| Value::Int(x.into());
    u32 => |x| Value::Int(x.into());
    i64 => |x| Value::Int(x);
    u64 => |x| i64::try_from(x).map_or(Value::UInt(x), Value::Int);
    usize => |x| Value::from(x as u64);
    i128 => |x| match (i64::try_from(x), u64::try_from(x)) {
        (Ok(x), _) => Value::Int(x),
        (_, Ok(x)) => Value::UInt(x),
        _ => Value::String(x.to_string()),
    };
    u128 => |x| u64::try_from(x).map_or_else(|_| Value::String(x.to_string()), Value::from);
    f32 => |x| Value::Float(x.into());
    f64 => |x| Value::Float(x);
    &str => |x| Value::String(x.to_owned());
    String => |x| Value::String(x);
    Map => |x| Value::Map(x);
}

impl<T: Into<Value>> From<Vec<T>> for Value {
    fn from(list: Vec<T>) -> Self {
        Value::List(list.into_iter().map(Into::into).collect())
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Null, Into::into)
    }
}

/// Returns the text of a number that JSON has no syntax for, as in the Protocol Buffers JSON mapping.
fn non_finite_name(x: f64) -> Option<&'static str> {
    if x.is_finite() {
        None
    } else if x.is_nan() {
        Some("NaN")
    } else if x > 0.0 {
        Some("Infinity")
    } else {
        Some("-Infinity")
    }
}

pub(super) fn parse_non_finite(name: &str) -> Option<f64> {
    match name {
        "NaN" => Some(f64::NAN),
        "Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        _ => None,
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::Null => serializer.serialize_unit(),
            Value::Bool(b) => serializer.serialize_bool(*b),
            Value::Int(n) => serializer.serialize_i64(*n),
            Value::UInt(n) => serializer.serialize_u64(*n),
            Value::Float(x) => match non_finite_name(*x) {
                Some(name) => serializer.serialize_newtype_struct(Self::NON_FINITE, name),
                None => serializer.serialize_f64(*x),
            },
            Value::String(text) => serializer.serialize_str(text),
            Value::List(list) => list.serialize(serializer),
            Value::Map(map) => map.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E: de::Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        Value::deserialize(deserializer)
    }

    fn visit_bool<E: de::Error>(self, b: bool) -> Result<Value, E> {
        Ok(b.into())
    }

    fn visit_i64<E: de::Error>(self, n: i64) -> Result<Value, E> {
        Ok(n.into())
    }

    fn visit_u64<E: de::Error>(self, n: u64) -> Result<Value, E> {
        Ok(n.into())
    }

    fn visit_f64<E: de::Error>(self, x: f64) -> Result<Value, E> {
        Ok(x.into())
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Value, E> {
        Ok(parse_non_finite(text).map_or_else(|| text.into(), Value::Float))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(value) = seq.next_element()? {
            list.push(value);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut entries: Vec<(Name, Value)> = Vec::new();
        let mut places = HashMap::new();
        while let Some((name, value)) = access.next_entry::<String, Value>()? {
            match places.get(&name) {
                Some(&place) => entries[place] = (name.into(), value),
                None => {
                    places.insert(name.clone(), entries.len());
                    entries.push((name.into(), value));
                }
            }
        }
        Ok(Value::Map(Map(entries)))
    }
}

/// Named values in insertion order. Each name occurs once.
///
/// ```
/// use tracing_failure::Value;
/// use tracing_failure::record::Map;
///
/// let mut parameters = Map::from_iter([("rtol", 1e-6), ("atol", 1e-9)]);
/// parameters.insert("rtol", 1e-3);
/// assert_eq!(parameters.to_string(), r#"{"rtol":0.001,"atol":1e-9}"#);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Map(pub(super) Vec<(Name, Value)>);

/// The name of an entry. Most names are field names, which are static.
type Name = Cow<'static, str>;

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
            let index = || self.0.iter().enumerate().map(|(place, (name, _))| (name.clone(), place)).collect();
            let (name, value) = (name.into(), value.into());
            match places.get_or_insert_with(index).entry(name) {
                Entry::Occupied(place) => self.0[*place.get()].1 = value,
                Entry::Vacant(place) => {
                    self.0.push((place.key().clone(), value));
                    place.insert(self.0.len() - 1);
                }
            }
        }
    }
}

/// Writes the map as JSON.
impl fmt::Display for Map {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

impl Serialize for Map {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Map {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::Map(map) => Ok(map),
            other => Err(de::Error::custom(format_args!("expected an object, found {other}"))),
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

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    pub(crate) fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            ".{0,12}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 40, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::List),
                prop::collection::vec((".{0,6}", inner), 0..6)
                    .prop_map(|entries| Value::Map(entries.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn every_value_survives_json(value in any_value()) {
            let json = serde_json::to_string(&value).unwrap();
            let back: Value = serde_json::from_str(&json).unwrap();
            prop_assert_eq!(back, value);
        }
    }

    #[test]
    fn signs_subnormals_and_extremes_survive() {
        for x in [-0.0, 5e-324, f64::MIN_POSITIVE / 2.0, f64::MAX, f64::MIN, 0.1 + 0.2] {
            let json = serde_json::to_string(&Value::Float(x)).unwrap();
            let back: Value = serde_json::from_str(&json).unwrap();
            assert_eq!(back, Value::Float(x), "{json}");
        }
    }

    #[test]
    fn integers_beyond_64_bits_are_decimal_strings() {
        assert_eq!(Value::from(1i128 << 70), Value::from("1180591620717411303424"));
        assert_eq!(Value::from(u128::from(u64::MAX)), Value::UInt(u64::MAX));
        assert_eq!(Value::from(i128::from(i64::MIN)), Value::Int(i64::MIN));
    }
}
