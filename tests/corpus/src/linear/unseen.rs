//! Linear systems and eigenvalues.

use nalgebra::{DMatrix, DVector};
use tracing::{debug, error, info_span};
use tracing_failure::{ResultExt, computation, trail};

use crate::case::{Batch, Case};

#[derive(Debug)]
enum LinearError {
    Potrf(usize),
    Gesv(usize),
    Pc { iterations: usize },
    KspIts { iterations: usize, rnorm: f64 },
    Dtol { ratio: f64 },
    Rcond(f64),
    Gmres { info: usize },
    Arpack { iterations: usize, found: usize, wanted: usize },
    Shift { sigma: f64 },
}

impl std::fmt::Display for LinearError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Potrf(i) => write!(f, "DPOTRF: INFO = {i}, the leading minor of order {i} is not positive definite"),
            Self::Gesv(i) => write!(f, "DGESV INFO={i}: U({i},{i}) is exactly zero"),
            Self::Pc { iterations } => {
                write!(f, "Linear solve did not converge due to DIVERGED_INDEFINITE_PC iterations {iterations}")
            }
            Self::KspIts { iterations, rnorm } => write!(
                f,
                "Linear pressure_ solve did not converge due to DIVERGED_ITS iterations {iterations} (KSP residual norm {rnorm:.6e})"
            ),
            Self::Dtol { ratio } => write!(f, "KSP_DIVERGED_DTOL: ||r|| = {ratio:.1e} ||b||"),
            Self::Rcond(rcond) => {
                write!(
                    f,
                    "Matrix is close to singular or badly scaled. Results may be inaccurate. RCOND = {rcond:.6e}."
                )
            }
            Self::Gmres { info } => write!(f, "gmres: convergence to tolerance not achieved, info = {info}"),
            Self::Arpack { iterations, found, wanted } => {
                write!(
                    f,
                    "ARPACK error -1: No convergence ({iterations} iterations, {found}/{wanted} eigenvectors converged)"
                )
            }
            Self::Shift { sigma } => write!(f, "LU of (A - sigma I) failed for sigma = {sigma}"),
        }
    }
}

impl std::error::Error for LinearError {}

/// A Gaussian process over points, two of which coincide.
#[computation("squared exponential kernel")]
fn kriging(wells: &[f64], length_scale: f64, nugget: f64) -> Result<f64, LinearError> {
    let n = wells.len();
    let mut a = DMatrix::from_fn(n, n, |i, j| {
        (-0.5 * ((wells[i] - wells[j]) / length_scale).powi(2)).exp() + if i == j { nugget } else { 0.0 }
    });
    for k in 0..n {
        let d = a[(k, k)] - (0..k).map(|m| a[(k, m)] * a[(k, m)]).sum::<f64>();
        if d <= 0.0 {
            return Err(LinearError::Potrf(k + 1));
        }
        a[(k, k)] = d.sqrt();
        for i in k + 1..n {
            let s: f64 = (0..k).map(|m| a[(i, m)] * a[(k, m)]).sum();
            a[(i, k)] = (a[(i, k)] - s) / a[(k, k)];
        }
    }
    Ok(a[(n - 1, n - 1)])
}

/// A row of springs without a support.
#[computation("K u = f")]
fn truss_displacements(nodes: usize, stiffness: f64, supports: Vec<usize>) -> Result<f64, LinearError> {
    let mut k = DMatrix::zeros(nodes, nodes);
    for e in 0..nodes - 1 {
        for (i, j, sign) in [(e, e, 1.0), (e + 1, e + 1, 1.0), (e, e + 1, -1.0), (e + 1, e, -1.0)] {
            k[(i, j)] += sign * stiffness;
        }
    }
    for &s in &supports {
        k[(s, s)] += 1e6 * stiffness;
    }
    for p in 0..nodes {
        if k[(p, p)] == 0.0 {
            return Err(LinearError::Gesv(p + 1));
        }
        for i in p + 1..nodes {
            let factor = k[(i, p)] / k[(p, p)];
            (p..nodes).for_each(|j| k[(i, j)] -= factor * k[(p, j)]);
        }
    }
    Ok(k[(nodes - 1, nodes - 1)])
}

/// −(k u')' on a line.
fn layered(k: &[f64], x: &DVector<f64>) -> DVector<f64> {
    let n = x.len();
    let at = |i: isize| if i < 0 || i >= n as isize { 0.0 } else { x[i as usize] };
    DVector::from_fn(n, |i, _| {
        let j = i as isize;
        k[i] * (at(j) - at(j - 1)) + k[i + 1] * (at(j) - at(j + 1))
    })
}

/// CG with a Chebyshev preconditioner whose estimate of the largest eigenvalue is too low.
#[computation("Poisson", fields(pc = "chebyshev", ksp = "cg"))]
fn electrostatics(n: usize, lambda_min: f64, lambda_max: f64, degree: usize) -> Result<f64, LinearError> {
    let k = vec![1.0; n + 1];
    let a = |x: &DVector<f64>| layered(&k, x);
    let pc = |r: &DVector<f64>| {
        let (theta, delta) = (0.5 * (lambda_max + lambda_min), 0.5 * (lambda_max - lambda_min));
        let sigma = theta / delta;
        let mut rho = 1.0 / sigma;
        let mut d = r / theta;
        let mut z = d.clone();
        for _ in 1..degree {
            let new = 1.0 / (2.0 * sigma - rho);
            d = new * rho * &d + 2.0 * new / delta * (r - a(&z));
            rho = new;
            z += &d;
        }
        z
    };
    let b = DVector::from_fn(n, |i, _| ((i * i) as f64).sin());
    let (mut x, mut r) = (DVector::zeros(n), b.clone());
    let mut z = pc(&r);
    let (mut p, mut rz) = (z.clone(), r.dot(&z));
    for it in 0..500 {
        trail!(it, rnorm = r.norm(), rz);
        if rz < 0.0 {
            return Err(LinearError::Pc { iterations: it });
        }
        if r.norm() < 1e-8 * b.norm() {
            return Ok(x[0]);
        }
        let ap = a(&p);
        let alpha = rz / p.dot(&ap);
        x += alpha * &p;
        r -= alpha * &ap;
        z = pc(&r);
        let new = r.dot(&z);
        p = &z + new / rz * &p;
        rz = new;
    }
    Ok(x[0])
}

/// Flow through sand and clay, without a preconditioner.
#[computation("Darcy", fields(ksp_type = "cg", pc_type = "none"))]
fn aquifer_pressure(n: usize, contrast: f64, rtol: f64, max_it: usize) -> Result<f64, LinearError> {
    let k: Vec<f64> = (0..=n).map(|i| if (i / 7) % 2 == 0 { 1.0 } else { contrast }).collect();
    let b = DVector::from_element(n, 1.0);
    let (mut x, mut r) = (DVector::zeros(n), b.clone());
    let (mut p, mut rr) = (r.clone(), r.norm_squared());
    for it in 0..max_it {
        let ap = layered(&k, &p);
        let alpha = rr / p.dot(&ap);
        x += alpha * &p;
        r -= alpha * &ap;
        let new = r.norm_squared();
        trail!(it, rnorm = new.sqrt(), "KSP Residual norm");
        if new.sqrt() < rtol * b.norm() {
            return Ok(x[0]);
        }
        p = &r + new / rr * &p;
        rr = new;
    }
    Err(LinearError::KspIts { iterations: max_it, rnorm: rr.sqrt() })
}

/// SOR with a factor above two.
#[computation("Laplace", fields(method = "SOR"))]
fn membrane_deflection(n: usize, omega: f64) -> Result<f64, LinearError> {
    let mut u = vec![0.0; n + 2];
    for iter in 0..10_000 {
        let mut norm = 0.0;
        for i in 1..=n {
            let r = 1.0 - (2.0 * u[i] - u[i - 1] - u[i + 1]);
            norm += r * r;
            u[i] += omega * r / 2.0;
        }
        let ratio = f64::sqrt(norm / n as f64);
        trail!(iter, ratio);
        if ratio > 1e5 {
            return Err(LinearError::Dtol { ratio });
        }
        if ratio < 1e-8 {
            break;
        }
    }
    Ok(u[n / 2])
}

/// Displacements in metres and temperatures in kelvins in one matrix.
fn thermoelastic(youngs_modulus: f64, conductivity: f64) -> Result<f64, LinearError> {
    let _span = info_span!(
        "assemble_and_solve",
        computation = "thermoelastic_bar",
        theoretical_ref = "coupled FEM",
        youngs_modulus,
        conductivity
    )
    .entered();
    let n = 10;
    let a = DMatrix::from_fn(2 * n, 2 * n, |i, j| {
        let stencil = |i: usize, j: usize| {
            if i == j {
                2.0
            } else if i.abs_diff(j) == 1 {
                -1.0
            } else {
                0.0
            }
        };
        match (i < n, j < n) {
            (true, true) => youngs_modulus * stencil(i, j),
            (false, false) => conductivity * stencil(i - n, j - n),
            (true, false) => 1e-5 * youngs_modulus * stencil(i, j - n) * 1e-6,
            (false, true) => 0.0,
        }
    });
    let one = |m: &DMatrix<f64>| m.column_iter().map(|c| c.abs().sum()).fold(0.0, f64::max);
    let inverse = a.clone().try_inverse().unwrap();
    let rcond = 1.0 / (one(&a) * one(&inverse));
    debug!(norm_a = one(&a), rcond, "factorised");
    if rcond < f64::EPSILON {
        return Err(LinearError::Rcond(rcond)).record_failure();
    }
    Ok((inverse * DVector::from_element(2 * n, 1.0))[0])
}

/// GMRES for a cyclic shift, which makes no progress before the last step.
#[computation("u_x + eps u = f", fields(restart = m))]
fn downwind_transport(n: usize, eps: f64, m: usize, maxiter: usize) -> Result<f64, LinearError> {
    let a = |x: &DVector<f64>| DVector::from_fn(n, |i, _| eps * x[i] + x[(i + 1) % n]);
    let b = DVector::from_fn(n, |i, _| if i == 0 { 1.0 } else { 0.0 });
    let mut x = DVector::zeros(n);
    for outer in 0..maxiter {
        let r = &b - a(&x);
        let beta = r.norm();
        trail!(outer, pr_norm = beta / b.norm());
        if beta < 1e-8 {
            return Ok(x[0]);
        }
        let mut v = vec![&r / beta];
        let mut h = DMatrix::zeros(m + 1, m);
        for j in 0..m {
            let mut w = a(&v[j]);
            for i in 0..=j {
                h[(i, j)] = w.dot(&v[i]);
                w -= h[(i, j)] * &v[i];
            }
            h[(j + 1, j)] = w.norm();
            v.push(w.clone() / w.norm());
        }
        let rhs = DVector::from_fn(m + 1, |i, _| if i == 0 { beta } else { 0.0 });
        let y = h.svd(true, true).solve(&rhs, 1e-14).unwrap();
        (0..m).for_each(|j| x += y[j] * &v[j]);
    }
    Err(LinearError::Gmres { info: maxiter })
}

/// The lowest modes of a long chain by subspace iteration, without a shift and without an inverse.
#[computation("K x = lambda x", fields(which = "SM"))]
fn vibration_modes(n: usize, k: usize, maxiter: usize, tol: f64) -> Result<f64, LinearError> {
    let spring = vec![1.0; n + 1];
    let mut x = DMatrix::from_fn(n, k, |i, j| ((i * (j + 3)) as f64).cos());
    let mut found = 0;
    for iter in 0..maxiter {
        let mut y = DMatrix::zeros(n, k);
        for j in 0..k {
            let column = x.column(j).into_owned();
            y.set_column(j, &(4.0 * &column - layered(&spring, &column)));
        }
        x = y.qr().q();
        let residual = |j: usize| {
            let column = x.column(j).into_owned();
            let image = layered(&spring, &column);
            let lambda = column.dot(&image);
            (image - lambda * column).norm()
        };
        found = (0..k).filter(|j| residual(*j) < tol).count();
        trail!(iter, nconv = found, res0 = residual(0), res_last = residual(k - 1));
        if found == k {
            return Ok(x[(0, 0)]);
        }
    }
    Err(LinearError::Arpack { iterations: maxiter, found, wanted: k })
}

/// Inverse iteration, shifted by an eigenvalue.
#[computation("Hückel, benzene")]
fn hueckel_orbital(alpha: f64, beta: f64, sigma: f64) -> Result<f64, LinearError> {
    let h = DMatrix::from_fn(6, 6, |i, j| {
        if i == j {
            alpha - sigma
        } else if (i + 1) % 6 == j || (j + 1) % 6 == i {
            beta
        } else {
            0.0
        }
    });
    let lu = h.lu();
    let x = lu.solve(&DVector::from_fn(6, |i, _| 1.0 + i as f64)).ok_or(LinearError::Shift { sigma })?;
    Ok(x[0])
}

/// Iterative refinement in single precision, for a matrix whose condition number is too large for it.
#[computation("iterative refinement")]
fn mixed_precision_solve(n: usize, tol: f64) -> Option<f64> {
    let a = DMatrix::from_fn(n, n, |i, j| 1.0 / (i + j + 1) as f64);
    let lu = a.map(|x| x as f32).lu();
    let b = &a * DVector::from_element(n, 1.0);
    let mut x = DVector::zeros(n);
    let mut best = f64::MAX;
    for sweep in 0..50 {
        let r = &b - &a * &x;
        let correction = lu.solve(&r.map(|x| x as f32))?.map(f64::from);
        let step = correction.norm();
        trail!(sweep, step, residual = r.norm());
        if step < tol {
            return Some(x[0]);
        }
        best = best.min(step);
        x += correction;
    }
    error!(best, tol, "iterative refinement stagnates");
    None
}

pub(crate) fn cases() -> Vec<Case> {
    vec![
        Case {
            batch: Batch::Unseen,
            name: "kriging_duplicate_well",
            solver: "hand-written Cholesky",
            problem: "a well is in the list twice, and there is no nugget",
            category: "singular_matrix",
            advice: "Merge the duplicate points, or add a nugget (jitter) to the diagonal of the covariance.",
            run: || _ = kriging(&[120.0, 120.0, 0.0, 310.0, 540.0], 150.0, 0.0),
        },
        Case {
            batch: Batch::Unseen,
            name: "truss_without_support",
            solver: "hand-written elimination",
            problem: "nothing fixes the structure: it moves as a rigid body",
            category: "singular_matrix",
            advice: "The stiffness matrix is singular: fix the structure (supports, Dirichlet conditions) against rigid motions.",
            run: || _ = truss_displacements(6, 2.0e5, vec![]),
        },
        Case {
            batch: Batch::Unseen,
            name: "chebyshev_preconditioner",
            solver: "hand-written CG",
            problem: "the largest eigenvalue is estimated too low, and the polynomial negative beyond",
            category: "breakdown",
            advice: "CG needs a positive definite preconditioner: estimate λ_max higher (with a margin), or use another preconditioner.",
            run: || _ = electrostatics(100, 0.05, 2.0, 4),
        },
        Case {
            batch: Batch::Unseen,
            name: "aquifer_layers",
            solver: "hand-written CG",
            problem: "the conductivities differ by 10⁶, and there is no preconditioner",
            category: "max_iterations",
            advice: "Precondition (diagonal scaling at least, incomplete Cholesky, multigrid): the contrast makes the matrix \
                     ill-conditioned.",
            run: || _ = aquifer_pressure(400, 1e-6, 1e-8, 200),
        },
        Case {
            batch: Batch::Unseen,
            name: "membrane_omega",
            solver: "hand-written SOR",
            problem: "ω = 2.05",
            category: "residual_divergence",
            advice: "SOR converges for 0 < ω < 2 only: choose ω below 2.",
            run: || _ = membrane_deflection(50, 2.05),
        },
        Case {
            batch: Batch::Unseen,
            name: "thermoelastic_units",
            solver: "nalgebra inverse",
            problem: "Young's modulus in pascals and a conductivity are in one matrix",
            category: "ill_conditioned",
            advice: "Scale the equations and unknowns (nondimensionalise, equilibrate rows and columns).",
            run: || _ = thermoelastic(2.1e11, 1e-7),
        },
        Case {
            batch: Batch::Unseen,
            name: "transport_gmres_restart",
            solver: "hand-written GMRES(m)",
            problem: "information goes around the ring in n steps, and each restart forgets it",
            category: "max_iterations",
            advice: "Use a larger restart, and precondition (a sweep in the direction of the flow): GMRES(m) stagnates.",
            run: || _ = downwind_transport(60, 0.1, 10, 40),
        },
        Case {
            batch: Batch::Unseen,
            name: "chain_modes_subspace",
            solver: "hand-written subspace iteration",
            problem: "the lowest eigenvalues are close to each other, relative to the spectrum",
            category: "max_iterations",
            advice: "Use shift-invert (factorise K), or a larger subspace: the wanted eigenvalues are clustered.",
            run: || _ = vibration_modes(120, 4, 300, 1e-6),
        },
        Case {
            batch: Batch::Unseen,
            name: "huckel_shift",
            solver: "nalgebra LU",
            problem: "the shift α − β is an eigenvalue",
            category: "singular_matrix",
            advice: "The shift is an eigenvalue: perturb it by a little.",
            run: || _ = hueckel_orbital(0.0, -1.0, -2.0),
        },
        Case {
            batch: Batch::Unseen,
            name: "refinement_single_precision",
            solver: "nalgebra LU in f32",
            problem: "the condition of Hilbert's matrix is above 10⁷",
            category: "stagnation",
            advice: "The matrix is too ill-conditioned for single precision: factorise in double precision.",
            run: || _ = mixed_precision_solve(9, 1e-10),
        },
    ]
}
