//! Numbers and containers of numbers. Reading them runs no code of the program.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::ops::{Range, RangeFrom, RangeInclusive, RangeTo};
use std::time::Duration;

use serde::ser::{SerializeStruct, SerializeTuple};
use serde::{Serialize, Serializer};

/// A number, boolean or character.
pub trait Scalar: Copy + Default + PlainData {}

/// Maximum number of entries of a small collection.
pub(crate) const MAX_SMALL_ENTRIES: usize = 16;
/// Maximum number of bytes of a small text.
const MAX_SMALL_TEXT_BYTES: usize = 64;

/// A value of the standard library, or an array of a known crate, that contains only scalars and strings. It need not
/// implement `Serialize`.
pub trait PlainData {
    fn serialize_data<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;

    /// Returns true if the value is small enough for the log line of a successful call.
    fn is_small(&self) -> bool {
        true
    }
}

/// Plain data that is serialised.
pub(crate) struct PlainValue<'a, D: ?Sized>(pub &'a D);

impl<D: PlainData + ?Sized> Serialize for PlainValue<'_, D> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize_data(serializer)
    }
}

/// Implements the trait for types that implement `Serialize` themselves.
macro_rules! serializable {
    ($($type:ty $(: |$value:ident| $is_small:expr)?),* $(,)?) => {$(
        impl PlainData for $type {
            fn serialize_data<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                self.serialize(serializer)
            }

            $(fn is_small(&self) -> bool {
                let $value = self;
                $is_small
            })?
        }
    )*};
}

macro_rules! scalars {
    ($($scalar:ty),* $(,)?) => {
        $(impl Scalar for $scalar {})*
        serializable!($($scalar),*);
    };
}

scalars!(bool, char, f32, f64, i8, i16, i32, i64, i128, isize, u8, u16, u32, u64, u128, usize);
serializable!(
    str: |text| text.len() <= MAX_SMALL_TEXT_BYTES,
    String: |text| text.len() <= MAX_SMALL_TEXT_BYTES,
    (),
);

/// The text that people read: `1.5s`.
impl PlainData for Duration {
    fn serialize_data<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{self:?}"))
    }
}

macro_rules! pointers {
    ($($pointer:ty),*) => {$(
        impl<D: PlainData + ?Sized> PlainData for $pointer {
            fn serialize_data<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                (**self).serialize_data(serializer)
            }

            fn is_small(&self) -> bool {
                (**self).is_small()
            }
        }
    )*};
}

pointers!(&D, &mut D, Box<D>);

impl<D: PlainData> PlainData for Option<D> {
    fn serialize_data<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Some(data) => serializer.serialize_some(&PlainValue(data)),
            None => serializer.serialize_none(),
        }
    }

    fn is_small(&self) -> bool {
        self.as_ref().is_none_or(D::is_small)
    }
}

macro_rules! sequences {
    ($([$($generics:tt)*] $sequence:ty),* $(,)?) => {$(
        impl<D: PlainData, $($generics)*> PlainData for $sequence {
            fn serialize_data<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_seq(self.iter().map(PlainValue))
            }

            fn is_small(&self) -> bool {
                self.len() <= MAX_SMALL_ENTRIES && self.iter().all(D::is_small)
            }
        }
    )*};
}

sequences!([] [D], [const N: usize] [D; N], [] Vec<D>, [] VecDeque<D>, [] BTreeSet<D>, [H] HashSet<D, H>);

macro_rules! maps {
    ($([$($generics:tt)*] $map:ty),* $(,)?) => {$(
        impl<K: PlainData, D: PlainData, $($generics)*> PlainData for $map {
            fn serialize_data<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_map(self.iter().map(|(key, data)| (PlainValue(key), PlainValue(data))))
            }

            fn is_small(&self) -> bool {
                self.len() <= MAX_SMALL_ENTRIES && self.iter().all(|(key, data)| key.is_small() && data.is_small())
            }
        }
    )*};
}

maps!([] BTreeMap<K, D>, [H] HashMap<K, D, H>);

macro_rules! ranges {
    ($($range:ident: |$value:ident| $($name:literal = $bound:expr),+;)*) => {$(
        impl<D: Scalar> PlainData for $range<D> {
            fn serialize_data<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let $value = self;
                let mut range = serializer.serialize_struct(stringify!($range), [$($name),+].len())?;
                $(range.serialize_field($name, &PlainValue($bound))?;)+
                range.end()
            }
        }
    )*};
}

ranges! {
    Range: |range| "start" = &range.start, "end" = &range.end;
    RangeFrom: |range| "start" = &range.start;
    RangeInclusive: |range| "start" = range.start(), "end" = range.end();
    RangeTo: |range| "end" = &range.end;
}

macro_rules! tuples {
    ($(($($part:ident $index:tt),+)),* $(,)?) => {$(
        impl<$($part: PlainData),+> PlainData for ($($part,)+) {
            fn serialize_data<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
                let mut tuple = serializer.serialize_tuple([$($index),+].len())?;
                $(tuple.serialize_element(&PlainValue(&self.$index))?;)+
                tuple.end()
            }

            fn is_small(&self) -> bool {
                $(self.$index.is_small())&&+
            }
        }
    )*};
}

tuples!((A 0), (A 0, B 1), (A 0, B 1, C 2), (A 0, B 1, C 2, D 3), (A 0, B 1, C 2, D 3, E 4), (A 0, B 1, C 2, D 3, E 4, F 5));
