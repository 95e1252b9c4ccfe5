//! A serializer to Python objects: dicts, lists, texts and numbers. NaN and the infinities are floats.

use std::fmt;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString};
use pyo3::{BoundObject, IntoPyObject};
use serde::ser::{self, Serialize};
use tracing_failure::Value;

/// Converts a value to Python objects.
pub(crate) fn object<'py>(py: Python<'py>, value: &(impl Serialize + ?Sized)) -> PyResult<Bound<'py, PyAny>> {
    value.serialize(ToPython { py }).map_err(|Error(error)| error)
}

#[derive(Debug)]
pub(crate) struct Error(PyErr);

impl From<PyErr> for Error {
    fn from(error: PyErr) -> Self {
        Error(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Error {}

impl ser::Error for Error {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Error(pyo3::exceptions::PyValueError::new_err(message.to_string()))
    }
}

#[derive(Clone, Copy)]
struct ToPython<'py> {
    py: Python<'py>,
}

type Object<'py> = Result<Bound<'py, PyAny>, Error>;

impl<'py> ToPython<'py> {
    fn make<T: IntoPyObject<'py>>(self, value: T) -> Object<'py> {
        let object = value.into_pyobject(self.py).map_err(|error| Error(error.into()))?;
        Ok(object.into_any().into_bound())
    }

    /// A dict with the payload of an enum variant under its name.
    fn named(self, variant: &str, payload: Bound<'py, PyAny>) -> Object<'py> {
        let dict = PyDict::new(self.py);
        dict.set_item(variant, payload)?;
        Ok(dict.into_any())
    }
}

macro_rules! serialize_as_it_is {
    ($($method:ident: $from:ty,)*) => {$(
        fn $method(self, value: $from) -> Object<'py> {
            self.make(value)
        }
    )*};
}

impl<'py> ser::Serializer for ToPython<'py> {
    type Ok = Bound<'py, PyAny>;
    type Error = Error;
    type SerializeSeq = List<'py>;
    type SerializeTuple = List<'py>;
    type SerializeTupleStruct = List<'py>;
    type SerializeTupleVariant = List<'py>;
    type SerializeMap = Dict<'py>;
    type SerializeStruct = Dict<'py>;
    type SerializeStructVariant = Dict<'py>;

    serialize_as_it_is! {
        serialize_bool: bool, serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64,
        serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64, serialize_f32: f32,
        serialize_f64: f64, serialize_char: char, serialize_str: &str, serialize_bytes: &[u8],
    }

    fn serialize_none(self) -> Object<'py> {
        Ok(self.py.None().into_bound(self.py))
    }

    fn serialize_unit(self) -> Object<'py> {
        self.serialize_none()
    }

    fn serialize_unit_struct(self, _: &'static str) -> Object<'py> {
        self.serialize_none()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Object<'py> {
        value.serialize(self)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Object<'py> {
        self.make(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, name: &'static str, value: &T) -> Object<'py> {
        let object = value.serialize(self)?;
        if name != Value::NON_FINITE {
            return Ok(object);
        }
        match object.extract::<&str>() {
            Ok("NaN") => self.make(f64::NAN),
            Ok("Infinity") => self.make(f64::INFINITY),
            Ok("-Infinity") => self.make(f64::NEG_INFINITY),
            _ => Ok(object),
        }
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Object<'py> {
        self.named(variant, value.serialize(self)?)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<List<'py>, Error> {
        Ok(List { list: PyList::empty(self.py), variant: None })
    }

    fn serialize_tuple(self, _: usize) -> Result<List<'py>, Error> {
        self.serialize_seq(None)
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<List<'py>, Error> {
        self.serialize_seq(None)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<List<'py>, Error> {
        Ok(List { list: PyList::empty(self.py), variant: Some(variant) })
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Dict<'py>, Error> {
        Ok(Dict { dict: PyDict::new(self.py), name: None, variant: None })
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Dict<'py>, Error> {
        self.serialize_map(None)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Dict<'py>, Error> {
        Ok(Dict { dict: PyDict::new(self.py), name: None, variant: Some(variant) })
    }
}

struct List<'py> {
    list: Bound<'py, PyList>,
    variant: Option<&'static str>,
}

impl<'py> List<'py> {
    fn push<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        Ok(self.list.append(value.serialize(ToPython { py: self.list.py() })?)?)
    }

    fn finish(self) -> Object<'py> {
        let py = self.list.py();
        let list = self.list.into_any();
        match self.variant {
            Some(variant) => ToPython { py }.named(variant, list),
            None => Ok(list),
        }
    }
}

struct Dict<'py> {
    dict: Bound<'py, PyDict>,
    name: Option<Bound<'py, PyAny>>,
    variant: Option<&'static str>,
}

impl<'py> Dict<'py> {
    fn insert<T: Serialize + ?Sized>(&mut self, name: Bound<'py, PyAny>, value: &T) -> Result<(), Error> {
        Ok(self.dict.set_item(name, value.serialize(ToPython { py: self.dict.py() })?)?)
    }

    fn field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Error> {
        self.insert(PyString::intern(self.dict.py(), name).into_any(), value)
    }

    fn finish(self) -> Object<'py> {
        let py = self.dict.py();
        let dict = self.dict.into_any();
        match self.variant {
            Some(variant) => ToPython { py }.named(variant, dict),
            None => Ok(dict),
        }
    }
}

macro_rules! list {
    ($($trait:ident: $method:ident,)*) => {$(
        impl<'py> ser::$trait for List<'py> {
            type Ok = Bound<'py, PyAny>;
            type Error = Error;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
                self.push(value)
            }

            fn end(self) -> Object<'py> {
                self.finish()
            }
        }
    )*};
}

list! {
    SerializeSeq: serialize_element,
    SerializeTuple: serialize_element,
    SerializeTupleStruct: serialize_field,
    SerializeTupleVariant: serialize_field,
}

macro_rules! dict {
    ($($trait:ident),*) => {$(
        impl<'py> ser::$trait for Dict<'py> {
            type Ok = Bound<'py, PyAny>;
            type Error = Error;

            fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Error> {
                self.field(name, value)
            }

            fn end(self) -> Object<'py> {
                self.finish()
            }
        }
    )*};
}

dict!(SerializeStruct, SerializeStructVariant);

impl<'py> ser::SerializeMap for Dict<'py> {
    type Ok = Bound<'py, PyAny>;
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        self.name = Some(key.serialize(ToPython { py: self.dict.py() })?);
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        match self.name.take() {
            Some(name) => self.insert(name, value),
            None => Err(ser::Error::custom("a value without a name")),
        }
    }

    fn end(self) -> Object<'py> {
        self.finish()
    }
}
