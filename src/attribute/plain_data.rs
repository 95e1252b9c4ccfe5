//! Numbers and containers of numbers. Reading them runs no code of the program.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::ops::{Range, RangeFrom, RangeInclusive, RangeTo};
use std::time::Duration;

use serde::Serialize;

/// A number, boolean or character.
pub trait Scalar: Copy + Default + Serialize {}

/// A value of the standard library that contains only scalars and strings.
pub trait PlainData: Serialize {}

macro_rules! scalars {
    ($($scalar:ty),* $(,)?) => {
        $(impl Scalar for $scalar {}
        impl PlainData for $scalar {})*
    };
}

scalars!(bool, char, f32, f64, i8, i16, i32, i64, i128, isize, u8, u16, u32, u64, u128, usize);

impl PlainData for str {}
impl PlainData for String {}
impl PlainData for Duration {}
impl PlainData for () {}
impl<D: PlainData + ?Sized> PlainData for &D {}
impl<D: PlainData + ?Sized> PlainData for &mut D {}
impl<D: PlainData + ?Sized> PlainData for Box<D> {}
impl<D: PlainData> PlainData for Option<D> {}
impl<D: PlainData> PlainData for [D] {}
impl<D: PlainData, const N: usize> PlainData for [D; N] where [D; N]: Serialize {}
impl<D: PlainData> PlainData for Vec<D> {}
impl<D: PlainData> PlainData for VecDeque<D> {}
impl<D: PlainData> PlainData for BTreeSet<D> {}
impl<D: PlainData, S> PlainData for HashSet<D, S> {}
impl<K: PlainData, D: PlainData> PlainData for BTreeMap<K, D> {}
impl<K: PlainData, D: PlainData, S> PlainData for HashMap<K, D, S> {}
impl<D: PlainData> PlainData for Range<D> {}
impl<D: PlainData> PlainData for RangeFrom<D> {}
impl<D: PlainData> PlainData for RangeInclusive<D> {}
impl<D: PlainData> PlainData for RangeTo<D> {}
impl<A: PlainData, B: PlainData> PlainData for (A, B) {}
impl<A: PlainData, B: PlainData, C: PlainData> PlainData for (A, B, C) {}
impl<A: PlainData, B: PlainData, C: PlainData, D: PlainData> PlainData for (A, B, C, D) {}
