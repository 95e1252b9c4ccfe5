//! Summaries of arguments that a function owns or changes. They are taken on entry, in constant time.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::ops::{Range, RangeFrom, RangeInclusive, RangeTo};

use record::internal::ValueRoom;
use record::{Limits, Map, Value};

use crate::attribute::array_shape::{ArrayShape, product};
use crate::attribute::plain_data::{PlainData, PlainValue, Scalar};
use crate::observe::arguments::{Capture, NoRoom};

/// Number of entries at each end of a summary.
const ENDS: usize = 8;

/// A value that can be summarised in constant time, whatever its size.
pub trait Summarize {
    /// The summary. It owns its content.
    type Summary: Capture;

    fn summarize(&self) -> Self::Summary;
}

/// The shape of an array, with its first and last entries in row-major order.
#[derive(Clone, Copy)]
pub struct ArrayEnds<S> {
    shape: ArrayShape,
    head: [S; ENDS],
    tail: [S; ENDS],
}

impl<S: Scalar> ArrayEnds<S> {
    /// Summarises an array of this shape. `entry` returns the entry at a row-major index below the length.
    pub fn new(shape: ArrayShape, entry: impl Fn(usize) -> Option<S>) -> Self {
        let mut ends = ArrayEnds { shape, head: [S::default(); ENDS], tail: [S::default(); ENDS] };
        let (length, (in_head, in_tail)) = (shape.length(), ends.counts());
        for (index, place) in ends.head[..in_head].iter_mut().enumerate() {
            *place = entry(index).unwrap_or_default();
        }
        for (index, place) in ends.tail[..in_tail].iter_mut().enumerate() {
            *place = entry(length - in_tail + index).unwrap_or_default();
        }
        ends
    }

    /// Returns the number of entries in the head and in the tail.
    fn counts(&self) -> (usize, usize) {
        let length = self.shape.length();
        let in_head = length.min(ENDS);
        (in_head, (length - in_head).min(ENDS))
    }
}

impl<S: Scalar> Capture for ArrayEnds<S> {
    fn capture(&self, limits: &Limits) -> Option<Value> {
        let (in_head, in_tail) = self.counts();
        let value = |entry: &S| Value::from_serialize_within(&PlainValue(entry), limits).unwrap_or_default();
        let mut head: Vec<Value> = self.head[..in_head].iter().map(value).collect();
        let tail: Vec<Value> = self.tail[..in_tail].iter().map(value).collect();
        let length = self.shape.length();
        if head.len() + tail.len() == length && !self.shape.is_hollow() {
            head.extend(tail);
            return Some(nested(self.shape.lengths(), &head));
        }
        let mut summary = Map::from_iter([("summary", "array")]);
        summary.insert("length", length);
        summary.insert("shape", self.shape.lengths().to_vec());
        if length > 0 {
            summary.insert("head", head);
            summary.insert("tail", tail);
        }
        Some(Value::Map(summary))
    }

    fn is_small(&self) -> bool {
        let (in_head, in_tail) = self.counts();
        in_head + in_tail == self.shape.length()
    }
}

/// Returns the entries as nested lists.
fn nested(shape: &[usize], entries: &[Value]) -> Value {
    match shape {
        [] => entries.first().cloned().unwrap_or_default(),
        [_] => Value::List(entries.to_vec()),
        [rows, rest @ ..] => {
            let length = product(rest);
            Value::List((0..*rows).map(|row| nested(rest, &entries[row * length..(row + 1) * length])).collect())
        }
    }
}

/// The length of a collection whose entries are not scalars.
#[derive(Clone, Copy)]
pub struct Length(usize);

impl Capture for Length {
    fn capture(&self, _: &Limits) -> Option<Value> {
        Some(Value::Map(Map::from_iter([("summary", Value::from("collection")), ("length", self.0.into())])))
    }

    fn is_small(&self) -> bool {
        true
    }
}

/// A copy of a small value.
#[derive(Clone, Copy)]
pub struct Copied<D>(pub D);

impl<D: PlainData> Capture for Copied<D> {
    fn capture(&self, limits: &Limits) -> Option<Value> {
        Value::from_serialize_within(&PlainValue(&self.0), limits).ok()
    }

    fn capture_into(&self, limits: &Limits, room: ValueRoom) -> Result<Option<Value>, NoRoom> {
        Value::from_serialize_into(&PlainValue(&self.0), limits, room).map(Some).map_err(|_| NoRoom)
    }

    fn is_small(&self) -> bool {
        self.0.is_small()
    }
}

macro_rules! summarize_slices {
    ($($container:ty),* $(,)?) => {$(
        impl<S: Scalar> Summarize for $container {
            type Summary = ArrayEnds<S>;

            fn summarize(&self) -> Self::Summary {
                ArrayEnds::new(ArrayShape::new(&[self.len()]), |index| self.get(index).copied())
            }
        }
    )*};
}

summarize_slices!(Vec<S>, [S], Box<[S]>, VecDeque<S>);

macro_rules! summarize_ranges {
    ($($range:ident),*) => {$(
        impl<S: Scalar> Summarize for $range<S> where $range<S>: PlainData {
            type Summary = Copied<$range<S>>;

            fn summarize(&self) -> Self::Summary {
                Copied(self.clone())
            }
        }
    )*};
}

summarize_ranges!(Range, RangeFrom, RangeInclusive, RangeTo);

impl<Z: Summarize> Summarize for Option<Z> {
    type Summary = Option<Z::Summary>;

    fn summarize(&self) -> Self::Summary {
        self.as_ref().map(Z::summarize)
    }
}

impl<C: Capture> Capture for Option<C> {
    fn capture(&self, limits: &Limits) -> Option<Value> {
        self.as_ref().map_or(Some(Value::Null), |value| value.capture(limits))
    }

    fn capture_into(&self, limits: &Limits, room: ValueRoom) -> Result<Option<Value>, NoRoom> {
        self.as_ref().map_or(Ok(Some(Value::Null)), |value| value.capture_into(limits, room))
    }

    fn runs_program_code(&self) -> bool {
        self.as_ref().is_some_and(C::runs_program_code)
    }

    fn is_small(&self) -> bool {
        self.as_ref().is_none_or(C::is_small)
    }
}

impl<Z: Summarize + ?Sized> Summarize for &mut Z {
    type Summary = Z::Summary;

    fn summarize(&self) -> Self::Summary {
        (**self).summarize()
    }
}

/// A collection of any entries, of which only the length is known in constant time.
pub trait Collection {
    fn length(&self) -> usize;
}

macro_rules! collections {
    ($([$($generics:tt)*] $container:ty),* $(,)?) => {$(
        impl<$($generics)*> Collection for $container {
            fn length(&self) -> usize {
                self.len()
            }
        }
    )*};
}

collections!(
    [T] Vec<T>,
    [T] [T],
    [T] Box<[T]>,
    [T] VecDeque<T>,
    [T] BTreeSet<T>,
    [T, H] HashSet<T, H>,
    [K, T] BTreeMap<K, T>,
    [K, T, H] HashMap<K, T, H>,
);

impl<C: Collection + ?Sized> Collection for &mut C {
    fn length(&self) -> usize {
        (**self).length()
    }
}

/// Returns the summary of a collection.
pub(super) fn of_collection(collection: &(impl Collection + ?Sized)) -> Length {
    Length(collection.length())
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// Returns the summary of an array whose entries are their indices, and the number of entries that it reads.
    fn summary(shape: &[usize]) -> (String, usize) {
        let count = Cell::new(0);
        let ends = ArrayEnds::new(ArrayShape::new(shape), |index| {
            count.set(count.get() + 1);
            u32::try_from(index).ok()
        });
        (ends.capture(&Limits::DEFAULT).unwrap().to_string(), count.get())
    }

    #[test]
    fn a_summary_reads_the_ends_of_an_array_of_any_size() {
        assert_eq!(summary(&[]), ("0".to_owned(), 1));
        assert_eq!(summary(&[2, 3]), ("[[0,1,2],[3,4,5]]".to_owned(), 6));
        assert_eq!(summary(&[2, 0]), ("[[],[]]".to_owned(), 0));
        let large = r#"{"summary":"array","length":1000000,"shape":[1000,1000],"head":[0,1,2,3,4,5,6,7],"#;
        let tail = r#""tail":[999992,999993,999994,999995,999996,999997,999998,999999]}"#;
        assert_eq!(summary(&[1000, 1000]), (format!("{large}{tail}"), 16));
    }

    #[test]
    fn an_array_without_entries_does_not_become_many_lists() {
        let expected = r#"{"summary":"array","length":0,"shape":[1000000000,0]}"#;
        assert_eq!(summary(&[1_000_000_000, 0]), (expected.to_owned(), 0));
        assert_eq!(summary(&[usize::MAX, 2, 0]).1, 0);
    }

    #[test]
    fn an_array_of_many_dimensions_is_a_list() {
        assert_eq!(summary(&[1, 1, 1, 1, 1, 2, 2]), ("[0,1,2,3]".to_owned(), 4));
    }
}
