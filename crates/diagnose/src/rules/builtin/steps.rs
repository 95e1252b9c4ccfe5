//! Rules for integration in time: steps that become too small, errors that stay too large.

use super::{COLLAPSE, EXPLICIT_METHODS, IMPLICIT_METHODS};
use crate::rules::{Rule, ValueTest};
use record::Category::*;

const DT_LESS_THAN_MIN: &str = "SciMLBase, ReturnCode.DtLessThanMin";
const CVODE: &str = "SUNDIALS, CVODE user guide, return values of CVode";
const HAIRER: &str = "Hairer & Wanner, Solving Ordinary Differential Equations II, §IV.1";

pub(super) fn rules() -> Vec<Rule> {
    vec![
        Rule::new(
            "step_size_underflow.pole",
            "{quantity} grew from {quantity.first} to {quantity.last} up to {quantity.to}, where the step became too \
             small to count: the solution has a pole there, or leaves its domain. End the integration before it, \
             check sign and size of the initial values, or integrate a variable that stays bounded (the inverse, the \
             logarithm); neither smaller steps nor a stiff method get past a true singularity",
        )
        .category(StepSizeUnderflow)
        .growth("quantity|residual", 1e3)
        .source(DT_LESS_THAN_MIN),
        Rule::new(
            "step_size_underflow.start",
            "the solver does not get away from {x.name} = {x}, where {any} is {any.bad}: the right-hand side is not \
             finite there (a division by the coordinate, for instance). Start at a small distance, with the series \
             expansion of the solution, or write the limit into the right-hand side",
        )
        .category(StepSizeUnderflow)
        .value("x|t|time", ValueTest::Between(-1e-9, 1e-9))
        .non_finite("any")
        .source("SciMLBase, ReturnCode.DtNaN"),
        Rule::new(
            "step_size_underflow.collapse",
            "the steps of {step} fell to next to nothing at {step.to}[, by a factor of {step.rate} each]: look there \
             for a singularity, or a jump or kink of the right-hand side. Stop at a jump and start anew behind it (an \
             event), smooth it, or shorten the interval",
        )
        .category(StepSizeUnderflow)
        .series("step|time", COLLAPSE)
        .source(DT_LESS_THAN_MIN),
        Rule::new(
            "tolerance.tight",
            "{tolerance.name} = {tolerance} is close to the precision of the arithmetic (2.2e-16): no step is small \
             enough for it. 1e-12 is about the least that double precision gives",
        )
        .category(StepSizeUnderflow)
        .value("tolerance|tol|rtol|reltol|rel_tol", ValueTest::Between(0.0, 1e-13))
        .source("Hairer, Nørsett & Wanner, Solving Ordinary Differential Equations I, §II.4"),
        Rule::new(
            "step_size_underflow.place",
            "the solver stopped at {t.name} = {t}: evaluate the right-hand side there and just before. Where it is \
             singular, end the interval before it; where it jumps, restart behind the jump; where it is smooth, the \
             problem is stiff and wants an implicit method (Radau, BDF)",
        )
        .category(StepSizeUnderflow)
        .value("t|x|time", ValueTest::Known)
        .source(DT_LESS_THAN_MIN),
        Rule::new(
            "step_size_underflow",
            "look at the last accepted time: the solution blows up or leaves its domain there, or the right-hand side \
             is not smooth. Shorten the interval to confirm it, check signs and initial values; a stiff method does \
             not help at a true singularity",
        )
        .category(StepSizeUnderflow)
        .source(DT_LESS_THAN_MIN),
        Rule::new(
            "stiff.explicit",
            "{method} is an explicit method: when its steps or evaluations run out while the solution is smooth, the \
             problem is stiff. Try an implicit one (Radau, BDF, Rosenbrock); raise the limit only if the solution \
             really needs so many steps",
        )
        .categories(&[MaxIterations, MaxEvaluations])
        .method(EXPLICIT_METHODS)
        .unless_words(IMPLICIT_METHODS)
        .source("SciMLBase, ReturnCode.MaxIters; Hairer & Wanner, Solving Ordinary Differential Equations II, §IV.1"),
        Rule::new(
            "time_order",
            "the times do not go in the direction of integration: sort the output times, and keep them between its \
             start and its end",
        )
        .words(
            "must be monotonically|not within t span|stop time|stop times|end time|output times|not sorted|not \
                increasing|not monotonic|must increase",
        )
        .source("SUNDIALS, CVODE user guide, CV_ILL_INPUT"),
        Rule::new(
            "stiff.detected",
            "the problem is stiff: take an implicit method (Radau, BDF, Rosenbrock), with an analytical \
             Jacobian where there is one; an explicit method wastes its steps on stability",
        )
        .words("stiff|stiffness|stiffness detected")
        .source(HAIRER),
        Rule::new(
            "max_steps",
            "the steps ran out before the end of the interval: see whether they still advance (t in the trail). If \
             they do, allow more; if they became small, the problem is stiff (an implicit method) or singular \
             there",
        )
        .category(MaxIterations)
        .words("steps|num step|max steps|too much work|excess work|nsteps")
        .source("SUNDIALS, CVODE user guide, CV_TOO_MUCH_WORK; SciMLBase, ReturnCode.MaxIters"),
        Rule::new(
            "error_test.collapse",
            "the error test failed again and again while the steps of {step} fell, at {step.to}: look there for a \
             jump or noise in the right-hand side or its derivatives (a table, measured data, a condition): smooth \
             it, restart the integrator behind it, or loosen the tolerance to what the data allow",
        )
        .category(ErrorTest)
        .series("step|time", COLLAPSE)
        .source(CVODE),
        Rule::new(
            "error_test",
            "the local error stays above the tolerance however small the step: look for a jump or noise in the \
             right-hand side (tables, conditions, solves inside it with loose tolerances), check the scaling of the \
             absolute tolerances for components near zero, and the Jacobian if there is one",
        )
        .category(ErrorTest)
        .source(CVODE),
        Rule::new(
            "tolerance.unattainable",
            "{tolerance.name} = {tolerance} asks for more than double precision has (2.2e-16 beside the solution's \
             size): relax it to 1e-12 or above, or compute in higher precision",
        )
        .value("tolerance|tol|rtol|reltol|xtol|ftol|gtol|rel_tol", ValueTest::Between(0.0, 2.3e-16))
        .source("SUNDIALS, CVODE user guide, CV_TOO_MUCH_ACC"),
        Rule::new(
            "accuracy_unattainable",
            "the accuracy asked for is beyond the arithmetic: relax the tolerance to some 100 times the rounding \
             error of the largest terms (1e-14 relative in double precision), scale the variables to one, or compute \
             in higher precision",
        )
        .category(AccuracyUnattainable)
        .source("SUNDIALS, CVODE user guide, CV_TOO_MUCH_ACC; SciMLBase, ReturnCode.FloatingPointLimit"),
        Rule::new(
            "courant",
            "{courant.name} = {courant} is above 1, where an explicit scheme is unstable: divide the time step by \
             {courant} at least, or take an implicit scheme",
        )
        .value("courant|cfl|courant_number|cfl_number", ValueTest::Above(1.0))
        .source("Courant, Friedrichs & Lewy 1928"),
        Rule::new(
            "bound.courant",
            "{courant} rose above 1 ({courant.bad}) at {courant.at}, where an explicit scheme becomes unstable: bind \
             the time step to it (dt ← C·dx/|u| with C below 1), or take an implicit scheme",
        )
        .crossed("courant|cfl")
        .source("Courant, Friedrichs & Lewy 1928"),
        Rule::new(
            "instability.euler",
            "{quantity} grew {quantity.rate}-fold each time with explicit Euler and dt = {dt}: it amplifies every \
             undamped oscillation, however small the step, and is stable for decays with dt below 2/|λ| only. Use a \
             symplectic method (leapfrog) or RK4 for the one, a smaller step or implicit Euler for the other",
        )
        .categories(&[ResidualDivergence, NonFinite])
        .growth("quantity|residual", 2.0)
        .method("euler|forward euler|explicit euler")
        .unless_words(IMPLICIT_METHODS)
        .value("dt|h|step|step_size|time_step", ValueTest::Above(0.0))
        .source(HAIRER),
        Rule::new(
            "instability.explicit",
            "{quantity} grew {quantity.rate}-fold each time over {quantity.rows} occurrences with {method}, which is \
             stable for small steps only, and dt = {dt}: where the true solution does not grow so, the step is beyond \
             the limit of stability. Halve it and compare, or take an implicit method",
        )
        .categories(&[ResidualDivergence, NonFinite])
        .growth("quantity|residual", 2.0)
        .method(EXPLICIT_METHODS)
        .unless_words(IMPLICIT_METHODS)
        .value("dt|h|step|step_size|time_step", ValueTest::Above(0.0))
        .source(HAIRER),
        Rule::new(
            "instability.courant",
            "{quantity} grew {quantity.rate}-fold each time with {courant.name} = {courant}, and above 1 an explicit \
             scheme is unstable: divide the time step by {courant} at least (the Courant number is u·dt/dx), or take \
             an implicit scheme",
        )
        .categories(&[ResidualDivergence, NonFinite, MaxIterations])
        .growth("quantity|residual", 2.0)
        .value("courant|cfl|courant_number|cfl_number", ValueTest::Above(1.0))
        .source("Courant, Friedrichs & Lewy 1928"),
        Rule::new(
            "instability.step",
            "{quantity} grew {quantity.rate}-fold each time over {quantity.rows} occurrences with {dt.name} = {dt}: \
             where the true solution does not grow so, the step is too large for the method. Halve it and compare, or \
             take an implicit method",
        )
        .categories(&[ResidualDivergence, NonFinite])
        .growth("quantity|residual", 2.0)
        .value("dt|h|step_size|time_step", ValueTest::Above(0.0))
        .source(HAIRER),
        Rule::new(
            "initialization.conditions",
            "the initial values do not satisfy the algebraic equations, and the solver finds none that do: give \
             values that satisfy them (with their derivatives, for a DAE), and check that there are any",
        )
        .categories(&[MaxIterations, NonlinearConvergence, Initialization, ResidualDivergence])
        .words("initial condition|initial conditions|consistent initial|inconsistent initial|initial state")
        .source("SUNDIALS, IDA user guide, IDACalcIC"),
        Rule::new(
            "nonlinear_convergence.implicit_step",
            "the implicit step is too large for Newton's method to find its solution: halve it and try again, as \
             adaptive solvers do; if that does not help, compare the Jacobian with finite differences",
        )
        .categories(&[NonlinearConvergence, MaxIterations])
        .words("implicit step|implicit euler|corrector|time step")
        .source("SUNDIALS, CVODE user guide, CV_CONV_FAILURE"),
        Rule::new(
            "initialization",
            "the solver could not begin: check that the initial values satisfy the equations and constraints at the \
             start (for a DAE, compute consistent ones first), that tolerances are positive and the interval is not \
             empty",
        )
        .category(Initialization)
        .source("SUNDIALS, CVODE user guide, CV_ILL_INPUT; SciMLBase, ReturnCode.InitialFailure"),
    ]
}
