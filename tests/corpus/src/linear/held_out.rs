//! Sparse and dense systems, eigenvalues, least squares.

use nalgebra::{DMatrix, DVector, SymmetricEigen};
use tracing::{error, instrument, trace};
use tracing_failure::{computation, trail};

use crate::case::{Batch, Case};

type Mat = DMatrix<f64>;
type Vec1 = DVector<f64>;

#[derive(Debug, thiserror::Error)]
enum KspError {
    #[error("SOR is diverging: resid = {resid:.2e} at sweep {sweep}")]
    SorDiverging { sweep: usize, resid: f64 },
    #[error("BiCGStab: omega became zero at iteration {it}")]
    OmegaZero { it: usize },
    #[error("zero pivot in LU factorization, row {row} value {value:e} tolerance {tol:e}")]
    ZeroPivot { row: usize, value: f64, tol: f64 },
    #[error("multigrid: all {vcycles} V-cycles used, defect reduced by {reduction:.1e} only")]
    Multigrid { vcycles: usize, reduction: f64 },
    #[error("Linear solve did not converge due to DIVERGED_DTOL iterations {its}")]
    DivergedDtol { its: usize },
    #[error("rank deficient design matrix: |R[{column},{column}]| = {diagonal:.1e}")]
    RankDeficient { column: usize, diagonal: f64 },
    #[error("Lanczos vectors are not orthogonal any more: max |q_i . q_j| = {overlap:.2}")]
    GhostEigenvalues { overlap: f64 },
    #[error("Cholesky of the state covariance failed after {updates} updates")]
    Covariance { updates: usize },
    #[error("Ill-conditioned matrix (rcond={rcond:.3e}): result may not be accurate.")]
    Rcond { rcond: f64 },
}

/// −u″ + v u′ on a line of n points.
fn transport(n: usize, peclet: f64) -> Mat {
    Mat::from_fn(n, n, |i, j| {
        if i == j {
            2.0
        } else if i == j + 1 {
            -1.0 - peclet
        } else if j == i + 1 {
            -1.0 + peclet
        } else {
            0.0
        }
    })
}

#[computation("Darcy", fields(solver = "SOR"))]
fn groundwater_head(nodes: usize, omega: f64, eps: f64) -> Result<Vec1, KspError> {
    let (a, q) = (transport(nodes, 0.0), Vec1::from_element(nodes, 1e-3));
    let mut head = Vec1::zeros(nodes);
    for sweep in 1..=2000 {
        for i in 0..nodes {
            let sigma = a.row(i).transpose().dot(&head) - a[(i, i)] * head[i];
            head[i] = (1.0 - omega) * head[i] + omega * (q[i] - sigma) / a[(i, i)];
        }
        let resid = (&q - &a * &head).norm() / q.norm();
        trail!(sweep, resid);
        if resid < eps {
            break;
        }
        if resid > 1e8 {
            return Err(KspError::SorDiverging { sweep, resid });
        }
    }
    Ok(head)
}

/// BiCGStab for a skew-symmetric matrix, where ω = ⟨t, s⟩/⟨t, t⟩ is zero.
#[computation("f × u", fields(ksp = "bicgstab"))]
fn inertial_waves(n: usize, f: f64, rtol: f64) -> Result<Vec1, KspError> {
    let a = Mat::from_fn(n, n, |i, j| {
        if j == i + 1 {
            f
        } else if i == j + 1 {
            -f
        } else {
            0.0
        }
    });
    let b = Vec1::from_fn(n, |i, _| if i == 0 { 1.0 } else { 0.25 });
    let (mut x, mut r) = (Vec1::zeros(n), b.clone());
    let shadow = Vec1::from_fn(n, |i, _| 1.0 / (i + 1) as f64);
    let (mut rho, mut alpha, mut omega) = (1.0_f64, 1.0_f64, 1.0_f64);
    let (mut v, mut p) = (Vec1::zeros(n), Vec1::zeros(n));
    for it in 0..200 {
        let rho_new = shadow.dot(&r);
        let beta = rho_new / rho * (alpha / omega);
        rho = rho_new;
        p = &r + (p - &v * omega) * beta;
        v = &a * &p;
        alpha = rho / shadow.dot(&v);
        let s = &r - &v * alpha;
        let t = &a * &s;
        omega = t.dot(&s) / t.norm_squared();
        trail!(it, relres = r.norm() / b.norm(), rho, alpha, omega);
        if omega.abs() < 1e-14 {
            return Err(KspError::OmegaZero { it });
        }
        x += &p * alpha + &s * omega;
        r = s - t * omega;
        if r.norm() < rtol * b.norm() {
            break;
        }
    }
    Ok(x)
}

/// A saddle point problem: the diagonal of the pressures is zero, and elimination does not pivot.
#[computation("Stokes", fields(pc = "lu"))]
fn stokes_assembly(velocities: usize, tol: f64) -> Result<Mat, KspError> {
    let n = velocities + 2;
    let mut a = Mat::zeros(n, n);
    // The pressures were numbered first.
    for i in 0..velocities {
        a[(i + 2, i + 2)] = 2.0;
        a[(i % 2, i + 2)] = 1.0;
        a[(i + 2, i % 2)] = 1.0;
    }
    for k in 0..n {
        let value = a[(k, k)];
        trace!(row = k, pivot = value);
        if value.abs() < tol {
            return Err(KspError::ZeroPivot { row: k, value, tol });
        }
        for i in k + 1..n {
            let l = a[(i, k)] / value;
            for j in k..n {
                a[(i, j)] -= l * a[(k, j)];
            }
        }
    }
    Ok(a)
}

/// A two-grid method with pointwise Gauss–Seidel, for −εuₓₓ − u_yy.
#[computation("-eps u_xx - u_yy = 1", fields(solver = "two-grid"))]
fn boundary_layer_mesh(side: usize, eps: f64, vcycles: usize, reduction_wanted: f64) -> Result<f64, KspError> {
    let n = side * side;
    let a = Mat::from_fn(n, n, |p, q| match ((p / side).abs_diff(q / side), (p % side).abs_diff(q % side)) {
        (0, 0) => 2.0 * (1.0 + eps),
        (0, 1) => -eps,
        (1, 0) => -1.0,
        _ => 0.0,
    });
    let coarse = side / 2;
    let weight = |fine: usize, coarse: usize| match fine.abs_diff(2 * coarse + 1) {
        0 => 1.0,
        1 => 0.5,
        _ => 0.0,
    };
    let prolong = Mat::from_fn(n, coarse * coarse, |p, q| weight(p / side, q / coarse) * weight(p % side, q % coarse));
    let coarse_lu = (prolong.transpose() * &a * &prolong).lu();
    let b = Vec1::from_element(n, 1.0);
    let mut u = Vec1::zeros(n);
    let mut defect = b.norm();
    for cycle in 0..vcycles {
        for i in 0..n {
            let sigma = a.column(i).dot(&u) - a[(i, i)] * u[i];
            u[i] = (b[i] - sigma) / a[(i, i)];
        }
        let r = &b - &a * &u;
        u += &prolong * coarse_lu.solve(&(prolong.transpose() * r)).unwrap();
        defect = (&b - &a * &u).norm();
        trail!(cycle, defect);
        if defect < reduction_wanted * b.norm() {
            return Ok(u.norm());
        }
    }
    Err(KspError::Multigrid { vcycles, reduction: defect / b.norm() })
}

/// Conjugate gradients for a matrix that is not symmetric.
#[computation("advection-diffusion", fields(ksp_type = "cg"))]
fn river_pollutant(n: usize, peclet: f64, rtol: f64, dtol: f64) -> Result<Vec1, KspError> {
    let a = transport(n, peclet);
    let b = Vec1::from_fn(n, |i, _| if i == 3 { 1.0 } else { 0.0 });
    let (mut x, mut r) = (Vec1::zeros(n), b.clone());
    let mut p = r.clone();
    for its in 1..2000 {
        let ap = &a * &p;
        let rr = r.norm_squared();
        let step = rr / p.dot(&ap);
        x += &p * step;
        r -= ap * step;
        trail!(its, ksp_resid = r.norm());
        if r.norm() < rtol * b.norm() {
            break;
        }
        if r.norm() > dtol * b.norm() {
            return Err(KspError::DivergedDtol { its });
        }
        p = &r + p * (r.norm_squared() / rr);
    }
    Ok(x)
}

#[computation("least squares", fields(method = "QR"))]
fn hedonic_regression(houses: usize) -> Result<Vec1, KspError> {
    // Area in square metres, area in square feet, rooms.
    let x = Mat::from_fn(houses, 3, |i, j| match j {
        0 => 50.0 + 3.0 * i as f64,
        1 => 10.7639 * (50.0 + 3.0 * i as f64),
        _ => (i % 5) as f64,
    });
    let price = Vec1::from_fn(houses, |i, _| 1000.0 * i as f64);
    let qr = x.qr();
    let r = qr.r();
    for column in 0..3 {
        let diagonal = r[(column, column)].abs();
        trail!(column, diagonal);
        if diagonal < 1e-10 * r[(0, 0)].abs() {
            return Err(KspError::RankDeficient { column, diagonal });
        }
    }
    Ok(r.solve_upper_triangular(&(qr.q().transpose() * price)).unwrap())
}

#[computation("K u = w^2 u", fields(eigensolver = "Lanczos"))]
fn vibration_modes(n: usize, steps: usize) -> Result<f64, KspError> {
    let k = Mat::from_diagonal(&Vec1::from_fn(n, |i, _| if i == 0 { 1e4 } else { 1.0 + i as f64 / n as f64 }));
    let mut q = vec![Vec1::from_element(n, 1.0).normalize()];
    let mut beta = 0.0;
    for j in 0..steps {
        let mut w = &k * &q[j];
        if j > 0 {
            w -= &q[j - 1] * beta;
        }
        let alpha = q[j].dot(&w);
        w -= &q[j] * alpha;
        beta = w.norm();
        let overlap = q.iter().map(|q| q.dot(&w).abs() / beta).fold(0.0, f64::max);
        trail!(j, alpha, beta, overlap, "lanczos step");
        if overlap > 0.5 {
            return Err(KspError::GhostEigenvalues { overlap });
        }
        q.push(w / beta);
    }
    Ok(beta)
}

#[instrument(fields(computation = "phonon_bands", theoretical_ref = "D e = w^2 e", routine = "symmetric QR"))]
fn phonons(atoms: usize, max_sweeps: usize) -> Option<f64> {
    let dynamical =
        Mat::from_fn(atoms, atoms, |i, j| 1.0 / (1.0 + i.abs_diff(j) as f64) + if i == j { 2.0 } else { 0.0 });
    let Some(eigen) = SymmetricEigen::try_new(dynamical, 1e-15, max_sweeps) else {
        error!(atoms, max_sweeps, "eigh: the algorithm failed to converge; off-diagonal elements did not go to zero");
        return None;
    };
    Some(eigen.eigenvalues.max())
}

/// The covariance of a Kalman filter, updated as P − K H P for a very precise sensor.
#[computation("P - K H P", fields(filter = "Kalman"))]
fn satellite_tracking(sensor_variance: f64, updates: usize) -> Result<f64, KspError> {
    let mut p = Mat::from_row_slice(2, 2, &[1e8, 3e3, 3e3, 1.0]);
    for k in 0..updates {
        let h = Mat::from_row_slice(1, 2, &[1.0, 0.1 * k as f64]);
        let s = (&h * &p * h.transpose())[(0, 0)] + sensor_variance;
        let gain = &p * h.transpose() / s;
        p = &p - &gain * &h * &p;
        trail!(k, innovation_variance = s, p00 = p[(0, 0)], p11 = p[(1, 1)]);
        if p.clone().cholesky().is_none() {
            return Err(KspError::Covariance { updates: k + 1 });
        }
    }
    Ok(p.trace())
}

#[computation("polynomial fit", fields(basis = "powers of the year"))]
fn altimeter_calibration(first_year: u32, degree: usize) -> Result<Vec1, KspError> {
    let years: Vec<f64> = (0..30).map(|i| f64::from(first_year + i)).collect();
    let v = Mat::from_fn(years.len(), degree + 1, |i, j| years[i].powi(j as i32));
    let sv = v.singular_values();
    let rcond = sv.min() / sv.max();
    trail!(degree, rcond);
    if rcond < f64::EPSILON {
        return Err(KspError::Rcond { rcond });
    }
    Ok(sv)
}

pub(crate) fn cases() -> Vec<Case> {
    [iterative(), direct()].into_iter().flatten().collect()
}

fn iterative() -> Vec<Case> {
    vec![
        Case {
            batch: Batch::HeldOut,
            name: "groundwater_sor",
            solver: "hand-written SOR",
            problem: "a relaxation factor of 2.05 is outside of (0, 2)",
            category: "residual_divergence",
            advice: "SOR converges for 0 < ω < 2 only: reduce ω (1.5 to 1.95 is usual).",
            run: || _ = groundwater_head(40, 2.05, 1e-9),
        },
        Case {
            batch: Batch::HeldOut,
            name: "inertial_waves_bicgstab",
            solver: "hand-written BiCGStab",
            problem: "the eigenvalues are imaginary, for which the stabilising step of BiCGStab has length zero",
            category: "breakdown",
            advice: "BiCGStab breaks down for imaginary eigenvalues: use GMRES, BiCGStab(ℓ), or a preconditioner.",
            run: || _ = inertial_waves(10, 1.0, 1e-8),
        },
        Case {
            batch: Batch::HeldOut,
            name: "boundary_layer_multigrid",
            solver: "hand-written two-grid",
            problem: "Gauss–Seidel at points does not smooth the weak direction of an anisotropic operator",
            category: "max_iterations",
            advice: "Point smoothing fails for anisotropic coefficients: use a line smoother or semi-coarsening, or multigrid \
                     as a preconditioner of CG.",
            run: || _ = boundary_layer_mesh(15, 0.001, 25, 1e-10),
        },
        Case {
            batch: Batch::HeldOut,
            name: "river_cg_unsymmetric",
            solver: "hand-written CG",
            problem: "the matrix has an advective part, and CG is made for symmetric ones",
            category: "residual_divergence",
            advice: "The matrix is not symmetric: use GMRES or BiCGStab instead of CG.",
            run: || _ = river_pollutant(60, 0.9, 1e-8, 100.0),
        },
        Case {
            batch: Batch::HeldOut,
            name: "vibration_lanczos",
            solver: "hand-written Lanczos",
            problem: "an isolated eigenvalue converges, and the vectors lose their orthogonality to it",
            category: "loss_of_accuracy",
            advice: "Reorthogonalise the Lanczos vectors (fully or selectively), or restart: else converged eigenvalues come \
                     again as ghosts.",
            run: || _ = vibration_modes(200, 100),
        },
        Case {
            batch: Batch::HeldOut,
            name: "phonon_sweeps",
            solver: "nalgebra SymmetricEigen",
            problem: "two sweeps for the eigenvalues of a matrix of order 60",
            category: "max_iterations",
            advice: "Allow more sweeps (some 30 an eigenvalue), after a check that the matrix is symmetric and finite.",
            run: || _ = phonons(60, 2),
        },
    ]
}

fn direct() -> Vec<Case> {
    vec![
        Case {
            batch: Batch::HeldOut,
            name: "stokes_zero_pivot",
            solver: "hand-written LU without pivoting",
            problem: "a saddle point has zeros on its diagonal, which elimination without pivoting divides by",
            category: "singular_matrix",
            advice: "A saddle point matrix has a zero block on its diagonal: pivot, reorder, or use a block preconditioner; \
                     check also that the pressure is fixed somewhere.",
            run: || _ = stokes_assembly(6, 2.2e-14),
        },
        Case {
            batch: Batch::HeldOut,
            name: "hedonic_collinear",
            solver: "nalgebra QR",
            problem: "the same area is there in metres and in feet",
            category: "singular_matrix",
            advice: "Two columns are multiples of each other: remove one, or use pivoted QR, the SVD or a ridge term.",
            run: || _ = hedonic_regression(40),
        },
        Case {
            batch: Batch::HeldOut,
            name: "tracking_covariance",
            solver: "nalgebra Cholesky",
            problem: "P − KHP loses its definiteness by rounding when the sensor is much more exact than the state",
            category: "singular_matrix",
            advice: "Rounding made the covariance indefinite: use the Joseph form or a square-root filter, and symmetrise; a \
                     small diagonal is the least.",
            run: || _ = satellite_tracking(1e-10, 50),
        },
        Case {
            batch: Batch::HeldOut,
            name: "calibration_years",
            solver: "nalgebra SVD",
            problem: "powers of 1993 and later years are nearly parallel",
            category: "ill_conditioned",
            advice: "Centre and scale the years to [−1, 1], or use orthogonal polynomials.",
            run: || _ = altimeter_calibration(1993, 6),
        },
    ]
}
