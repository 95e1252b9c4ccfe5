//! `Finite`: values whose numbers can be checked for NaN and infinities.

use std::rc::Rc;
use std::sync::Arc;

use crate::check::element::NonFiniteElement;

/// Number of elements that are checked together, so that the compiler can use vector instructions.
const CHUNK: usize = 16;

/// A value that consists of floating-point numbers: `f64`, `f32`, and slices, arrays and vectors of such values, also
/// nested. `None` consists of no numbers. The features `nalgebra`, `ndarray` and `faer` add the vectors, matrices and
/// views of these crates, and `num_complex::Complex`.
///
/// Implement it for your own vectors and states, and [`ensure_finite!`](crate::ensure_finite) accepts them:
///
/// ```
/// use tracing_failure::check::{Finite, NonFiniteElement};
/// use tracing_failure::ensure_finite;
///
/// struct State { density: Vec<f64>, time: f64 }
///
/// impl Finite for State {
///     fn first_non_finite(&self) -> Option<NonFiniteElement> {
///         let density = self.density.first_non_finite().map(|element| element.in_field("density"));
///         density.or_else(|| self.time.first_non_finite().map(|element| element.in_field("time")))
///     }
/// }
///
/// let state = State { density: vec![1.0, 0.5, f64::NAN], time: 0.1 };
/// assert_eq!(ensure_finite!(state).unwrap_err().to_string(), "state.density[2] is NaN");
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be checked for numbers that are not finite",
    label = "not a float, a list of floats, or another type that implements `Finite`",
    note = "implement `tracing_failure::check::Finite` for your own types"
)]
pub trait Finite {
    /// Returns the first number that is not finite, and its place. Returns `None` if all numbers are finite.
    ///
    /// ```
    /// use tracing_failure::check::Finite;
    ///
    /// assert_eq!([[1.0, 2.0], [3.0, 4.0]].first_non_finite(), None);
    /// let element = [[1.0, 2.0], [f64::NAN, 4.0]].first_non_finite().unwrap();
    /// assert_eq!(element.index(), [1, 0]);
    /// ```
    fn first_non_finite(&self) -> Option<NonFiniteElement>;

    /// Returns true if all numbers are finite. Override it if there is a faster way than
    /// [`first_non_finite`](Self::first_non_finite).
    ///
    /// ```
    /// use tracing_failure::check::Finite;
    ///
    /// assert!(vec![1.0, 2.0].all_finite());
    /// assert!(!vec![1.0, f32::INFINITY].all_finite());
    /// ```
    #[inline]
    fn all_finite(&self) -> bool {
        self.first_non_finite().is_none()
    }

    /// Returns true if all values of a slice are finite.
    #[doc(hidden)]
    #[inline]
    fn all_finite_in(values: &[Self]) -> bool
    where
        Self: Sized,
    {
        values.iter().all(Self::all_finite)
    }
}

macro_rules! floats {
    ($($float:ty),*) => {$(
        impl Finite for $float {
            fn first_non_finite(&self) -> Option<NonFiniteElement> {
                (!self.is_finite()).then(|| NonFiniteElement::new((*self).into()))
            }

            #[inline]
            fn all_finite(&self) -> bool {
                self.is_finite()
            }

            #[inline]
            fn all_finite_in(values: &[Self]) -> bool {
                let (chunks, rest) = values.as_chunks::<CHUNK>();
                let all = |chunk: &[Self; CHUNK]| chunk.iter().fold(true, |all, x| all & x.is_finite());
                chunks.iter().all(all) && rest.iter().all(|x| x.is_finite())
            }
        }
    )*};
}

floats!(f32, f64);

impl<T: Finite> Finite for [T] {
    fn first_non_finite(&self) -> Option<NonFiniteElement> {
        self.iter().enumerate().find_map(|(index, value)| Some(value.first_non_finite()?.at(index)))
    }

    #[inline]
    fn all_finite(&self) -> bool {
        T::all_finite_in(self)
    }
}

impl<T: Finite, const N: usize> Finite for [T; N] {
    fn first_non_finite(&self) -> Option<NonFiniteElement> {
        self.as_slice().first_non_finite()
    }

    #[inline]
    fn all_finite(&self) -> bool {
        T::all_finite_in(self)
    }
}

impl<T: Finite> Finite for Vec<T> {
    fn first_non_finite(&self) -> Option<NonFiniteElement> {
        self.as_slice().first_non_finite()
    }

    #[inline]
    fn all_finite(&self) -> bool {
        T::all_finite_in(self)
    }
}

impl<T: Finite> Finite for Option<T> {
    fn first_non_finite(&self) -> Option<NonFiniteElement> {
        self.as_ref()?.first_non_finite()
    }

    #[inline]
    fn all_finite(&self) -> bool {
        self.as_ref().is_none_or(Finite::all_finite)
    }
}

macro_rules! tuples {
    ($(($($type:ident $index:tt),+)),+ $(,)?) => {$(
        impl<$($type: Finite),+> Finite for ($($type,)+) {
            fn first_non_finite(&self) -> Option<NonFiniteElement> {
                $(if let Some(element) = self.$index.first_non_finite() {
                    return Some(element.in_field(stringify!($index)));
                })+
                None
            }

            #[inline]
            fn all_finite(&self) -> bool {
                $(self.$index.all_finite())&&+
            }
        }
    )+};
}

tuples!((A 0), (A 0, B 1), (A 0, B 1, C 2), (A 0, B 1, C 2, D 3));

macro_rules! pointers {
    ($($pointer:ty),*) => {$(
        impl<T: Finite + ?Sized> Finite for $pointer {
            fn first_non_finite(&self) -> Option<NonFiniteElement> {
                (**self).first_non_finite()
            }

            #[inline]
            fn all_finite(&self) -> bool {
                (**self).all_finite()
            }
        }
    )*};
}

pointers!(&T, &mut T, Box<T>, Rc<T>, Arc<T>);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn not_finite() -> impl Strategy<Value = f64> {
        prop::sample::select(vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY])
    }

    proptest! {
        /// A slice is searched in chunks, which must not miss an element.
        #[test]
        fn the_first_element_is_found_in_any_slice(
            mut values in prop::collection::vec(-1e300..1e300, 0..100),
            bad in prop::collection::vec((0..100_usize, not_finite()), 0..3),
        ) {
            for &(index, value) in &bad {
                if let Some(place) = values.get_mut(index) {
                    *place = value;
                }
            }
            let first = values.iter().position(|x| !x.is_finite());
            let element = values.first_non_finite();
            prop_assert_eq!(element.as_ref().map(NonFiniteElement::index), first.as_ref().map(std::slice::from_ref));
            prop_assert_eq!(values.all_finite(), first.is_none());
            let single: Vec<f32> = values.iter().map(|x| (x / 1e270) as f32).collect();
            prop_assert_eq!(single.all_finite(), single.iter().all(|x| x.is_finite()));
            prop_assert_eq!(single.first_non_finite().is_none(), single.all_finite());
            let nested = vec![Some(&values[..]), None];
            prop_assert_eq!(nested.all_finite(), first.is_none());
            let index = nested.first_non_finite().map(|element| element.index().to_vec());
            prop_assert_eq!(index, first.map(|at| vec![0, at]));
        }
    }
}
