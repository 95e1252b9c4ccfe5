//! NaN, infinities, overflow, arguments outside of a function's domain.

use crate::failure::Category::*;
use crate::suggest::{Rule, Test};

const DT_NAN: &str = "SciMLBase, ReturnCode.DtNaN";
const FUNCTION_NAN: &str = "PETSc, SNES_DIVERGED_FUNCTION_NANORINF";
const GOLDBERG: &str = "Goldberg 1991, What every computer scientist should know about floating-point arithmetic";

pub(super) fn rules() -> Vec<Rule> {
    vec![
        Rule::new(
            "non_finite.parameter",
            "{any.name} = {any} is not finite: it came in from outside. Find where it is computed or read, and refuse it there",
        )
        .categories(&[NonFinite, DomainError, Initialization, MaxIterations, StepSizeUnderflow])
        .value("any", Test::NonFinite)
        .source(FUNCTION_NAN),
        Rule::new(
            "non_finite.after_growth",
            "{any} grew from {any.first} to {any.last}, {any.rate}-fold each time towards the end, and was {any.bad} at {any.at}: \
             it overflowed. Bound or rescale what grows, integrate its logarithm, or shorten the step; if it should not grow at \
             all, the step is beyond the limit of stability",
        )
        .overflown("any", 1e6)
        .source(DT_NAN),
        Rule::new(
            "non_finite.at_once",
            "{any} is {any.bad} at {any.at}[, after {any.last}: one evaluation made it]. Evaluate \
             the function there and look for a division by zero, a root or logarithm of a negative number, 0·∞, or an array that \
             was not filled",
        )
        .non_finite("any")
        .source(FUNCTION_NAN),
        Rule::new(
            "non_finite.growth",
            "{quantity} grew from {quantity.first} to {quantity.last} up to {quantity.to}: bound or rescale it, integrate its \
             logarithm, or shorten the step; if it should not grow at all, the step is beyond the limit of stability",
        )
        .category(NonFinite)
        .grown("quantity|any", 1e6)
        .source(DT_NAN),
        Rule::new(
            "non_finite.start",
            "the very first evaluation is not finite: the derivative or function at the initial point is. Print it there, and \
             check the initial values against the domain of roots, logarithms and divisions",
        )
        .categories(&[NonFinite, DomainError])
        .value("iteration|iter|evaluations", Test::Below(1.0))
        .source(DT_NAN),
        Rule::new(
            "non_finite.overflow",
            "{any} is {any.bad} at {any.at}: numbers grew beyond 1.8e308. Work with logarithms (log-sum-exp for sums of exponentials, \
             taking the largest exponent out first; ln Γ for factorials), or rescale",
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
            "instability.perhaps",
            "{dt.name} = {dt} may be too large: a step beyond the limit of stability ends in overflow and NaN. Halve it and see \
             whether it is finite for longer",
        )
        .category(NonFinite)
        .value("dt|h|step_size|time_step|learning_rate", Test::Above(0.0))
        .source("Hairer & Wanner, Solving Ordinary Differential Equations II, §IV.1"),
        Rule::new(
            "non_finite",
            "find the first operation whose result is not finite (assert is_finite after each stage): a division by zero, a root \
             or logarithm of a negative number, ∞ − ∞, or an array that was not filled; check the function at the initial point",
        )
        .category(NonFinite)
        .source(FUNCTION_NAN),
        Rule::new(
            "domain_error.crossed",
            "{any} went past {any.bound} ({any.bad}) at {any.at}, and out of the domain: shorten the step there, or use a variable \
             that cannot leave it (the logarithm of what is positive)",
        )
        .category(DomainError)
        .crossed("any")
        .source("SUNDIALS, CVODE user guide, advice on controlling unphysical negative values"),
        Rule::new(
            "domain_error.not_positive",
            "a parameter that has to be positive is not (a variance, a scale, a rate, a size): see where it is computed; a difference \
             of two estimates, or a unit, is the usual cause. Bound it below, or refuse it at the entrance",
        )
        .words("less than zero|must be positive|must be greater|not positive|must not be negative|non positive")
        .unless_words("positive definite|cholesky")
        .source(GOLDBERG),
        Rule::new(
            "domain_error.root",
            "the state left the domain of a root, a logarithm or a power: stop at an event where the argument reaches zero, shorten \
             the steps near it (damp Newton's, for an iteration), or use its logarithm as the variable; clamp only what rounding moved",
        )
        .categories(&[DomainError, ConstraintViolation])
        .words("square root|sqrt|logarithm|log|ln|power|pow|negative argument|negative concentration")
        .source("SUNDIALS, CVODE user guide, advice on controlling unphysical negative values"),
        Rule::new(
            "domain_error.interval",
            "the argument has to lie in the interval that the message names: a probability from 0 to 1 (a percentage is divided \
             by 100), a cosine from −1 to 1 (clamp what is beyond by rounding only), an angle in radians",
        )
        .category(DomainError)
        .words("must be in|must lie in|must be between|must be within|is outside|lies outside|not in|acos|asin")
        .source(GOLDBERG),
        Rule::new(
            "domain_error.argument",
            "{x.name} = {x} is outside of the domain: see where it comes from; where rounding brought it there \
             (1.0000000000000002 in acos), clamp it, else bound the step or change the variable",
        )
        .category(DomainError)
        .value("x|argument|arg|value|input|cosine|sine|radicand|discriminant", Test::Known)
        .unless_words("probability|probabilities|population|occupation|square root|sqrt|logarithm|log|ln")
        .source(GOLDBERG),
        Rule::new(
            "domain_error",
            "an argument left the domain of a function: see which (root, logarithm, acos, power), clamp what rounding moved there, \
             shorten the step before it, or use a variable that cannot leave it (the logarithm of what is positive)",
        )
        .category(DomainError)
        .source("PETSc, SNES_DIVERGED_FUNCTION_DOMAIN; SUNDIALS, CVODE user guide, CV_RHSFUNC_FAIL"),
    ]
}
