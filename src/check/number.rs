//! `Number`: numbers that checks compare.

use record::Value;

/// A number that [`ensure_converged!`](crate::ensure_converged), [`ensure_decreasing!`](crate::ensure_decreasing) and
/// [`ensure_in_range!`](crate::ensure_in_range) compare: floats and integers, and references to them.
///
/// Implement it for a type of your own, such as a quantity with a unit:
///
/// ```
/// use tracing_failure::Value;
/// use tracing_failure::check::Number;
///
/// #[derive(PartialEq, PartialOrd)]
/// struct Kelvin(f64);
///
/// impl Number for Kelvin {
///     fn to_value(&self) -> Value {
///         self.0.into()
///     }
/// }
///
/// let temperature = Kelvin(-2.0);
/// let check = tracing_failure::ensure_in_range!(temperature, Kelvin(0.0)..).unwrap_err();
/// assert_eq!(check.value(), &Value::Float(-2.0));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a number that a check can compare",
    label = "not a float, an integer, or another type that implements `Number`",
    note = "implement `tracing_failure::check::Number` for your own types"
)]
pub trait Number: PartialOrd {
    /// Returns the number as the record contains it. Called only if the check fails.
    ///
    /// ```
    /// use tracing_failure::check::Number;
    ///
    /// assert_eq!(0.5.to_value(), tracing_failure::Value::Float(0.5));
    /// ```
    fn to_value(&self) -> Value;
}

macro_rules! numbers {
    ($($number:ty),*) => {$(
        impl Number for $number {
            fn to_value(&self) -> Value {
                (*self).into()
            }
        }
    )*};
}

numbers!(f64, i8, i16, i32, i64, i128, u8, u16, u32, u64, u128, usize);

impl Number for isize {
    fn to_value(&self) -> Value {
        (*self as i64).into()
    }
}

/// The shortest decimal number that identifies the value: 0.1, not 0.10000000149011612.
impl Number for f32 {
    fn to_value(&self) -> Value {
        self.to_string().parse().unwrap_or_else(|_| f64::from(*self)).into()
    }
}

impl<T: Number + ?Sized> Number for &T {
    fn to_value(&self) -> Value {
        (**self).to_value()
    }
}
