//! Rules for linear systems: factorisations, Krylov methods, conditioning.

use super::{SLOW_DECAY, STAGNATION};
use crate::rules::{Rule, ValueTest};
use record::Category::*;

const KSP: &str = "PETSc, KSPConvergedReason";
const MOOSE: &str = "MOOSE, failed solves";
const GOLUB: &str = "Golub & Van Loan, Matrix Computations, §5.5";
const HIGHAM: &str = "Higham, Accuracy and Stability of Numerical Algorithms, §7 and §12";
const SAAD: &str = "Saad, Iterative Methods for Sparse Linear Systems, §6";

pub(super) fn rules() -> Vec<Rule> {
    vec![
        Rule::new(
            "singular_matrix.fit",
            "the data do not determine all parameters: two of them enter as a product or a sum, or one has no \
             influence where the fit ended. Fix or join them, start (p0) closer, scale the abscissa to one, and have \
             more data than parameters",
        )
        .category(SingularMatrix)
        .words("covariance of the parameters|parameters could not be")
        .source("SciPy, scipy.optimize.curve_fit"),
        Rule::new(
            "singular_matrix.flat",
            "the points lie on a line or in a plane, or are too few, so that they span no volume: project them to the \
             dimension they have, scale the axes to one, and merge what is there twice; joggling (QJ) only helps \
             against rounding",
        )
        .category(SingularMatrix)
        .words("qhull|coplanar|simplex is flat|collinear points")
        .source("Qhull, precision problems; SciPy, scipy.spatial.Delaunay"),
        Rule::new(
            "singular_matrix.covariance",
            "a covariance is singular where variables depend on each other or samples are fewer than they, and loses \
             its definiteness by rounding: leave out what depends on others, put a floor under its diagonal (a ridge, \
             shrinkage, a prior), symmetrise it, and update it in the Joseph or a square-root form",
        )
        .category(SingularMatrix)
        .words("covariance|covariances|correlation|kalman|mixture|component|gaussian process")
        .source("Higham, Accuracy and Stability of Numerical Algorithms, §10; Bierman 1977"),
        Rule::new(
            "singular_matrix.not_positive_definite",
            "the matrix is not positive definite: check that it is symmetric and its diagonal positive; print its \
             smallest eigenvalue. Where it is negative by rounding only, add a small multiple of the identity (1e-10 \
             of its norm); else use LDLᵀ or LU instead of Cholesky",
        )
        .category(SingularMatrix)
        .words("positive definite|cholesky|spd|non positive|potrf|spotrf|dpotrf|cpotrf|zpotrf|dposv")
        .source("Higham, Accuracy and Stability of Numerical Algorithms, §10"),
        Rule::new(
            "singular_matrix.least_squares",
            "the columns are linearly dependent (rank deficient): leave out or join parameters that the data do not \
             tell apart, or take the solution of least norm by SVD or a rank-revealing QR; a small ridge term also \
             makes it unique",
        )
        .category(SingularMatrix)
        .words("rank deficient|rank deficiency|rank|least squares|collinear|normal equations|design matrix")
        // SciPy reports this for any sparse matrix.
        .unless_words("matrix rank warning")
        .source(GOLUB),
        Rule::new(
            "singular_matrix.pivot",
            "the pivot at {pivot} vanishes: without pivoting that happens in regular matrices as well (a saddle point \
             has zeros on its diagonal), so factorise with pivoting. If it stays, rows or columns depend on each \
             other: leave one out, and look for a variable that no equation holds, or a missing boundary \
             condition",
        )
        .category(SingularMatrix)
        .value("pivot|row|column|pivot_index|index", ValueTest::Known)
        .source(MOOSE),
        Rule::new(
            "singular_matrix",
            "find the null space (SVD; the singular vectors of zero singular values say which variables are free): a \
             missing boundary condition, an equation that is there twice, or a variable that nothing determines. Fix \
             those, or solve with a rank-revealing factorisation or a regularisation",
        )
        .category(SingularMatrix)
        .source(MOOSE),
        Rule::new(
            "ill_conditioned.number",
            "{condition_number.name} = {condition_number}: as many of the 16 digits are lost as it has powers of ten. \
             Scale rows and columns to one, choose a better basis (orthogonal polynomials instead of powers), use QR \
             or SVD instead of normal equations, or regularise",
        )
        .categories(&[IllConditioned, SingularMatrix, LossOfAccuracy, LinearSolve])
        .value("condition_number|condition|cond|kappa", ValueTest::Above(1e8))
        .source(HIGHAM),
        Rule::new(
            "ill_conditioned.reciprocal",
            "{rcond.name} = {rcond} is the reciprocal of the condition number: at 2.2e-16 no digit is left. Scale \
             rows and columns to one, choose a better basis, use QR or SVD, or regularise",
        )
        .categories(&[IllConditioned, SingularMatrix, LossOfAccuracy, LinearSolve])
        .value("rcond|reciprocal_condition", ValueTest::Below(1e-8))
        .source(HIGHAM),
        Rule::new(
            "ill_conditioned",
            "the matrix magnifies errors: scale rows and columns to one, choose a better basis, avoid normal \
             equations (QR or SVD), or regularise; iterative refinement regains digits where the condition number is \
             below 1e16",
        )
        .category(IllConditioned)
        .source(HIGHAM),
        Rule::new(
            "iteration.stagnating_linear",
            "{residual} hardly falls ({residual.last} after {residual.rows} occurrences): the preconditioner is too \
             weak or missing. Try incomplete LU or Cholesky, or multigrid for an elliptic problem, and a larger \
             restart of GMRES; a direct solve of a small case shows whether the matrix is the problem",
        )
        .categories(&[LinearSolve, MaxIterations, Stagnation])
        .method("cg|pcg|conjugate gradient|bicgstab|bicg|krylov|linear solver|linear solve|minres")
        .series("residual|norm", STAGNATION)
        .source(SAAD),
        Rule::new(
            "iteration.slow_linear",
            "{residual} falls by a factor of {residual.rate} only each time: precondition (incomplete LU or Cholesky, \
             multigrid for an elliptic problem)[; without, some {residual.needed} more iterations reach \
             {residual.tolerance}]",
        )
        .categories(&[LinearSolve, MaxIterations])
        .method(
            "gmres|cg|pcg|conjugate gradient|bicgstab|krylov|linear solver|linear solve|minres|jacobi|\
                 gauss seidel|richardson|sor",
        )
        .series("residual|norm", SLOW_DECAY)
        .source(SAAD),
        Rule::new(
            "splitting.diagonal_dominance",
            "Jacobi, Gauß–Seidel and Richardson iterations converge only where the spectral radius of their iteration \
             matrix is below 1, as for a diagonally dominant matrix: reorder or scale the equations, under-relax, or \
             use a Krylov method",
        )
        .categories(&[ResidualDivergence, MaxIterations, LinearSolve])
        .method("jacobi|gauss seidel|richardson|sor")
        .source("Saad, Iterative Methods for Sparse Linear Systems, §4.2"),
        Rule::new(
            "linear_solve.direct",
            "a direct factorisation fails only where the matrix is singular or holds NaN: see which, and why. A DAE \
             of index 2 or 3 has a singular one for every small step: reduce its index, or use a solver for it",
        )
        .categories(&[LinearSolve, NonlinearConvergence])
        .words("lu|cholesky|factorization|factorisation|factorise|factorize|qr")
        .source(KSP),
        Rule::new(
            "linear_solve",
            "solve one system with a direct method: if that works, the preconditioner is to blame (try a stronger \
             one, a larger restart); if it does not, the matrix is singular or wrong. Compare the true residual with \
             the preconditioned one",
        )
        .category(LinearSolve)
        .source(KSP),
        Rule::new(
            "breakdown.indefinite",
            "conjugate gradients need a symmetric positive definite matrix, and this one is not: p·Ap is not \
             positive: check symmetry and signs, or use MINRES for a symmetric indefinite matrix, GMRES or BiCGStab \
             for a nonsymmetric one",
        )
        .categories(&[Breakdown, LinearSolve])
        .method("cg|pcg|conjugate gradient|conjugate gradients")
        .unless_value("method|solver|algorithm", ValueTest::Words("bicg|bi cg|bicgstab|bi cgstab|cgs"))
        .source("PETSc, KSP_DIVERGED_INDEFINITE_MAT; Saad, Iterative Methods for Sparse Linear Systems, §6.7"),
        Rule::new(
            "breakdown.preconditioner",
            "the preconditioner is not positive definite, which conjugate gradients need it to be as well: use one \
             that is (incomplete Cholesky with a shift, Jacobi with positive entries, symmetric Gauß–Seidel), or \
             GMRES",
        )
        .words("indefinite pc|preconditioner * indefinite|preconditioner * positive|preconditioner is not")
        .source("PETSc, KSP_DIVERGED_INDEFINITE_PC"),
        Rule::new(
            "breakdown",
            "the recurrence divided by zero: restart from the last iterate or with another initial guess, or use a \
             method that cannot break down for this matrix (GMRES instead of BiCG, MINRES instead of CG for an \
             indefinite one)",
        )
        .category(Breakdown)
        .source("PETSc, KSP_DIVERGED_BREAKDOWN; Belos, BreakdownDetected"),
        Rule::new(
            "loss_of_accuracy.orthogonality",
            "the vectors lost their orthogonality: orthogonalise twice (modified Gram–Schmidt with a second pass), or \
             use Householder QR",
        )
        .words("orthogonality|orthogonal|orthonormal|gram schmidt")
        .source("Giraud, Langou & Rozložník 2005; Golub & Van Loan, Matrix Computations, §5.2"),
        Rule::new(
            "ill_conditioned.forward_error",
            "a small residual beside a large error means an ill-conditioned matrix: estimate its condition number, \
             then scale, regularise, or choose a better basis; more digits in the solve do not help",
        )
        .words("forward error|backward error")
        .source(HIGHAM),
        Rule::new(
            "loss_of_accuracy.variance",
            "the mean of squares and the square of the mean cancel: use Welford's update, or subtract an estimate of \
             the mean first; with weights, two passes",
        )
        .words("variance * negative|negative variance|negative * variance")
        .source("Welford 1962; Chan, Golub & LeVeque 1983"),
        Rule::new(
            "loss_of_accuracy.sign",
            "what is averaged has both signs and cancels (the sign problem): the samples that are needed grow as the \
             inverse square of the mean sign. Another basis, a higher temperature, or a constrained path; more \
             samples alone do not help",
        )
        .words("sign problem|average sign|mean sign|compatible with zero")
        .source("Troyer & Wiese 2005"),
        Rule::new(
            "loss_of_accuracy.recurrence",
            "the recurrence is unstable in this direction and magnifies rounding: run it the other way (Miller's \
             algorithm, downwards for Bessel functions), or use the library function",
        )
        .words("recurrence|recursion")
        .categories(&[LossOfAccuracy, ResidualDivergence, NonFinite])
        .source("Press et al., Numerical Recipes, §5.5"),
        Rule::new(
            "loss_of_accuracy.cancellation",
            "nearly equal numbers cancel: rearrange the formula (sum terms of one sign, x² − y² = (x − y)(x + y), \
             expm1, log1p, hypot), or compute the difference itself",
        )
        .category(LossOfAccuracy)
        .words("cancellation|cancel|cancels|significance|alternating")
        .source(HIGHAM),
        Rule::new(
            "loss_of_accuracy",
            "digits were lost on the way: compute the residual explicitly instead of by recurrence and restart from \
             there, reorthogonalise, avoid differences of nearly equal numbers, and check the condition number",
        )
        .category(LossOfAccuracy)
        .source("Belos, LossOfAccuracyDetected; Higham, Accuracy and Stability of Numerical Algorithms, §1.7"),
    ]
}
