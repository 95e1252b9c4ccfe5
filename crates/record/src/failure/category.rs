//! Failure categories, and the phrases by which a text names one.

use serde::{Deserialize, Serialize};

macro_rules! categories {
    ($($(#[$doc:meta])* $variant:ident = $name:literal: [$($phrase:literal),* $(,)?],)*) => {
        /// The category of a failure. The names follow the reason codes of PETSc, SUNDIALS, SciML, SciPy and Belos.
        ///
        /// A span or event can name its category in a field `category`. Otherwise the error's types and messages
        /// determine it.
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
            /// No other category applies.
            #[serde(other)]
            Other,
        }

        impl Category {
            /// Returns the name that the record contains.
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

            /// Returns all categories, the most specific first.
            ///
            /// ```
            /// assert_eq!(tracing_failure::Category::all().last(), Some(&tracing_failure::Category::Other));
            /// ```
            pub const fn all() -> &'static [Self] {
                &[$(Category::$variant,)* Category::Other]
            }

            /// Returns the category with this name.
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

        /// Phrases of whole words that identify a category. The most specific category comes first.
        pub(super) const PHRASES: &[(Category, &[&str])] = &[$((Category::$variant, &[$($phrase),*]),)*];
    };
}

categories! {
    /// The step size became so small that `t + h = t`.
    StepSizeUnderflow = "step_size_underflow": [
        "step size underflow", "stepsize underflow", "step size too small", "stepsize too small",
        "step size became too small", "step size is less", "step size less", "dt less than min", "step underflow",
        "step * collapsed", "step size * too small", "time step too small", "time step is too small", "dt too small",
        "step became too small", "step length underflow", "step below the minimum", "step size below", "ds min",
        "dt min", "h min", "hmin", "dtmin", "step * below * minimum", "underflow in dt",
    ],
    /// A panic that belongs to no other category.
    Panic = "panic": ["with overflow", "index out of bounds"],
    /// An argument is outside the domain of a function.
    DomainError = "domain_error": [
        "domain error", "outside the domain", "outside of the domain", "out of domain", "outside its domain",
        "function domain", "math domain", "less than zero", "must be in", "must lie in", "must be between",
        "must be within", "negative argument", "of a negative", "is outside", "lies outside", "not in the domain",
        "argument * not in", "out of the domain", "square root of", "logarithm of", "ln of", "log of", "sqrt of",
        "acos of", "asin of", "not defined for", "undefined for", "rhsfunc fail", "rhsfunc err", "outside of table",
        "outside the table", "table range", "outside of range", "outside the range", "outside of the range",
        "invalid value encountered in log", "invalid value encountered in sqrt", "invalid value encountered in power",
        "invalid value encountered in arccos", "invalid value encountered in arcsin",
        "invalid value encountered in arccosh", "invalid value encountered in arctanh", "divide by zero encountered",
        "zero division error", "special * singularity", "fit data error", "coefficient is not defined",
        "data must be positive", "lam or lam is nan", "p or p is nan", "frequencies must be",
        "above the interpolation", "below the interpolation", "out of bounds in dimension", "constant input warning",
        "invalid value encountered in log10", "invalid value encountered in log2",
        "invalid value encountered in log1p", "invalid value encountered in scalar power", "expected a positive input",
        "expected a nonnegative input", "expected a number in range",
        "must be chosen such that",
        "requested theta out of bounds", "requested phi out of bounds", "out of bounds w x",
    ],
    /// Memory ran out.
    OutOfMemory = "out_of_memory": [
        "out of memory", "memory allocation", "memory error", "oom", "capacity overflow", "not enough memory",
        "insufficient memory", "cannot allocate", "failed to allocate", "allocation failed", "allocation error",
        "memory limit", "exceeds * memory", "need * GiB", "need * GB", "bad alloc", "memory exhausted",
        "GiB available", "GB available", "array is too big", "unable to allocate", "maximum allowed dimension exceeded",
    ],
    /// NaN or an infinity occurred where a finite number is required.
    NonFinite = "non_finite": [
        "nan", "nans", "not a number", "non finite", "nonfinite", "not finite", "infinite value", "infinity",
        "infinities", "inf", "overflow", "overflowed", "overflows", "nanorinf", "fnorm nan", "dt nan",
        "svd did not converge", "eigenvalues did not converge", "invalid value encountered", "invalid numeric entries",
        "out of range float",
        "must be finite", "only finite values",
    ],
    /// The limit on function evaluations was reached.
    MaxEvaluations = "max_evaluations": [
        "function evaluations", "max evaluations", "maximum evaluations", "maximum number of evaluations",
        "too many evaluations", "max evals", "maxfev", "function count", "after evaluations", "evaluations exceeded",
        "evaluation limit", "lost patience", "diverged function count", "max nfev", "derivative evaluations",
        "more than evaluations", "call limit", "maxfun", "evaluations exceeds",
        "too many function calls",
    ],
    /// No step along the search direction reduces the objective enough.
    LineSearch = "line_search": ["line search", "linesearch", "kin linesearch", "linear search failed", "lnsrch"],
    /// The integrator's local error test failed too often.
    ErrorTest = "error_test": ["error test", "local error", "error estimate * exceeded", "err failure", "err fail"],
    /// The requested accuracy exceeds the precision of the arithmetic.
    AccuracyUnattainable = "accuracy_unattainable": [
        "too much accuracy", "tolerance too small", "tolerances too small", "accuracy cannot be achieved",
        "accuracy unattainable", "floating point limit", "below machine precision", "no improvement possible",
        "below machine epsilon", "no further improvement possible", "below the rounding error", "below rounding",
        "too much acc", "desired error", "error estimate exceeds", "roundoff error is detected",
        "roundoff error prevents", "excess accuracy", "ftol is too small", "xtol is too small", "gtol is too small",
    ],
    /// The computation lost significant digits.
    LossOfAccuracy = "loss_of_accuracy": [
        "loss of accuracy", "loss of precision", "loss of significance", "catastrophic cancellation",
        "loss of orthogonality", "not orthogonal", "lost orthogonality", "lost * digits", "lost * precision",
        "precision lost", "precision is lost", "lost precision", "digits are lost", "digits lost", "cancellation",
        "roundoff dominates", "rounding error dominates", "variance * negative", "negative variance", "precision loss",
        "not enough precision",
        "underflow encountered",
    ],
    /// A recurrence of an iterative method divided by zero.
    Breakdown = "breakdown": [
        "breakdown", "break down", "zero derivative", "derivative is zero", "derivative vanishes",
        "vanishing derivative", "omega became zero", "rho became zero", "became zero", "denominator * zero",
        "division by zero in the recurrence", "diverged breakdown", "diverged indefinite", "diverged nonsymmetric",
        "derivative was zero", "tolerance of reached",
        "invariant subspace", "returned a zero vector",
    ],
    /// A matrix amplifies errors too much.
    IllConditioned = "ill_conditioned": [
        "ill conditioned", "badly conditioned", "poorly conditioned", "condition number", "forward error",
        "loses digits", "close to singular", "nearly singular", "near singular", "almost singular", "badly scaled",
        "rcond",
        "too close to the imaginary axis", "too close to the unit circle",
    ],
    /// A matrix cannot be factorised.
    SingularMatrix = "singular_matrix": [
        "singular", "not invertible", "non invertible", "zero pivot", "rank deficient", "rank deficiency",
        "not positive definite", "cannot be inverted", "can not be inverted", "could not be inverted",
        "has no inverse", "not positive semidefinite", "cholesky * failed", "factorization failed",
        "factorisation failed", "lu * failed", "failed to factor", "failed to factorize", "failed to invert",
        "inversion failed", "no unique solution", "dependent columns", "linearly dependent",
        "symmetric positive semidefinite", "symmetric positive semi definite", "parameters could not be estimated",
        "qhull error",
        "not full rank", "not have full rank", "non positive pivot", "nonpositive pivot", "negative pivot",
        "pivot is zero !based indexed", "pivot was zero !based indexed", "pivot is exactly zero",
        "pivot element is zero", "pivot value is zero", "pivot vanishes", "pivot vanished", "pivot is too small",
        "pivot too small", "tiny pivot", "pivot at is zero", "pivot at row is zero", "pivot in row is zero",
        "pivot of row is zero", "pivot in column is zero", "pivot of column is zero", "zero diagonal",
        "zero on the diagonal", "zeros on the diagonal", "diagonal element is zero", "diagonal entry is zero",
        "must be positive definite", "must be positive semidefinite", "should be positive definite",
        "must be symmetric positive definite", "non positive definite", "nonpositive definite",
        "isn t positive definite", "is not spd", "linear resolution failed",
    ],
    /// A linear solve inside the method failed.
    LinearSolve = "linear_solve": [
        "linear solve", "linear solver", "gmres", "bicgstab", "krylov", "diverged linear solve", "lsolve fail",
        "lsetup fail", "linear solve failed", "diverged pc failed",
    ],
    /// The nonlinear solve inside a step failed.
    NonlinearConvergence = "nonlinear_convergence": [
        "nonlinear solve", "nonlinear solver", "nonlinear convergence", "non linear solver", "newton did not converge",
        "newton failed", "newton iteration failed", "convergence failure", "implicit step", "nonlinear iteration",
        "nonlinear iterations", "newton iterations failed", "corrector", "diverged nonlinear solve", "conv failure",
        "conv fail", "mxnewt", "no recovery", "kin repeated", "convergence failures",
    ],
    /// The shapes of arrays do not match.
    DimensionMismatch = "dimension_mismatch": [
        "dimension mismatch", "dimensions mismatch", "mismatched dimensions", "incompatible dimensions",
        "dimensions do not match", "shape mismatch", "shapes mismatch", "mismatched shapes", "incompatible shapes",
        "shapes do not match", "shape error", "inconsistent dimensions", "inconsistent shapes", "not compatible",
        "number of elements", "expected columns found", "expected rows found", "expected elements found",
        "expected length", "length mismatch", "lengths do not match", "lengths differ", "size mismatch",
        "sizes do not match", "wrong shape", "wrong length", "wrong size", "wrong number of elements",
        "dimensions must match", "shapes must match", "same length", "same shape", "cannot be broadcast",
        "could not be broadcast", "could not broadcast", "shapes differ", "dimensions differ", "incompatible",
        "wrong dimensions", "do not have the same", "does not match the number", "not the same length",
        "not the same size", "dimension error", "cannot reshape", "different shape", "different shapes",
        "different sizes", "different lengths", "into shape", "mismatch in its core dimension", "must be square",
        "must be dimensional", "must be one dimensional", "does not match the size", "not aligned",
        "inhomogeneous shape", "must match exactly", "did not match indexed array", "equal in length",
        "too many indices", "must return a scalar", "must not exceed the number of data",
        "must not exceed func output", "constraints than independent", "shapes cannot be multiplied",
        "must match the size", "must have the same number of", "number of columns changed",
        "must be equal to the size", "mismatch between the input",
        "square matrix", "square matrices", "should be square", "expected to have shape", "must have shape",
        "should have shape", "shape should be", "must be two dimensional", "at least two dimensional",
        "must be at least dimensional", "should be at least * dimensional", "number of dimensions",
        "invalid dimensions",
        "must have exactly one dimension", "must have at least * dimensions", "equal length", "lengths must be equal",
        "shapes must be identical", "same rank", "doesn t match the", "doesn t match data", "shapes * do not match",
        "lengths * do not match", "dimensions * do not match", "sizes * do not match", "rows * do not match",
        "columns * do not match",
        "observations do not match",
        "have dimension but", "be able to broadcast", "shape * not the expected one",
        "not square !root roots integrable free summable", "non square !root roots integrable",
        "nonsquare", "isn t square", "same number of rows", "same number of columns", "same number of elements",
        "same dimension", "same dimensions", "of the same size", "have the same size", "has the same size",
        "number of * does not match", "number of * do not match", "number of * doesn t match",
        "number of * differs from", "does not match number", "do not match the number", "do not match number",
        "count does not match", "counts do not match", "count mismatch", "lanes mismatch", "correct length",
        "correct shape !parameter parameters factor function", "incorrect length", "incorrect shape !parameter parameters factor function", "incorrect dimensions", "incorrect dimension",
        "bad shape !parameter parameters factor function", "invalid shape !parameter parameters factor function", "unexpected shape !parameter parameters factor function", "shape is invalid", "wrong dimension",
        "wrong number of parameters", "wrong number of rows", "wrong number of columns",
        "wrong number of components", "wrong number of equations", "wrong number of unknowns",
        "wrong number of coefficients", "incorrect number of parameters", "incorrect number of rows",
        "incorrect number of columns", "incorrect number of elements", "invalid number of elements",
        "expected elements got", "expected rows got", "expected columns got", "expected components got",
        "expected parameters got", "expected entries got", "expected entries found",
    ],
    /// The limit on iterations or steps was reached.
    MaxIterations = "max_iterations": [
        "max iterations", "maximum iterations", "maximum number of iterations", "max number of iterations", "max iter",
        "max iters", "maxiter", "max iters reached", "max it", "iteration limit", "too many iterations",
        "iterations exceeded", "max num step", "max steps", "maximum steps", "maximum number of steps",
        "more than steps", "too many steps", "too much work", "did not converge", "does not converge", "not converged",
        "failed to converge", "no convergence", "non convergence", "without convergence", "convergence error",
        "not converge", "convergency error", "not reached", "did not reach", "not reach", "limit reached",
        "after samples", "without converging", "did not settle", "no fixed point", "cycles used", "iterations used",
        "sweeps done", "steps used", "table exhausted", "iterations exhausted", "steps exhausted",
        "ran out of iterations", "ran out of steps", "out of iterations", "iteration count exceeded",
        "still not converged", "giving up after", "gave up after", "max cycles", "diverged its", "diverged max it",
        "cv too much work", "ida too much work", "kin maxiter reached", "pivots done", "excess work", "larger nsteps",
        "number of mesh nodes", "number of subdivisions", "integrand behavior", "not reaching",
        "iterations reached limit", "recursion depth", "probably stiff", "could not find root",
        "iteration failed", "root finding * failed",
    ],
    /// The residual grew instead of falling.
    ResidualDivergence = "residual_divergence": [
        "diverged", "diverges", "diverging", "divergence detected", "divergence error", "residual divergence",
        "blow up", "blew up", "blows up", "unstable", "is growing", "keeps growing", "exploded", "explodes",
        "explosion", "without bound", "runaway", "run away", "runs away", "became unbounded", "grew beyond",
        "grows beyond", "instability", "divergent",
    ],
    /// The residual no longer decreases.
    Stagnation = "stagnation": [
        "stagnation", "stagnated", "stagnates", "stalled", "no progress", "local minimum", "stays at", "stuck",
        "not improving", "no improvement", "no further improvement", "not decreasing", "does not decrease",
        "no longer decreases", "diverged local min", "diverged tr delta", "not making good progress",
        "trust region radius", "trust region * small", "step lt stptol",
    ],
    /// No point satisfies the constraints.
    Infeasible = "infeasible": ["infeasible", "no feasible", "not feasible"],
    /// A constraint no longer holds.
    ConstraintViolation = "constraint_violation": [
        "constraint violation", "constraint violated", "constraints violated", "violates constraint",
        "violates the constraint", "bound violated", "bounds violated", "negative density", "negative pressure",
        "negative temperature", "negative probability", "negative concentration", "negative volume", "negative mass",
        "negative energy", "negative population", "became negative", "pressure * negative", "density * negative",
        "energy error", "energy drift", "not conserved", "conservation", "drifted", "out of bounds of", "not unitary",
        "lost positivity", "not symmetric", "is not zero", "does not vanish", "not vanish", "exceeds the bound",
        "constr fail", "do not sum", "does not sum",
    ],
    /// The computation could not start.
    Initialization = "initialization": [
        "initialization failed", "initialisation failed", "initial failure", "illegal input", "bad initial",
        "invalid initial", "inconsistent initial", "initial condition", "initial conditions", "different signs",
        "opposite signs", "same sign", "bracketing error", "no sign change", "not bracketed", "must be positive",
        "must be greater", "must not be negative", "cannot be negative", "stop time", "invalid float", "invalid digit",
        "invalid type", "invalid value", "expected value at", "cannot parse", "could not parse", "failed to parse",
        "must be smaller", "must be larger", "must be less", "must be nonzero", "must not be", "no initial",
        "wrong sign", "inconsistent", "ill input", "initial estimate must", "lower bound exceeds",
        "lower bounds is greater", "bound is less than", "bracketing values", "valid bracket", "m k must hold",
        "negative dimensions", "could not convert string", "not within t span", "must be monotonically increasing",
        "must be strictly increasing", "strictly increasing sequence", "illegal value",
        "must be non negative", "must be nonnegative", "must be a non negative", "must be a nonnegative",
        "must be a positive", "should be positive", "should be non negative", "should be nonnegative",
        "should be greater", "should be less", "expect non negative", "must be increasing", "must be decreasing",
        "must be sorted", "must be strictly ascending", "not in increasing order", "must be an integer",
        "must be integers", "must be a power of", "must be real", "must be unique", "should be at least",
    ],
    /// The time limit was reached.
    TimeLimit = "time_limit": [
        "time limit", "timed out", "timeout", "deadline exceeded", "walltime", "wall time", "time budget",
        "budget exhausted", "out of time", "not enough time", "time is up", "time ran out", "took too long",
        "walltime exceeded",
        "time budget * used",
    ],
    /// The computation was stopped on request (SIGINT, cancellation).
    Interrupted = "interrupted": [
        "interrupted", "cancelled", "canceled", "keyboard interrupt", "sigint", "sigterm", "terminated by",
        "stopped by the user", "aborted by the user", "keyboardinterrupt", "preempted", "ctrl c", "stopped by",
        "user abort", "aborted by",
    ],
    /// The process was killed (SIGKILL, out-of-memory killer).
    Killed = "killed": ["killed", "sigkill", "oom killer"],
    /// An input that the computation needs is missing.
    MissingInput = "missing_input": [
        "missing input", "missing value", "missing parameter", "missing field", "missing argument", "missing data",
        "no such file", "empty", "not set", "environment variable", "not initialized", "requires an initial",
        "no residuals", "no data", "no elements", "no rows", "no samples", "not provided", "not given", "not found",
        "does not exist", "not in dataset", "truncated", "unexpected eof", "unexpected end", "no entry", "is missing",
        "are missing", "no such key", "no such column", "unknown variable", "undefined variable", "not available",
        "in the catalogue", "nothing left", "nothing to", "no points left", "none left", "key error",
        "no module named", "zero size array", "small sample", "freedom for slice", "fft data points",
        "not enough * points", "not enough * data", "not enough * samples", "not enough * observations",
        "requires at least * points", "requires at least * knots", "requires at least * observations",
        "need at least * points", "need at least * knots", "must contain at least", "must have at least",
    ],
}

#[cfg(test)]
mod tests {
    use super::*;

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
