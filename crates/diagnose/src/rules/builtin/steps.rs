//! Rules for integration in time: steps that become too small, errors that stay too large.

use super::terms::{COLLAPSE, EXPLICIT_METHODS, IMPLICIT_METHODS};
use crate::rules::{Rule, ValueTest};
use record::Category::*;

const DT_LESS_THAN_MIN: &str = "SciMLBase, ReturnCode.DtLessThanMin";
const CVODE: &str = "SUNDIALS, CVODE user guide, return values of CVode";
const HAIRER: &str = "Hairer & Wanner, Solving Ordinary Differential Equations II, §IV.1";

pub(super) fn rules() -> Vec<Rule> {
    vec![
        Rule::new(
            "step_size_underflow.pole",
            "{quantity} grew from {quantity.first} to {quantity.last} until the step size underflowed at \
             {quantity.to}. The solution probably has a pole there or leaves its domain; smaller steps or a stiff \
             method do not get past a singularity. Stop the integration before this point, or integrate a bounded \
             variable such as the inverse or the logarithm. Also check the sign and size of the initial values.",
        )
        .category(StepSizeUnderflow)
        .growth("quantity|residual", 1e3)
        .source(DT_LESS_THAN_MIN),
        Rule::new(
            "step_size_underflow.start",
            "The solver does not advance from {x.name} = {x}, where {any} is {any.bad}. The right-hand side is not \
             finite there, for instance because it divides by the coordinate. Start at a small distance with the \
             series expansion of the solution, or write the limit into the right-hand side.",
        )
        .category(StepSizeUnderflow)
        .value("x|t|time", ValueTest::Between(-1e-9, 1e-9))
        .non_finite("any")
        .source("SciMLBase, ReturnCode.DtNaN"),
        Rule::new(
            "step_size_underflow.collapse",
            "The step size (column {step}) collapsed at {step.to}[: each step was {step.rate} times the previous one]. \
             Look there for a singularity, or for a jump or kink of the right-hand side. Stop at a jump and restart \
             behind it (an event), smooth it, or shorten the interval.",
        )
        .category(StepSizeUnderflow)
        .series("step|time", COLLAPSE)
        .source(DT_LESS_THAN_MIN),
        Rule::new(
            "tolerance.tight",
            "{tolerance.name} = {tolerance} is close to the precision of the arithmetic (2.2e-16), so no step is small \
             enough for it. Use at least 1e-12, which is about the limit of double precision.",
        )
        .category(StepSizeUnderflow)
        .value("tolerance|tol|rtol|reltol|rel_tol", ValueTest::Between(0.0, 1e-13))
        .source("Hairer, Nørsett & Wanner, Solving Ordinary Differential Equations I, §II.4"),
        Rule::new(
            "step_size_underflow.place",
            "The solver stopped at {t.name} = {t}. Evaluate the right-hand side there and just before. If it is \
             singular, end the interval before this point. If it jumps, restart behind the jump. If it is smooth, the \
             problem is stiff and needs an implicit method (Radau, BDF).",
        )
        .category(StepSizeUnderflow)
        .value("t|x|time", ValueTest::Known)
        .source(DT_LESS_THAN_MIN),
        Rule::new(
            "step_size_underflow",
            "Look at the last accepted time: the solution blows up or leaves its domain there, or the right-hand side \
             is not smooth. Shorten the interval to confirm this, and check signs and initial values. A stiff method \
             does not help at a true singularity.",
        )
        .category(StepSizeUnderflow)
        .source(DT_LESS_THAN_MIN),
        Rule::new(
            "stiff.explicit",
            "{method} is an explicit method. If its steps or evaluations run out while the solution is smooth, the \
             problem is stiff. Use an implicit method (Radau, BDF, Rosenbrock). Raise the limit only if the solution \
             really needs that many steps.",
        )
        .categories(&[MaxIterations, MaxEvaluations])
        .method(EXPLICIT_METHODS)
        .unless_words(IMPLICIT_METHODS)
        .source("SciMLBase, ReturnCode.MaxIters; Hairer & Wanner, Solving Ordinary Differential Equations II, §IV.1"),
        Rule::new(
            "time_order",
            "The times are not in the direction of integration. Sort the output times, and keep them between the start \
             and the end of the integration.",
        )
        .words(
            "must be monotonically|not within t span|stop time|stop times|end time|output times|not sorted|not \
                increasing|not monotonic|must increase",
        )
        .source("SUNDIALS, CVODE user guide, CV_ILL_INPUT"),
        Rule::new(
            "stiff.detected",
            "The problem is stiff, and an explicit method wastes its steps on stability. Use an implicit method \
             (Radau, BDF, Rosenbrock), with an analytical Jacobian if there is one.",
        )
        .words("stiff|stiffness|stiffness detected")
        .source(HAIRER),
        Rule::new(
            "max_steps",
            "The steps ran out before the end of the interval. Check in the trail whether t still advances. If it \
             does, allow more steps. If the steps became small, the problem is stiff (use an implicit method) or \
             singular there.",
        )
        .category(MaxIterations)
        .words("steps|num step|max steps|too much work|excess work|nsteps")
        .source("SUNDIALS, CVODE user guide, CV_TOO_MUCH_WORK; SciMLBase, ReturnCode.MaxIters"),
        Rule::new(
            "error_test.collapse",
            "The error test failed repeatedly while the step size (column {step}) collapsed at {step.to}. Look there \
             for a jump or noise in the right-hand side or its derivatives (a table, measured data, a condition). \
             Smooth it, restart the integrator behind it, or loosen the tolerance to what the data allow.",
        )
        .category(ErrorTest)
        .series("step|time", COLLAPSE)
        .source(CVODE),
        Rule::new(
            "error_test",
            "The local error stays above the tolerance even for very small steps. Look for a jump or noise in the \
             right-hand side (tables, conditions, inner solves with loose tolerances). Also check the scaling of the \
             absolute tolerances for components near zero, and the Jacobian if there is one.",
        )
        .category(ErrorTest)
        .source(CVODE),
        Rule::new(
            "tolerance.unattainable",
            "{tolerance.name} = {tolerance} asks for more accuracy than double precision has (2.2e-16 relative to the \
             size of the solution). Relax it to 1e-12 or above, or compute in higher precision.",
        )
        .value("tolerance|tol|rtol|reltol|xtol|ftol|gtol|rel_tol", ValueTest::Between(0.0, 2.3e-16))
        .source("SUNDIALS, CVODE user guide, CV_TOO_MUCH_ACC"),
        Rule::new(
            "accuracy_unattainable",
            "The requested accuracy exceeds the precision of the arithmetic. Relax the tolerance to about 100 times \
             the rounding error of the largest terms (1e-14 relative in double precision), and scale the variables to \
             one. Alternatively compute in higher precision.",
        )
        .category(AccuracyUnattainable)
        .source("SUNDIALS, CVODE user guide, CV_TOO_MUCH_ACC; SciMLBase, ReturnCode.FloatingPointLimit"),
        Rule::new(
            "courant",
            "{courant.name} = {courant} is above 1, where an explicit scheme is unstable. Divide the time step by at \
             least {courant}, or use an implicit scheme.",
        )
        .value("courant|cfl|courant_number|cfl_number", ValueTest::Above(1.0))
        .source("Courant, Friedrichs & Lewy 1928"),
        Rule::new(
            "bound.courant",
            "{courant} rose above 1 (to {courant.bad}) at {courant.at}, where an explicit scheme becomes unstable. \
             Choose the time step from it (dt ← C·dx/|u| with C below 1), or use an implicit scheme.",
        )
        .crossed("courant|cfl")
        .source("Courant, Friedrichs & Lewy 1928"),
        Rule::new(
            "instability.euler",
            "{quantity} grew {quantity.rate}-fold each time with explicit Euler and dt = {dt}. Explicit Euler \
             amplifies every undamped oscillation, however small the step, and is stable for decays only if dt is \
             below 2/|λ|. For oscillations, use a symplectic method (leapfrog) or RK4; for decays, use a smaller step \
             or implicit Euler.",
        )
        .categories(&[ResidualDivergence, NonFinite])
        .growth("quantity|residual", 2.0)
        .method("euler|forward euler|explicit euler")
        .unless_words(IMPLICIT_METHODS)
        .value("dt|h|step|step_size|time_step", ValueTest::Above(0.0))
        .source(HAIRER),
        Rule::new(
            "instability.explicit",
            "{quantity} grew {quantity.rate}-fold each time over {quantity.rows} occurrences with {method} and dt = \
             {dt}. This method is stable for small steps only: if the true solution does not grow like this, the step \
             is beyond the limit of stability. Halve it and compare, or use an implicit method.",
        )
        .categories(&[ResidualDivergence, NonFinite])
        .growth("quantity|residual", 2.0)
        .method(EXPLICIT_METHODS)
        .unless_words(IMPLICIT_METHODS)
        .value("dt|h|step|step_size|time_step", ValueTest::Above(0.0))
        .source(HAIRER),
        Rule::new(
            "instability.courant",
            "{quantity} grew {quantity.rate}-fold each time with {courant.name} = {courant}. Above 1, an explicit \
             scheme is unstable. Divide the time step by at least {courant} (the Courant number is u·dt/dx), or use an \
             implicit scheme.",
        )
        .categories(&[ResidualDivergence, NonFinite, MaxIterations])
        .growth("quantity|residual", 2.0)
        .value("courant|cfl|courant_number|cfl_number", ValueTest::Above(1.0))
        .source("Courant, Friedrichs & Lewy 1928"),
        Rule::new(
            "instability.step",
            "{quantity} grew {quantity.rate}-fold each time over {quantity.rows} occurrences with {dt.name} = {dt}. If \
             the true solution does not grow like this, the step is too large for the method. Halve it and compare, or \
             use an implicit method.",
        )
        .categories(&[ResidualDivergence, NonFinite])
        .growth("quantity|residual", 2.0)
        .value("dt|h|step_size|time_step", ValueTest::Above(0.0))
        .source(HAIRER),
        Rule::new(
            "initialization.conditions",
            "The initial values do not satisfy the algebraic equations, and the solver finds none that do. Give values \
             that satisfy them (for a DAE, with their derivatives), and check that such values exist.",
        )
        .categories(&[MaxIterations, NonlinearConvergence, Initialization, ResidualDivergence])
        .words("initial condition|initial conditions|consistent initial|inconsistent initial|initial state")
        .source("SUNDIALS, IDA user guide, IDACalcIC"),
        Rule::new(
            "nonlinear_convergence.implicit_step",
            "The implicit step is too large for Newton's method to converge. Halve it and try again, as adaptive \
             solvers do. If that does not help, compare the Jacobian with finite differences.",
        )
        .categories(&[NonlinearConvergence, MaxIterations])
        .words("implicit step|implicit euler|corrector|time step")
        .source("SUNDIALS, CVODE user guide, CV_CONV_FAILURE"),
        Rule::new(
            "initialization",
            "The solver could not start. Check that the initial values satisfy the equations and constraints at the \
             start (for a DAE, compute consistent ones first). Also check that the tolerances are positive and that \
             the interval is not empty.",
        )
        .category(Initialization)
        .source("SUNDIALS, CVODE user guide, CV_ILL_INPUT; SciMLBase, ReturnCode.InitialFailure"),
    ]
}
