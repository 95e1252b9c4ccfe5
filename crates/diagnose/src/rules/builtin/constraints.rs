//! Rules for bounds and constraints.

use crate::rules::{Rule, ValueTest};
use record::Category::*;

/// Phrases for a violated identity.
const VIOLATION_PHRASES: &str = "not zero|does not vanish|not vanish|must vanish|should be zero|not \
                        conserved|conservation|inconsistent|not closed|not symmetric|not orthogonal|not unitary";
/// Phrases for initial values, which are chosen and not constructed.
const INITIAL_PHRASES: &str =
    "initial condition|initial conditions|initial value|initial values|initial state|inconsistent start";
const HIGHAM: &str = "Higham, Accuracy and Stability of Numerical Algorithms, §3";
const CVODE: &str = "SUNDIALS, CVODE user guide, CV_CONSTR_FAIL";

pub(super) fn rules() -> Vec<Rule> {
    vec![
        Rule::new(
            "constraint_violation.normalisation",
            "The values do not sum to one. If the difference is rounding, divide by the sum. If it is larger, a state \
             or a term is left out or a factor appears twice: check where the values are computed.",
        )
        .category(ConstraintViolation)
        .words("do not sum|does not sum")
        .source("NumPy, numpy.random.Generator.choice"),
        Rule::new(
            "infeasible.start",
            "The initial point (x0, p0) is outside the bounds. Start inside them and not on their edge. If the point \
             should be allowed, the bounds are in a different order or unit from the variables.",
        )
        .categories(&[Infeasible, DomainError, Initialization, ConstraintViolation])
        .words("x0 is infeasible|x0 violates|guess is outside|initial point * bounds")
        .source("SciPy, scipy.optimize.least_squares"),
        Rule::new(
            "infeasible.solver",
            "No point was found that satisfies all constraints. Leave them out one by one, or give each a slack and \
             minimise the sum: the constraints whose slack stays positive are in conflict. Start from a point that \
             satisfies most of them.",
        )
        .words("solution satisfying the constraints|constraints incompatible|constraints are incompatible")
        .source("SciPy, scipy.optimize.minimize, SLSQP and COBYLA"),
        Rule::new(
            "constraint_violation.probability",
            "A probability left the interval from 0 to 1, because more leaves a state in one step than it contains. \
             Keep rate · dt below 1, or use an implicit step or the exponential of the rate matrix, which conserve \
             probability. Clamping only hides the error.",
        )
        .categories(&[ConstraintViolation, DomainError])
        .words("probability|probabilities|population|populations|occupation")
        .unless_words("quantile|percentile|inverse cdf|cdf")
        .source(CVODE),
        Rule::new(
            "constraint_violation.penalty",
            "The constraint stays violated because the penalty is too weak for the objective. Increase it step by \
             step, each time starting from the last solution, or use an augmented Lagrangian.",
        )
        .categories(&[ConstraintViolation, Infeasible])
        .method("penalty|barrier|augmented lagrangian")
        .source("Nocedal & Wright, Numerical Optimization, §17"),
        Rule::new(
            "constraint_violation.conservation",
            "A conserved quantity drifts because of the method and not because of rounding. Use a method that keeps \
             it: symplectic (leapfrog) for an orbit, unitary (Crank–Nicolson) for a wave function, finite volumes for \
             a density. Alternatively shorten the step, and check that the drift falls with the order of the method.",
        )
        .category(ConstraintViolation)
        .words(
            "energy error|energy drift|conserved|conservation|drift|drifted|unitary|norm|angular momentum|total \
                mass",
        )
        .source("Hairer, Lubich & Wanner, Geometric Numerical Integration, §IX"),
        Rule::new(
            "bound.violated",
            "{any} reached {any.bad} at {any.at}, beyond its bound {any.bound}. Find out what drives it there. Shorten \
             the step, use a scheme that keeps the bound (positivity-preserving, a limiter), or use a variable that \
             cannot cross it (the logarithm).",
        )
        .categories(&[ConstraintViolation, Infeasible, ResidualDivergence, NonFinite])
        .crossed("any")
        .source(CVODE),
        Rule::new(
            "constraint_violation.positivity",
            "A quantity that has to stay positive became negative. Use a scheme that keeps it positive (first-order \
             upwind, a limiter), keep rate · dt below 1, or compute with its logarithm. Clipping hides the error and \
             does not conserve mass.",
        )
        .category(ConstraintViolation)
        .words("negative|below zero|positivity")
        .source(CVODE),
        Rule::new(
            "bound.crossed",
            "{any} reached {any.bad} at {any.at}, beyond its bound {any.bound}, before the failure. Find out what \
             drives it there.",
        )
        .crossed("any")
        .source(CVODE),
        Rule::new(
            "constraint_violation",
            "Find out which constraint fails and by how much. If it fails by rounding, give it a tolerance. If it \
             drifts, project back onto it after each step or shorten the step. If it fails from the start, the initial \
             values violate it.",
        )
        .category(ConstraintViolation)
        .source(CVODE),
        Rule::new(
            "infeasible.unbounded",
            "The objective is unbounded: a constraint or a bound is missing or has the wrong sign. Bound every \
             variable by a large value, and see which variables reach it.",
        )
        .words("unbounded")
        .source("Nocedal & Wright, Numerical Optimization, §13"),
        Rule::new(
            "infeasible",
            "No point satisfies all constraints. Leave them out one by one, or give each a slack and minimise the sum: \
             the constraints whose slack stays positive are in conflict. Also check the signs and units of the bounds, \
             and that no lower bound exceeds its upper bound.",
        )
        .category(Infeasible)
        .source("SciMLBase, ReturnCode.Infeasible; Nocedal & Wright, Numerical Optimization, §13"),
        Rule::new(
            "identity.wrong",
            "{norm.name} = {norm} is far above rounding. The identity should hold exactly, so the error is in the \
             construction of the data and not in the arithmetic. Look for a wrong sign, orientation or index, or a \
             missing term; a larger tolerance would only hide it.",
        )
        .words(VIOLATION_PHRASES)
        .value("norm|defect|residual|error|difference|deviation|violation|asymmetry", ValueTest::Above(1e-6))
        .unless_words(INITIAL_PHRASES)
        .source(HIGHAM),
        Rule::new(
            "identity.rounding",
            "{norm.name} = {norm} is not more than rounding error. Compare it with a tolerance relative to the size of \
             the terms (a few n · 2.2e-16 times their norms) instead of a fixed tolerance.",
        )
        .words(VIOLATION_PHRASES)
        .value("norm|defect|residual|error|difference|deviation|violation|asymmetry", ValueTest::Below(1e-6))
        .unless_words(INITIAL_PHRASES)
        .source(HIGHAM),
        Rule::new(
            "tolerance.zero",
            "{tolerance.name} = {tolerance} asks for more accuracy than any arithmetic has. Use about 1e-10, which an \
             iteration can reach.",
        )
        .categories(&[MaxIterations, MaxEvaluations, Stagnation, AccuracyUnattainable])
        .value("tolerance|tol|xtol", ValueTest::Between(-f64::MIN_POSITIVE, f64::MIN_POSITIVE))
        .source("MINPACK, hybrd, info = 3"),
        Rule::new(
            "tolerance.negative",
            "{tolerance.name} = {tolerance} is negative, so no iteration meets it. Use a positive tolerance.",
        )
        .value("tolerance|tol|rtol|atol", ValueTest::Below(0.0))
        .source("SUNDIALS, CVODE user guide, CV_ILL_INPUT"),
    ]
}
