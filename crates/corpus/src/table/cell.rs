//! One value of a table.

/// The value of a parameter in one run.
///
/// Missing values and numbers that are not finite are values of their own, since both can be the cause of a failure.
///
/// ```
/// use tracing_failure_corpus::{Cell, ValueColumn};
///
/// let mut mu = ValueColumn::new("mu");
/// for cell in [Cell::Number(0.5), Cell::NotFinite(f64::NAN), Cell::Text("auto"), Cell::Missing] {
///     mu.push(cell);
/// }
/// assert_eq!(mu.cell(0), Cell::Number(0.5));
/// assert!(matches!(mu.cell(1), Cell::NotFinite(nan) if nan.is_nan()));
/// assert_eq!((mu.cell(2), mu.cell(3)), (Cell::Text("auto"), Cell::Missing));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cell<'a> {
    /// The run does not have the parameter, or its value is null.
    Missing,
    /// A finite number. Integers beyond 2⁵³ are rounded.
    Number(f64),
    /// NaN or an infinity.
    NotFinite(f64),
    /// A text.
    Text(&'a str),
    /// A boolean.
    Bool(bool),
}

impl From<f64> for Cell<'_> {
    fn from(number: f64) -> Self {
        if number.is_finite() { Cell::Number(number) } else { Cell::NotFinite(number) }
    }
}
