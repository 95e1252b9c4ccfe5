//! Rules for iterations: Newton's method, minimisation, fixed points.

use super::terms::{COLLAPSE, DECAY, NO_TREND, OSCILLATION, SLOW_DECAY, STAGNATION, STALL};
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
            "{residual} grew {residual.rate}-fold each time, to {residual.last} at {residual.to}. The iteration \
             diverges, so more iterations do not help. Start closer to the solution, damp or under-relax the steps, or \
             globalise the method (line search, trust region). If it is a linear fixed-point iteration, its spectral \
             radius is above 1.",
        )
        .categories(UNFINISHED)
        .growth("residual|objective|norm", 2.0)
        .source(SNES),
        Rule::new(
            "iteration.diverging_splitting",
            "{residual} grew {residual.rate}-fold each time, and this factor estimates the spectral radius of the \
             iteration. The iteration converges only if the radius is below 1, as it is for a diagonally dominant \
             matrix. Reorder or scale the equations, or reduce the relaxation factor (Richardson: below 2/λmax). \
             Alternatively use a Krylov method or a direct one.",
        )
        .categories(UNFINISHED)
        .method("jacobi|gauss seidel|richardson|sor|ssor|splitting")
        .growth("residual|objective|norm", 2.0)
        .source("Saad, Iterative Methods for Sparse Linear Systems, §4.2"),
        Rule::new(
            "iteration.growing",
            "{quantity} grew {quantity.rate}-fold each time, to {quantity.last} at {quantity.to}. The iteration \
             diverges, so more iterations do not help. Start closer to the solution, damp the steps, or globalise the \
             method (line search, trust region).",
        )
        .categories(&[MaxIterations, MaxEvaluations, NonlinearConvergence, ResidualDivergence])
        .growth("quantity", 2.0)
        .unless_words("regula falsi|false position|bisection|brent")
        .unless_words(SAMPLING_PHRASES)
        .source(SNES),
        Rule::new(
            "iteration.diverging_series",
            "The terms grow: the series is asymptotic, or its argument is outside the radius of convergence. Stop at \
             the smallest term. Alternatively continue the function another way, or resum the series (Borel, Padé, \
             Shanks).",
        )
        .categories(UNFINISHED)
        .words("series|terms|term|expansion")
        .growth("any", 2.0)
        .source("Bender & Orszag, Advanced Mathematical Methods, §3.8 and §8"),
        Rule::new(
            "iteration.diverging_learning",
            "{objective} grew {objective.rate}-fold each time with {learning_rate.name} = {learning_rate}, so the step \
             is too long. Divide it by 10 until the objective falls from the first step on. Also bring the features to \
             one scale.",
        )
        .categories(&[ResidualDivergence, NonFinite, MaxIterations, Stagnation])
        .growth("objective|residual", 2.0)
        .value("learning_rate|lr|eta|step_length|rate", ValueTest::Above(0.0))
        .source(NOCEDAL),
        Rule::new(
            "iteration.slow_newton",
            "{residual} converges only linearly: each value is {residual.rate} times the previous one, although \
             Newton's method should double the number of correct digits each time. The Jacobian is singular at the \
             root (a multiple root), wrong, or out of date. Compare it with finite differences. At a multiple root, \
             multiply the step by the multiplicity or solve f/f′ = 0.",
        )
        .categories(&[MaxIterations, MaxEvaluations, NonlinearConvergence, Stagnation])
        .method("newton")
        .series("residual|objective|norm", SLOW_DECAY)
        .source(KELLEY),
        Rule::new(
            "iteration.slow_descent",
            "{residual} falls slowly: each value is {residual.rate} times the previous one. Steepest descent zigzags \
             in a narrow valley. Use a quasi-Newton method (BFGS) or Newton's method, or scale the variables.",
        )
        .categories(UNFINISHED)
        .method("steepest descent|gradient descent|descent")
        .series("residual|objective|norm", SLOW_DECAY)
        .source(NOCEDAL),
        Rule::new(
            "iteration.slow",
            "{residual} falls slowly: each value is {residual.rate} times the previous one, and a factor of ten takes \
             {residual.decade} iterations.[ Getting from {residual.last} to {residual.tolerance} takes about \
             {residual.needed} more.] Precondition or accelerate the iteration (a Krylov method, Anderson, multigrid), \
             or allow more iterations.",
        )
        .categories(UNFINISHED)
        .series("residual|objective|norm", SLOW_DECAY)
        .source("Saad, Iterative Methods for Sparse Linear Systems, §4.2"),
        Rule::new(
            "iteration.converging",
            "{residual} was still falling when the iteration ended at {residual.last}: each value was {residual.rate} \
             times the previous one. Allow more iterations.[ At this rate, reaching {residual.tolerance} takes about \
             {residual.needed} more.]",
        )
        .categories(&[MaxIterations, MaxEvaluations, LinearSolve])
        .series("residual|objective|norm", DECAY)
        .unless_words(SAMPLING_PHRASES)
        .source(SNES),
        Rule::new(
            "iteration.update_stays",
            "{update} has stayed at {update.last} for {update.rows} occurrences. The iterates alternate between two \
             states or move away at a constant rate, so more iterations do not help. Mix old and new iterates \
             (damping, Anderson), or solve for the root directly (Newton, Brent).",
        )
        .categories(UNFINISHED)
        .series("update|change|increment", STAGNATION)
        .source(KELLEY),
        Rule::new(
            "iteration.stagnating",
            "{residual} has stayed at {residual.last} for {residual.rows} occurrences[, but the tolerance is \
             {residual.tolerance}]. More iterations will not reduce it. Check the Jacobian or gradient against finite \
             differences, and scale variables and equations to one. Also check whether rounding in the residual itself \
             allows the tolerance.",
        )
        .categories(UNFINISHED)
        .series("residual|objective", STAGNATION)
        .unless_words("local minimum|local minima|saddle point|stationary point|chain|samples")
        .source(MOOSE),
        Rule::new(
            "iteration.stagnating_at_rounding",
            "{residual} fell to {residual.last} and no further. {tolerance.name} = {tolerance} is below what rounding \
             allows. Loosen it to about 100 · 2.2e-16 times the size of the terms (for a linear system, also times the \
             condition number), or scale the problem.",
        )
        .categories(UNFINISHED)
        .series("residual|objective|norm", STALL)
        .value("tolerance|tol|rtol|atol|eps|epsilon", ValueTest::Between(0.0, 1e-14))
        .source(MOOSE),
        Rule::new(
            "iteration.stagnating_gmres",
            "{residual} stays at {residual.last} because the restart is too short for this matrix. Use a larger \
             restart or a preconditioner (incomplete LU, multigrid). A direct solve of a small case shows whether the \
             matrix is right.",
        )
        .categories(UNFINISHED)
        .method("gmres|fgmres|gcr")
        .series("residual|norm", STAGNATION)
        .source("Saad, Iterative Methods for Sparse Linear Systems, §6.5"),
        Rule::new(
            "iteration.stagnating_power",
            "{residual} stays at {residual.last}. The power method does not converge because no eigenvalue is larger \
             than all others: the largest are a complex pair or have opposite signs. Use a shift, Arnoldi's method or \
             the QR algorithm.",
        )
        .categories(UNFINISHED)
        .method("power iteration|power method|dominant mode|dominant eigenvalue|eigenvalue|eigenvector")
        .series("residual|norm", STAGNATION)
        .source("Golub & Van Loan, Matrix Computations, §7.3"),
        Rule::new(
            "iteration.cycle_between",
            "{quantity} returns to the same values every {quantity.period} iterations, while {residual} stays at \
             {residual.last}. The iteration is caught in a cycle, so more iterations do not help. Mix old and new \
             iterates (damping, Anderson), use a line search, or start elsewhere.",
        )
        .categories(UNFINISHED)
        .series("residual|objective|norm", STAGNATION)
        .series("quantity|time", OSCILLATION)
        .source(KELLEY),
        Rule::new(
            "iteration.cycle",
            "{residual} goes up and down[ and returns to the same values every {residual.period} iterations]. The \
             iteration is caught in a cycle, so more iterations do not help. Damp it (half steps, under-relaxation, \
             Anderson mixing), use a line search, or start elsewhere.",
        )
        .categories(UNFINISHED)
        .series("residual|objective|quantity", OSCILLATION)
        .source(KELLEY),
        Rule::new(
            "relaxation",
            "{relaxation.name} = {relaxation} is above 1. Under-relax (0.5 to 0.8) until the iteration converges. \
             Above 2, over-relaxation converges for no matrix.",
        )
        .categories(UNFINISHED)
        .value(
            "relaxation|relaxation_factor|relaxation_parameter|mixing|mixing_parameter",
            ValueTest::Between(1.0, 1e3),
        )
        .source("Saad, Iterative Methods for Sparse Linear Systems, §4.2"),
        Rule::new(
            "max_iterations.few",
            "{maxiter.name} = {maxiter} is a low limit for any method. Allow a few hundred, and record how the \
             residual or the cost develops.",
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
            "Steepest descent zigzags in a narrow valley and needs about as many iterations as the condition number. \
             Use a quasi-Newton method (BFGS) or Newton's method, or scale the variables.",
        )
        .categories(UNFINISHED)
        .method("steepest descent|gradient descent")
        .source(NOCEDAL),
        Rule::new(
            "nelder_mead",
            "The Nelder–Mead simplex shrinks slowly in many dimensions and may stop at a point that is not a minimum. \
             Allow more iterations, or restart it from where it stopped. If there is a gradient, use a quasi-Newton \
             method.",
        )
        .categories(UNFINISHED)
        .method("nelder mead")
        .source("Nocedal & Wright, Numerical Optimization, §9.5"),
        Rule::new(
            "newton.derivative",
            "A Newton iteration that does not converge most often has a wrong Jacobian. Compare the Jacobian with \
             finite differences, and use a direct linear solver to rule out errors of an iterative one. Then start \
             closer to the solution, or add a line search.",
        )
        .categories(&[MaxIterations, NonlinearConvergence, ResidualDivergence, LineSearch])
        .words("newton|jacobian|nonlinear|non linear|snes")
        .source(SNES),
        Rule::new(
            "newton.broyden",
            "Broyden's method needs a good initial Jacobian. Compute it by finite differences instead of starting from \
             the identity, and add a line search. Compute it again when the steps no longer help.",
        )
        .categories(&[MaxIterations, NonlinearConvergence, ResidualDivergence, LineSearch, Stagnation])
        .words("broyden")
        .source("Nocedal & Wright, Numerical Optimization, §11.1"),
        Rule::new(
            "newton.regula_falsi",
            "Regula falsi never moves one end of the interval if the function is convex. Use its Illinois variant, \
             Brent's method or bisection.",
        )
        .categories(&[MaxIterations, MaxEvaluations, Stagnation])
        .method("regula falsi|false position")
        .source("Press et al., Numerical Recipes, §9.2"),
        Rule::new(
            "newton.named",
            "Newton's method and its relatives converge only near a solution. Compare the derivatives with finite \
             differences, start closer to the solution, and damp the steps (line search, trust region). Alternatively \
             bracket the root (Brent).",
        )
        .categories(&[MaxIterations, NonlinearConvergence, ResidualDivergence, LineSearch])
        .method("newton|gauss newton|levenberg|levenberg marquardt|broyden|secant|halley")
        .source(SNES),
        Rule::new(
            "singular_matrix.collocation",
            "The boundary conditions do not determine the solution (a constant or an eigenfunction is free), or the \
             initial guess makes the Jacobian singular, as zero can for a nonlinear equation. Count and check the \
             boundary conditions, and use another initial guess.",
        )
        .category(SingularMatrix)
        .words("collocation|boundary value problem|boundary conditions")
        .source("SciPy, scipy.integrate.solve_bvp"),
        Rule::new(
            "singular_matrix.jacobian",
            "The Jacobian became singular during the iteration. At a multiple root, Newton's method has no direction; \
             at a turning point of the solution branch, it must fail. Start elsewhere, or regularise \
             (Levenberg–Marquardt). At a turning point, follow the branch by its arc length (continuation).",
        )
        .category(SingularMatrix)
        .words("jacobian|newton|hessian|derivative")
        .source(
            "Keller 1977, pseudo-arclength continuation; Kelley, Solving Nonlinear Equations with Newton's \
                 Method, §1",
        ),
        Rule::new(
            "nonlinear_convergence.collapse",
            "The nonlinear solve failed even though the step size (column {step}) collapsed at {step.to}. The \
             right-hand side is not smooth or not finite there, or the Jacobian is wrong or out of date. Evaluate the \
             right-hand side there, and compare the Jacobian with finite differences.",
        )
        .category(NonlinearConvergence)
        .series("step|time", COLLAPSE)
        .source("SUNDIALS, CVODE user guide, CV_CONV_FAILURE"),
        Rule::new(
            "nonlinear_convergence",
            "The nonlinear solve did not converge. Compare the Jacobian with finite differences, use a direct linear \
             solver to rule out errors of an iterative one, and start closer to the solution. In a time integration, \
             examine the right-hand side where it stopped.",
        )
        .category(NonlinearConvergence)
        .source("PETSc, SNESConvergedReason; SUNDIALS, CVODE user guide, CV_CONV_FAILURE"),
        Rule::new(
            "line_search.direction",
            "The search direction does not point downhill. Start from a positive definite approximation of the \
             Hessian, such as the identity, and reset it whenever this happens. If the gradient is hand-written, \
             compare it with finite differences.",
        )
        .category(LineSearch)
        .method("bfgs|lbfgs|quasi newton|sr1|newton cg")
        .source(NOCEDAL),
        Rule::new(
            "line_search.constraints",
            "The search direction points uphill: constraints and bounds contradict each other, a gradient is wrong, or \
             objective and constraints are not scaled to one. Leave out the constraints one by one, and compare the \
             gradients with finite differences.",
        )
        .words("positive directional derivative")
        .source("SciPy, scipy.optimize.minimize, SLSQP"),
        Rule::new(
            "line_search.abnormal",
            "The line search found no lower point. Compare the gradient (jac) with finite differences (check_grad), \
             check whether the objective is noisy or has a kink there, and scale the variables. If the gradient is \
             small, the method has converged.",
        )
        .method("l bfgs b|lbfgsb|lbfgs")
        .words("abnormal|abnormal termination in lnsrch")
        .source("SciPy, scipy.optimize.minimize, L-BFGS-B"),
        Rule::new(
            "line_search.precision",
            "The line search found no lower point: the gradient is wrong, or too noisy from finite differences, or the \
             method has converged as far as rounding allows. Look at the size of the gradient first. If it is not \
             small, supply the gradient (jac), use a larger eps, or use a method without derivatives.",
        )
        .category(AccuracyUnattainable)
        .words("desired error")
        .source("SciPy, scipy.optimize.minimize, BFGS and CG"),
        Rule::new(
            "line_search",
            "No step along the search direction reduces the function enough. Compare the gradient or Jacobian with \
             finite differences: a wrong one gives a direction that points uphill. Also check whether the function is \
             noisy or has a kink there, and whether the method has already converged as far as rounding allows.",
        )
        .category(LineSearch)
        .source("PETSc, SNESConvergedReason; Nocedal & Wright, Numerical Optimization, §3"),
        Rule::new(
            "line_search.converged",
            "{residual} had fallen to {residual.last} before the line search failed. The method may have converged as \
             far as rounding in the function allows. Relax the tolerance, or supply an exact gradient.",
        )
        .category(LineSearch)
        .series("residual|objective", DECAY)
        .source(NOCEDAL),
        Rule::new(
            "residual_divergence",
            "The residual grows. Start closer to the solution, damp or under-relax the iteration, shorten the step, \
             and check the signs in the equations. In an iterative linear solve, use a preconditioner.",
        )
        .category(ResidualDivergence)
        .source("PETSc, SNES_DIVERGED_DTOL; SciMLBase, ReturnCode.Unstable"),
        Rule::new(
            "stagnation.local_minimum",
            "The gradient vanishes but the residual does not, so this is a stationary point and not a solution. Start \
             elsewhere, for example from several random points. Check whether a solution exists at all.",
        )
        .words("local minimum|local minima|saddle point|stationary point")
        .source("PETSc, SNES_DIVERGED_LOCAL_MIN"),
        Rule::new(
            "stagnation.trust_region",
            "The trust region shrank to nothing because the model does not predict the function. Compare gradient and \
             Hessian with finite differences, and scale the variables. Also look for a kink or noise in the function \
             there.",
        )
        .words("trust region|trust radius|tr delta")
        .source("PETSc, SNES_DIVERGED_TR_DELTA; Nocedal & Wright, Numerical Optimization, §4"),
        Rule::new(
            "stagnation.progress",
            "The iteration makes no good progress. Compare the Jacobian with finite differences, and start elsewhere. \
             Check whether a solution exists for these parameters: follow it by continuation from parameters that have \
             one.",
        )
        .words("good progress|mxnewt|no progress")
        .source("MINPACK, hybrd, info = 4 and 5; SUNDIALS, KINSOL user guide, KIN_MXNEWT_5X_EXCEEDED"),
        Rule::new(
            "stagnation.chain",
            "The chain hardly moves or accepts hardly any proposal. Make the proposals smaller until 20 to 40 % are \
             accepted, or take their shape from the covariance of a first run. Start where the density is not zero.",
        )
        .words(
            "acceptance|accepted|proposal|proposals|metropolis|markov chain|mcmc|chain is stuck|r hat|rhat|\
                effective sample size",
        )
        .source("Roberts, Gelman & Gilks 1997"),
        Rule::new(
            "stagnation",
            "The iteration no longer makes progress. Scale variables and equations to one, and check whether the \
             tolerance is below what the start and the arithmetic allow. If this is a local minimum of the residual \
             and not a solution, start elsewhere.",
        )
        .category(Stagnation)
        .source("PETSc, SNES_DIVERGED_LOCAL_MIN; MOOSE, failed solves"),
        Rule::new(
            "max_iterations.arnoldi",
            "Lanczos and Arnoldi methods find the outermost eigenvalues first. For the smallest eigenvalues, or those \
             near a number, shift and invert (sigma). Otherwise enlarge the subspace (ncv), or allow more iterations \
             (maxiter).",
        )
        .categories(&[MaxIterations, NonlinearConvergence, LinearSolve])
        .words("arpack|eigenvectors converged")
        .source("ARPACK users' guide, §3; SciPy, scipy.sparse.linalg.eigsh"),
        Rule::new(
            "max_iterations.mesh",
            "The mesh grew but the error did not fall: a layer is thinner than its cells, or the initial guess is far \
             off. Refine the mesh in the layer, and approach small parameters by continuation from one solution to the \
             next. Only then allow more nodes (max_nodes).",
        )
        .category(MaxIterations)
        .words("mesh nodes")
        .source("SciPy, scipy.integrate.solve_bvp; Ascher, Mattheij & Russell 1995"),
        Rule::new(
            "max_iterations.recursion",
            "A recursion does not end. Its tolerance cannot be met (a singularity, rounding), or a comparison with NaN \
             is always false. Limit its depth and report where it stopped; a higher recursion limit only delays the \
             failure.",
        )
        .category(MaxIterations)
        .words("recursion depth|recursion error|recursion limit")
        .source("Python, sys.setrecursionlimit"),
        Rule::new(
            "max_iterations.eigenvalues",
            "The QR iteration for eigenvalues or singular values has its own limit. Allow about 30 iterations for each \
             value, and balance and scale the matrix first. Check that it contains no NaN or infinity, because then \
             the iteration never ends.",
        )
        .categories(&[MaxIterations, NonlinearConvergence, LinearSolve])
        .words_or_method(
            "schur|eigenvalue|eigenvalues|eigen|eigh|eigensolver|off diagonal elements|svd|singular values|\
                qr algorithm|qr iterations|francis|lanczos|arnoldi",
        )
        .source("LAPACK, xHSEQR and xBDSQR, INFO"),
        Rule::new(
            "max_iterations",
            "Look at the residuals. If they still fall, allow more iterations. If they stay, check derivatives, \
             scaling and tolerance. If they grow or jump, start closer to the solution or damp the steps.",
        )
        .category(MaxIterations)
        .source("PETSc, SNESConvergedReason; MOOSE, failed solves"),
        Rule::new(
            "max_evaluations",
            "The evaluations ran out. Supply derivatives, because finite differences cost as many evaluations as there \
             are variables. Otherwise scale the variables or start closer to the solution. For an integral, split the \
             interval at kinks and singularities.",
        )
        .category(MaxEvaluations)
        .source("SciPy, scipy.optimize.root and scipy.integrate.quad"),
        Rule::new(
            "quadrature.sampling",
            "The sampling error falls only with the square root of the number of samples, and more slowly if the \
             variance is infinite. Use importance sampling, or subtract or substitute the singular part. In few \
             dimensions, use a quadrature rule.",
        )
        .categories(&[MaxIterations, MaxEvaluations, Stagnation])
        .words("samples|monte carlo|standard error|error bar|statistical error")
        .source("Press et al., Numerical Recipes, §7.9"),
        Rule::new(
            "quadrature",
            "Split the interval where the integrand jumps or has a kink or a singularity, substitute at singular ends \
             (x = a + u²), and check that the integral exists. For an oscillating integrand, count the oscillations, \
             or use a rule for oscillating integrands.",
        )
        .categories(&[MaxIterations, MaxEvaluations, Stagnation, AccuracyUnattainable, ResidualDivergence])
        .words_or_method(
            "integral|quadrature|simpson|trapezoid|trapezoidal|romberg|integrand|subdivision|subdivisions|\
                gauss kronrod",
        )
        .source("Press et al., Numerical Recipes, §4; SciPy, scipy.integrate.quad"),
        Rule::new(
            "derivative_zero",
            "The derivative is zero there, or the secant is flat, so the step is undefined. Move the start away from \
             the stationary point, or use a bracketing method (Brent).",
        )
        .words(
            "zero derivative|derivative is zero|derivative vanishes|vanishing derivative|derivative was \
                zero|tolerance of reached",
        )
        .source("Press et al., Numerical Recipes, §9.4"),
        Rule::new(
            "bracket",
            "The function has the same sign at both ends of the interval. Print its values there, and widen or move \
             the interval until the signs differ. A double root has no sign change: find it by a minimisation.",
        )
        .words(
            "not bracketed|not bracket|no bracket|bracketing error|sign change|change of sign|same sign|different \
                signs|opposite signs",
        )
        .source("Press et al., Numerical Recipes, §9.1"),
        Rule::new(
            "bracket.minimum",
            "No minimum is bracketed: the middle point has to lie below both ends. Print the function over the \
             interval, and start elsewhere. Check whether it has a minimum at all or falls without bound because of a \
             wrong sign.",
        )
        .words("bracketing values|valid bracket")
        .source("SciPy, scipy.optimize.bracket"),
        Rule::new(
            "iteration.wandering_cg",
            "{residual} goes up and down without a trend. Conjugate gradients need a symmetric positive definite \
             matrix, so check its symmetry and the sign of its eigenvalues. MINRES solves an indefinite system, GMRES \
             or BiCGStab a nonsymmetric one; a definite one needs a preconditioner.",
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
            "{residual} goes up and down without a trend between {residual.smallest} and {residual.largest}. The \
             iteration does not settle. Check whether a solution exists for these parameters. If it does, start closer \
             to it (continuation from parameters that work), or globalise the method (line search, trust region).",
        )
        .categories(UNFINISHED)
        .series("residual", NO_TREND)
        .unless_words(SAMPLING_PHRASES)
        .source(KELLEY),
    ]
}
