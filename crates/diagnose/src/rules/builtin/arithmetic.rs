//! Rules for arithmetic: NaN, infinities, overflow, arguments outside the domain of a function.

use crate::rules::{Rule, ValueTest};
use record::Category::*;

const DT_NAN: &str = "SciMLBase, ReturnCode.DtNaN";
const FUNCTION_NAN: &str = "PETSc, SNES_DIVERGED_FUNCTION_NANORINF";
const GOLDBERG: &str = "Goldberg 1991, What every computer scientist should know about floating-point arithmetic";

pub(super) fn rules() -> Vec<Rule> {
    vec![
        Rule::new(
            "parameter.non_finite",
            "{parameter} is an input that is not finite. Find where it is computed or read, and reject it there.",
        )
        .non_finite_parameter()
        .source(FUNCTION_NAN),
        Rule::new(
            "result.non_finite",
            "The function returned a value that is not finite: {returned}. Find the first operation whose result is \
             not finite (assert is_finite after each stage), and return an error there.",
        )
        .non_finite_result()
        .source(FUNCTION_NAN),
        Rule::new(
            "non_finite.value",
            "{any.name} = {any} is not finite. Find where it is computed or read, and reject it there.",
        )
        .categories(&[NonFinite, DomainError, Initialization, MaxIterations, StepSizeUnderflow])
        .value("any", ValueTest::NonFinite)
        .source(FUNCTION_NAN),
        Rule::new(
            "non_finite.after_growth",
            "{any} grew from {any.first} to {any.last}, {any.rate}-fold each time towards the end, and then \
             overflowed: it was {any.bad} at {any.at}. Bound or rescale the growing quantity, integrate its logarithm, \
             or shorten the step. If it should not grow at all, the step is beyond the limit of stability.",
        )
        .overflow("any", 1e6)
        .source(DT_NAN),
        Rule::new(
            "non_finite.at_once",
            "{any} is {any.bad} at {any.at}[, after {any.last}, so a single evaluation produced it]. Evaluate the \
             function there, and look for a division by zero, a root or logarithm of a negative number, 0·∞, or an \
             array that was not filled.",
        )
        .non_finite("any")
        .source(FUNCTION_NAN),
        Rule::new(
            "non_finite.growth",
            "{quantity} grew from {quantity.first} to {quantity.last} up to {quantity.to}. Bound or rescale it, \
             integrate its logarithm, or shorten the step. If it should not grow at all, the step is beyond the limit \
             of stability.",
        )
        .category(NonFinite)
        .growth("quantity|any", 1e6)
        .source(DT_NAN),
        Rule::new(
            "non_finite.start",
            "The very first evaluation is not finite, so the derivative or the function is not finite at the initial \
             point. Print it there, and check the initial values against the domain of roots, logarithms and \
             divisions.",
        )
        .categories(&[NonFinite, DomainError])
        .value("iteration|iter|evaluations", ValueTest::Below(1.0))
        .source(DT_NAN),
        Rule::new(
            "non_finite.lapack",
            "The matrix contains NaN or infinity: the eigenvalues and singular values of finite matrices practically \
             always converge. Check it (np.isfinite(a).all()), and find where the value comes from. If the matrix is \
             finite after all, scale it.",
        )
        .category(NonFinite)
        .words("svd did not converge|eigenvalues did not converge|return info|lapack")
        .source("LAPACK, xGESDD and xSYEVD, INFO"),
        Rule::new(
            "non_finite.input",
            "The input contains NaN or infinity. Find the array and the entries (np.argwhere(~np.isfinite(a))). Mask \
             or remove gaps in data; for computed values, look for a division by zero, an overflow, or an argument \
             outside the domain of a function.",
        )
        .category(NonFinite)
        .words(
            "must not contain|must be finite|finite values|contains nan|contains infinity|contains infs|contains \
                non finite|input contains|invalid numeric entries|float nan to|float infinity to|not json \
                compliant",
        )
        .source("SciPy, check_finite"),
        Rule::new(
            "non_finite.initial",
            "The function is not finite at the initial point (x0, p0). Evaluate it there, find the term that is not \
             finite, and start inside its domain. An exponential overflows if the variables are not scaled to one.",
        )
        .category(NonFinite)
        .words("initial point|initial guess|initial parameters")
        .source("SciPy, scipy.optimize.least_squares"),
        Rule::new(
            "non_finite.overflow",
            "{any} is {any.bad} at {any.at}: numbers grew beyond 1.8e308. Work with logarithms (log-sum-exp for sums \
             of exponentials, with the largest exponent taken out first; ln Γ for factorials), or rescale.",
        )
        .words("overflow|overflows|overflowed|exp|exponential|softmax|partition|boltzmann|likelihood|factorial")
        .non_finite("any")
        .source(GOLDBERG),
        Rule::new(
            "overflow",
            "Numbers grew beyond 1.8e308. Bound or rescale the growing quantity, or work with logarithms (log-sum-exp \
             for sums of exponentials, ln Γ for factorials). If the growth is an instability, shorten the step.",
        )
        .category(NonFinite)
        .words("overflow|overflowed|infinite|infinity|inf|exp|exponential")
        .source(GOLDBERG),
        Rule::new(
            "underflow",
            "Numbers fell below 2.2e-308, where they first lose digits and then become zero. Compute with their \
             logarithms, or scale them. If zero is just as good, the underflow is harmless and need not be an error \
             (np.errstate(under=\"ignore\")).",
        )
        .category(LossOfAccuracy)
        .words("underflow encountered|underflow")
        .source(GOLDBERG),
        Rule::new(
            "instability.perhaps",
            "{dt.name} = {dt} may be too large: a step beyond the limit of stability ends in overflow and NaN. Halve \
             it, and check whether the solution stays finite for longer.",
        )
        .category(NonFinite)
        .value("dt|h|step_size|time_step|learning_rate", ValueTest::Above(0.0))
        .source("Hairer & Wanner, Solving Ordinary Differential Equations II, §IV.1"),
        Rule::new(
            "non_finite",
            "Find the first operation whose result is not finite (assert is_finite after each stage). Typical causes \
             are a division by zero, a root or logarithm of a negative number, ∞ − ∞, and an array that was not \
             filled. Also check the function at the initial point.",
        )
        .category(NonFinite)
        .source(FUNCTION_NAN),
        Rule::new(
            "domain_error.crossed",
            "{any} reached {any.bad} at {any.at}, beyond its bound {any.bound}, and left the domain. Shorten the step \
             there, or use a variable that cannot leave the domain (the logarithm of a positive quantity).",
        )
        .category(DomainError)
        .crossed("any")
        .source("SUNDIALS, CVODE user guide, advice on controlling unphysical negative values"),
        Rule::new(
            "domain_error.not_positive",
            "A parameter such as a variance, a scale, a rate or a size has to be positive, or at least not negative. \
             Find where it is computed; the usual cause is a difference of two estimates or a wrong unit. Bound it \
             from below, or reject it where it enters.",
        )
        .words(
            "less than zero|lam or lam is nan|must be * positive|must be * negative|must be * nonnegative|must be \
                greater|should be * positive|should be * negative|should be * nonnegative|not positive|must not be \
                negative|cannot be negative|non positive",
        )
        .unless_words("positive definite|cholesky")
        .source(GOLDBERG),
        Rule::new(
            "domain_error.log_of_zero",
            "The argument of a logarithm is zero. In p·log p, use the limit zero (xlogy). If a probability or a \
             density was cut off or rounded to zero, compute its logarithm directly (logsumexp, log1p) instead of \
             taking the logarithm at the end.",
        )
        .category(DomainError)
        .words("zero encountered in log|zero encountered in log2|zero encountered in log10")
        .source(GOLDBERG),
        Rule::new(
            "domain_error.division",
            "A denominator is zero: a count of nothing, the distance of a point to itself, or an exact resonance. Find \
             where it comes from, and leave that case out or use its limit. A small number added to every denominator \
             only hides the error.",
        )
        .category(DomainError)
        .words("divide by zero|division by zero|zero division error")
        .source(GOLDBERG),
        Rule::new(
            "domain_error.pole",
            "The argument is at a pole or singularity of the function (Γ at 0, −1, −2 …; Y and K at 0). Check whether \
             it should be there. If so, use a form that stays finite (1/Γ, a reflection formula, the limit).",
        )
        .category(DomainError)
        .words("special * singularity|at a pole|is a pole|pole of")
        .source("NIST Digital Library of Mathematical Functions, §5.2 and §10.2"),
        Rule::new(
            "domain_error.support",
            "Some data lie outside the support of the distribution with the fixed loc and scale. Look at the smallest \
             and the largest value, and remove wrong data. Otherwise fit loc and scale too, or fit another \
             distribution.",
        )
        .category(DomainError)
        .words("fit data error|maximum likelihood estimation|outside of the support|outside the support")
        .source("SciPy, scipy.stats.rv_continuous.fit"),
        Rule::new(
            "domain_error.constant",
            "The data are constant, so a correlation or a standardisation is undefined. Check that the column is the \
             right one. Leave it out, or leave out the groups in which it does not vary.",
        )
        .words("constant input warning|input array is constant|inputs are constant|nearly constant")
        .source("SciPy, scipy.stats.pearsonr"),
        Rule::new(
            "domain_error.frequency",
            "A cutoff frequency has to lie between zero and half the sampling rate (Nyquist). Give both in the same \
             unit (fs). Sample faster, or use a lower cutoff.",
        )
        .category(DomainError)
        .words("critical frequencies|frequencies must be|nyquist")
        .source("SciPy, scipy.signal.butter"),
        Rule::new(
            "domain_error.root",
            "The state left the domain of a root, a logarithm or a power. Stop at an event where the argument reaches \
             zero, shorten the steps near it (for Newton's method, damp them), or use its logarithm as the variable. \
             Clamp only values that rounding moved.",
        )
        .categories(&[DomainError, ConstraintViolation])
        .words("square root|sqrt|logarithm|log|ln|power|pow|negative argument|negative concentration")
        .source("SUNDIALS, CVODE user guide, advice on controlling unphysical negative values"),
        Rule::new(
            "domain_error.interval",
            "The argument has to lie in the interval that the message names. A probability is from 0 to 1 (divide a \
             percentage by 100), a cosine from −1 to 1 (clamp it if it is beyond by rounding only), and an angle is in \
             radians.",
        )
        .category(DomainError)
        .words(
            "must be in|must lie in|must be between|must be within|is outside|lies outside|not \
                in|acos|asin|arccos|arcsin|arctanh|number in range",
        )
        .source(GOLDBERG),
        Rule::new(
            "domain_error.requirement",
            "An argument is outside the range that the message states. Print it where it is set, and reject wrong \
             values there. Usual causes are a wrong sign, a wrong unit, a percentage instead of a fraction, and \
             arguments in the wrong order.",
        )
        .category(DomainError)
        .words("must be|should be|has to be|have to be|must satisfy|must fulfil")
        .unless_words("positive|negative|nonnegative|greater|must be between|must be within")
        .source(GOLDBERG),
        Rule::new(
            "domain_error.argument",
            "{x.name} = {x} is outside the domain. Find where it comes from. If rounding brought it there \
             (1.0000000000000002 in acos), clamp it; otherwise bound the step or change the variable.",
        )
        .category(DomainError)
        .value("x|argument|arg|value|input|cosine|sine|radicand|discriminant", ValueTest::Known)
        .unless_words("probability|probabilities|population|occupation|square root|sqrt|logarithm|log|ln")
        .source(GOLDBERG),
        Rule::new(
            "domain_error",
            "An argument left the domain of a function (root, logarithm, acos, power). Find out which one, and clamp \
             it if only rounding moved it there. Otherwise shorten the step before it, or use a variable that cannot \
             leave the domain (the logarithm of a positive quantity).",
        )
        .category(DomainError)
        .source("PETSc, SNES_DIVERGED_FUNCTION_DOMAIN; SUNDIALS, CVODE user guide, CV_RHSFUNC_FAIL"),
    ]
}
