//! Converts `serde::Serialize` values. NaN and the order of entries survive, and large arrays become summaries.

use std::cell::Cell;

use serde::ser::{self, Serialize};

use super::array::{ArrayBuilder, Node};
use super::limits::Limits;
use super::non_finite::parse_non_finite;
use super::room::ValueRoom;
use super::variant::{Map, Value};
use text::shorten;

type Error = serde::de::value::Error;

impl Value {
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
        value.serialize(ValueSerializer::new(limits)).map(|node| node.value).map_err(ser::Error::custom)
    }

    /// Converts a value that has at most this room. Reading it stops where the room ends.
    #[doc(hidden)]
    pub fn from_serialize_into<T: Serialize + ?Sized>(
        value: &T,
        limits: &Limits,
        room: ValueRoom,
    ) -> Result<Self, serde_json::Error> {
        let room = Cell::new(room);
        let serializer = ValueSerializer { room: Some(&room), ..ValueSerializer::new(limits) };
        value.serialize(serializer).map(|node| node.value).map_err(ser::Error::custom)
    }
}

#[derive(Clone, Copy)]
struct ValueSerializer<'a> {
    limits: &'a Limits,
    depth: usize,
    /// The room that is left, if it is limited.
    room: Option<&'a Cell<ValueRoom>>,
}

impl<'a> ValueSerializer<'a> {
    fn new(limits: &'a Limits) -> Self {
        ValueSerializer { limits, depth: 0, room: None }
    }

    fn deeper(self) -> Result<Self, Error> {
        if self.depth >= self.limits.depth {
            return Err(ser::Error::custom(format_args!("nested deeper than {} levels", self.limits.depth)));
        }
        Ok(ValueSerializer { depth: self.depth + 1, ..self })
    }

    /// Takes room for entries and for bytes of text.
    fn take(self, entries: usize, bytes: usize) -> Result<(), Error> {
        let Some(room) = self.room else { return Ok(()) };
        let mut left = room.get();
        if !left.take(entries, bytes) {
            return Err(ser::Error::custom("no room"));
        }
        room.set(left);
        Ok(())
    }
}

macro_rules! serialize_as_value {
    ($($method:ident: $from:ty,)*) => {$(
        fn $method(self, value: $from) -> Result<Node, Error> {
            self.take(1, 0)?;
            Ok(Value::from(value).into())
        }
    )*};
}

macro_rules! serialize_as_i64 {
    ($($method:ident: $from:ty,)*) => {$(
        fn $method(self, value: $from) -> Result<Node, Error> {
            self.take(1, 0)?;
            Ok(Value::Int(value.into()).into())
        }
    )*};
}

impl<'a> ser::Serializer for ValueSerializer<'a> {
    type Ok = Node;
    type Error = Error;
    type SerializeSeq = SequenceSerializer<'a>;
    type SerializeTuple = SequenceSerializer<'a>;
    type SerializeTupleStruct = SequenceSerializer<'a>;
    type SerializeTupleVariant = VariantSerializer<SequenceSerializer<'a>>;
    type SerializeMap = MapSerializer<'a>;
    type SerializeStruct = MapSerializer<'a>;
    type SerializeStructVariant = VariantSerializer<MapSerializer<'a>>;

    serialize_as_i64! {
        serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64,
        serialize_u8: u8, serialize_u16: u16, serialize_u32: u32,
    }

    serialize_as_value! {
        serialize_bool: bool, serialize_u64: u64, serialize_i128: i128, serialize_u128: u128,
        serialize_f32: f32, serialize_f64: f64,
    }

    fn serialize_char(self, value: char) -> Result<Node, Error> {
        self.take(1, 0)?;
        Ok(Value::String(value.into()).into())
    }

    fn serialize_str(self, value: &str) -> Result<Node, Error> {
        self.take(1, value.len())?;
        Ok(Value::String(shorten(value, self.limits.text).into_owned()).into())
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<Node, Error> {
        self.take(1 + value.len(), 0)?;
        let mut array = ArrayBuilder::new(self.limits);
        for &byte in value {
            array.push(Value::Int(byte.into()).into());
        }
        Ok(array.finish())
    }

    fn serialize_none(self) -> Result<Node, Error> {
        self.take(1, 0)?;
        Ok(Value::Null.into())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Node, Error> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<Node, Error> {
        self.take(1, 0)?;
        Ok(Value::Null.into())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<Node, Error> {
        self.take(1, 0)?;
        Ok(Value::Null.into())
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<Node, Error> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, name: &'static str, value: &T) -> Result<Node, Error> {
        let node = value.serialize(self)?;
        match node.value.as_str().and_then(parse_non_finite) {
            Some(x) if name == Value::NON_FINITE => Ok(Value::Float(x).into()),
            _ => Ok(node),
        }
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<Node, Error> {
        self.take(1, variant.len())?;
        let inner = value.serialize(self.deeper()?)?;
        Ok(named(variant, inner))
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<SequenceSerializer<'a>, Error> {
        self.take(1, 0)?;
        Ok(SequenceSerializer { array: ArrayBuilder::new(self.limits), inner: self.deeper()? })
    }

    fn serialize_tuple(self, len: usize) -> Result<SequenceSerializer<'a>, Error> {
        self.serialize_seq(Some(len))
    }

    fn serialize_tuple_struct(self, _: &'static str, len: usize) -> Result<SequenceSerializer<'a>, Error> {
        self.serialize_seq(Some(len))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<VariantSerializer<SequenceSerializer<'a>>, Error> {
        self.take(1, variant.len())?;
        Ok(VariantSerializer { variant, inner: self.serialize_seq(Some(len))? })
    }

    fn serialize_map(self, _: Option<usize>) -> Result<MapSerializer<'a>, Error> {
        self.take(1, 0)?;
        Ok(MapSerializer { map: Map::new(), left_out: 0, name: None, inner: self.deeper()? })
    }

    fn serialize_struct(self, _: &'static str, len: usize) -> Result<MapSerializer<'a>, Error> {
        self.serialize_map(Some(len))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<VariantSerializer<MapSerializer<'a>>, Error> {
        self.take(1, variant.len())?;
        Ok(VariantSerializer { variant, inner: self.serialize_map(Some(len))? })
    }
}

fn named(variant: &'static str, inner: Node) -> Node {
    Value::Map(Map::from_iter([(variant, inner.value)])).into()
}

pub(super) struct SequenceSerializer<'a> {
    array: ArrayBuilder,
    inner: ValueSerializer<'a>,
}

impl SequenceSerializer<'_> {
    fn push<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.array.push(value.serialize(self.inner)?);
        Ok(())
    }
}

pub(super) struct MapSerializer<'a> {
    map: Map,
    left_out: usize,
    name: Option<String>,
    inner: ValueSerializer<'a>,
}

impl MapSerializer<'_> {
    fn insert<T: Serialize + ?Sized>(&mut self, name: String, value: &T) -> Result<(), Error> {
        if self.map.len() >= self.inner.limits.array {
            self.left_out += 1;
            return self.inner.take(1, 0);
        }
        self.inner.take(0, name.len())?;
        self.map.insert(name, value.serialize(self.inner)?.value);
        Ok(())
    }

    fn finish(mut self) -> Value {
        self.map.insert_omission(self.left_out);
        Value::Map(self.map)
    }
}

/// The payload of an enum variant, which becomes an entry with the name of the variant.
pub(super) struct VariantSerializer<T> {
    variant: &'static str,
    inner: T,
}

macro_rules! sequence {
    ($trait:ident, $method:ident) => {
        impl ser::$trait for SequenceSerializer<'_> {
            type Ok = Node;
            type Error = Error;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
                self.push(value)
            }

            fn end(self) -> Result<Node, Error> {
                Ok(self.array.finish())
            }
        }
    };
}

sequence!(SerializeSeq, serialize_element);
sequence!(SerializeTuple, serialize_element);
sequence!(SerializeTupleStruct, serialize_field);

impl ser::SerializeTupleVariant for VariantSerializer<SequenceSerializer<'_>> {
    type Ok = Node;
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.inner.push(value)
    }

    fn end(self) -> Result<Node, Error> {
        Ok(named(self.variant, self.inner.array.finish()))
    }
}

impl ser::SerializeMap for MapSerializer<'_> {
    type Ok = Node;
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        // The name does not count as an entry.
        let unlimited = ValueSerializer { room: None, ..self.inner };
        self.name = Some(match key.serialize(unlimited)?.value {
            Value::String(name) => name,
            other => other.to_string(),
        });
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        let name = self.name.take().unwrap_or_default();
        self.insert(name, value)
    }

    fn end(self) -> Result<Node, Error> {
        Ok(self.finish().into())
    }
}

impl ser::SerializeStruct for MapSerializer<'_> {
    type Ok = Node;
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Error> {
        self.insert(name.to_owned(), value)
    }

    fn end(self) -> Result<Node, Error> {
        Ok(self.finish().into())
    }
}

impl ser::SerializeStructVariant for VariantSerializer<MapSerializer<'_>> {
    type Ok = Node;
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Error> {
        self.inner.insert(name.to_owned(), value)
    }

    fn end(self) -> Result<Node, Error> {
        Ok(named(self.variant, self.inner.finish().into()))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[derive(serde::Serialize)]
    enum Method {
        Rk45,
        Radau { order: u8 },
        Fixed(f64),
    }

    #[test]
    fn numbers_stay_numbers_and_variants_keep_their_names() {
        let value = Value::from_serialize(&(
            f64::NAN,
            1i128 << 70,
            0.1f32,
            [Method::Rk45, Method::Radau { order: 5 }, Method::Fixed(0.1)],
            BTreeMap::from([(3, ())]),
        ));
        insta::assert_snapshot!(
            value.unwrap(),
            @r#"["NaN","1180591620717411303424",0.10000000149011612,["Rk45",{"Radau":{"order":5}},{"Fixed":0.1}],{"3":null}]"#
        );
    }

    #[test]
    fn non_finite_values_are_unchanged() {
        let value = Value::List(vec![f64::NAN.into(), f64::NEG_INFINITY.into(), "NaN".into(), (-0.0).into()]);
        assert_eq!(Value::from_serialize(&value).unwrap(), value);
    }

    #[test]
    fn a_million_entries_become_a_summary() {
        let value = Value::from_serialize(&(0..1_000_000).collect::<Vec<i64>>()).unwrap();
        insta::assert_snapshot!(value, @r#"{"summary":"array","length":1000000,"shape":[1000000],"head":[0,1,2,3,4,5,6,7],"tail":[999992,999993,999994,999995,999996,999997,999998,999999],"min":0.0,"max":999999.0,"mean":499999.5,"non_finite":0}"#);
    }

    #[test]
    fn endless_nesting_is_an_error_not_a_stack_overflow() {
        struct Nest;
        impl serde::Serialize for Nest {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_seq([Nest])
            }
        }
        let error = Value::from_serialize(&Nest).unwrap_err();
        assert_eq!(error.to_string(), "nested deeper than 32 levels");
    }
}
