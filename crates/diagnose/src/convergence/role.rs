//! The role of a series in a numerical method, derived from the words of its name.

use record::Value;
use record::internal::WordSequence;

/// The role of a column of the trail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SeriesRole {
    /// A value that the method drives to zero: a residual, an error, an update, a gradient.
    Residual,
    /// A value that the method minimises: a cost, a loss.
    Objective,
    /// A step size.
    Step,
    /// The independent variable.
    Time,
    /// A number of iterations, evaluations or the like.
    Counter,
    /// A norm, either of a residual or of the solution.
    Norm,
    /// Anything else: a coupling, an energy.
    Quantity,
}

const RESIDUALS: &[&str] = &[
    "residual",
    "residuals",
    "resid",
    "res",
    "rnorm",
    "fnorm",
    "gnorm",
    "gradient",
    "grad",
    "error",
    "err",
    "defect",
    "update",
    "change",
    "correction",
    "increment",
    "imbalance",
    "discrepancy",
    "mismatch",
    "difference",
    "diff",
    "delta",
    "f",
    "fx",
    "rms",
];
const NORMS: &[&str] = &["norm", "norm2", "l2", "linf"];
const OBJECTIVES: &[&str] = &["cost", "loss", "objective", "chi2", "misfit", "fval"];
const STEPS: &[&str] = &["dt", "h", "step", "steps", "stepsize", "timestep", "dx", "ds", "dtau"];
const TIMES: &[&str] = &["t", "time", "tau", "x", "s", "scale", "log"];
const COUNTERS: &[&str] = &[
    "iteration",
    "iterations",
    "iter",
    "it",
    "k",
    "n",
    "i",
    "j",
    "step",
    "sweep",
    "epoch",
    "cycle",
    "nfev",
    "count",
    "evaluations",
    "evals",
    "samples",
    "epochs",
    "generation",
    "subdivisions",
    "restart",
    "rank",
    "order",
    "level",
];

impl SeriesRole {
    /// Returns the role of a column whose name has these words. The first number tells whether the column holds
    /// integers.
    pub(crate) fn of(words: &WordSequence, column: &Value) -> Self {
        let first = column.as_list().and_then(|list| list.iter().find(|value| value.as_f64().is_some()));
        Self::named(words, matches!(first, Some(Value::Int(_) | Value::UInt(_))))
    }

    fn named(words: &WordSequence, is_whole: bool) -> Self {
        let any = |known: &[&str]| words.iter().any(|word| known.contains(&word));
        let all = |known: &[&str]| words.iter().all(|word| known.contains(&word));
        if is_whole && any(COUNTERS) {
            SeriesRole::Counter
        } else if any(RESIDUALS) {
            SeriesRole::Residual
        } else if any(OBJECTIVES) {
            SeriesRole::Objective
        } else if !is_whole && any(STEPS) {
            SeriesRole::Step
        } else if all(NORMS) {
            SeriesRole::Norm
        } else if all(TIMES) {
            SeriesRole::Time
        } else {
            SeriesRole::Quantity
        }
    }

    /// Returns true if the method tries to decrease the value.
    pub(crate) fn should_decrease(self) -> bool {
        matches!(self, SeriesRole::Residual | SeriesRole::Objective)
    }

    /// Returns true if the value may measure the size of the solution.
    pub(crate) fn measures_solution(self) -> bool {
        matches!(self, SeriesRole::Quantity | SeriesRole::Norm)
    }

    /// The name of the role in rules.
    pub(crate) fn name(self) -> &'static str {
        match self {
            SeriesRole::Residual => "residual",
            SeriesRole::Objective => "objective",
            SeriesRole::Step => "step",
            SeriesRole::Time => "time",
            SeriesRole::Counter => "counter",
            SeriesRole::Norm => "norm",
            SeriesRole::Quantity => "quantity",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_determine_the_role_of_a_series() {
        for (name, is_whole, role) in [
            ("residual", false, SeriesRole::Residual),
            ("rel_err", false, SeriesRole::Residual),
            ("gradNorm", false, SeriesRole::Residual),
            ("cost", false, SeriesRole::Objective),
            ("dt", false, SeriesRole::Step),
            ("step_size", false, SeriesRole::Step),
            ("step", true, SeriesRole::Counter),
            ("t", false, SeriesRole::Time),
            ("iteration", true, SeriesRole::Counter),
            ("x_norm", false, SeriesRole::Quantity),
            ("norm", false, SeriesRole::Norm),
            ("evaluations", true, SeriesRole::Counter),
            ("thickness", false, SeriesRole::Quantity),
        ] {
            assert_eq!(SeriesRole::named(&WordSequence::of(name), is_whole), role, "{name}");
        }
    }
}
