//! The macros that check values. On success, a check costs a comparison and allocates nothing.

use std::ops::{Bound, RangeBounds};

use record::Value;
use record::internal::parameter;

use crate::check::error::Check;
use crate::check::failed::{CheckBound, FailedCheck};
use crate::check::site::CheckSite;
use crate::check::{CheckKind, Finite, Number};
use crate::layer::layer_core::LayerCore;

/// Checks that all numbers of the values are finite. It evaluates to a `Result<(), `[`Check`]`>`, whose error names the
/// first value that is not finite.
///
/// The values may be floats, lists of floats, and other types that implement [`Finite`]. The iteration is optional. If
/// it is missing, the error names the last iteration of the trail, if there is one. All expressions are evaluated once,
/// in their order.
///
/// ```
/// use tracing_failure::{Check, ensure_finite};
///
/// fn step(iteration: u32, residual: f64, solution: &[f64]) -> Result<(), Check> {
///     ensure_finite!(residual, solution)?;
///     ensure_finite!(residual.ln(), iteration = iteration)?;
///     Ok(())
/// }
///
/// assert!(step(17, 0.5, &[1.0, 2.0]).is_ok());
/// assert_eq!(step(17, 0.5, &[1.0, f64::NAN]).unwrap_err().to_string(), "solution[1] is NaN");
/// assert_eq!(step(17, 0.0, &[]).unwrap_err().to_string(), "residual.ln() is -Infinity at iteration 17");
/// ```
#[macro_export]
macro_rules! ensure_finite {
    () => {
        ::core::compile_error!("write the values: `ensure_finite!(residual, norm)?`")
    };
    ($($values:tt)+) => {
        $crate::__ensure_finite!([] $($values)+)
    };
}

/// Checks that an iteration has converged. It evaluates to a `Result<(), `[`Check`]`>`.
///
/// The condition is `residual <= tolerance` or `residual < tolerance`. NaN never counts as converged, on either side.
/// The number of iterations is optional. All expressions are evaluated once, in their order.
///
/// ```
/// use tracing_failure::{Category, ensure_converged};
///
/// struct Options { tol: f64, max_iterations: usize }
///
/// let options = Options { tol: 1e-8, max_iterations: 500 };
/// assert!(ensure_converged!(1e-9 <= options.tol).is_ok());
///
/// let residual = 0.032;
/// let check = ensure_converged!(residual <= options.tol, iterations = options.max_iterations).unwrap_err();
/// assert_eq!(
///     check.to_string(),
///     "no convergence after 500 iterations: residual = 0.032 exceeds options.tol = 1e-8"
/// );
/// assert_eq!(check.category(), Category::MaxIterations);
/// assert!(ensure_converged!(f64::NAN <= options.tol).is_err());
/// ```
#[macro_export]
macro_rules! ensure_converged {
    ($($condition:tt)*) => {
        $crate::__ensure_less!(Converged [] $($condition)*)
    };
}

/// Checks that a value decreases from one iteration to the next. It evaluates to a `Result<(), `[`Check`]`>`.
///
/// The condition is `residual < previous`, or `residual <= previous` if the value may stay. A computed bound, such as
/// `residual <= 0.9 * previous`, demands a minimum decrease; its failure is a stagnation. NaN never counts as
/// decreasing, on either side. The iteration is optional. All expressions are evaluated once, in their order.
///
/// ```
/// use tracing_failure::{Category, Check, ensure_decreasing};
///
/// fn iterate(residuals: &[f64]) -> Result<(), Check> {
///     let mut previous = f64::INFINITY;
///     for (iteration, &residual) in residuals.iter().enumerate() {
///         ensure_decreasing!(residual < previous, iteration = iteration)?;
///         previous = residual;
///     }
///     Ok(())
/// }
///
/// assert!(iterate(&[1.0, 0.5, 0.25]).is_ok());
/// let check = iterate(&[1.0, 0.5, 0.75]).unwrap_err();
/// assert_eq!(check.to_string(), "residual is growing at iteration 2: it was 0.5 and is 0.75");
/// assert_eq!(check.category(), Category::ResidualDivergence);
/// assert_eq!(iterate(&[1.0, 1.0]).unwrap_err().category(), Category::Stagnation);
/// ```
#[macro_export]
macro_rules! ensure_decreasing {
    ($($condition:tt)*) => {
        $crate::__ensure_less!(Decreasing [] $($condition)*)
    };
}

/// Checks that a value lies in a range. It evaluates to a `Result<(), `[`Check`]`>`.
///
/// The range may be of any type: `0.0..=1.0`, `0.0..`, `..limit`. NaN lies in no range, also not in `..`, and a bound
/// that is NaN contains no value. The iteration is optional. All expressions are evaluated once, in their order.
///
/// ```
/// use tracing_failure::ensure_in_range;
///
/// let probability = 0.5;
/// assert!(ensure_in_range!(probability, 0.0..=1.0).is_ok());
/// assert!(ensure_in_range!(f64::NAN, 0.0..).is_err());
///
/// let occupation = -3;
/// let check = ensure_in_range!(occupation, 0..=8, iteration = 17).unwrap_err();
/// assert_eq!(check.to_string(), "occupation = -3 violates the constraint 0..=8 at iteration 17");
/// ```
#[macro_export]
macro_rules! ensure_in_range {
    ($value:expr, $range:expr, iteration = $iteration:expr $(,)?) => {
        $crate::__private::ensure_in_range(
            &$value,
            &$range,
            (::core::stringify!($value), ::core::stringify!($range)),
            ::core::option::Option::Some($iteration),
            $crate::__check_site!(),
        )
    };
    ($value:expr, $range:expr $(,)?) => {
        $crate::__private::ensure_in_range(
            &$value,
            &$range,
            (::core::stringify!($value), ::core::stringify!($range)),
            ::core::option::Option::<i64>::None,
            $crate::__check_site!(),
        )
    };
    ($($other:tt)*) => {
        ::core::compile_error!(
            "write a value and a range: `ensure_in_range!(x, 0.0..=1.0)?` or \
             `ensure_in_range!(x, 0.0..=1.0, iteration = i)?`"
        )
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __check_site {
    () => {
        $crate::__private::CheckSite { file: ::core::file!(), line: ::core::line!(), module: ::core::module_path!() }
    };
}

/// Binds a reference to each value, so that it is evaluated once, and checks all of them. Each step has a variable
/// `value` of its own, because variables of macros are hygienic.
#[doc(hidden)]
#[macro_export]
macro_rules! __ensure_finite {
    ([] iteration = $($rest:tt)*) => {
        ::core::compile_error!("write the values before the iteration: `ensure_finite!(residual, iteration = i)?`")
    };
    ([$($values:tt)*] iteration = $iteration:expr $(,)?) => {
        match ::core::option::Option::Some($iteration) {
            iteration => $crate::__ensure_finite!(@check iteration, $($values)*)
        }
    };
    ([$($values:tt)*] iterations = $($rest:tt)*) => {
        ::core::compile_error!("write `iteration = …`: the iteration in which the values were computed")
    };
    ([$($values:tt)*] $value:expr, $($rest:tt)+) => {
        match $crate::__private::finite(&&$value) {
            value => $crate::__ensure_finite!([$($values)* (value, $value)] $($rest)+)
        }
    };
    ([$($values:tt)*] $value:expr $(,)?) => {
        match $crate::__private::finite(&&$value) {
            value => $crate::__ensure_finite!(
                @check ::core::option::Option::<i64>::None, $($values)* (value, $value)
            )
        }
    };
    (@check $iteration:expr, $(($value:ident, $expression:expr))+) => {
        if $($value.is_finite)&&+ {
            $crate::__private::Result::<(), $crate::Check>::Ok(())
        } else {
            $crate::__private::find_non_finite(
                &[$((::core::stringify!($expression), $value.value)),+],
                $iteration,
                $crate::__check_site!(),
            )
        }
    };
}

/// Splits a condition at its comparison, and compares.
#[doc(hidden)]
#[macro_export]
macro_rules! __ensure_less {
    ($kind:ident [$($value:tt)+] <= $($rest:tt)+) => {
        $crate::__ensure_less!(@compare $kind ($($value)+) false $($rest)+)
    };
    ($kind:ident [$($value:tt)+] < $($rest:tt)+) => {
        $crate::__ensure_less!(@compare $kind ($($value)+) true $($rest)+)
    };
    // The `<` of `sum::<f64>()` is no comparison.
    ($kind:ident [$($value:tt)*] :: < $($types:ty),* > $($rest:tt)*) => {
        $crate::__ensure_less!($kind [$($value)* ::<$($types),*>] $($rest)*)
    };
    ($kind:ident [$($value:tt)*] $next:tt $($rest:tt)*) => {
        $crate::__ensure_less!($kind [$($value)* $next] $($rest)*)
    };
    (Converged [$($value:tt)*]) => {
        ::core::compile_error!(
            "write a comparison: `ensure_converged!(residual <= tol)?` or \
             `ensure_converged!(residual <= tol, iterations = n)?`"
        )
    };
    (Decreasing [$($value:tt)*]) => {
        ::core::compile_error!(
            "write a comparison: `ensure_decreasing!(residual < previous)?` or \
             `ensure_decreasing!(residual < previous, iteration = i)?`"
        )
    };
    (@compare Converged ($value:expr) $is_strict:tt $bound:expr, iterations = $iterations:expr $(,)?) => {
        $crate::__ensure_less!(@check Converged $is_strict $value, $bound, ::core::option::Option::Some($iterations))
    };
    (@compare Converged ($value:expr) $is_strict:tt $bound:expr, iteration = $($rest:tt)*) => {
        ::core::compile_error!("write `iterations = …`: the number of iterations")
    };
    (@compare Decreasing ($value:expr) $is_strict:tt $bound:expr, iteration = $iteration:expr $(,)?) => {
        $crate::__ensure_less!(@check Decreasing $is_strict $value, $bound, ::core::option::Option::Some($iteration))
    };
    (@compare Decreasing ($value:expr) $is_strict:tt $bound:expr, iterations = $($rest:tt)*) => {
        ::core::compile_error!("write `iteration = …`: the iteration in which the value was computed")
    };
    (@compare $kind:ident ($value:expr) $is_strict:tt $bound:expr $(,)?) => {
        $crate::__ensure_less!(@check $kind $is_strict $value, $bound, ::core::option::Option::<i64>::None)
    };
    (@check $kind:ident $is_strict:tt $value:expr, $bound:expr, $iteration:expr) => {
        $crate::__private::ensure_less(
            $crate::check::CheckKind::$kind,
            &$value,
            &$bound,
            $is_strict,
            (::core::stringify!($value), ::core::stringify!($bound)),
            $iteration,
            $crate::__check_site!(),
        )
    };
}

/// An integer that numbers an iteration.
#[diagnostic::on_unimplemented(message = "`{Self}` is not an integer that can number an iteration")]
pub trait IterationNumber: Copy {
    /// Returns the number. A number beyond 64 bits becomes the largest or smallest one.
    fn to_i64(self) -> i64;
}

macro_rules! iteration_numbers {
    ($($integer:ty),*) => {$(
        impl IterationNumber for $integer {
            #[allow(unused_comparisons)]
            fn to_i64(self) -> i64 {
                i64::try_from(self).unwrap_or(if self < 0 { i64::MIN } else { i64::MAX })
            }
        }
    )*};
}

iteration_numbers!(i8, i16, i32, i64, i128, isize, u8, u16, u32, u64, u128, usize);

impl<T: IterationNumber> IterationNumber for &T {
    fn to_i64(self) -> i64 {
        (*self).to_i64()
    }
}

/// A checked value.
#[derive(Clone, Copy)]
pub struct CheckedValue<'a> {
    /// True if all numbers of the value are finite.
    pub is_finite: bool,
    /// The value.
    pub value: &'a dyn Finite,
}

/// Checks a value. The result has no type parameter, so that a type that is not [`Finite`] is one error.
#[inline]
pub fn finite<'a, T: Finite + ?Sized>(value: &'a &'a T) -> CheckedValue<'a> {
    CheckedValue { is_finite: value.all_finite(), value }
}

/// Returns the error for the first value that is not finite.
#[cold]
pub fn find_non_finite(
    values: &[(&'static str, &dyn Finite)],
    iteration: Option<impl IterationNumber>,
    site: CheckSite,
) -> Result<(), Check> {
    let found = values.iter().find_map(|(name, value)| Some((*name, value.first_non_finite()?)));
    let Some((name, element)) = found else { return Ok(()) };
    let failed = FailedCheck {
        path: element.path().to_owned(),
        index: element.index().to_vec(),
        ..failed(CheckKind::Finite, name, element.value().into(), None, iteration, site)
    };
    Err(Check::new(failed))
}

/// Compares two numbers.
#[inline]
pub fn ensure_less<T: Number>(
    kind: CheckKind,
    value: &T,
    bound: &T,
    is_strict: bool,
    (name, bound_name): (&'static str, &'static str),
    iteration: Option<impl IterationNumber>,
    site: CheckSite,
) -> Result<(), Check> {
    let holds = if is_strict { value < bound } else { value <= bound };
    if holds {
        return Ok(());
    }
    let bound = CheckBound { name: bound_name, value: bound.to_value(), is_nan: is_nan(bound), is_strict };
    fail(kind, name, value.to_value(), bound, iteration, site)
}

/// Tests whether a range contains a number. NaN is in no range.
#[inline]
pub fn ensure_in_range<T: Number, R: RangeBounds<T>>(
    value: &T,
    range: &R,
    (name, range_name): (&'static str, &'static str),
    iteration: Option<impl IterationNumber>,
    site: CheckSite,
) -> Result<(), Check> {
    if !is_nan(value) && range.contains(value) {
        return Ok(());
    }
    let bound =
        CheckBound { name: range_name, value: describe(range).into(), is_nan: has_nan(range), is_strict: false };
    fail(CheckKind::InRange, name, value.to_value(), bound, iteration, site)
}

/// Returns true for a number that is not equal to itself.
#[inline]
fn is_nan<T: PartialOrd>(number: &T) -> bool {
    number.partial_cmp(number).is_none()
}

/// Returns true if a bound of the range is NaN.
#[cold]
fn has_nan<T: Number>(range: &impl RangeBounds<T>) -> bool {
    [range.start_bound(), range.end_bound()].into_iter().any(|bound| match bound {
        Bound::Included(bound) | Bound::Excluded(bound) => is_nan(bound),
        Bound::Unbounded => false,
    })
}

/// Formats a range in the syntax of Rust. A lower bound that is excluded has no syntax and is marked.
#[cold]
fn describe<T: Number>(range: &impl RangeBounds<T>) -> String {
    let text = |number: &T| parameter(&number.to_value());
    let start = match range.start_bound() {
        Bound::Included(start) => text(start),
        Bound::Excluded(start) => format!("{} (excluded)", text(start)),
        Bound::Unbounded => String::new(),
    };
    let end = match range.end_bound() {
        Bound::Included(end) => format!("={}", text(end)),
        Bound::Excluded(end) => text(end),
        Bound::Unbounded => String::new(),
    };
    format!("{start}..{end}")
}

#[cold]
fn fail(
    kind: CheckKind,
    name: &'static str,
    value: Value,
    bound: CheckBound,
    iteration: Option<impl IterationNumber>,
    site: CheckSite,
) -> Result<(), Check> {
    Err(Check::new(failed(kind, name, value, Some(bound), iteration, site)))
}

/// Collects the facts. Without an iteration, the trail may have one.
#[cold]
fn failed(
    kind: CheckKind,
    name: &'static str,
    value: Value,
    bound: Option<CheckBound>,
    iteration: Option<impl IterationNumber>,
    site: CheckSite,
) -> FailedCheck {
    let iteration = iteration.map(IterationNumber::to_i64);
    let trail_end = if iteration.is_none() { LayerCore::trail_end(site.file) } else { None };
    FailedCheck { kind, name, value, path: String::new(), index: Vec::new(), bound, iteration, trail_end, site }
}
