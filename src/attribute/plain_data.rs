//! Numbers and containers of numbers. Reading them runs no code of the program.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::ops::{Range, RangeFrom, RangeInclusive, RangeTo};
use std::time::Duration;

use serde::Serialize;

/// A number, boolean or character.
pub trait Scalar: Copy + Default + Serialize {}

/// Maximum number of entries of a small collection.
const MAX_SMALL_ENTRIES: usize = 16;
/// Maximum number of bytes of a small text.
const MAX_SMALL_TEXT_BYTES: usize = 64;

/// A value of the standard library that contains only scalars and strings.
pub trait PlainData: Serialize {
    /// Returns true if the value is small enough for the log line of a successful call.
    fn is_small(&self) -> bool {
        true
    }
}

macro_rules! scalars {
    ($($scalar:ty),* $(,)?) => {
        $(impl Scalar for $scalar {}
        impl PlainData for $scalar {})*
    };
}

scalars!(bool, char, f32, f64, i8, i16, i32, i64, i128, isize, u8, u16, u32, u64, u128, usize);

impl PlainData for Duration {}
impl PlainData for () {}

impl PlainData for str {
    fn is_small(&self) -> bool {
        self.len() <= MAX_SMALL_TEXT_BYTES
    }
}

impl PlainData for String {
    fn is_small(&self) -> bool {
        self.as_str().is_small()
    }
}

impl<D: PlainData> PlainData for Option<D> {
    fn is_small(&self) -> bool {
        self.as_ref().is_none_or(D::is_small)
    }
}

macro_rules! pointers {
    ($($pointer:ty),*) => {$(
        impl<D: PlainData + ?Sized> PlainData for $pointer {
            fn is_small(&self) -> bool {
                (**self).is_small()
            }
        }
    )*};
}

pointers!(&D, &mut D, Box<D>);

macro_rules! lists {
    ($([$($generics:tt)*] $list:ty $(where $bound:ty)?),* $(,)?) => {$(
        impl<D: PlainData, $($generics)*> PlainData for $list $(where $bound: Serialize)? {
            fn is_small(&self) -> bool {
                self.len() <= MAX_SMALL_ENTRIES && self.iter().all(D::is_small)
            }
        }
    )*};
}

lists!(
    [] [D],
    [const N: usize] [D; N] where [D; N],
    [] Vec<D>,
    [] VecDeque<D>,
    [] BTreeSet<D>,
    [S] HashSet<D, S>,
);

macro_rules! maps {
    ($([$($generics:tt)*] $map:ty),* $(,)?) => {$(
        impl<K: PlainData, D: PlainData, $($generics)*> PlainData for $map {
            fn is_small(&self) -> bool {
                self.len() <= MAX_SMALL_ENTRIES && self.iter().all(|(key, value)| key.is_small() && value.is_small())
            }
        }
    )*};
}

maps!([] BTreeMap<K, D>, [S] HashMap<K, D, S>);

macro_rules! ranges {
    ($($range:ty),*) => { $(impl<D: Scalar> PlainData for $range where $range: Serialize {})* };
}

ranges!(Range<D>, RangeFrom<D>, RangeInclusive<D>, RangeTo<D>);

macro_rules! tuples {
    ($(($($type:ident $index:tt),*)),*) => {$(
        impl<$($type: PlainData),*> PlainData for ($($type,)*) {
            fn is_small(&self) -> bool {
                $(self.$index.is_small())&&*
            }
        }
    )*};
}

tuples!((A 0), (A 0, B 1), (A 0, B 1, C 2), (A 0, B 1, C 2, D 3), (A 0, B 1, C 2, D 3, E 4), (A 0, B 1, C 2, D 3, E 4, F 5));
