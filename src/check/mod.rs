//! The error of the macros [`ensure_finite!`](crate::ensure_finite), [`ensure_converged!`](crate::ensure_converged),
//! [`ensure_decreasing!`](crate::ensure_decreasing) and [`ensure_in_range!`](crate::ensure_in_range), and the values
//! that they accept.

mod element;
pub(crate) mod error;
pub(crate) mod failed;
mod finite;
mod kind;
mod number;
pub(crate) mod site;

pub use element::NonFiniteElement;
pub use error::Check;
pub use finite::Finite;
pub use kind::CheckKind;
pub use number::Number;
