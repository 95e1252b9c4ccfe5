//! Tests of values.

/// A test of the value of a parameter or of another field of the failure.
///
/// ```
/// use tracing_failure::{Rule, ValueTest};
///
/// let rule = Rule::new("stiff", "{method} is an explicit method. Try an implicit one.")
///     .value("method", ValueTest::Words("RK45|Dopri5"));
/// # let _ = rule;
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum ValueTest {
    /// Any value except null.
    Known,
    /// A number above this one.
    Above(f64),
    /// A number below this one.
    Below(f64),
    /// A number between these two.
    Between(f64, f64),
    /// NaN or an infinity, alone or in a list.
    NonFinite,
    /// A text that contains one of these phrases of whole words, separated by `|`.
    Words(&'static str),
    /// An empty list, object or text.
    Empty,
    /// Null, which is also the value of `None`.
    Null,
}
