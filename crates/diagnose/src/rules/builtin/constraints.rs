//! Rules for bounds and constraints.

use crate::rules::{Rule, ValueTest};
use record::Category::*;

/// Phrases for a violated identity.
const VIOLATION_PHRASES: &str = "not zero|does not vanish|not vanish|must vanish|should be zero|not \
                        conserved|conservation|inconsistent|not closed|not symmetric|not orthogonal|not unitary";
const HIGHAM: &str = "Higham, Accuracy and Stability of Numerical Algorithms, §3";
const CVODE: &str = "SUNDIALS, CVODE user guide, CV_CONSTR_FAIL";

pub(super) fn rules() -> Vec<Rule> {
    vec![
        Rule::new(
            "constraint_violation.normalisation",
            "they do not sum to one: by rounding only, divide by the sum; by more, a state or a term is left out, or \
             a factor is there twice: see where they are made",
        )
        .category(ConstraintViolation)
        .words("do not sum|does not sum")
        .source("NumPy, numpy.random.Generator.choice"),
        Rule::new(
            "infeasible.start",
            "the initial point (x0, p0) is outside of the bounds: start inside of them, not on their edge; if it \
             should be allowed, the bounds are in another order or unit than the variables",
        )
        .categories(&[Infeasible, DomainError, Initialization, ConstraintViolation])
        .words("x0 is infeasible|x0 violates|guess is outside|initial point * bounds")
        .source("SciPy, scipy.optimize.least_squares"),
        Rule::new(
            "infeasible.solver",
            "no point was found that satisfies all constraints: leave them out one by one, or give each a slack and \
             minimise the sum; the ones whose slack stays are in conflict. Start from a point that satisfies most of \
             them",
        )
        .words("solution satisfying the constraints|constraints incompatible|constraints are incompatible")
        .source("SciPy, scipy.optimize.minimize, SLSQP and COBYLA"),
        Rule::new(
            "constraint_violation.probability",
            "a probability left 0 to 1 because more leaves a state in a step than is in it: keep rate · dt below 1, \
             take an implicit step, or the exponential of the rate matrix, which keep probabilities; clamping hides \
             it",
        )
        .categories(&[ConstraintViolation, DomainError])
        .words("probability|probabilities|population|populations|occupation")
        .unless_words("quantile|percentile|inverse cdf|cdf")
        .source(CVODE),
        Rule::new(
            "constraint_violation.penalty",
            "the constraint stays violated because the penalty is too weak for the objective: increase it step by \
             step, starting each time from the last solution, or use an augmented Lagrangian",
        )
        .categories(&[ConstraintViolation, Infeasible])
        .method("penalty|barrier|augmented lagrangian")
        .source("Nocedal & Wright, Numerical Optimization, §17"),
        Rule::new(
            "constraint_violation.conservation",
            "what the equations conserve drifts, by the method and not by rounding: use one that keeps it \
             (symplectic, as leapfrog, for an orbit; unitary, as Crank–Nicolson, for a wave function; a finite-volume \
             scheme for a density), or shorten the step and see that the drift falls with its order",
        )
        .category(ConstraintViolation)
        .words(
            "energy error|energy drift|conserved|conservation|drift|drifted|unitary|norm|angular momentum|total \
                mass",
        )
        .source("Hairer, Lubich & Wanner, Geometric Numerical Integration, §IX"),
        Rule::new(
            "bound.violated",
            "{any} went past {any.bound} ({any.bad}) at {any.at}: look at what drives it there. Shorten the step, use \
             a scheme that keeps the bound (positivity-preserving, a limiter), or a variable that cannot cross it \
             (the logarithm)",
        )
        .categories(&[ConstraintViolation, Infeasible, ResidualDivergence, NonFinite])
        .crossed("any")
        .source(CVODE),
        Rule::new(
            "constraint_violation.positivity",
            "what has to stay positive became negative: use a scheme that keeps it so (first-order upwind, a \
             limiter), keep rate · dt below 1, or compute with its logarithm; clipping hides the error and loses \
             mass",
        )
        .category(ConstraintViolation)
        .words("negative|below zero|positivity")
        .source(CVODE),
        Rule::new(
            "bound.crossed",
            "{any} went past {any.bound} ({any.bad}) at {any.at}, before it failed: look at what drives it there",
        )
        .crossed("any")
        .source(CVODE),
        Rule::new(
            "constraint_violation",
            "see which constraint fails and by how much: if by rounding, give it a tolerance; if it drifts, project \
             back onto it after each step or shorten the step; if from the start, the initial values violate it",
        )
        .category(ConstraintViolation)
        .source(CVODE),
        Rule::new(
            "infeasible.unbounded",
            "the objective is unbounded: a constraint or a bound is missing or has the wrong sign. Bound every \
             variable by something large, and see which of them reach it",
        )
        .words("unbounded")
        .source("Nocedal & Wright, Numerical Optimization, §13"),
        Rule::new(
            "infeasible",
            "no point satisfies all constraints: leave them out one by one, or give each a slack and minimise the \
             sum; the ones whose slack stays are in conflict. Check signs and units of the bounds, and that no lower \
             one is above its upper one",
        )
        .category(Infeasible)
        .source("SciMLBase, ReturnCode.Infeasible; Nocedal & Wright, Numerical Optimization, §13"),
        Rule::new(
            "identity.wrong",
            "{norm.name} = {norm} is far above rounding: what holds exactly is violated by how the data are made, not \
             by how they are computed with. Look for a wrong sign, orientation or index, or a term left out; a larger \
             tolerance would hide it",
        )
        .words(VIOLATION_PHRASES)
        .value("norm|defect|residual|error|difference|deviation|violation|asymmetry", ValueTest::Above(1e-6))
        .source(HIGHAM),
        Rule::new(
            "identity.rounding",
            "{norm.name} = {norm} is not more than rounding leaves: compare it with a tolerance relative to the size \
             of the terms (some n · 2.2e-16 of their norms), not with a fixed one",
        )
        .words(VIOLATION_PHRASES)
        .value("norm|defect|residual|error|difference|deviation|violation|asymmetry", ValueTest::Below(1e-6))
        .source(HIGHAM),
        Rule::new(
            "tolerance.zero",
            "{tolerance.name} = {tolerance} asks for more than any arithmetic has: 1e-10 or so is what an iteration \
             comes to",
        )
        .categories(&[MaxIterations, MaxEvaluations, Stagnation, AccuracyUnattainable])
        .value("tolerance|tol|xtol", ValueTest::Between(-f64::MIN_POSITIVE, f64::MIN_POSITIVE))
        .source("MINPACK, hybrd, info = 3"),
        Rule::new("tolerance.negative", "{tolerance.name} = {tolerance} is not positive: no iteration meets it")
            .value("tolerance|tol|rtol|atol", ValueTest::Below(0.0))
            .source("SUNDIALS, CVODE user guide, CV_ILL_INPUT"),
    ]
}
