//! A condition on one parameter.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::cell::Cell;

/// A condition on one parameter, such as `lambda > 37.2`.
///
/// ```
/// use tracing_failure_region::{Cell, CellTest, RuleCondition};
///
/// let condition = RuleCondition { parameter: "lambda".to_owned(), test: CellTest::Greater(37.2) };
/// assert!(condition.test.matches(Cell::Number(41.0)) && !condition.test.matches(Cell::Missing));
/// assert_eq!(condition.to_string(), "lambda > 37.2");
/// assert_eq!(serde_json::to_string(&condition)?, r#"{"parameter":"lambda","is":">","value":37.2}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RuleCondition {
    /// The name of the parameter.
    pub parameter: String,
    /// The test of its value.
    #[serde(flatten)]
    pub test: CellTest,
}

/// The test of a condition. Comparisons and lists match only values that are present and of the same type.
///
/// ```
/// use tracing_failure_region::{Label, Cell, CellTest};
///
/// let explicit = CellTest::In(vec![Label::Text("RK45".to_owned()), Label::Text("Dopri5".to_owned())]);
/// assert!(explicit.matches(Cell::Text("RK45")) && !explicit.matches(Cell::Number(45.0)));
/// assert!(CellTest::NotFinite.matches(Cell::NotFinite(f64::NAN)));
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "is", content = "value")]
pub enum CellTest {
    /// A finite number above a threshold.
    #[serde(rename = ">")]
    Greater(f64),
    /// A finite number at or above a threshold.
    #[serde(rename = ">=")]
    AtLeast(f64),
    /// A finite number below a threshold.
    #[serde(rename = "<")]
    Less(f64),
    /// A finite number at or below a threshold.
    #[serde(rename = "<=")]
    AtMost(f64),
    /// One of these texts or booleans.
    #[serde(rename = "in")]
    In(Vec<Label>),
    /// A text or a boolean that is none of these.
    #[serde(rename = "not in")]
    NotIn(Vec<Label>),
    /// No value, or null.
    #[serde(rename = "missing")]
    Missing,
    /// Any value.
    #[serde(rename = "not missing")]
    NotMissing,
    /// A finite number.
    #[serde(rename = "finite")]
    Finite,
    /// NaN or an infinity.
    #[serde(rename = "not finite")]
    NotFinite,
}

impl CellTest {
    /// Returns true if a value passes the test.
    ///
    /// ```
    /// use tracing_failure_region::{Cell, CellTest};
    ///
    /// assert!(CellTest::AtMost(1.0).matches(Cell::Number(1.0)));
    /// assert!(!CellTest::AtMost(1.0).matches(Cell::NotFinite(f64::NEG_INFINITY)));
    /// ```
    pub fn matches(&self, cell: Cell<'_>) -> bool {
        match (self, cell) {
            (CellTest::Greater(threshold), Cell::Number(number)) => number > *threshold,
            (CellTest::AtLeast(threshold), Cell::Number(number)) => number >= *threshold,
            (CellTest::Less(threshold), Cell::Number(number)) => number < *threshold,
            (CellTest::AtMost(threshold), Cell::Number(number)) => number <= *threshold,
            (CellTest::In(labels), cell) => labels.iter().any(|label| label.equals(cell)),
            (CellTest::NotIn(labels), cell @ (Cell::Text(_) | Cell::Bool(_))) => {
                !labels.iter().any(|label| label.equals(cell))
            }
            (CellTest::Missing, cell) => cell == Cell::Missing,
            (CellTest::NotMissing, cell) => cell != Cell::Missing,
            (CellTest::Finite, cell) => matches!(cell, Cell::Number(_)),
            (CellTest::NotFinite, cell) => matches!(cell, Cell::NotFinite(_)),
            _ => false,
        }
    }
}

/// A text or a boolean in a list of a condition.
///
/// ```
/// use tracing_failure_region::Label;
///
/// assert_eq!(serde_json::from_str::<Label>("true").unwrap(), Label::Bool(true));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Label {
    /// A boolean.
    Bool(bool),
    /// A text.
    Text(String),
}

impl Label {
    /// Returns true if a value is this text or boolean.
    ///
    /// ```
    /// use tracing_failure_region::{Cell, Label};
    ///
    /// assert!(Label::Bool(true).equals(Cell::Bool(true)));
    /// ```
    pub fn equals(&self, cell: Cell<'_>) -> bool {
        match (self, cell) {
            (Label::Bool(value), Cell::Bool(other)) => *value == other,
            (Label::Text(text), Cell::Text(other)) => text == other,
            _ => false,
        }
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Label::Bool(value) => write!(f, "{value}"),
            Label::Text(text) => f.write_str(text),
        }
    }
}

impl fmt::Display for RuleCondition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.parameter;
        match &self.test {
            CellTest::Greater(threshold) => write!(f, "{name} > {}", number(*threshold)),
            CellTest::AtLeast(threshold) => write!(f, "{name} >= {}", number(*threshold)),
            CellTest::Less(threshold) => write!(f, "{name} < {}", number(*threshold)),
            CellTest::AtMost(threshold) => write!(f, "{name} <= {}", number(*threshold)),
            CellTest::In(labels) => write!(f, "{name} is {}", join(labels)),
            CellTest::NotIn(labels) => write!(f, "{name} is not {}", join(labels)),
            CellTest::Missing => write!(f, "{name} is missing"),
            CellTest::NotMissing => write!(f, "{name} is not missing"),
            CellTest::Finite => write!(f, "{name} is finite"),
            CellTest::NotFinite => write!(f, "{name} is not finite"),
        }
    }
}

/// The shortest text of a number.
fn number(number: f64) -> String {
    let text = format!("{number:?}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

fn join(labels: &[Label]) -> String {
    labels.iter().map(Label::to_string).collect::<Vec<_>>().join(" or ")
}
