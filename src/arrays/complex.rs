//! Complex numbers: objects with the entries `re` and `im`.

use num_complex::Complex;
use serde::Serializer;
use serde::ser::SerializeStruct;

use crate::attribute::plain_data::{PlainData, PlainValue, Scalar};
use crate::check::{Finite, NonFiniteElement};

impl<T: Scalar> Scalar for Complex<T> {}

impl<T: Scalar> PlainData for Complex<T> {
    fn serialize_data<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut parts = serializer.serialize_struct("Complex", 2)?;
        parts.serialize_field("re", &PlainValue(&self.re))?;
        parts.serialize_field("im", &PlainValue(&self.im))?;
        parts.end()
    }
}

impl<T: Finite> Finite for Complex<T> {
    fn first_non_finite(&self) -> Option<NonFiniteElement> {
        let part = |part: &T, name| part.first_non_finite().map(|element| element.in_field(name));
        part(&self.re, "re").or_else(|| part(&self.im, "im"))
    }

    #[inline]
    fn all_finite(&self) -> bool {
        self.re.all_finite() & self.im.all_finite()
    }
}
