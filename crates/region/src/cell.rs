//! One value of a table.

use record::Value;

/// The value of a parameter in one run.
///
/// Missing values and numbers that are not finite are values of their own, since both can be the cause of a failure.
///
/// ```
/// use tracing_failure_region::Cell;
///
/// assert_eq!(Cell::from(0.5), Cell::Number(0.5));
/// assert!(matches!(Cell::from(f64::NAN), Cell::NotFinite(_)));
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

impl From<Cell<'_>> for Value {
    fn from(cell: Cell<'_>) -> Self {
        match cell {
            Cell::Missing => Value::Null,
            Cell::Number(number) | Cell::NotFinite(number) => Value::Float(number),
            Cell::Text(text) => Value::from(text),
            Cell::Bool(value) => Value::Bool(value),
        }
    }
}
