//! Selects at compile time what a returned value states about the outcome of its function.
//!
//! The macro calls `(&&&&&&&&&Returned(&value)).returned_failure()`. Method resolution takes the first of these traits
//! that fits the type. Each trait is implemented for one reference less than the one before.

use std::any::{Any, type_name};
use std::error::Error;
use std::fmt::{Debug, Display, Write};

use crate::attribute::function_failure::FunctionFailure;
use crate::error_source::{Chain, ErrorSource, ViaReport};
use crate::observe::error_chain::ErrorChain;

/// The value that an annotated function returns.
pub struct Returned<'a, R>(pub &'a R);

/// Declares the traits for the kinds of errors, in order of precedence.
macro_rules! select_error {
    ($($selector:ident: [$($reference:tt)*] [$($generics:tt)*] $type:ty => |$error:ident, $limits:ident| $chain:expr;)*) => {$(
        pub trait $selector<'a> {
            fn returned_failure(&self) -> Option<FunctionFailure<'a>>;
        }

        impl<'a, T, $($generics)*> $selector<'a> for $($reference)* Returned<'a, Result<T, $type>> {
            #[inline]
            fn returned_failure(&self) -> Option<FunctionFailure<'a>> {
                let $error = self.0.as_ref().err()?;
                Some(FunctionFailure::of_error(move |$limits| $chain))
            }
        }
    )*};
}

select_error! {
    FailByError: [&&&&&&&&] [E: Error] E => |error, limits| {
        ErrorChain::of_borrowed(error, type_name::<E>(), limits)
    };
    FailByReport: [&&&&&&&] [E: AsRef<dyn Error + 'static> + 'static] E => |error, limits| {
        let Chain(chain) = ErrorSource::<ViaReport>::chain(error, limits);
        chain
    };
    FailBySharedBox: [&&&&&&] [] Box<dyn Error + Send + Sync> => |error, limits| {
        ErrorChain::of(&**error, None, limits)
    };
    FailBySentBox: [&&&&&] [] Box<dyn Error + Send> => |error, limits| ErrorChain::of(&**error, None, limits);
    FailByPayload: [&&&&] [] Box<dyn Any + Send> => |error, limits| ErrorChain::of_payload(&**error, limits);
    FailByDisplay: [&&&] [E: Display] E => |error, limits| {
        ErrorChain::of_value(|sink| write!(sink, "{error}"), type_name::<E>(), limits)
    };
    FailByDebug: [&&] [E: Debug] E => |error, limits| {
        ErrorChain::of_value(|sink| write!(sink, "{error:?}"), type_name::<E>(), limits)
    };
    FailByType: [&] [E] E => |_error, limits| {
        ErrorChain::of_value(|sink| write!(sink, "an error without a text"), type_name::<E>(), limits)
    };
}

/// A value that is no `Result`.
pub trait NeverFail {
    #[inline]
    fn returned_failure(&self) -> Option<FunctionFailure<'static>> {
        None
    }
}

impl<R> NeverFail for Returned<'_, R> {}

/// The value of a success. Method resolution prefers the first of the two traits.
pub trait SucceedWithin<'a, T> {
    fn returned_success(&self) -> Option<&'a T>;
}

impl<'a, T, E> SucceedWithin<'a, T> for &Returned<'a, Result<T, E>> {
    #[inline]
    fn returned_success(&self) -> Option<&'a T> {
        self.0.as_ref().ok()
    }
}

pub trait SucceedItself<'a, R> {
    fn returned_success(&self) -> Option<&'a R>;
}

impl<'a, R> SucceedItself<'a, R> for Returned<'a, R> {
    #[inline]
    fn returned_success(&self) -> Option<&'a R> {
        Some(self.0)
    }
}
