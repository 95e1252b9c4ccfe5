//! Rules for linear systems: factorisations, Krylov methods, conditioning.

use super::terms::{SLOW_DECAY, STAGNATION};
use crate::rules::{Rule, ValueTest};
use record::Category::*;

const KSP: &str = "PETSc, KSPConvergedReason";
const MOOSE: &str = "MOOSE, failed solves";
const GOLUB: &str = "Golub & Van Loan, Matrix Computations, §5.5";
const HIGHAM: &str = "Higham, Accuracy and Stability of Numerical Algorithms, §7 and §12";
const SAAD: &str = "Saad, Iterative Methods for Sparse Linear Systems, §6";

/// Phrases for a preconditioner that is not positive definite.
const INDEFINITE_PRECONDITIONER: &str =
    "indefinite pc|preconditioner * indefinite|preconditioner * positive|preconditioner is not";

pub(super) fn rules() -> Vec<Rule> {
    vec![
        Rule::new(
            "singular_matrix.fit",
            "The data do not determine all parameters: two of them enter only as a product or a sum, or one has no \
             influence where the fit ended. Fix or combine such parameters. Otherwise start (p0) closer to the \
             solution, scale the abscissa to one, and use more data than parameters.",
        )
        .category(SingularMatrix)
        .words("covariance of the parameters|parameters could not be")
        .source("SciPy, scipy.optimize.curve_fit"),
        Rule::new(
            "singular_matrix.flat",
            "The points lie on a line or in a plane, or are too few, so they span no volume. Project them to the \
             dimension that they span, scale the axes to one, and merge duplicate points. Joggling the input (option \
             QJ) helps only against rounding errors.",
        )
        .category(SingularMatrix)
        .words("qhull|coplanar|simplex is flat|collinear points")
        .source("Qhull, precision problems; SciPy, scipy.spatial.Delaunay"),
        Rule::new(
            "singular_matrix.covariance",
            "A covariance matrix is singular if variables depend on each other or if there are fewer samples than \
             variables; rounding can also make it indefinite. Remove dependent variables, or put a floor under its \
             diagonal (a ridge term, shrinkage, a prior). In a Kalman filter, symmetrise it and use the Joseph or a \
             square-root form of the update.",
        )
        .category(SingularMatrix)
        .words("covariance|covariances|correlation|kalman|mixture|component|gaussian process")
        .source("Higham, Accuracy and Stability of Numerical Algorithms, §10; Bierman 1977"),
        Rule::new(
            "singular_matrix.not_positive_definite",
            "The matrix is not positive definite. Check that it is symmetric and that its diagonal is positive, and \
             print its smallest eigenvalue. If that is negative only by rounding, add a small multiple of the identity \
             (1e-10 of the norm); otherwise use LDLᵀ or LU instead of Cholesky.",
        )
        .category(SingularMatrix)
        .words("positive definite|cholesky|spd|non positive|nonpositive|negative pivot|potrf|spotrf|dpotrf|cpotrf|zpotrf|dposv")
        .source("Higham, Accuracy and Stability of Numerical Algorithms, §10"),
        Rule::new(
            "singular_matrix.least_squares",
            "The columns are linearly dependent, so the matrix is rank deficient. Remove or combine parameters that \
             the data cannot distinguish. Alternatively compute the solution of minimum norm by SVD or a \
             rank-revealing QR; a small ridge term also makes the solution unique.",
        )
        .category(SingularMatrix)
        .words("rank deficient|rank deficiency|rank|least squares|collinear|normal equations|design matrix")
        // SciPy reports this for any sparse matrix.
        .unless_words("matrix rank warning")
        .source(GOLUB),
        Rule::new(
            "singular_matrix.pivot",
            "The matrix has a zero pivot ({pivot.name} = {pivot}). Without pivoting, this also happens in regular \
             matrices, such as those of saddle-point problems with zeros on the diagonal, so factorise with pivoting \
             first. If a pivot is still zero, rows or columns depend on each other: leave one out, and look for an \
             unknown that appears in no equation or a missing boundary condition.",
        )
        .category(SingularMatrix)
        .value("pivot|row|column|pivot_index|index", ValueTest::Known)
        .unless_words("positive|negative pivot|potrf|cholesky")
        .source(MOOSE),
        Rule::new(
            "singular_matrix",
            "The null space shows which variables are free: compute the SVD, and look at the singular vectors of zero \
             singular values. Typical causes are a missing boundary condition, a repeated equation or an undetermined \
             variable. Remove the cause, or solve with a rank-revealing factorisation or a regularisation.",
        )
        .category(SingularMatrix)
        .source(MOOSE),
        Rule::new(
            "ill_conditioned.number",
            "{condition_number.name} = {condition_number} means that about log10({condition_number}) of the 16 digits \
             are lost. Scale rows and columns to one, and choose a better basis (orthogonal polynomials instead of \
             powers). Use QR or SVD instead of normal equations, or regularise.",
        )
        .categories(&[IllConditioned, SingularMatrix, LossOfAccuracy, LinearSolve])
        .value("condition_number|condition|cond|kappa", ValueTest::Above(1e8))
        .source(HIGHAM),
        Rule::new(
            "ill_conditioned.reciprocal",
            "{rcond.name} = {rcond} is the reciprocal of the condition number; at 2.2e-16 and below, no digit of the \
             solution is left. Scale rows and columns to one, choose a better basis, use QR or SVD, or regularise.",
        )
        .categories(&[IllConditioned, SingularMatrix, LossOfAccuracy, LinearSolve])
        .value("rcond|reciprocal_condition", ValueTest::Below(1e-8))
        .source(HIGHAM),
        Rule::new(
            "ill_conditioned",
            "The matrix is ill conditioned and magnifies errors. Scale rows and columns to one, choose a better basis, \
             and use QR or SVD instead of normal equations. Alternatively regularise; if the condition number is below \
             1e16, iterative refinement regains digits.",
        )
        .category(IllConditioned)
        .source(HIGHAM),
        Rule::new(
            "iteration.stagnating_linear",
            "{residual} hardly fell over {residual.rows} occurrences and ended at {residual.last}. The preconditioner \
             is too weak or missing. Try incomplete LU or Cholesky, multigrid for an elliptic problem, or a larger \
             GMRES restart. A direct solve of a small case shows whether the matrix is the problem.",
        )
        .categories(&[LinearSolve, MaxIterations, Stagnation])
        .method("cg|pcg|conjugate gradient|bicgstab|bicg|krylov|linear solver|linear solve|minres")
        .series("residual|norm", STAGNATION)
        .source(SAAD),
        Rule::new(
            "iteration.slow_linear",
            "{residual} falls slowly: each value is {residual.rate} times the previous one. Use a preconditioner \
             (incomplete LU or Cholesky, multigrid for an elliptic problem).[ Without one, the number of iterations \
             still needed to reach {residual.tolerance} is about {residual.needed}.]",
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
            "Jacobi, Gauss–Seidel and Richardson iterations converge only if the spectral radius of the iteration \
             matrix is below 1, as it is for a diagonally dominant matrix. Reorder or scale the equations, or \
             under-relax. Alternatively use a Krylov method.",
        )
        .categories(&[ResidualDivergence, MaxIterations, LinearSolve])
        .method("jacobi|gauss seidel|richardson|sor")
        .source("Saad, Iterative Methods for Sparse Linear Systems, §4.2"),
        Rule::new(
            "linear_solve.direct",
            "A direct factorisation fails only if the matrix is singular or contains NaN. Find out which of the two it \
             is, and why. A DAE of index 2 or 3 has a singular matrix for every small step: reduce its index, or use a \
             solver for such DAEs.",
        )
        .categories(&[LinearSolve, NonlinearConvergence])
        .words("lu|cholesky|factorization|factorisation|factorise|factorize|qr")
        .source(KSP),
        Rule::new(
            "linear_solve",
            "Solve one system with a direct method. If that works, the preconditioner is the cause: use a stronger one \
             or a larger restart. If it does not, the matrix is singular or wrong. Also compare the true residual with \
             the preconditioned one.",
        )
        .category(LinearSolve)
        .source(KSP),
        Rule::new(
            "breakdown.indefinite",
            "Conjugate gradients need a symmetric positive definite matrix, but here p·Ap is not positive. Check the \
             symmetry and the signs of the matrix. Use MINRES if it is symmetric and indefinite, and GMRES or BiCGStab \
             if it is nonsymmetric.",
        )
        .categories(&[Breakdown, LinearSolve])
        .method("cg|pcg|conjugate gradient|conjugate gradients")
        .unless_value("method|solver|algorithm", ValueTest::Words("bicg|bi cg|bicgstab|bi cgstab|cgs"))
        .unless_words(INDEFINITE_PRECONDITIONER)
        .source("PETSc, KSP_DIVERGED_INDEFINITE_MAT; Saad, Iterative Methods for Sparse Linear Systems, §6.7"),
        Rule::new(
            "breakdown.preconditioner",
            "The preconditioner is not positive definite, but conjugate gradients require it. Use a definite one: \
             incomplete Cholesky with a shift, Jacobi with positive entries, or symmetric Gauss–Seidel. Alternatively \
             use GMRES.",
        )
        .words(INDEFINITE_PRECONDITIONER)
        .source("PETSc, KSP_DIVERGED_INDEFINITE_PC"),
        Rule::new(
            "breakdown",
            "The recurrence divided by zero. Restart from the last iterate or from another initial guess. \
             Alternatively use a method that cannot break down for this matrix: GMRES instead of BiCG, or MINRES \
             instead of CG for an indefinite matrix.",
        )
        .category(Breakdown)
        .source("PETSc, KSP_DIVERGED_BREAKDOWN; Belos, BreakdownDetected"),
        Rule::new(
            "loss_of_accuracy.orthogonality",
            "The vectors lost their orthogonality. Orthogonalise twice (modified Gram–Schmidt with a second pass), or \
             use Householder QR.",
        )
        .words("orthogonality|orthogonal|orthonormal|gram schmidt")
        .source("Giraud, Langou & Rozložník 2005; Golub & Van Loan, Matrix Computations, §5.2"),
        Rule::new(
            "ill_conditioned.forward_error",
            "A small residual together with a large error means that the matrix is ill conditioned. Estimate its \
             condition number, then scale, regularise, or choose a better basis. More digits in the solve do not help.",
        )
        .words("forward error|backward error")
        .source(HIGHAM),
        Rule::new(
            "loss_of_accuracy.variance",
            "The mean of the squares and the square of the mean cancel. Use Welford's update, or first subtract an \
             estimate of the mean. With weights, use two passes.",
        )
        .words("variance * negative|negative variance|negative * variance")
        .source("Welford 1962; Chan, Golub & LeVeque 1983"),
        Rule::new(
            "loss_of_accuracy.sign",
            "The averaged quantity has both signs and cancels (the sign problem). The number of samples needed grows \
             as the inverse square of the mean sign, so more samples alone do not help. Use another basis, a higher \
             temperature or a constrained path.",
        )
        .words("sign problem|average sign|mean sign|compatible with zero")
        .source("Troyer & Wiese 2005"),
        Rule::new(
            "loss_of_accuracy.recurrence",
            "The recurrence is unstable in this direction and magnifies rounding errors. Run it in the other direction \
             (Miller's algorithm, downwards for Bessel functions), or use the library function.",
        )
        .words("recurrence|recursion")
        .categories(&[LossOfAccuracy, ResidualDivergence, NonFinite])
        .source("Press et al., Numerical Recipes, §5.5"),
        Rule::new(
            "loss_of_accuracy.cancellation",
            "Nearly equal numbers cancel. Rearrange the formula: sum terms of one sign, or use x² − y² = (x − y)(x + \
             y), expm1, log1p or hypot. Alternatively compute the difference directly.",
        )
        .category(LossOfAccuracy)
        .words("cancellation|cancel|cancels|significance|alternating")
        .source(HIGHAM),
        Rule::new(
            "loss_of_accuracy",
            "Digits were lost during the computation. Compute the residual explicitly instead of by recurrence and \
             restart from there, or reorthogonalise. Also avoid differences of nearly equal numbers, and check the \
             condition number.",
        )
        .category(LossOfAccuracy)
        .source("Belos, LossOfAccuracyDetected; Higham, Accuracy and Stability of Numerical Algorithms, §1.7"),
    ]
}
