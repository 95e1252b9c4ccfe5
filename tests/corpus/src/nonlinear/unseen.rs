//! Newton's method and its relatives, continuation, and roots.

use nalgebra::{DMatrix, DVector, Matrix2, Vector2};
use roots::{SimpleConvergency, find_root_brent};
use tracing::{debug, error, info_span, instrument};
use tracing_failure::{ResultExt, computation, trail};

use crate::case::{Batch, Case};

#[derive(Debug, thiserror::Error)]
enum NonlinearError {
    #[error("iteration limit reached in operating point analysis (itl1={itl1})")]
    OperatingPoint { itl1: usize },
    #[error("Nonlinear solve did not converge due to DIVERGED_LINE_SEARCH iterations {0}")]
    Snes(usize),
    #[error("The iteration is not making good progress, as measured by the improvement from the last ten iterations.")]
    NoProgress,
    #[error("arc step {ds:.1e} < ds_min at lambda = {lambda:.4}")]
    Continuation { ds: f64, lambda: f64 },
    #[error("x = {x} after {iteration} Newton iterations")]
    Runaway { x: f64, iteration: usize },
    #[error("Anderson mixing: singular least-squares matrix (depth {depth})")]
    Anderson { depth: usize },
    #[error("f(a) and f(b) must have different signs")]
    Signs(#[source] roots::SearchError),
    #[error("sign change at x = {x:.6} is no root: |f| = {f:.1e}")]
    Pole { x: f64, f: f64 },
    #[error("KIN_MXNEWT_5X_EXCEEDED: five consecutive steps have been of length mxnewtstep")]
    Steps,
}

type Solved = Result<f64, NonlinearError>;

/// A diode behind a resistance, from the voltage of the supply.
#[computation("Shockley diode")]
fn dc_operating_point(v_supply: f64, resistance: f64, i_s: f64, itl1: usize) -> Solved {
    let vt = 0.02585;
    let mut v = v_supply;
    for iter in 0..itl1 {
        let i = i_s * ((v / vt).exp() - 1.0);
        let f = (v - v_supply) / resistance + i;
        let dv = -f / (1.0 / resistance + (i + i_s) / vt);
        v += dv;
        trail!(iter, v, dv, i_diode = i);
        if dv.abs() < 1e-9 {
            return Ok(v);
        }
    }
    Err(NonlinearError::OperatingPoint { itl1 })
}

/// Two reservoirs with friction, with wrong signs in the Jacobian.
#[computation("Darcy–Weisbach", fields(snes = "newtonls bt"))]
fn pipe_network(head: f64, demand: f64, k: f64) -> Solved {
    let f = |x: Vector2<f64>| Vector2::new(k * x[0] * x[0].abs() + x[1] - head, k * x[1] * x[1].abs() - x[0] + demand);
    let mut x = Vector2::new(1.0, 1.0);
    for it in 0..50 {
        let r = f(x);
        let fnorm = r.norm();
        if fnorm < 1e-8 {
            return Ok(x[0]);
        }
        let j = Matrix2::new(2.0 * k * x[0].abs(), -1.0, 1.0, 2.0 * k * x[1].abs());
        let d = -j.lu().solve(&r).unwrap();
        let mut lambda = 1.0;
        while f(x + lambda * d).norm() > (1.0 - 1e-4 * lambda) * fnorm {
            lambda *= 0.5;
            trail!(it, lambda, gnorm = f(x + lambda * d).norm(), "backtracking");
            if lambda < 1e-12 {
                return Err(NonlinearError::Snes(it));
            }
        }
        x += lambda * d;
        trail!(it, fnorm, lambda, "SNES Function norm");
    }
    Ok(x[0])
}

/// A circle and a line that do not meet.
#[computation("geometrical optics")]
fn ray_intersection(radius: f64, offset: f64) -> Solved {
    let f = |p: Vector2<f64>| Vector2::new(p.norm_squared() - radius * radius, p[0] + p[1] - offset);
    let mut p = Vector2::new(1.0, 0.2);
    let mut history = vec![];
    for nfev in 0..200 {
        let r = f(p);
        let norm = r.norm();
        history.push(norm);
        trail!(nfev, norm, x = p[0], y = p[1]);
        if norm < 1e-10 {
            return Ok(p[0]);
        }
        if nfev > 10 && norm > 0.999 * history[nfev - 10] {
            return Err(NonlinearError::NoProgress);
        }
        let j = Matrix2::new(2.0 * p[0], 2.0 * p[1], 1.0, 1.0);
        let a: Matrix2<f64> = j.transpose() * j + Matrix2::identity() * 1e-3;
        let d = -a.lu().solve(&(j.transpose() * r)).unwrap();
        let mut lambda = 1.0;
        while f(p + lambda * d).norm() > norm && lambda > 1e-8 {
            lambda *= 0.5;
        }
        p += lambda * d;
    }
    Ok(p[0])
}

/// Bratu's problem for increasing λ, beyond the largest λ with a solution.
fn bratu(lambda_target: f64, ds0: f64) -> Solved {
    let span =
        info_span!("branch", computation = "bratu_branch", theoretical_ref = "u'' + lambda e^u = 0", lambda_target);
    span.in_scope(|| {
        let n = 40;
        let h2 = (1.0 / f64::from(n + 1)).powi(2);
        let n = n as usize;
        let (mut u, mut lambda, mut ds) = (DVector::<f64>::zeros(n), 0.0, ds0);
        while lambda < lambda_target {
            let trial = lambda + ds;
            let mut w = u.clone();
            let mut res = f64::MAX;
            for _ in 0..8 {
                let at = |i: usize, s: isize| w.get((i as isize + s) as usize).copied().unwrap_or(0.0);
                let f = DVector::from_fn(n, |i, _| (at(i, -1) - 2.0 * w[i] + at(i, 1)) / h2 + trial * w[i].exp());
                res = f.norm();
                let j = DMatrix::from_fn(n, n, |i, k| match i.abs_diff(k) {
                    0 => -2.0 / h2 + trial * w[i].exp(),
                    1 => 1.0 / h2,
                    _ => 0.0,
                });
                let Some(d) = j.lu().solve(&f) else { break };
                w -= d;
                if res < 1e-7 {
                    break;
                }
            }
            if res < 1e-7 {
                (u, lambda) = (w, trial);
                debug!(lambda, ds, umax = u.max(), "continued");
                ds = (1.3 * ds).min(ds0);
            } else {
                ds *= 0.5;
                debug!(trial, res, "corrector failed");
                if ds < 1e-6 {
                    return Err(NonlinearError::Continuation { ds, lambda }).record_failure();
                }
            }
        }
        Ok(u[20])
    })
}

/// The coercive field of a magnet, from a start too far away for Newton's method.
#[computation("Langevin saturation")]
fn coercive_field(h_start: f64, h_coercive: f64) -> Solved {
    let mut x = h_start;
    for iteration in 0..60 {
        let f = (x - h_coercive).atan();
        let slope = 1.0 / (1.0 + (x - h_coercive).powi(2));
        let delta = -f / slope;
        trail!(iteration, x, f, delta);
        if delta.abs() < 1e-12 {
            return Ok(x);
        }
        x += delta;
        if !x.is_finite() {
            return Err(NonlinearError::Runaway { x, iteration });
        }
    }
    Ok(x)
}

/// A fixed point by Anderson mixing with a linearly dependent history.
#[instrument(err, fields(computation = "scf_anderson", theoretical_ref = "Pulay 1980"))]
fn anderson(coupling: f64, depth: usize) -> Solved {
    let g =
        |x: &DVector<f64>| DVector::from_vec(vec![coupling * x[1].cos(), coupling * x[0].cos(), coupling * x[0].cos()]);
    let mut x = DVector::from_vec(vec![0.3, 0.3, 0.3]);
    let (mut xs, mut fs): (Vec<DVector<f64>>, Vec<DVector<f64>>) = (vec![], vec![]);
    for cycle in 0..60 {
        let f = g(&x) - &x;
        debug!(cycle, drho = f.norm(), "scf cycle");
        if f.norm() < 1e-12 {
            return Ok(x[0]);
        }
        xs.push(x.clone());
        fs.push(f.clone());
        let m = depth.min(fs.len() - 1);
        let mut new = &x + &f;
        if m > 0 {
            let last = fs.len() - 1;
            let df = DMatrix::from_fn(3, m, |i, j| fs[last - j][i] - fs[last - j - 1][i]);
            let dx = DMatrix::from_fn(3, m, |i, j| xs[last - j][i] - xs[last - j - 1][i]);
            let normal = df.transpose() * &df;
            let scale = normal.trace().powi(m as i32);
            if normal.determinant().abs() <= 1e-15 * scale {
                return Err(NonlinearError::Anderson { depth: m });
            }
            let gamma = normal.lu().solve(&(df.transpose() * &f)).unwrap();
            new -= (dx + df) * gamma;
        }
        x = new;
    }
    Ok(x[0])
}

/// The implied volatility of an option whose price is below its intrinsic value.
#[computation("Bachelier")]
fn implied_volatility(price: f64, forward: f64, strike: f64) -> Solved {
    let value = |sigma: f64| {
        let d = (forward - strike) / sigma;
        let density = (-0.5 * d * d).exp() / std::f64::consts::TAU.sqrt();
        let cdf = 0.5 * (1.0 + statrs::function::erf::erf(d / std::f64::consts::SQRT_2));
        (forward - strike) * cdf + sigma * density
    };
    let mut convergency = SimpleConvergency { eps: 1e-10, max_iter: 100 };
    let f = |sigma: f64| value(sigma) - price;
    find_root_brent(0.01, 50.0, f, &mut convergency).map_err(NonlinearError::Signs)
}

/// The buckling load of a frame: the function has a pole between the ends.
#[computation("tan(kL) = kL")]
fn buckling_load(a: f64, b: f64) -> Solved {
    let f = |x: f64| x.tan() - x;
    let (mut lo, mut hi) = (a, b);
    let mut width = hi - lo;
    while width > 1e-14 {
        let mid = 0.5 * (lo + hi);
        trail!(lo, hi, f_mid = f(mid));
        if f(lo) * f(mid) <= 0.0 {
            hi = mid;
        } else {
            lo = mid;
        }
        width = hi - lo;
    }
    let x = 0.5 * (lo + hi);
    if f(x).abs() > 1e-6 {
        return Err(NonlinearError::Pole { x, f: f(x).abs() });
    }
    Ok(x)
}

/// A mass balance without a steady state: its residual decreases but has no zero.
#[computation("Langmuir", fields(strategy = "KIN_LINESEARCH"))]
fn steady_adsorption(inflow: f64, capacity: f64, mxnewtstep: f64) -> Solved {
    let mut c = 1.0_f64;
    let mut at_limit = 0;
    for nni in 0..200 {
        let f = inflow - capacity * c / (1.0 + c);
        let slope = -capacity / (1.0 + c).powi(2);
        let step = (-f / slope).clamp(-mxnewtstep, mxnewtstep);
        at_limit = if step.abs() >= mxnewtstep { at_limit + 1 } else { 0 };
        trail!(nni, fnorm = f.abs(), pnorm = step.abs(), c);
        if at_limit == 5 {
            error!("{}", NonlinearError::Steps);
            return Err(NonlinearError::Steps);
        }
        c += step;
        if f.abs() < 1e-10 {
            break;
        }
    }
    Ok(c)
}

pub(crate) fn cases() -> Vec<Case> {
    vec![
        Case {
            batch: Batch::Unseen,
            name: "diode_operating_point",
            solver: "hand-written Newton",
            problem: "from far above the knee each step goes down by one thermal voltage only",
            category: "max_iterations",
            advice: "Start near the knee (0.6 V), or limit the junction voltage (source stepping): the exponential makes the steps \
                     small.",
            run: || _ = dc_operating_point(5.0, 1000.0, 1e-14, 100),
        },
        Case {
            batch: Batch::Unseen,
            name: "pipe_network_jacobian",
            solver: "hand-written Newton with backtracking",
            problem: "two entries of the Jacobian have the wrong sign",
            category: "line_search",
            advice: "Check the Jacobian against finite differences: the direction is no descent direction.",
            run: || _ = pipe_network(10.0, 3.0, 0.4),
        },
        Case {
            batch: Batch::Unseen,
            name: "ray_misses_lens",
            solver: "hand-written Levenberg–Marquardt",
            problem: "circle and line have no point in common",
            category: "stagnation",
            advice: "There may be no solution: the residual has a minimum above zero here. Check the geometry, or start elsewhere.",
            run: || _ = ray_intersection(1.0, 2.0),
        },
        Case {
            batch: Batch::Unseen,
            name: "bratu_turning_point",
            solver: "hand-written continuation",
            problem: "there is no solution beyond λ = 3.51",
            category: "step_size_underflow",
            advice: "A turning point (fold): continue by pseudo-arclength.",
            run: || _ = bratu(5.0, 0.25),
        },
        Case {
            batch: Batch::Unseen,
            name: "coercive_field_overshoot",
            solver: "hand-written Newton",
            problem: "arctan is flat far from its root: each step is longer than the last",
            category: "non_finite",
            advice: "Damp Newton's steps (line search), or start nearer: it overshoots.",
            run: || _ = coercive_field(4.0, 1.0),
        },
        Case {
            batch: Batch::Unseen,
            name: "anderson_dependent_history",
            solver: "hand-written Anderson mixing",
            problem: "more columns than independent directions",
            category: "singular_matrix",
            advice: "Drop the oldest columns (smaller depth), or regularise the least-squares problem (QR, SVD).",
            run: || _ = anderson(0.9, 3),
        },
        Case {
            batch: Batch::Unseen,
            name: "implied_volatility_arbitrage",
            solver: "roots Brent",
            problem: "the price is below the intrinsic value for all volatilities",
            category: "initialization",
            advice: "There is no root in the bracket: check the price (below intrinsic value no volatility exists), else widen the \
                     bracket.",
            run: || _ = implied_volatility(4.5, 105.0, 100.0),
        },
        Case {
            batch: Batch::Unseen,
            name: "buckling_pole",
            solver: "hand-written bisection",
            problem: "the sign changes at a pole of the tangent",
            category: "nonlinear_convergence",
            advice: "The sign changes at a pole: bracket between the poles, or take the function without them (sin − x cos).",
            run: || _ = buckling_load(1.0, 3.0),
        },
        Case {
            batch: Batch::Unseen,
            name: "adsorption_no_balance",
            solver: "hand-written Newton with a limited step",
            problem: "the inflow is above the capacity: there is no steady state",
            category: "nonlinear_convergence",
            advice: "The residual approaches a value above zero: there may be no solution (inflow above capacity). Check the model; else \
                     raise mxnewtstep or scale.",
            run: || _ = steady_adsorption(2.0, 1.5, 100.0),
        },
    ]
}
