//! The analysis of the series in a record's trail.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::value::Value;

/// The behaviour of one numeric series of the trail: a column of an entry, up to its first value that is not finite.
///
/// ```
/// use tracing_failure::record::Behaviour;
///
/// # let failure = tracing_failure::Failure::new("c", "r", "E", "m");
/// for series in &failure.context.convergence {
///     if series.behaviour == Behaviour::GeometricGrowth {
///         println!("{} grows by {:?} each time, R² = {:?}", series.column, series.rate, series.fit);
///     }
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
#[non_exhaustive]
pub struct Convergence {
    /// Index of the entry of `trail` that contains the column, from 0.
    pub trail: usize,
    /// The name of the column.
    pub column: Cow<'static, str>,
    /// The behaviour of the series towards its end.
    pub behaviour: Behaviour,
    /// The factor from one occurrence to the next: the slope of a straight line through ln|x|, by least squares. For a
    /// step collapse, the factor between steps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<f64>,
    /// The quality of that fit: the coefficient of determination R², from 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fit: Option<f64>,
    /// The number of last finite rows that `behaviour`, `rate` and `fit` describe.
    pub rows: usize,
    /// The period of an oscillation, in occurrences, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub period: Option<usize>,
    /// The first value, if it is finite.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<f64>,
    /// The last value before the first value that is not finite.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<f64>,
    /// The smallest of the finite values.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub smallest: Option<f64>,
    /// The largest of the finite values.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub largest: Option<f64>,
    /// The first value that is not finite.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_non_finite: Option<NonFinite>,
    /// The first bound that the series crossed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crossed: Option<BoundCrossing>,
}

impl Convergence {
    /// Creates an empty analysis of a column of a trail entry.
    ///
    /// ```
    /// let convergence = tracing_failure::record::Convergence::new(0, "residual");
    /// assert_eq!(convergence.column, "residual");
    /// ```
    pub fn new(trail: usize, column: impl Into<Cow<'static, str>>) -> Self {
        Convergence { trail, column: column.into(), ..Convergence::default() }
    }
}

/// The behaviour of a series of numbers.
///
/// ```
/// assert_eq!(tracing_failure::record::Behaviour::StepCollapse.name(), "step_collapse");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Behaviour {
    /// The series grows by about the same factor each time, or faster.
    GeometricGrowth,
    /// The series falls by about the same factor each time, or faster.
    GeometricDecay,
    /// A residual falls, by less than a tenth each time.
    SlowConvergence,
    /// A residual hardly changes: at this rate, it needs more than 20,000 occurrences to fall to a tenth.
    Stagnation,
    /// The series rises and falls, and returns to earlier values.
    Oscillation,
    /// A step size, or the distance from one time to the next, falls to less than a thousandth of its earlier value.
    StepCollapse,
    /// The series changes by about the same amount each time, as counters and times do, or hardly at all.
    Steady,
    /// The series does not change.
    Constant,
    /// The series shows none of these behaviours.
    Irregular,
    /// The series has too few finite values.
    #[default]
    #[serde(other)]
    Short,
}

impl Behaviour {
    /// Returns the name that the record contains.
    ///
    /// ```
    /// assert_eq!(tracing_failure::record::Behaviour::Stagnation.name(), "stagnation");
    /// ```
    pub fn name(self) -> &'static str {
        match self {
            Behaviour::GeometricGrowth => "geometric_growth",
            Behaviour::GeometricDecay => "geometric_decay",
            Behaviour::SlowConvergence => "slow_convergence",
            Behaviour::Stagnation => "stagnation",
            Behaviour::Oscillation => "oscillation",
            Behaviour::StepCollapse => "step_collapse",
            Behaviour::Steady => "steady",
            Behaviour::Constant => "constant",
            Behaviour::Irregular => "irregular",
            Behaviour::Short => "short",
        }
    }
}

/// The first value of a series that is NaN or infinite.
///
/// ```
/// # let failure = tracing_failure::Failure::new("c", "r", "E", "m");
/// for broken in failure.context.convergence.iter().filter_map(|series| series.first_non_finite.as_ref()) {
///     println!("{} in row {}", broken.value, broken.row);
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
#[non_exhaustive]
pub struct NonFinite {
    /// The row of the trail's entry, from 0.
    pub row: usize,
    /// The value: NaN or an infinity.
    pub value: Value,
}

impl NonFinite {
    /// Creates an entry for a value in a row.
    ///
    /// ```
    /// let broken = tracing_failure::record::NonFinite::new(7, f64::NAN);
    /// assert_eq!(broken.row, 7);
    /// ```
    pub fn new(row: usize, value: impl Into<Value>) -> Self {
        NonFinite { row, value: value.into() }
    }
}

/// A bound that a series crossed.
///
/// ```
/// # let failure = tracing_failure::Failure::new("c", "r", "E", "m");
/// for crossed in failure.context.convergence.iter().filter_map(|series| series.crossed.as_ref()) {
///     println!("{} went past {} ({})", crossed.value, crossed.bound, crossed.of);
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
#[non_exhaustive]
pub struct BoundCrossing {
    /// The row of the trail's entry, from 0.
    pub row: usize,
    /// The value beyond the bound.
    pub value: f64,
    /// The bound.
    pub bound: f64,
    /// The source of the bound: the name of a parameter, or `nature` if the bound follows from the name of the series
    /// (such as a density, which is never negative).
    pub of: String,
}

impl BoundCrossing {
    /// Creates an entry for a value in a row that is beyond a bound.
    ///
    /// ```
    /// let crossed = tracing_failure::record::BoundCrossing::new(7, -0.3, 0.0, "nature");
    /// assert_eq!((crossed.row, crossed.of.as_str()), (7, "nature"));
    /// ```
    pub fn new(row: usize, value: f64, bound: f64, of: impl Into<String>) -> Self {
        BoundCrossing { row, value, bound, of: of.into() }
    }
}
