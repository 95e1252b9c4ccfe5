//! What kind of failure it was.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::words::Words;

macro_rules! categories {
    ($($(#[$doc:meta])* $variant:ident = $name:literal: [$($phrase:literal),* $(,)?],)*) => {
        /// Kinds of failure, from the reason codes of PETSc, SUNDIALS, SciML, SciPy and Belos.
        ///
        /// A span or event names it in a field `category`; else it is read from the error's types and words.
        ///
        /// ```
        /// use tracing_failure::Category;
        ///
        /// assert_eq!(Category::from_name("singular_matrix"), Some(Category::SingularMatrix));
        /// assert_eq!(Category::SingularMatrix.name(), "singular_matrix");
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[cfg_attr(test, derive(schemars::JsonSchema))]
        #[serde(rename_all = "snake_case")]
        #[non_exhaustive]
        pub enum Category {
            $($(#[$doc])* $variant,)*
            /// None of the others.
            #[serde(other)]
            Other,
        }

        impl Category {
            /// The name in the record.
            ///
            /// ```
            /// assert_eq!(tracing_failure::Category::NonFinite.name(), "non_finite");
            /// ```
            pub fn name(self) -> &'static str {
                match self {
                    $(Category::$variant => $name,)*
                    Category::Other => "other",
                }
            }

            /// Every category, the most specific first.
            ///
            /// ```
            /// assert_eq!(tracing_failure::Category::all().last(), Some(&tracing_failure::Category::Other));
            /// ```
            pub const fn all() -> &'static [Self] {
                &[$(Category::$variant,)* Category::Other]
            }

            /// The category of this name.
            ///
            /// ```
            /// assert_eq!(tracing_failure::Category::from_name("bad luck"), None);
            /// ```
            pub fn from_name(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Category::$variant),)*
                    "other" => Some(Category::Other),
                    _ => None,
                }
            }
        }

        /// Phrases of whole words that tell a category, the most specific category first.
        const PHRASES: &[(Category, &[&str])] = &[$((Category::$variant, &[$($phrase),*]),)*];
    };
}

categories! {
    /// The step became so small that `t + h = t`.
    StepSizeUnderflow = "step_size_underflow": [
        "step size underflow", "stepsize underflow", "step size too small", "stepsize too small",
        "step size became too small", "step size is less", "step size less", "dt less than min", "step underflow",
    ],
    /// A panic that is none of the others.
    Panic = "panic": ["with overflow", "index out of bounds"],
    /// An argument outside the domain of a function.
    DomainError = "domain_error": [
        "domain error", "outside the domain", "outside of the domain", "out of domain", "outside its domain",
        "function domain", "math domain", "less than zero", "must be in", "must lie in", "must be between",
        "must be within", "negative argument", "of a negative", "is outside", "lies outside", "not in the domain",
    ],
    /// NaN or an infinity where a finite number was needed.
    NonFinite = "non_finite": [
        "nan", "nans", "not a number", "non finite", "nonfinite", "not finite", "infinite value", "infinity",
        "infinities", "inf", "overflow", "overflowed", "overflows",
    ],
    /// Evaluations of the function ran out.
    MaxEvaluations = "max_evaluations": [
        "function evaluations", "max evaluations", "maximum evaluations", "maximum number of evaluations",
        "too many evaluations", "max evals", "maxfev", "function count", "after evaluations", "evaluations exceeded",
        "evaluation limit", "lost patience",
    ],
    /// No step along the search direction reduces the objective enough.
    LineSearch = "line_search": ["line search", "linesearch"],
    /// The integrator's local error test failed too often.
    ErrorTest = "error_test": ["error test"],
    /// More accuracy was asked for than the arithmetic has.
    AccuracyUnattainable = "accuracy_unattainable": [
        "too much accuracy", "tolerance too small", "tolerances too small", "accuracy cannot be achieved",
        "accuracy unattainable", "floating point limit", "below machine precision", "no improvement possible",
        "below machine epsilon",
    ],
    /// Digits were lost on the way.
    LossOfAccuracy = "loss_of_accuracy": [
        "loss of accuracy", "loss of precision", "loss of significance", "catastrophic cancellation",
        "loss of orthogonality", "not orthogonal", "lost orthogonality",
    ],
    /// A recurrence of an iterative method divided by zero.
    Breakdown = "breakdown": [
        "breakdown", "break down", "zero derivative", "derivative is zero", "derivative vanishes",
        "vanishing derivative",
    ],
    /// A matrix that cannot be factorised.
    SingularMatrix = "singular_matrix": [
        "singular", "not invertible", "non invertible", "zero pivot", "rank deficient", "rank deficiency",
        "not positive definite", "cannot be inverted", "can not be inverted", "could not be inverted", "has no inverse",
        "not positive semidefinite",
    ],
    /// A matrix that amplifies errors too much.
    IllConditioned = "ill_conditioned": [
        "ill conditioned", "badly conditioned", "poorly conditioned", "condition number", "forward error",
        "loses digits",
    ],
    /// A linear solve inside the method failed.
    LinearSolve = "linear_solve": ["linear solve", "linear solver", "gmres", "bicgstab", "krylov"],
    /// The nonlinear solve inside a step failed.
    NonlinearConvergence = "nonlinear_convergence": [
        "nonlinear solve", "nonlinear solver", "nonlinear convergence", "non linear solver", "newton did not converge",
        "newton failed", "newton iteration failed", "convergence failure", "implicit step", "nonlinear iteration",
        "nonlinear iterations", "newton iterations failed", "corrector",
    ],
    /// Shapes that do not fit.
    DimensionMismatch = "dimension_mismatch": [
        "dimension mismatch", "dimensions mismatch", "mismatched dimensions", "incompatible dimensions",
        "dimensions do not match", "shape mismatch", "shapes mismatch", "mismatched shapes", "incompatible shapes",
        "shapes do not match", "shape error", "inconsistent dimensions", "inconsistent shapes", "not compatible",
        "number of elements", "expected columns found", "expected rows found", "expected elements found",
        "expected length", "length mismatch", "lengths do not match", "lengths differ", "size mismatch",
        "sizes do not match", "wrong shape", "wrong length", "wrong size", "wrong number of elements",
        "dimensions must match", "shapes must match", "same length", "same shape", "cannot be broadcast",
        "could not be broadcast", "could not broadcast", "shapes differ", "dimensions differ",
    ],
    /// Iterations or steps ran out.
    MaxIterations = "max_iterations": [
        "max iterations", "maximum iterations", "maximum number of iterations", "max number of iterations", "max iter",
        "max iters", "maxiter", "max iters reached", "max it", "iteration limit", "too many iterations",
        "iterations exceeded", "max num step", "max steps", "maximum steps", "maximum number of steps",
        "more than steps", "too many steps", "too much work", "did not converge", "does not converge", "not converged",
        "failed to converge", "no convergence", "non convergence", "without convergence", "convergence error",
        "not converge", "convergency error", "not reached", "did not reach", "not reach", "limit reached",
        "after samples", "without converging", "did not settle", "no fixed point",
    ],
    /// The residual grew instead of falling.
    ResidualDivergence = "residual_divergence": [
        "diverged", "diverges", "diverging", "divergence detected", "divergence error", "residual divergence",
        "blow up", "blew up", "blows up", "unstable",
    ],
    /// The residual stays where it is.
    Stagnation = "stagnation": [
        "stagnation", "stagnated", "stagnates", "stalled", "no progress", "local minimum", "stays at", "stuck",
        "not improving", "no improvement",
    ],
    /// No point satisfies the constraints.
    Infeasible = "infeasible": ["infeasible", "no feasible", "not feasible"],
    /// A constraint does not hold any more.
    ConstraintViolation = "constraint_violation": [
        "constraint violation", "constraint violated", "constraints violated", "violates constraint",
        "violates the constraint", "bound violated", "bounds violated", "negative density", "negative pressure",
        "negative temperature", "negative probability", "negative concentration", "negative volume", "negative mass",
        "negative energy", "negative population", "negative variance",
    ],
    /// The computation could not begin.
    Initialization = "initialization": [
        "initialization failed", "initialisation failed", "initial failure", "illegal input", "bad initial",
        "invalid initial", "inconsistent initial", "initial condition", "initial conditions", "different signs",
        "opposite signs", "same sign", "bracketing error", "no sign change", "not bracketed", "must be positive",
        "must be greater", "must not be negative", "cannot be negative", "stop time", "invalid float", "invalid digit",
        "invalid type", "invalid value", "expected value at", "cannot parse", "could not parse", "failed to parse",
    ],
    /// The memory ran out.
    OutOfMemory = "out_of_memory": ["out of memory", "memory allocation", "memory error", "oom"],
    /// The time ran out.
    TimeLimit = "time_limit": ["time limit", "timed out", "timeout", "deadline exceeded", "walltime", "wall time"],
    /// Somebody asked it to stop.
    Interrupted = "interrupted": ["interrupted", "cancelled", "canceled", "keyboard interrupt", "sigint"],
    /// Somebody made it stop.
    Killed = "killed": ["killed", "sigkill", "sigterm"],
    /// Something that the computation needs is not there.
    MissingInput = "missing_input": [
        "missing input", "missing value", "missing parameter", "missing field", "missing argument", "missing data",
        "no such file", "empty", "not set", "environment variable", "not initialized", "requires an initial",
        "no residuals", "no data", "no elements", "no rows", "no samples", "not provided", "not given",
    ],
}

/// A phrase after its first word, and the category that it tells. An earlier category is more specific.
struct Phrase {
    rank: usize,
    rest: Vec<&'static str>,
}

/// Phrases by their first word.
static BY_FIRST_WORD: LazyLock<HashMap<&'static str, Vec<Phrase>>> = LazyLock::new(|| {
    let mut index: HashMap<_, Vec<Phrase>> = HashMap::new();
    for (rank, (_, phrases)) in PHRASES.iter().enumerate() {
        for phrase in *phrases {
            let mut words = phrase.split(' ');
            let first = words.next().unwrap_or_default();
            index.entry(first).or_default().push(Phrase { rank, rest: words.collect() });
        }
    }
    index
});

impl Category {
    /// The category that these words tell, if any.
    pub(crate) fn of_text(text: &str) -> Option<Self> {
        // "NaN" would come apart as camel case; numbers stand between words: "more than 1000 steps".
        let text = if text.contains("NaN") { text.replace("NaN", " nan ").into() } else { Cow::Borrowed(text) };
        let words = Words::of(&text);
        let words: Vec<&str> = words.iter().filter(|word| word.starts_with(char::is_alphabetic)).collect();
        let phrases_at = |at: usize| {
            let after = &words[at + 1..];
            let starting = BY_FIRST_WORD.get(words[at]).into_iter().flatten();
            starting.filter(move |phrase| after.starts_with(&phrase.rest))
        };
        let rank = (0..words.len()).flat_map(phrases_at).map(|phrase| phrase.rank).min()?;
        Some(PHRASES[rank].0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_and_messages_tell_their_category() {
        for (text, category) in [
            ("StepSizeUnderflow", Category::StepSizeUnderflow),
            ("MaxNumStepReached", Category::MaxIterations),
            ("Stopped at x = 3. Need more than 100000 steps.", Category::MaxIterations),
            ("RG flow integration failed to converge", Category::MaxIterations),
            ("NaNDetected", Category::NonFinite),
            ("found NaN in the residual", Category::NonFinite),
            ("value is inf", Category::NonFinite),
            ("Matrix is singular to working precision", Category::SingularMatrix),
            ("LinAlgError: Singular matrix", Category::SingularMatrix),
            ("operands could not be broadcast: shape mismatch", Category::DimensionMismatch),
            ("attempt to add with overflow", Category::Panic),
            ("missing parameter `rtol`", Category::MissingInput),
            ("line search failed", Category::LineSearch),
        ] {
            assert_eq!(Category::of_text(text), Some(category), "{text}");
        }
    }

    #[test]
    fn words_are_whole() {
        for text in ["missing information", "banana", "instant", "informal", "", "singularity theory"] {
            assert_eq!(Category::of_text(text), None, "{text}");
        }
    }

    #[test]
    fn every_name_leads_back_and_unknown_ones_are_other() {
        for (category, _) in PHRASES {
            assert_eq!(Category::from_name(category.name()), Some(*category));
            assert_eq!(serde_json::to_value(category).unwrap(), category.name());
        }
        let unknown: Category = serde_json::from_str("\"from a later version\"").unwrap();
        assert_eq!(unknown, Category::Other);
    }
}
