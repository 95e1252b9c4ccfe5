//! Rules for iterations: Newton's method, minimisation, fixed points.

use super::{COLLAPSE, DECAY, NO_TREND, OSCILLATION, SLOW_DECAY, STAGNATION, STALL};
use crate::rules::{Rule, ValueTest};
use record::Category::{self, *};

const SNES: &str = "PETSc, SNESConvergedReason";
const MOOSE: &str = "MOOSE, failed solves";
const NOCEDAL: &str = "Nocedal & Wright, Numerical Optimization, §3";
const KELLEY: &str = "Kelley, Solving Nonlinear Equations with Newton's Method, §1";

/// Phrases for methods that iterate without a residual, such as quadrature and sampling.
const SAMPLING_PHRASES: &str = "integral|quadrature|simpson|trapezoid|trapezoidal|romberg|integrand|subdivision|\
                                samples|monte carlo|standard error|series|chain";

/// Categories of an iteration that does not converge.
const UNFINISHED: &[Category] =
    &[MaxIterations, MaxEvaluations, NonlinearConvergence, ResidualDivergence, Stagnation, LinearSolve];

pub(super) fn rules() -> Vec<Rule> {
    vec![
        Rule::new(
            "iteration.diverging",
            "{residual} grew {residual.rate}-fold each time, to {residual.last} at {residual.to}: the iteration \
             diverges, and more of it does not help. Start closer to the solution, damp or under-relax the steps, or \
             globalise it (line search, trust region); of a linear fixed-point iteration the spectral radius is above \
             1",
        )
        .categories(UNFINISHED)
        .growth("residual|objective|norm", 2.0)
        .source(SNES),
        Rule::new(
            "iteration.diverging_splitting",
            "{residual} grew {residual.rate}-fold each time, which is about the spectral radius of the iteration: it \
             converges only below 1, as for a diagonally dominant matrix. Reorder or scale the equations, make the \
             relaxation factor smaller (Richardson: below 2/λmax), or use a Krylov method or a direct one",
        )
        .categories(UNFINISHED)
        .method("jacobi|gauss seidel|richardson|sor|ssor|splitting")
        .growth("residual|objective|norm", 2.0)
        .source("Saad, Iterative Methods for Sparse Linear Systems, §4.2"),
        Rule::new(
            "iteration.growing",
            "{quantity} grew {quantity.rate}-fold each time, to {quantity.last} at {quantity.to}: the iteration \
             diverges, and more of it does not help. Start closer to the solution, damp the steps, or globalise the \
             method (line search, trust region)",
        )
        .categories(&[MaxIterations, MaxEvaluations, NonlinearConvergence, ResidualDivergence])
        .growth("quantity", 2.0)
        .unless_words("regula falsi|false position|bisection|brent")
        .unless_words(SAMPLING_PHRASES)
        .source(SNES),
        Rule::new(
            "iteration.diverging_series",
            "the terms grow: the series is asymptotic, or its argument is outside of the radius of convergence. Stop \
             at the smallest term, continue the function another way, or resum it (Borel, Padé, Shanks)",
        )
        .categories(UNFINISHED)
        .words("series|terms|term|expansion")
        .growth("any", 2.0)
        .source("Bender & Orszag, Advanced Mathematical Methods, §3.8 and §8"),
        Rule::new(
            "iteration.diverging_learning",
            "{objective} grew {objective.rate}-fold each time with {learning_rate.name} = {learning_rate}: the step \
             is too long. Divide it by 10 until the objective falls from the first step on, and bring the features to \
             one scale",
        )
        .categories(&[ResidualDivergence, NonFinite, MaxIterations, Stagnation])
        .growth("objective|residual", 2.0)
        .value("learning_rate|lr|eta|step_length|rate", ValueTest::Above(0.0))
        .source(NOCEDAL),
        Rule::new(
            "iteration.slow_newton",
            "{residual} falls by a factor of {residual.rate} each time, where Newton's method doubles the digits: the \
             Jacobian is singular at the root (a multiple root), or wrong or out of date. Multiply the step by the \
             multiplicity, solve f/f′ = 0, or compare the Jacobian with finite differences",
        )
        .categories(&[MaxIterations, MaxEvaluations, NonlinearConvergence, Stagnation])
        .method("newton")
        .series("residual|objective|norm", SLOW_DECAY)
        .source(KELLEY),
        Rule::new(
            "iteration.slow_descent",
            "{residual} falls by a factor of {residual.rate} only each time: steepest descent zigzags in a narrow \
             valley. Use a quasi-Newton method (BFGS) or Newton's, or scale the variables",
        )
        .categories(UNFINISHED)
        .method("steepest descent|gradient descent|descent")
        .series("residual|objective|norm", SLOW_DECAY)
        .source(NOCEDAL),
        Rule::new(
            "iteration.slow",
            "{residual} falls, but slowly: by a factor of {residual.rate} each time, {residual.decade} iterations for \
             a factor of ten[, so that from {residual.last} to {residual.tolerance} some {residual.needed} more are \
             needed]. Precondition or accelerate (a Krylov method, Anderson, multigrid), or allow as many",
        )
        .categories(UNFINISHED)
        .series("residual|objective|norm", SLOW_DECAY)
        .source("Saad, Iterative Methods for Sparse Linear Systems, §4.2"),
        Rule::new(
            "iteration.converging",
            "{residual} was still falling, by a factor of {residual.rate} each time, when the iteration ended at \
             {residual.last}: allow more iterations[; at this rate some {residual.needed} reach {residual.tolerance}]",
        )
        .categories(&[MaxIterations, MaxEvaluations, LinearSolve])
        .series("residual|objective|norm", DECAY)
        .unless_words(SAMPLING_PHRASES)
        .source(SNES),
        Rule::new(
            "iteration.update_stays",
            "{update} has stayed at {update.last} for {update.rows} occurrences: the iterates go to and fro between \
             two states, or run away evenly, and more of them change nothing. Mix old and new (damping, Anderson), or \
             solve for the root (Newton, Brent)",
        )
        .categories(UNFINISHED)
        .series("update|change|increment", STAGNATION)
        .source(KELLEY),
        Rule::new(
            "iteration.stagnating",
            "{residual} has stayed at {residual.last} for {residual.rows} occurrences[, while {residual.tolerance} is \
             asked for]: this is as far as it gets. Check the Jacobian or gradient against finite differences, scale \
             variables and equations to one, and see whether rounding in the residual itself allows the \
             tolerance",
        )
        .categories(UNFINISHED)
        .series("residual|objective", STAGNATION)
        .unless_words("local minimum|local minima|saddle point|stationary point|chain|samples")
        .source(MOOSE),
        Rule::new(
            "iteration.stagnating_at_rounding",
            "{residual} came down to {residual.last} and no further, and {tolerance.name} = {tolerance} is below what \
             rounding allows. Loosen it to some 100 · 2.2e-16 of the size of the terms (times the condition number, \
             for a linear system), or scale the problem",
        )
        .categories(UNFINISHED)
        .series("residual|objective|norm", STALL)
        .value("tolerance|tol|rtol|atol|eps|epsilon", ValueTest::Between(0.0, 1e-14))
        .source(MOOSE),
        Rule::new(
            "iteration.stagnating_gmres",
            "{residual} stays at {residual.last}: the restart is too short for this matrix. Enlarge it, precondition \
             (incomplete LU, multigrid), or solve a small case directly to see that the matrix is right",
        )
        .categories(UNFINISHED)
        .method("gmres|fgmres|gcr")
        .series("residual|norm", STAGNATION)
        .source("Saad, Iterative Methods for Sparse Linear Systems, §6.5"),
        Rule::new(
            "iteration.stagnating_power",
            "{residual} stays at {residual.last}: no eigenvalue is larger than all others (a complex pair, or two of \
             opposite sign), so the power method does not converge. Shift, or use Arnoldi or the QR algorithm",
        )
        .categories(UNFINISHED)
        .method("power iteration|power method|dominant mode|dominant eigenvalue|eigenvalue|eigenvector")
        .series("residual|norm", STAGNATION)
        .source("Golub & Van Loan, Matrix Computations, §7.3"),
        Rule::new(
            "iteration.cycle_between",
            "{quantity} comes back to the same values every {quantity.period} iterations, while {residual} stays at \
             {residual.last}: the iteration jumps to and fro, and more of it changes nothing. Mix old and new \
             (damping, Anderson), use a line search, or start elsewhere",
        )
        .categories(UNFINISHED)
        .series("residual|objective|norm", STAGNATION)
        .series("quantity|time", OSCILLATION)
        .source(KELLEY),
        Rule::new(
            "iteration.cycle",
            "{residual} goes up and down[ and comes back to the same values every {residual.period} iterations]: the \
             iteration is caught in a cycle, and more of it changes nothing. Damp it (half steps, under-relaxation, \
             Anderson mixing), use a line search, or start elsewhere",
        )
        .categories(UNFINISHED)
        .series("residual|objective|quantity", OSCILLATION)
        .source(KELLEY),
        Rule::new(
            "relaxation",
            "{relaxation.name} = {relaxation} is above 1: under-relax (0.5 to 0.8) until the iteration converges; \
             above 2 over-relaxation converges for no matrix",
        )
        .categories(UNFINISHED)
        .value(
            "relaxation|relaxation_factor|relaxation_parameter|mixing|mixing_parameter",
            ValueTest::Between(1.0, 1e3),
        )
        .source("Saad, Iterative Methods for Sparse Linear Systems, §4.2"),
        Rule::new(
            "max_iterations.few",
            "{maxiter.name} = {maxiter} is little for any method: allow some hundreds, and record how the residual or \
             the cost goes",
        )
        .categories(&[MaxIterations, MaxEvaluations])
        .value(
            "maxiter|max_iter|max_iterations|maxfev|maxfun|max_nfev|max_evaluations|nsteps|mxstep",
            ValueTest::Between(0.0, 12.0),
        )
        .unless_series("residual|objective|norm")
        .unless_words("schur|eigenvalue|eigenvalues|eigenvectors|svd|singular values")
        .source("SciPy, scipy.optimize.minimize"),
        Rule::new(
            "descent",
            "steepest descent zigzags in a narrow valley, and needs as many iterations as the condition number: use a \
             quasi-Newton method (BFGS) or Newton's, or scale the variables",
        )
        .categories(UNFINISHED)
        .method("steepest descent|gradient descent")
        .source(NOCEDAL),
        Rule::new(
            "nelder_mead",
            "the simplex of Nelder and Mead shrinks slowly in many dimensions and may stop at a point that is none: \
             allow more iterations, restart it from where it stopped, or use a quasi-Newton method where there is a \
             gradient",
        )
        .categories(UNFINISHED)
        .method("nelder mead")
        .source("Nocedal & Wright, Numerical Optimization, §9.5"),
        Rule::new(
            "newton.derivative",
            "compare the Jacobian with finite differences, and solve its linear systems with a direct solver to take \
             those out of the question: a Newton iteration that does not converge most often has a wrong Jacobian. \
             Then start closer, or with a line search",
        )
        .categories(&[MaxIterations, NonlinearConvergence, ResidualDivergence, LineSearch])
        .words("newton|jacobian|nonlinear|non linear|snes")
        .source(SNES),
        Rule::new(
            "newton.broyden",
            "Broyden's method needs a good first Jacobian: take it from finite differences instead of the identity, \
             add a line search, and compute it anew when the steps no longer help",
        )
        .categories(&[MaxIterations, NonlinearConvergence, ResidualDivergence, LineSearch, Stagnation])
        .words("broyden")
        .source("Nocedal & Wright, Numerical Optimization, §11.1"),
        Rule::new(
            "newton.regula_falsi",
            "regula falsi keeps one end of the interval for ever where the function is convex: use its Illinois \
             variant, Brent's method or bisection",
        )
        .categories(&[MaxIterations, MaxEvaluations, Stagnation])
        .method("regula falsi|false position")
        .source("Press et al., Numerical Recipes, §9.2"),
        Rule::new(
            "newton.named",
            "Newton's method and its relatives converge near a solution only: compare the derivatives with finite \
             differences, start closer, and damp the steps (line search, trust region), or bracket the root \
             (Brent)",
        )
        .categories(&[MaxIterations, NonlinearConvergence, ResidualDivergence, LineSearch])
        .method("newton|gauss newton|levenberg|levenberg marquardt|broyden|secant|halley")
        .source(SNES),
        Rule::new(
            "singular_matrix.collocation",
            "the boundary conditions do not determine the solution (a constant or an eigenfunction is free), or the \
             first guess makes the Jacobian singular, as zero does for a nonlinear equation: count and check the \
             conditions, and start elsewhere",
        )
        .category(SingularMatrix)
        .words("collocation|boundary value problem|boundary conditions")
        .source("SciPy, scipy.integrate.solve_bvp"),
        Rule::new(
            "singular_matrix.jacobian",
            "the Jacobian became singular on the way: at a multiple root Newton's method has no direction, at a \
             turning point of the solution branch it must fail. Start elsewhere, regularise (Levenberg–Marquardt), or \
             follow the branch by its arc length",
        )
        .category(SingularMatrix)
        .words("jacobian|newton|hessian|derivative")
        .source(
            "Keller 1977, pseudo-arclength continuation; Kelley, Solving Nonlinear Equations with Newton's \
                 Method, §1",
        ),
        Rule::new(
            "nonlinear_convergence.collapse",
            "the nonlinear solve failed however small the step ({step} fell at {step.to}): the right-hand side is not \
             smooth or not finite there, or the Jacobian is wrong or out of date",
        )
        .category(NonlinearConvergence)
        .series("step|time", COLLAPSE)
        .source("SUNDIALS, CVODE user guide, CV_CONV_FAILURE"),
        Rule::new(
            "nonlinear_convergence",
            "compare the Jacobian with finite differences, take the linear solver out of the question with a direct \
             one, and start closer to the solution; inside a time integration, look at the right-hand side where it \
             stopped",
        )
        .category(NonlinearConvergence)
        .source("PETSc, SNESConvergedReason; SUNDIALS, CVODE user guide, CV_CONV_FAILURE"),
        Rule::new(
            "line_search.direction",
            "the search direction does not go down: start from a positive definite approximation of the Hessian (the \
             identity), and reset it when that happens; if the gradient itself is by hand, compare it with finite \
             differences",
        )
        .category(LineSearch)
        .method("bfgs|lbfgs|quasi newton|sr1|newton cg")
        .source(NOCEDAL),
        Rule::new(
            "line_search.constraints",
            "the direction goes up: the constraints and bounds contradict each other (leave them out one by one), a \
             gradient is wrong (compare it with finite differences), or objective and constraints are not scaled to \
             one",
        )
        .words("positive directional derivative")
        .source("SciPy, scipy.optimize.minimize, SLSQP"),
        Rule::new(
            "line_search.abnormal",
            "the line search found no lower point: compare the gradient (jac) with finite differences (check_grad), \
             see whether the objective is noisy or has a kink there, and scale the variables; where the gradient is \
             small, it has converged",
        )
        .method("l bfgs b|lbfgsb|lbfgs")
        .words("abnormal|abnormal termination in lnsrch")
        .source("SciPy, scipy.optimize.minimize, L-BFGS-B"),
        Rule::new(
            "line_search.precision",
            "the line search found no lower point: the gradient is wrong or, by differences, too noisy (give jac, a \
             larger eps, or a method without derivatives), or it has converged as far as rounding allows: look at the \
             size of the gradient",
        )
        .category(AccuracyUnattainable)
        .words("desired error")
        .source("SciPy, scipy.optimize.minimize, BFGS and CG"),
        Rule::new(
            "line_search",
            "no step along the search direction makes it small enough: compare gradient or Jacobian with finite \
             differences (a wrong one gives a direction that goes up), see whether the function is noisy or has a \
             kink there, and whether it has converged already as far as rounding allows",
        )
        .category(LineSearch)
        .source("PETSc, SNESConvergedReason; Nocedal & Wright, Numerical Optimization, §3"),
        Rule::new(
            "line_search.converged",
            "{residual} had come down to {residual.last} before the line search failed: it may have converged as far \
             as rounding in the function allows. Relax the tolerance, or give an exact gradient",
        )
        .category(LineSearch)
        .series("residual|objective", DECAY)
        .source(NOCEDAL),
        Rule::new(
            "residual_divergence",
            "the residual grows: start closer to the solution, damp or under-relax, shorten the step, and check signs \
             in the equations; in an iterative linear solve, precondition",
        )
        .category(ResidualDivergence)
        .source("PETSc, SNES_DIVERGED_DTOL; SciMLBase, ReturnCode.Unstable"),
        Rule::new(
            "stagnation.local_minimum",
            "the gradient vanishes where the residual does not: a stationary point that is no solution. Start \
             elsewhere, from several points at random, and see whether there is a solution at all",
        )
        .words("local minimum|local minima|saddle point|stationary point")
        .source("PETSc, SNES_DIVERGED_LOCAL_MIN"),
        Rule::new(
            "stagnation.trust_region",
            "the trust region shrank to nothing because the model does not predict what the function does: compare \
             gradient and Hessian with finite differences, scale the variables, and look for a kink or noise in the \
             function there",
        )
        .words("trust region|trust radius|tr delta")
        .source("PETSc, SNES_DIVERGED_TR_DELTA; Nocedal & Wright, Numerical Optimization, §4"),
        Rule::new(
            "stagnation.progress",
            "the iteration makes no good progress: compare the Jacobian with finite differences, start elsewhere, and \
             see whether there is a solution for these parameters at all (follow it from parameters that have \
             one)",
        )
        .words("good progress|mxnewt|no progress")
        .source("MINPACK, hybrd, info = 4 and 5; SUNDIALS, KINSOL user guide, KIN_MXNEWT_5X_EXCEEDED"),
        Rule::new(
            "stagnation.chain",
            "the chain hardly moves, or accepts hardly anything: make the proposals smaller (20 to 40 % accepted), or \
             take their shape from the covariance of a first run, and start it where the density is not zero",
        )
        .words(
            "acceptance|accepted|proposal|proposals|metropolis|markov chain|mcmc|chain is stuck|r hat|rhat|\
                effective sample size",
        )
        .source("Roberts, Gelman & Gilks 1997"),
        Rule::new(
            "stagnation",
            "nothing moves any more: scale variables and equations to one, see whether the tolerance is below what \
             the start and the arithmetic allow, and whether this is a local minimum of the residual rather than a \
             solution: start elsewhere",
        )
        .category(Stagnation)
        .source("PETSc, SNES_DIVERGED_LOCAL_MIN; MOOSE, failed solves"),
        Rule::new(
            "max_iterations.arnoldi",
            "Lanczos and Arnoldi find the outermost eigenvalues first: for the smallest, or those near a number, \
             shift and invert (sigma); else enlarge the subspace (ncv), or allow more (maxiter)",
        )
        .categories(&[MaxIterations, NonlinearConvergence, LinearSolve])
        .words("arpack|eigenvectors converged")
        .source("ARPACK users' guide, §3; SciPy, scipy.sparse.linalg.eigsh"),
        Rule::new(
            "max_iterations.mesh",
            "the mesh grew and the error stayed: a layer is thinner than its cells, or the first guess is far off. \
             Make the mesh fine there, go to small parameters by continuation, from one solution to the next; then \
             allow more nodes (max_nodes)",
        )
        .category(MaxIterations)
        .words("mesh nodes")
        .source("SciPy, scipy.integrate.solve_bvp; Ascher, Mattheij & Russell 1995"),
        Rule::new(
            "max_iterations.recursion",
            "a recursion does not end: its tolerance cannot be met (a singularity, rounding), or a comparison with \
             NaN is false for ever. Limit its depth and say where it stopped; a higher limit for the stack only puts \
             it off",
        )
        .category(MaxIterations)
        .words("recursion depth|recursion error|recursion limit")
        .source("Python, sys.setrecursionlimit"),
        Rule::new(
            "max_iterations.eigenvalues",
            "the QR iteration for eigenvalues or singular values has its own limit: allow some 30 iterations for \
             each, balance and scale the matrix first, and see that it holds no NaN or infinity, with which it never \
             ends",
        )
        .categories(&[MaxIterations, NonlinearConvergence, LinearSolve])
        .words(
            "schur|eigenvalue|eigenvalues|eigen|eigh|eigensolver|off diagonal elements|svd|singular values|\
                qr algorithm|qr iterations|francis|lanczos|arnoldi",
        )
        .source("LAPACK, xHSEQR and xBDSQR, INFO"),
        Rule::new(
            "max_iterations",
            "look at the residuals: if they still fall, allow more iterations; if they stay, check derivatives, \
             scaling and tolerance; if they grow or jump, start closer to the solution or damp the steps",
        )
        .category(MaxIterations)
        .source("PETSc, SNESConvergedReason; MOOSE, failed solves"),
        Rule::new(
            "max_evaluations",
            "the evaluations ran out: give derivatives instead of differences (each of those costs as many \
             evaluations as there are variables), scale the variables, start closer; for an integral, split the \
             interval at kinks and singularities",
        )
        .category(MaxEvaluations)
        .source("SciPy, scipy.optimize.root and scipy.integrate.quad"),
        Rule::new(
            "quadrature.sampling",
            "the error of sampling falls with the root of the number of samples only, and not even so where the \
             variance is infinite: sample by importance, subtract or substitute what is singular, or use a quadrature \
             in few dimensions",
        )
        .categories(&[MaxIterations, MaxEvaluations, Stagnation])
        .words("samples|monte carlo|standard error|error bar|statistical error")
        .source("Press et al., Numerical Recipes, §7.9"),
        Rule::new(
            "quadrature",
            "split the interval where the integrand jumps, has a kink or a singularity, substitute at singular ends \
             (x = a + u²), and see that the integral exists; for an oscillating integrand count the oscillations, or \
             use a rule made for them",
        )
        .categories(&[MaxIterations, MaxEvaluations, Stagnation, AccuracyUnattainable, ResidualDivergence])
        .words(
            "integral|quadrature|simpson|trapezoid|trapezoidal|romberg|integrand|subdivision|subdivisions|\
                gauss kronrod",
        )
        .source("Press et al., Numerical Recipes, §4; SciPy, scipy.integrate.quad"),
        Rule::new(
            "derivative_zero",
            "the derivative vanishes there, or the secant is flat, so the step has no length: move the start off the \
             stationary point, or use a bracketing method (Brent)",
        )
        .words(
            "zero derivative|derivative is zero|derivative vanishes|vanishing derivative|derivative was \
                zero|tolerance of reached",
        )
        .source("Press et al., Numerical Recipes, §9.4"),
        Rule::new(
            "bracket",
            "the function has the same sign at both ends: print it there, and widen or move the interval until the \
             signs differ; a double root changes no sign, there a minimisation finds it",
        )
        .words(
            "not bracketed|not bracket|no bracket|bracketing error|sign change|change of sign|same sign|different \
                signs|opposite signs",
        )
        .source("Press et al., Numerical Recipes, §9.1"),
        Rule::new(
            "bracket.minimum",
            "no minimum is bracketed: the point in the middle has to lie below both ends. Print the function over the \
             interval, start elsewhere, and see whether it has a minimum at all or falls for ever (a sign)",
        )
        .words("bracketing values|valid bracket")
        .source("SciPy, scipy.optimize.bracket"),
        Rule::new(
            "iteration.wandering_cg",
            "{residual} goes up and down without a trend, and conjugate gradients need a symmetric positive definite \
             matrix: check its symmetry and the sign of its eigenvalues. MINRES solves an indefinite one, GMRES or \
             BiCGStab a nonsymmetric one; a definite one wants a preconditioner",
        )
        .categories(&[MaxIterations, LinearSolve, Stagnation])
        .method("cg|pcg|conjugate gradient|conjugate gradients")
        .series("residual|norm", NO_TREND)
        .unless_value(
            "method|solver|algorithm",
            ValueTest::Words(
                "bicg|bi cg|bicgstab|bi cgstab|cgs|newton cg|\
                                                                   nonlinear",
            ),
        )
        .source("Saad, Iterative Methods for Sparse Linear Systems, §6.7"),
        Rule::new(
            "iteration.wandering",
            "{residual} goes up and down without a trend between {residual.smallest} and {residual.largest}: the \
             iteration does not settle. See whether a solution exists for these parameters at all; if so, start \
             closer to it (continuation from parameters that work), or globalise the method (line search, trust \
             region)",
        )
        .categories(UNFINISHED)
        .series("residual", NO_TREND)
        .unless_words(SAMPLING_PHRASES)
        .source(KELLEY),
    ]
}
