//! Rules for arithmetic: NaN, infinities, overflow, arguments outside the domain of a function.

use crate::rules::{Rule, ValueTest};
use record::Category::*;

const DT_NAN: &str = "SciMLBase, ReturnCode.DtNaN";
const FUNCTION_NAN: &str = "PETSc, SNES_DIVERGED_FUNCTION_NANORINF";
const GOLDBERG: &str = "Goldberg 1991, What every computer scientist should know about floating-point arithmetic";

pub(super) fn rules() -> Vec<Rule> {
    vec![
        Rule::new(
            "non_finite.parameter",
            "{any.name} = {any} is not finite: it came in from outside. Find where it is computed or read, and refuse \
             it there",
        )
        .categories(&[NonFinite, DomainError, Initialization, MaxIterations, StepSizeUnderflow])
        .value("any", ValueTest::NonFinite)
        .source(FUNCTION_NAN),
        Rule::new(
            "non_finite.after_growth",
            "{any} grew from {any.first} to {any.last}, {any.rate}-fold each time towards the end, and was {any.bad} \
             at {any.at}: it overflowed. Bound or rescale what grows, integrate its logarithm, or shorten the step; \
             if it should not grow at all, the step is beyond the limit of stability",
        )
        .overflow("any", 1e6)
        .source(DT_NAN),
        Rule::new(
            "non_finite.at_once",
            "{any} is {any.bad} at {any.at}[, after {any.last}: one evaluation made it]. Evaluate the function there \
             and look for a division by zero, a root or logarithm of a negative number, 0·∞, or an array that was not \
             filled",
        )
        .non_finite("any")
        .source(FUNCTION_NAN),
        Rule::new(
            "non_finite.growth",
            "{quantity} grew from {quantity.first} to {quantity.last} up to {quantity.to}: bound or rescale it, \
             integrate its logarithm, or shorten the step; if it should not grow at all, the step is beyond the limit \
             of stability",
        )
        .category(NonFinite)
        .growth("quantity|any", 1e6)
        .source(DT_NAN),
        Rule::new(
            "non_finite.start",
            "the very first evaluation is not finite: the derivative or function at the initial point is. Print it \
             there, and check the initial values against the domain of roots, logarithms and divisions",
        )
        .categories(&[NonFinite, DomainError])
        .value("iteration|iter|evaluations", ValueTest::Below(1.0))
        .source(DT_NAN),
        Rule::new(
            "non_finite.lapack",
            "eigenvalues and singular values of finite matrices practically always converge: there is a NaN or an \
             infinity in this one. Check that it is finite (np.isfinite(a).all()) and find what made it so; only if \
             it is, scale it",
        )
        .category(NonFinite)
        .words("svd did not converge|eigenvalues did not converge|return info|lapack")
        .source("LAPACK, xGESDD and xSYEVD, INFO"),
        Rule::new(
            "non_finite.input",
            "NaN or infinity came in with the input: see in which array and where (np.argwhere(~np.isfinite(a))). \
             Gaps in data are masked or left out; what was computed before was divided by zero, overflowed, or left \
             the domain of a function",
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
            "the function is not finite at the initial point (x0, p0): evaluate it there, see which term is not, and \
             start inside of its domain; an exponential overflows where variables are not scaled to one",
        )
        .category(NonFinite)
        .words("initial point|initial guess|initial parameters")
        .source("SciPy, scipy.optimize.least_squares"),
        Rule::new(
            "non_finite.overflow",
            "{any} is {any.bad} at {any.at}: numbers grew beyond 1.8e308. Work with logarithms (log-sum-exp for sums \
             of exponentials, taking the largest exponent out first; ln Γ for factorials), or rescale",
        )
        .words("overflow|overflows|overflowed|exp|exponential|softmax|partition|boltzmann|likelihood|factorial")
        .non_finite("any")
        .source(GOLDBERG),
        Rule::new(
            "overflow",
            "numbers grew beyond 1.8e308: bound or rescale what grows, work with logarithms (log-sum-exp for sums of \
             exponentials, ln Γ for factorials), and shorten the step where it is an instability",
        )
        .category(NonFinite)
        .words("overflow|overflowed|infinite|infinity|inf|exp|exponential")
        .source(GOLDBERG),
        Rule::new(
            "underflow",
            "numbers fell below 2.2e-308, where digits are lost and then all of it: compute with their logarithms, or \
             scale them. Where zero is as good, it is harmless, and no error (np.errstate(under=\"ignore\"))",
        )
        .category(LossOfAccuracy)
        .words("underflow encountered|underflow")
        .source(GOLDBERG),
        Rule::new(
            "instability.perhaps",
            "{dt.name} = {dt} may be too large: a step beyond the limit of stability ends in overflow and NaN. Halve \
             it and see whether it is finite for longer",
        )
        .category(NonFinite)
        .value("dt|h|step_size|time_step|learning_rate", ValueTest::Above(0.0))
        .source("Hairer & Wanner, Solving Ordinary Differential Equations II, §IV.1"),
        Rule::new(
            "non_finite",
            "find the first operation whose result is not finite (assert is_finite after each stage): a division by \
             zero, a root or logarithm of a negative number, ∞ − ∞, or an array that was not filled; check the \
             function at the initial point",
        )
        .category(NonFinite)
        .source(FUNCTION_NAN),
        Rule::new(
            "domain_error.crossed",
            "{any} went past {any.bound} ({any.bad}) at {any.at}, and out of the domain: shorten the step there, or \
             use a variable that cannot leave it (the logarithm of what is positive)",
        )
        .category(DomainError)
        .crossed("any")
        .source("SUNDIALS, CVODE user guide, advice on controlling unphysical negative values"),
        Rule::new(
            "domain_error.not_positive",
            "a parameter has to be positive, or at least not negative, and is not (a variance, a scale, a rate, a \
             size): see where it is computed; a difference of two estimates, or a unit, is the usual cause. Bound it \
             below, or refuse it at the entrance",
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
            "the logarithm of zero: p·log p has the limit zero there (xlogy), a probability or a density of zero was \
             cut off or rounded, and a logarithm is best computed as one (logsumexp, log1p) rather than taken in the \
             end",
        )
        .category(DomainError)
        .words("zero encountered in log|zero encountered in log2|zero encountered in log10")
        .source(GOLDBERG),
        Rule::new(
            "domain_error.division",
            "a denominator is zero: a count of nothing, a distance of a point to itself, a resonance that is met \
             exactly. See where it comes from, and leave that case out or write its limit; a small number added to \
             all of them hides it",
        )
        .category(DomainError)
        .words("divide by zero|division by zero|zero division error")
        .source(GOLDBERG),
        Rule::new(
            "domain_error.pole",
            "the argument is at a pole or singularity of the function (Γ at 0, −1, −2 …; Y and K at 0): see whether \
             it should be there, and use a form that stays finite (1/Γ, a reflection formula, the limit)",
        )
        .category(DomainError)
        .words("special * singularity|at a pole|is a pole|pole of")
        .source("NIST Digital Library of Mathematical Functions, §5.2 and §10.2"),
        Rule::new(
            "domain_error.support",
            "data lie outside of the distribution's support for what is held fixed (loc, scale): look at the smallest \
             and the largest, leave out what is wrong, and let loc and scale be fitted, or fit another \
             distribution",
        )
        .category(DomainError)
        .words("fit data error|maximum likelihood estimation|outside of the support|outside the support")
        .source("SciPy, scipy.stats.rv_continuous.fit"),
        Rule::new(
            "domain_error.constant",
            "the data are constant, so that there is nothing to correlate or to standardise: see whether the column \
             is what it should be, and leave it out, or those groups in which it does not vary",
        )
        .words("constant input warning|input array is constant|inputs are constant|nearly constant")
        .source("SciPy, scipy.stats.pearsonr"),
        Rule::new(
            "domain_error.frequency",
            "a cutoff has to lie between zero and half the sampling rate (Nyquist): give both in the same unit (fs), \
             and sample faster or filter lower",
        )
        .category(DomainError)
        .words("critical frequencies|frequencies must be|nyquist")
        .source("SciPy, scipy.signal.butter"),
        Rule::new(
            "domain_error.root",
            "the state left the domain of a root, a logarithm or a power: stop at an event where the argument reaches \
             zero, shorten the steps near it (damp Newton's, for an iteration), or use its logarithm as the variable; \
             clamp only what rounding moved",
        )
        .categories(&[DomainError, ConstraintViolation])
        .words("square root|sqrt|logarithm|log|ln|power|pow|negative argument|negative concentration")
        .source("SUNDIALS, CVODE user guide, advice on controlling unphysical negative values"),
        Rule::new(
            "domain_error.interval",
            "the argument has to lie in the interval that the message names: a probability from 0 to 1 (a percentage \
             is divided by 100), a cosine from −1 to 1 (clamp what is beyond by rounding only), an angle in \
             radians",
        )
        .category(DomainError)
        .words(
            "must be in|must lie in|must be between|must be within|is outside|lies outside|not \
                in|acos|asin|arccos|arcsin|arctanh|number in range",
        )
        .source(GOLDBERG),
        Rule::new(
            "domain_error.argument",
            "{x.name} = {x} is outside of the domain: see where it comes from; where rounding brought it there \
             (1.0000000000000002 in acos), clamp it, else bound the step or change the variable",
        )
        .category(DomainError)
        .value("x|argument|arg|value|input|cosine|sine|radicand|discriminant", ValueTest::Known)
        .unless_words("probability|probabilities|population|occupation|square root|sqrt|logarithm|log|ln")
        .source(GOLDBERG),
        Rule::new(
            "domain_error",
            "an argument left the domain of a function: see which (root, logarithm, acos, power), clamp what rounding \
             moved there, shorten the step before it, or use a variable that cannot leave it (the logarithm of what \
             is positive)",
        )
        .category(DomainError)
        .source("PETSc, SNES_DIVERGED_FUNCTION_DOMAIN; SUNDIALS, CVODE user guide, CV_RHSFUNC_FAIL"),
    ]
}
