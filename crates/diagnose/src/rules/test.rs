//! What a rule asks of a value.

/// What the value of a parameter, or of another field of the failure, has to be.
///
/// ```
/// use tracing_failure::{Rule, Test};
///
/// let rule = Rule::new("stiff", "{method} is explicit: try an implicit method").value("method", Test::Words("RK45|Dopri5"));
/// # let _ = rule;
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Test {
    /// Anything but null.
    Known,
    /// A number above this one.
    Above(f64),
    /// A number below this one.
    Below(f64),
    /// A number between these two.
    Between(f64, f64),
    /// NaN or an infinity, alone or in a list.
    NonFinite,
    /// A text that holds one of these phrases of whole words, parted by `|`.
    Words(&'static str),
    /// A list, an object or a text with nothing in it.
    Empty,
    /// Null: `None`, or nothing.
    Null,
}
