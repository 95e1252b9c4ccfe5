//! `Check`: the error of a failed check.

use std::error::Error;
use std::fmt;

use record::{Category, Value};

use crate::check::failed::FailedCheck;
use crate::check::kind::CheckKind;

/// The error of a failed check: which value did not meet which condition, and where.
///
/// Errors of your own convert from it. The record of such an error has the category of the check, its location, and its
/// numbers in `context.event`. A source of the error names the location of the check.
///
/// ```
/// use tracing_failure::{Category, Check, ensure_finite};
///
/// #[derive(Debug, thiserror::Error)]
/// enum SolverError {
///     #[error(transparent)]
///     Check(#[from] Check),
///     #[error("the grid is empty")]
///     EmptyGrid,
/// }
///
/// fn step(norm: f64, iteration: usize) -> Result<(), SolverError> {
///     ensure_finite!(norm, iteration = iteration)?;
///     Ok(())
/// }
///
/// assert!(step(0.5, 16).is_ok());
/// let Err(SolverError::Check(check)) = step(f64::NAN, 17) else { panic!() };
/// assert_eq!(check.to_string(), "norm is NaN at iteration 17");
/// assert_eq!(check.category(), Category::NonFinite);
/// ```
#[derive(Clone, PartialEq)]
pub struct Check(Box<FailedCheck>);

impl Check {
    #[cold]
    pub(crate) fn new(failed: FailedCheck) -> Self {
        Check(Box::new(failed))
    }

    /// Returns the kind of the check.
    ///
    /// ```
    /// use tracing_failure::check::CheckKind;
    ///
    /// let check = tracing_failure::ensure_in_range!(2.0, 0.0..1.0).unwrap_err();
    /// assert_eq!(check.kind(), CheckKind::InRange);
    /// ```
    #[must_use]
    pub fn kind(&self) -> CheckKind {
        self.0.kind
    }

    /// Returns the category that a record of the check has: `non_finite` if a number is NaN or the value is infinite,
    /// otherwise `max_iterations`, `residual_divergence` or `stagnation`, or `constraint_violation`.
    ///
    /// ```
    /// use tracing_failure::Category;
    ///
    /// let check = tracing_failure::ensure_converged!(0.5 <= 1e-8).unwrap_err();
    /// assert_eq!(check.category(), Category::MaxIterations);
    /// ```
    #[must_use]
    pub fn category(&self) -> Category {
        self.0.category()
    }

    /// Returns the expression that was checked.
    ///
    /// ```
    /// let u = [0.5, f64::NAN];
    /// assert_eq!(tracing_failure::ensure_finite!(u[1]).unwrap_err().name(), "u[1]");
    /// ```
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.name
    }

    /// Returns the number that did not meet the condition. Of a list, it is the first element that is not finite.
    ///
    /// ```
    /// let u = [0.5, f64::NEG_INFINITY];
    /// let check = tracing_failure::ensure_finite!(u).unwrap_err();
    /// assert_eq!(check.value().as_f64(), Some(f64::NEG_INFINITY));
    /// ```
    #[must_use]
    pub fn value(&self) -> &Value {
        &self.0.value
    }

    /// Returns the indices of the element that is not finite, outermost first.
    ///
    /// ```
    /// let u = [0.5, f64::NAN];
    /// assert_eq!(tracing_failure::ensure_finite!(u).unwrap_err().index(), [1]);
    /// ```
    #[must_use]
    pub fn index(&self) -> &[usize] {
        &self.0.index
    }

    /// Returns the bound: the tolerance, the previous value, or the text of the range.
    ///
    /// ```
    /// let tol = 1e-8;
    /// let check = tracing_failure::ensure_converged!(0.5 <= tol).unwrap_err();
    /// assert_eq!((check.bound(), check.bound_name()), (Some(&1e-8.into()), Some("tol")));
    /// let check = tracing_failure::ensure_in_range!(2.0, 0.0..=1.0).unwrap_err();
    /// assert_eq!(check.bound(), Some(&"0.0..=1.0".into()));
    /// ```
    #[must_use]
    pub fn bound(&self) -> Option<&Value> {
        self.0.bound.as_ref().map(|bound| &bound.value)
    }

    /// Returns the expression of the bound.
    ///
    /// ```
    /// let check = tracing_failure::ensure_decreasing!(0.5 < 0.25).unwrap_err();
    /// assert_eq!(check.bound_name(), Some("0.25"));
    /// ```
    #[must_use]
    pub fn bound_name(&self) -> Option<&str> {
        self.0.bound.as_ref().map(|bound| bound.name)
    }

    /// Returns the iteration, or the number of iterations, that was passed to the check.
    ///
    /// ```
    /// let check = tracing_failure::ensure_converged!(0.5 <= 1e-8, iterations = 500).unwrap_err();
    /// assert_eq!(check.iteration(), Some(500));
    /// assert_eq!(check.to_string(), "no convergence after 500 iterations: 0.5 exceeds 1e-8");
    /// ```
    #[must_use]
    pub fn iteration(&self) -> Option<i64> {
        self.0.iteration
    }

    /// Returns the column and the number of the last iteration in the trail, if the check was not given an iteration.
    ///
    /// It comes from the last row that was written from the source file of the check, in the part of the trail to which
    /// this thread writes. The column is `iteration`, `iter`, `it`, `step`, `sweep`, `cycle`, `epoch`, `n` or `k`.
    ///
    /// ```
    /// use tracing_failure::{ensure_finite, trail};
    ///
    /// # let io = std::env::temp_dir().join(format!("tracing-failure-trail-end-{}", std::process::id()));
    /// # let _guard = tracing_failure::init(&io)?;
    /// let span = tracing::info_span!("solve", computation = "rg_flow", theoretical_ref = "Eq. 1.12");
    /// let check = span.in_scope(|| {
    ///     trail!(iteration = 17, residual = 0.5);
    ///     let norm = f64::NAN;
    ///     ensure_finite!(norm).unwrap_err()
    /// });
    /// assert_eq!(check.trail_end(), Some(("iteration", 17)));
    /// assert_eq!(check.to_string(), "norm is NaN (the trail ends at iteration 17)");
    /// # std::fs::remove_dir_all(&io)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn trail_end(&self) -> Option<(&str, i64)> {
        self.0.trail_end.map(|end| (end.column, end.iteration))
    }

    /// Returns the source file of the check.
    ///
    /// ```
    /// let check = tracing_failure::ensure_finite!(f64::NAN).unwrap_err();
    /// assert_eq!(check.file(), file!());
    /// ```
    #[must_use]
    pub fn file(&self) -> &'static str {
        self.0.site.file
    }

    /// Returns the line of the check in its source file.
    ///
    /// ```
    /// let check = tracing_failure::ensure_finite!(f64::NAN).unwrap_err();
    /// assert!(check.line() < line!());
    /// ```
    #[must_use]
    pub fn line(&self) -> u32 {
        self.0.site.line
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.describe(f)
    }
}

impl fmt::Debug for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = format_args!("{}:{}", self.file(), self.line());
        f.debug_tuple("Check").field(&self.to_string()).field(&place).finish()
    }
}

impl Error for Check {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.0)
    }
}
