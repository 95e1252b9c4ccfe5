//! The kinds of checks.

/// The condition that a value did not meet.
///
/// ```
/// use tracing_failure::check::CheckKind;
///
/// let check = tracing_failure::ensure_finite!(f64::NAN).unwrap_err();
/// assert_eq!(check.kind(), CheckKind::Finite);
/// assert_eq!(check.kind().name(), "finite");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CheckKind {
    /// [`ensure_finite!`](crate::ensure_finite): the value is finite.
    Finite,
    /// [`ensure_converged!`](crate::ensure_converged): the value has fallen to its tolerance.
    Converged,
    /// [`ensure_decreasing!`](crate::ensure_decreasing): the value is smaller than the one before it.
    Decreasing,
    /// [`ensure_in_range!`](crate::ensure_in_range): the value lies in its range.
    InRange,
}

impl CheckKind {
    /// Returns the name that the record contains.
    ///
    /// ```
    /// assert_eq!(tracing_failure::check::CheckKind::InRange.name(), "in_range");
    /// ```
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            CheckKind::Finite => "finite",
            CheckKind::Converged => "converged",
            CheckKind::Decreasing => "decreasing",
            CheckKind::InRange => "in_range",
        }
    }
}
