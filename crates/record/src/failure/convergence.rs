//! What a record says of the series in its trail.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::value::Value;

/// How one numeric series of the trail went: a column of one of its entries, up to its first value that is not finite.
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
    /// Which entry of `trail` it is a column of, from 0.
    pub trail: usize,
    /// The column's name.
    pub column: Cow<'static, str>,
    /// How it went, towards its end.
    pub behaviour: Behaviour,
    /// The factor from one occurrence to the next: the slope of a straight line through ln|x|, by least squares. Of a step
    /// collapse, the factor of the steps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<f64>,
    /// How well that line fits: the coefficient of determination R², from 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fit: Option<f64>,
    /// How many of the last finite rows `behaviour`, `rate` and `fit` are of.
    pub rows: usize,
    /// After how many occurrences it comes back, where it oscillates so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub period: Option<usize>,
    /// The first value, where it is finite.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<f64>,
    /// The last finite value before any that is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<f64>,
    /// The smallest of the finite values.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub smallest: Option<f64>,
    /// The largest of the finite values.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub largest: Option<f64>,
    /// Where it first was not finite.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_non_finite: Option<NonFinite>,
    /// The first bound that it crossed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crossed: Option<BoundCrossing>,
}

impl Convergence {
    /// A column of an entry of the trail, of which nothing is known yet.
    ///
    /// ```
    /// let convergence = tracing_failure::record::Convergence::new(0, "residual");
    /// assert_eq!(convergence.column, "residual");
    /// ```
    pub fn new(trail: usize, column: impl Into<Cow<'static, str>>) -> Self {
        Convergence { trail, column: column.into(), ..Convergence::default() }
    }
}

/// How a series of numbers goes.
///
/// ```
/// assert_eq!(tracing_failure::record::Behaviour::StepCollapse.name(), "step_collapse");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Behaviour {
    /// It grows by about the same factor each time, or faster.
    GeometricGrowth,
    /// It falls by about the same factor each time, or faster.
    GeometricDecay,
    /// A residual falls, by less than a tenth each time.
    SlowConvergence,
    /// A residual stays where it is: at this rate, a tenth of it is more than 20,000 occurrences away.
    Stagnation,
    /// It goes up and down, and comes back to where it was.
    Oscillation,
    /// A step size, or the distance from one time to the next, falls to less than a thousandth of what it was.
    StepCollapse,
    /// It changes by about the same amount each time, as counters and times do, or hardly.
    Steady,
    /// It does not change.
    Constant,
    /// It follows none of these.
    Irregular,
    /// Too few finite values to say.
    #[default]
    #[serde(other)]
    Short,
}

impl Behaviour {
    /// The name in the record.
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
    /// NaN or an infinity.
    pub value: Value,
}

impl NonFinite {
    /// A value in a row.
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
    /// Where the bound is from: a parameter's name, or `nature` where the name of the series says it, as of a density.
    pub of: String,
}

impl BoundCrossing {
    /// A value in a row that is beyond a bound.
    ///
    /// ```
    /// let crossed = tracing_failure::record::BoundCrossing::new(7, -0.3, 0.0, "nature");
    /// assert_eq!((crossed.row, crossed.of.as_str()), (7, "nature"));
    /// ```
    pub fn new(row: usize, value: f64, bound: f64, of: impl Into<String>) -> Self {
        BoundCrossing { row, value, bound, of: of.into() }
    }
}
