//! Vectors, matrices and arrays of other crates, whose entries are read one by one.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::attribute::array_shape::{ArrayShape, product};
use crate::attribute::plain_data::{PlainValue, Scalar};

/// A vector, matrix or array of numbers.
pub trait NumberArray {
    type Number: Scalar;

    fn array_shape(&self) -> ArrayShape;

    /// Returns the entry at this row-major index, which is below the length.
    fn number(&self, index: usize) -> Option<Self::Number>;
}

/// Serialises all entries of an array as nested lists.
pub(crate) fn serialize_array<S: Serializer>(
    array: &(impl NumberArray + ?Sized),
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let shape = array.array_shape();
    if shape.is_hollow() {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("summary", "array")?;
        map.serialize_entry("length", &0)?;
        map.serialize_entry("shape", shape.lengths())?;
        return map.end();
    }
    ArrayRows { array, shape: shape.lengths(), first: 0 }.serialize(serializer)
}

/// A part of an array with one dimension less for each index that is known.
struct ArrayRows<'a, A: ?Sized> {
    array: &'a A,
    shape: &'a [usize],
    /// The row-major index of the first entry.
    first: usize,
}

impl<A: NumberArray + ?Sized> Serialize for ArrayRows<'_, A> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let &ArrayRows { array, shape, first } = self;
        match shape {
            [] => PlainValue(&array.number(first)).serialize(serializer),
            [rows, inner @ ..] => {
                let length = product(inner);
                let row = |row| ArrayRows { array, shape: inner, first: first + row * length };
                serializer.collect_seq((0..*rows).map(row))
            }
        }
    }
}

/// Implements the capture of arguments for an array: a copy is read completely, other values are summarised on entry.
macro_rules! capture_array {
    ($([$($generics:tt)*] $array:ty),* $(,)?) => {$(
        impl<$($generics)*> $crate::attribute::plain_data::PlainData for $array
        where
            Self: $crate::arrays::number_array::NumberArray,
        {
            fn serialize_data<Z: serde::Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
                $crate::arrays::number_array::serialize_array(self, serializer)
            }

            fn is_small(&self) -> bool {
                use $crate::arrays::number_array::NumberArray;
                self.array_shape().length() <= $crate::attribute::plain_data::MAX_SMALL_ENTRIES
            }
        }

        impl<$($generics)*> $crate::attribute::summary::Summarize for $array
        where
            Self: $crate::arrays::number_array::NumberArray,
        {
            type Summary = $crate::attribute::summary::ArrayEnds<
                <Self as $crate::arrays::number_array::NumberArray>::Number,
            >;

            fn summarize(&self) -> Self::Summary {
                use $crate::arrays::number_array::NumberArray;
                $crate::attribute::summary::ArrayEnds::new(self.array_shape(), |index| self.number(index))
            }
        }
    )*};
}

pub(crate) use capture_array;
