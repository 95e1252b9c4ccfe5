//! The role of a series in a numerical method, derived from the words of its name.

use record::Value;
use record::internal::WordSequence;

/// The role of a column of the trail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
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

impl Role {
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
            Role::Counter
        } else if any(RESIDUALS) {
            Role::Residual
        } else if any(OBJECTIVES) {
            Role::Objective
        } else if !is_whole && any(STEPS) {
            Role::Step
        } else if all(NORMS) {
            Role::Norm
        } else if all(TIMES) {
            Role::Time
        } else {
            Role::Quantity
        }
    }

    /// Returns true if the method tries to decrease the value.
    pub(crate) fn should_decrease(self) -> bool {
        matches!(self, Role::Residual | Role::Objective)
    }

    /// Returns true if the value may measure the size of the solution.
    pub(crate) fn measures_solution(self) -> bool {
        matches!(self, Role::Quantity | Role::Norm)
    }

    /// The name of the role in rules.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Role::Residual => "residual",
            Role::Objective => "objective",
            Role::Step => "step",
            Role::Time => "time",
            Role::Counter => "counter",
            Role::Norm => "norm",
            Role::Quantity => "quantity",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_determine_the_role_of_a_series() {
        for (name, is_whole, role) in [
            ("residual", false, Role::Residual),
            ("rel_err", false, Role::Residual),
            ("gradNorm", false, Role::Residual),
            ("cost", false, Role::Objective),
            ("dt", false, Role::Step),
            ("step_size", false, Role::Step),
            ("step", true, Role::Counter),
            ("t", false, Role::Time),
            ("iteration", true, Role::Counter),
            ("x_norm", false, Role::Quantity),
            ("norm", false, Role::Norm),
            ("evaluations", true, Role::Counter),
            ("thickness", false, Role::Quantity),
        ] {
            assert_eq!(Role::named(&WordSequence::of(name), is_whole), role, "{name}");
        }
    }
}
