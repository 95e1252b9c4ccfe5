//! The options `none_is_failure`, `finite` and `fail_if`: tests that a returned value has to pass.

use std::any::type_name;
use std::fmt::{Display, Write};

use record::internal::REJECTED_BY;

use crate::attribute::function_failure::FunctionFailure;
use crate::check::site::CheckSite;
use crate::check::{Check, Finite};
use crate::ensure::find_non_finite;
use crate::observe::arguments::Capture;
use crate::observe::error_chain::{ErrorChain, format_within};
use record::Limits;

/// A returned value that may be `None`.
#[diagnostic::on_unimplemented(
    message = "`none_is_failure` needs a function that returns an `Option`, not `{Self}`",
    label = "remove `none_is_failure`"
)]
pub trait MaybeNone {
    fn is_none(&self) -> bool;
}

impl<T> MaybeNone for Option<T> {
    fn is_none(&self) -> bool {
        self.is_none()
    }
}

impl<T, E> MaybeNone for Result<Option<T>, E> {
    fn is_none(&self) -> bool {
        matches!(self, Ok(None))
    }
}

/// Returns the failure of a function that returns `None`.
#[inline]
pub fn none_is_failure(returned: &impl MaybeNone) -> Option<FunctionFailure<'static>> {
    returned.is_none().then(FunctionFailure::of_none)
}

/// Returns the failure of a function whose result is not finite.
#[inline]
pub fn not_finite<T: Finite>(success: Option<&T>, site: CheckSite) -> Option<FunctionFailure<'static>> {
    let value = success.filter(|value| !value.all_finite())?;
    let check = find_non_finite(&[("result", value)], None::<u32>, site).err()?;
    Some(FunctionFailure::of_error(move |limits| ErrorChain::of(&check, Some(type_name::<Check>()), limits)))
}

/// What the predicate of `fail_if` states about a result: `true`, or a reason why it is a failure.
#[diagnostic::on_unimplemented(
    message = "the predicate of `fail_if` returns `{Self}`",
    label = "return a `bool`, an `Option` of a reason, or a `Result<(), _>` with a reason"
)]
pub trait ResultTest {
    /// Returns the reason for a failure, or `None` for a success. The reason may have no text.
    fn rejection(self) -> Option<Option<String>>;
}

impl ResultTest for bool {
    #[inline]
    fn rejection(self) -> Option<Option<String>> {
        self.then_some(None)
    }
}

impl<D: Display> ResultTest for Option<D> {
    fn rejection(self) -> Option<Option<String>> {
        self.map(|reason| Some(format_within(&Limits::DEFAULT, |sink| write!(sink, "{reason}"))))
    }
}

impl<D: Display> ResultTest for Result<(), D> {
    fn rejection(self) -> Option<Option<String>> {
        self.err().rejection()
    }
}

/// Returns the failure of a function whose result is rejected by the predicate of `fail_if`.
#[inline]
pub fn fail_if<'a, T, R: ResultTest>(
    success: Option<&'a T>,
    predicate: impl FnOnce(&'a T) -> R,
    text: &'static str,
    returned: &'a dyn Capture,
) -> Option<FunctionFailure<'a>> {
    let reason = predicate(success?).rejection()?;
    let message = reason.unwrap_or_else(|| format!("{REJECTED_BY}{text}"));
    Some(FunctionFailure::of_value("RejectedResult", message).with_returned(returned))
}
