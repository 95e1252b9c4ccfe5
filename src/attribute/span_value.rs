//! Arguments that are fields of the span: numbers, booleans and strings.

use std::num;

use tracing::field;

/// A number, boolean or string, or a reference to one.
pub trait SpanValue: field::Value {
    /// Returns true for `None`, which a span does not record.
    #[inline]
    fn is_none(&self) -> bool {
        false
    }
}

macro_rules! span_values {
    ($($value:ty),* $(,)?) => { $(impl SpanValue for $value {})* };
}

span_values!(
    bool,
    f32,
    f64,
    i8,
    i16,
    i32,
    i64,
    i128,
    isize,
    u8,
    u16,
    u32,
    u64,
    u128,
    usize,
    str,
    String,
    num::NonZeroI8,
    num::NonZeroI16,
    num::NonZeroI32,
    num::NonZeroI64,
    num::NonZeroI128,
    num::NonZeroIsize,
    num::NonZeroU8,
    num::NonZeroU16,
    num::NonZeroU32,
    num::NonZeroU64,
    num::NonZeroU128,
    num::NonZeroUsize,
);

impl<V: SpanValue + ?Sized> SpanValue for &V {
    #[inline]
    fn is_none(&self) -> bool {
        (**self).is_none()
    }
}

impl<V: SpanValue + ?Sized> SpanValue for &mut V {
    #[inline]
    fn is_none(&self) -> bool {
        (**self).is_none()
    }
}

impl<V: SpanValue> SpanValue for Option<V> {
    #[inline]
    fn is_none(&self) -> bool {
        self.as_ref().is_none_or(V::is_none)
    }
}

/// Selects the value of the field of an argument. Method resolution prefers the first of the two traits.
pub struct SpanField<'a, T>(pub &'a T);

pub trait FieldOfValue<'a, T> {
    fn span_field(&self) -> &'a T;
}

impl<'a, T: SpanValue> FieldOfValue<'a, T> for &SpanField<'a, T> {
    fn span_field(&self) -> &'a T {
        self.0
    }
}

pub trait EmptyField {
    fn span_field(&self) -> field::Empty;
}

impl<T> EmptyField for SpanField<'_, T> {
    fn span_field(&self) -> field::Empty {
        field::Empty
    }
}
