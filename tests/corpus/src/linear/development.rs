//! Systems of linear equations: factorisations and iterations.

use nalgebra::{DMatrix, DVector};
use tracing::{debug, error, info, instrument};
use tracing_failure::{Check, ResultExt, computation, ensure_converged, ensure_decreasing, trail};

use crate::case::{Batch, Case};

type Matrix = DMatrix<f64>;
type Vector = DVector<f64>;

#[derive(Debug, thiserror::Error)]
enum LinearError {
    #[error("matrix of order {order} is singular")]
    Singular { order: usize },
    #[error("covariance matrix cannot be inverted")]
    NoInverse,
    #[error("matrix is not positive definite")]
    NotPositiveDefinite,
    #[error("condition number {condition:.1e} is too large")]
    IllConditioned { condition: f64 },
    #[error("loss of orthogonality: |QᵀQ - I| = {defect:.1e}")]
    LossOfOrthogonality { defect: f64 },
    #[error("forward error {error:.1e} although the residual is {residual:.1e}")]
    Inaccurate { error: f64, residual: f64 },
    #[error(transparent)]
    Check(#[from] Check),
    #[error("stagnated at residual {residual:.1e} after {iterations} iterations")]
    Stagnated { iterations: usize, residual: f64 },
    #[error("breakdown in iteration {iteration}: pᵀAp = {curvature:.3e}")]
    Breakdown { iteration: usize, curvature: f64 },
    #[error("residual diverges: {residual:.3e} in iteration {iteration}")]
    Diverged { iteration: usize, residual: f64 },
}

use LinearError::*;

/// −u″ on a line, with the given diagonal entry at both ends.
fn laplacian(n: usize, end: f64) -> Matrix {
    Matrix::from_fn(n, n, |i, j| match i.abs_diff(j) {
        0 if i == 0 || i == n - 1 => end,
        0 => 2.0,
        1 => -1.0,
        _ => 0.0,
    })
}

fn hilbert(n: usize) -> Matrix {
    Matrix::from_fn(n, n, |i, j| 1.0 / (i + j + 1) as f64)
}

/// −Δu on a square of side × side points.
fn poisson(side: usize) -> Matrix {
    let n = side * side;
    Matrix::from_fn(n, n, |p, q| {
        let (row, column) = ((p / side).abs_diff(q / side), (p % side).abs_diff(q % side));
        match row + column {
            0 => 4.0,
            1 => -1.0,
            _ => 0.0,
        }
    })
}

#[computation("−p″ = f, Neumann", fields(solver = "LU"))]
fn pressure_correction(points: usize, source: f64) -> Result<Vector, LinearError> {
    let load = Vector::from_element(points, source);
    laplacian(points, 1.0).lu().solve(&load).ok_or(Singular { order: points })
}

#[computation("Σ⁻¹")]
fn mahalanobis_distance(samples: &Matrix) -> Result<Matrix, LinearError> {
    let covariance = samples.transpose() * samples;
    info!(rows = covariance.nrows(), "covariance");
    covariance.try_inverse().ok_or(NoInverse)
}

#[computation("Σ = L Lᵀ", fields(method = "Cholesky"))]
fn correlated_samples(correlation: [f64; 3]) -> Result<Matrix, LinearError> {
    let [a, b, c] = correlation;
    let sigma = Matrix::from_row_slice(3, 3, &[1.0, a, b, a, 1.0, c, b, c, 1.0]);
    Ok(sigma.cholesky().ok_or(NotPositiveDefinite)?.l())
}

#[computation("normal equations", fields(basis = "monomials"))]
fn polynomial_fit(degree: usize, limit: f64) -> Result<Vector, LinearError> {
    let gram = hilbert(degree + 1);
    let singular = gram.singular_values();
    let condition = singular.max() / singular.min();
    trail!(condition, smallest = singular.min(), largest = singular.max(), "singular values");
    if condition > limit {
        return Err(IllConditioned { condition });
    }
    Ok(gram.lu().solve(&Vector::from_element(degree + 1, 1.0)).unwrap())
}

#[computation("Hilbert matrix", fields(method = "lu"))]
fn moment_problem(order: usize, max_error: f64) -> Result<Vector, LinearError> {
    let a = hilbert(order);
    let exact = Vector::from_element(order, 1.0);
    let b = &a * &exact;
    let x = a.clone().lu().solve(&b).ok_or(Singular { order })?;
    let (residual, error) = ((&a * &x - &b).norm() / b.norm(), (&x - &exact).norm() / exact.norm());
    trail!(order, residual, error, "checked against the known solution");
    if error > max_error {
        return Err(Inaccurate { error, residual });
    }
    Ok(x)
}

#[instrument(fields(computation = "krylov_basis", theoretical_ref = "Gram–Schmidt", variant = "classical"))]
fn gram_schmidt(columns: usize, tolerance: f64) -> Result<Matrix, LinearError> {
    let mut q = hilbert(columns);
    for j in 0..columns {
        let v = q.column(j).into_owned();
        let coefficients = q.columns(0, j).transpose() * &v;
        let w = &v - q.columns(0, j) * coefficients;
        debug!(column = j, norm = w.norm(), cancellation = w.norm() / v.norm());
        q.set_column(j, &w.normalize());
    }
    let defect = (q.transpose() * &q - Matrix::identity(columns, columns)).norm();
    if defect > tolerance { Err(LossOfOrthogonality { defect }).record_failure() } else { Ok(q) }
}

/// Conjugate gradients. Stops where the residual no longer halves in 200 iterations.
fn conjugate_gradients(a: &Matrix, b: &Vector, tol: f64, maxiter: usize) -> Result<Vector, LinearError> {
    let (mut x, mut r) = (Vector::zeros(b.len()), b.clone());
    let (mut p, mut rho, mut best) = (r.clone(), r.norm_squared(), (f64::INFINITY, 0));
    for iteration in 0..maxiter {
        let ap = a * &p;
        let curvature = p.dot(&ap);
        if curvature <= 0.0 {
            return Err(Breakdown { iteration, curvature });
        }
        x += &p * (rho / curvature);
        r = b - a * &x;
        let rnorm = r.norm() / b.norm();
        trail!(iteration, rnorm, curvature);
        if rnorm < tol {
            return Ok(x);
        }
        if rnorm < 0.5 * best.0 {
            best = (rnorm, iteration);
        } else if iteration > best.1 + 200 {
            return Err(Stagnated { iterations: iteration, residual: rnorm });
        }
        let rho_old = std::mem::replace(&mut rho, r.norm_squared());
        p = &r + &p * (rho / rho_old);
    }
    let rnorm = r.norm() / b.norm();
    ensure_converged!(rnorm < tol, iterations = maxiter)?;
    Ok(x)
}

#[computation("−Δφ = ρ", fields(solver = "CG", preconditioner = "none"))]
fn electrostatic_potential(side: usize, rtol: f64, max_iterations: usize) -> Result<f64, LinearError> {
    let rho = Vector::from_fn(side * side, |i, _| ((i * 7919) % 101) as f64 - 50.0);
    Ok(conjugate_gradients(&poisson(side), &rho, rtol, max_iterations)?.norm())
}

#[computation("−E u″ = f", fields(solver = "CG"))]
fn elastic_rod(points: usize, rtol: f64, max_iterations: usize) -> Result<f64, LinearError> {
    let load = Vector::from_fn(points, |i, _| 1.0 + (i % 7) as f64);
    Ok(conjugate_gradients(&laplacian(points, 2.0), &load, rtol, max_iterations)?.norm())
}

#[computation("Helmholtz: −Δu − k²u = f", fields(solver = "CG"))]
fn acoustic_field(side: usize, wave_number_squared: f64, rtol: f64) -> Result<f64, LinearError> {
    let n = side * side;
    let a = poisson(side) - Matrix::identity(n, n) * wave_number_squared;
    let source = Vector::from_fn(n, |i, _| if i == n / 2 { 1.0 } else { 0.0 });
    Ok(conjugate_gradients(&a, &source, rtol, 10 * n)?.norm())
}

/// One cycle of GMRES: least squares over the Krylov space, by a QR factorisation of A times its basis.
fn gmres_cycle(a: &Matrix, r: &Vector, restart: usize) -> Vector {
    let mut basis = vec![r.normalize()];
    while basis.len() < restart {
        let mut w = a * basis.last().unwrap();
        for q in &basis {
            w -= q * q.dot(&w);
        }
        basis.push(w.normalize());
    }
    let q = Matrix::from_columns(&basis);
    let svd = (a * &q).svd(true, true);
    &q * svd.solve(r, 1e-12).unwrap()
}

#[computation("periodic shift operator", fields(solver = "GMRES"))]
fn convected_scalar(n: usize, restart: usize, rtol: f64, max_cycles: usize) -> Result<Vector, LinearError> {
    let a = Matrix::from_fn(n, n, |i, j| if i == (j + 1) % n { 1.0 } else { 0.0 });
    let mut b = Vector::zeros(n);
    b[0] = 1.0;
    let mut x = Vector::zeros(n);
    let mut last = f64::INFINITY;
    for cycle in 0..max_cycles {
        let r = &b - &a * &x;
        let res = r.norm() / b.norm();
        trail!(cycle, restart, res);
        if res < rtol {
            return Ok(x);
        }
        if cycle > 10 {
            ensure_decreasing!(res <= 0.999 * last, iteration = cycle)?;
        }
        last = res;
        x += gmres_cycle(&a, &r, restart);
    }
    ensure_converged!(last < rtol, iterations = max_cycles * restart)?;
    Ok(x)
}

#[computation("skew-symmetric A", fields(solver = "BiCG"))]
fn rotation_solve(rate: f64, tolerance: f64) -> Result<Vector, LinearError> {
    let a = Matrix::from_row_slice(2, 2, &[0.0, rate, -rate, 0.0]);
    let (mut x, mut r) = (Vector::zeros(2), Vector::from_vec(vec![1.0, 2.0]));
    let (mut shadow, mut p, mut rho) = (r.clone(), r.clone(), r.norm_squared());
    let mut shadow_p = p.clone();
    for iteration in 0..100 {
        let ap = &a * &p;
        let curvature = shadow_p.dot(&ap);
        trail!(iteration, residual_norm = r.norm(), rho, curvature);
        if curvature.abs() < 1e-300 {
            return Err(Breakdown { iteration, curvature });
        }
        let alpha = rho / curvature;
        x += &p * alpha;
        r -= ap * alpha;
        shadow -= a.transpose() * &shadow_p * alpha;
        if r.norm() < tolerance {
            break;
        }
        let beta = shadow.dot(&r) / rho;
        rho *= beta;
        p = &r + p * beta;
        shadow_p = &shadow + shadow_p * beta;
    }
    Ok(x)
}

#[computation("Kirchhoff", fields(solver = "Jacobi", order = a.nrows()))]
fn circuit_voltages(a: &Matrix, tol: f64, max_iterations: usize) -> Result<Vector, LinearError> {
    let b = Vector::from_element(a.nrows(), 1.0);
    let mut v = Vector::zeros(a.nrows());
    for iteration in 0..max_iterations {
        let r = &b - a * &v;
        let residual = r.norm();
        trail!(iteration, residual, "jacobi sweep");
        if residual < tol {
            return Ok(v);
        }
        if residual > 1e10 {
            return Err(Diverged { iteration, residual });
        }
        v += r.component_div(&a.diagonal());
    }
    ensure_converged!((b - a * &v).norm() < tol, iterations = max_iterations)?;
    Ok(v)
}

#[computation("x ← x + ω(b − Ax)", fields(method = "Richardson"))]
fn image_deblurring(points: usize, omega: f64, tol: f64, max_iter: u32) -> Option<Vector> {
    let (a, b) = (laplacian(points, 2.0), Vector::from_element(points, 1.0));
    let mut x = Vector::zeros(points);
    for iter in 0..max_iter {
        let r = &b - &a * &x;
        let norm = r.norm();
        trail!(iter, omega, norm);
        if norm < tol {
            return Some(x);
        }
        if !norm.is_finite() || norm > 1e12 {
            error!(iter, norm, "Richardson iteration diverged");
            return None;
        }
        x += r * omega;
    }
    let norm = (&b - &a * &x).norm();
    error!(norm, tol, max_iter, "tolerance not reached within max_iter iterations");
    None
}

#[computation("A v = λ v", fields(method = "power iteration"))]
fn normal_modes(angle: f64, tolerance: f64, max_iterations: usize) -> Result<f64, LinearError> {
    let a = Matrix::from_row_slice(2, 2, &[angle.cos(), -angle.sin(), angle.sin(), angle.cos()]);
    let mut v = Vector::from_vec(vec![1.0, 0.3]).normalize();
    let (mut lambda, mut residual) = (0.0, f64::INFINITY);
    for iteration in 0..max_iterations {
        let w = &a * &v;
        lambda = v.dot(&w);
        residual = (&w - &v * lambda).norm();
        trail!(iteration, lambda, residual, "power step");
        if residual < tolerance {
            break;
        }
        v = w.normalize();
    }
    ensure_converged!(residual < tolerance, iterations = max_iterations)?;
    Ok(lambda)
}

#[computation("A = Q T Qᵀ", fields(method = "nalgebra Schur"), category = "max_iterations", none_is_failure)]
fn spectrum(order: usize, max_iterations: usize) -> Option<Vector> {
    let a = Matrix::from_fn(order, order, |i, j| (((i * 31 + j * 17) % 23) as f64 - 11.0) / 11.0);
    nalgebra::Schur::try_new(a, f64::EPSILON, max_iterations)?.eigenvalues()
}

fn circuit() -> Matrix {
    Matrix::from_row_slice(3, 3, &[1.0, 2.0, -1.0, 3.0, 1.0, 2.0, 1.0, -2.0, 1.0])
}

/// Three sensors, of which the third repeats the sum of the others.
fn sensors() -> Matrix {
    Matrix::from_row_slice(4, 3, &[1.0, 2.0, 3.0, 2.0, 1.0, 3.0, 4.0, 0.0, 4.0, 0.0, 3.0, 3.0])
}

pub(crate) fn cases() -> Vec<Case> {
    [factorisations(), iterations()].into_iter().flatten().collect()
}

fn factorisations() -> Vec<Case> {
    vec![
        Case {
            batch: Batch::Development,
            name: "neumann_singular",
            solver: "nalgebra LU",
            problem: "with Neumann conditions at both ends the constants are in the null space",
            category: "singular_matrix",
            advice: "The matrix has a null space (constants): fix one value or the mean, and see that the source is \
                     compatible.",
            run: || _ = pressure_correction(20, 1.0),
        },
        Case {
            batch: Batch::Development,
            name: "covariance_inverse",
            solver: "nalgebra try_inverse",
            problem: "the third column of the data is the sum of the others, so that the covariance has rank 2",
            category: "singular_matrix",
            advice: "The columns are linearly dependent: remove one, or use the pseudo-inverse (SVD) or a ridge term.",
            run: || _ = mahalanobis_distance(&sensors()),
        },
        Case {
            batch: Batch::Development,
            name: "correlation_not_definite",
            solver: "nalgebra Cholesky",
            problem: "three correlations that contradict each other make an indefinite matrix",
            category: "singular_matrix",
            advice: "Look at the smallest eigenvalue: if it is clearly negative, the matrix is wrong (nearest correlation \
                     matrix); if it is rounding, add a small diagonal.",
            run: || _ = correlated_samples([0.9, 0.9, -0.9]),
        },
        Case {
            batch: Batch::Development,
            name: "monomials_ill_conditioned",
            solver: "nalgebra SVD",
            problem: "the normal equations of monomials on [0, 1] are a Hilbert matrix",
            category: "ill_conditioned",
            advice: "Change the basis (Chebyshev or Legendre polynomials, scaled variable) and solve by QR instead of the \
                     normal equations.",
            run: || _ = polynomial_fit(9, 1e10),
        },
        Case {
            batch: Batch::Development,
            name: "hilbert_forward_error",
            solver: "nalgebra LU",
            problem: "the residual is at rounding level, and the solution is wrong in every digit",
            category: "ill_conditioned",
            advice: "A small residual with a large error means an ill-conditioned matrix: estimate the condition number, \
                     then regularise or reformulate.",
            run: || _ = moment_problem(14, 1e-3),
        },
        Case {
            batch: Batch::Development,
            name: "gram_schmidt_orthogonality",
            solver: "hand-written classical Gram–Schmidt",
            problem: "nearly dependent columns cancel, and the basis is not orthogonal",
            category: "loss_of_accuracy",
            advice: "Orthogonalise twice, or use Householder QR.",
            run: || _ = gram_schmidt(10, 1e-8),
        },
        Case {
            batch: Batch::Development,
            name: "schur_iterations",
            solver: "nalgebra Schur",
            problem: "three QR iterations are not enough for a matrix of order 12",
            category: "max_iterations",
            advice: "Allow more iterations (30 an eigenvalue is customary), and balance the matrix.",
            run: || _ = spectrum(12, 3),
        },
    ]
}

fn iterations() -> Vec<Case> {
    vec![
        Case {
            batch: Batch::Development,
            name: "cg_max_iterations",
            solver: "hand-written CG",
            problem: "30 iterations without a preconditioner are too few for Poisson's equation on 24 × 24 points",
            category: "max_iterations",
            advice: "The residual still falls: use a preconditioner (incomplete Cholesky, multigrid), or allow more \
                     iterations.",
            run: || _ = electrostatic_potential(24, 1e-10, 30),
        },
        Case {
            batch: Batch::Development,
            name: "cg_stagnation",
            solver: "hand-written CG",
            problem: "the residual cannot fall below ε times the condition number",
            category: "stagnation",
            advice: "The tolerance is below the attainable accuracy: loosen it to some ε·κ, or precondition to lower κ.",
            run: || _ = elastic_rod(200, 1e-17, 5000),
        },
        Case {
            batch: Batch::Development,
            name: "cg_indefinite",
            solver: "hand-written CG",
            problem: "the Helmholtz operator has negative eigenvalues, for which CG is not made",
            category: "breakdown",
            advice: "The matrix is not positive definite: use MINRES (symmetric) or GMRES instead of CG.",
            run: || _ = acoustic_field(12, 1.7, 1e-8),
        },
        Case {
            batch: Batch::Development,
            name: "gmres_restart_stagnation",
            solver: "hand-written GMRES(m)",
            problem: "for a cyclic shift GMRES makes no progress before iteration n, and it restarts before that",
            category: "stagnation",
            advice: "The restart is too short: enlarge it, or use a preconditioner or a method with deflated restarts.",
            run: || _ = convected_scalar(40, 10, 1e-8, 100),
        },
        Case {
            batch: Batch::Development,
            name: "bicg_breakdown",
            solver: "hand-written BiCG",
            problem: "pᵀAp = 0 for every p of a skew-symmetric matrix",
            category: "breakdown",
            advice: "Restart with another shadow residual, or use GMRES, which does not break down.",
            run: || _ = rotation_solve(1.5, 1e-10),
        },
        Case {
            batch: Batch::Development,
            name: "jacobi_diverges",
            solver: "hand-written Jacobi iteration",
            problem: "the matrix is not diagonally dominant: the iteration matrix has a spectral radius above 1",
            category: "residual_divergence",
            advice: "The matrix is not diagonally dominant: reorder the rows, or use a direct solver or GMRES.",
            run: || _ = circuit_voltages(&circuit(), 1e-10, 500),
        },
        Case {
            batch: Batch::Development,
            name: "richardson_diverges",
            solver: "hand-written Richardson iteration",
            problem: "ω = 0.6 is above 2/λ_max = 0.5",
            category: "residual_divergence",
            advice: "The relaxation factor is above 2/λ_max: make it smaller, or use conjugate gradients.",
            run: || _ = image_deblurring(50, 0.6, 1e-8, 1000),
        },
        Case {
            batch: Batch::Development,
            name: "richardson_slow",
            solver: "hand-written Richardson iteration",
            problem: "the residual falls by a factor of 0.999 an iteration only",
            category: "max_iterations",
            advice: "It converges linearly at a rate near 1: accelerate it (conjugate gradients, Chebyshev) or \
                     precondition, rather than iterate longer.",
            run: || _ = image_deblurring(50, 0.25, 1e-8, 1000),
        },
        Case {
            batch: Batch::Development,
            name: "power_iteration_complex_pair",
            solver: "hand-written power iteration",
            problem: "the dominant eigenvalues are a complex pair, so that the vector turns for ever",
            category: "max_iterations",
            advice: "There is no single dominant real eigenvalue: use Arnoldi or QR, or a shift; more iterations do not \
                     help.",
            run: || _ = normal_modes(0.7, 1e-8, 500),
        },
    ]
}
