"""Real failures of NumPy, SciPy and Python, each with a record.

The category and the first suggestion are compared with the judgement of a numerical analyst, which was written down
before the case was run. A case is a function. Its docstring is the analyst's advice, ``category`` is the expected
category, and the first suggestion must contain one of the words in ``begins``. With ``begins=None``, there must be no
suggestion. After a change of a suggestion, check that it still gives the analyst's advice. Known misses are in
``MISSED``.
"""

import math
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NoReturn

import pytest

from tracing_failure import Failure, StructuredLogger, read, record

np = pytest.importorskip("numpy")
pytest.importorskip("scipy")
from scipy import integrate, interpolate, linalg, optimize, signal, sparse, special, stats  # noqa: E402
from scipy.sparse import linalg as sparse_linalg  # noqa: E402
from scipy.spatial import Delaunay, distance  # noqa: E402


@dataclass
class Case:
    run: Callable[[], Any]
    category: str
    begins: str | None
    parameters: dict[str, Any]

    @property
    def name(self) -> str:
        return self.run.__name__


CASES: list[Case] = []


def fails(category: str, begins: str | None, /, **parameters: Any) -> Callable[[Callable[[], Any]], Callable[[], Any]]:
    """A case: the judgement of the analyst, and the parameters that a user records."""

    def add(run: Callable[[], Any]) -> Callable[[], Any]:
        CASES.append(Case(run, category, begins, parameters))
        return run

    return add


@contextmanager
def strictly() -> Iterator[None]:
    """Warnings are errors."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def refuse(result: Any) -> NoReturn:
    """Raises the message of an unsuccessful result, as users do."""
    assert not result.success
    raise RuntimeError(result.message)


HILBERT = 1.0 / (1.0 + np.add.outer(np.arange(15), np.arange(15)))
CHAIN = np.diag([1.0, 2.0, 2.0, 1.0]) - np.diag([1.0] * 3, 1) - np.diag([1.0] * 3, -1)
WITH_NAN = np.array([[1.0, 2.0], [np.nan, 1.0]])

# Linear algebra.


@fails("singular_matrix", "rank|dependent|pseudo|null|boundary", n=3)
def gauge_metric() -> None:
    """Its rows are dependent: find the null vector or use a rank-revealing factorisation."""
    np.linalg.inv(np.ones((3, 3)))


@fails("singular_matrix", "rank|dependent|boundary|null|pseudo", stiffness=100.0)
def free_chain() -> None:
    """Nothing holds the chain: its rigid motion is the null space, and a boundary condition is missing."""
    np.linalg.solve(CHAIN, np.array([1.0, 0.0, 0.0, 0.0]))


@fails("singular_matrix", "positive|diagonal|LDL|eigenvalue", samples=3)
def sample_covariance() -> None:
    """The matrix has a negative eigenvalue: look at the smallest ones, add to the diagonal, or use LDLᵀ."""
    np.linalg.cholesky(np.array([[1.0, 2.0], [2.0, 1.0]]))


@fails("singular_matrix", "positive|diagonal|LDL|eigenvalue")
def overlap_cholesky() -> None:
    """The matrix is not positive definite: the smallest eigenvalue tells whether by rounding or by construction."""
    linalg.cholesky(np.array([[1.0, 2.0], [2.0, 1.0]]))


@fails("singular_matrix", "positive|basis|overlap|eigenvalue|diagonal")
def generalised_eigenproblem() -> None:
    """The matrix on the right is not positive definite: its basis is dependent or it has the wrong sign."""
    linalg.eigh(np.eye(2), np.diag([1.0, -1.0]))


@fails("non_finite", "NaN|finite", matrix=WITH_NAN)
def principal_components() -> None:
    """LAPACK's SVD does not fail on finite matrices: there is a NaN in this one."""
    np.linalg.svd(WITH_NAN)


@fails("non_finite", "NaN|finite")
def regression() -> None:
    """There is a NaN in the data: an SVD of finite numbers converges."""
    np.linalg.lstsq(WITH_NAN, np.ones(2), rcond=None)


@fails("non_finite", "NaN|finite")
def transfer_spectrum() -> None:
    """There is a NaN in the matrix: find where it comes from."""
    np.linalg.eigvals(WITH_NAN)


@fails("non_finite", "NaN|finite")
def normal_modes() -> None:
    """The symmetric eigensolver does not fail on finite matrices: there is a NaN in this one."""
    np.linalg.eigvalsh(np.full((3, 3), np.nan))


@fails("non_finite", "NaN|finite", matrix=WITH_NAN)
def circuit() -> None:
    """There is a NaN in the matrix: find where it comes from."""
    linalg.solve(WITH_NAN, np.ones(2))


@fails("ill_conditioned", "condition|digits|scale|regulari|precision", n=15)
def polynomial_moments() -> None:
    """The Hilbert matrix has no digits left at this size: use orthogonal polynomials, or regularise."""
    with strictly():
        linalg.solve(HILBERT, np.ones(15))


@fails("singular_matrix", "rank|dependent|boundary|null|pseudo")
def free_chain_lapack() -> None:
    """Nothing holds the chain: a boundary condition is missing."""
    linalg.solve(CHAIN, np.ones(4))


@fails("singular_matrix", "rank|dependent|null|pseudo|row|column|unused")
def unused_unknown() -> None:
    """A row of zeros: an unknown without an equation."""
    with strictly():
        linalg.lu_factor(np.diag([1.0, 2.0, 0.0]))


@fails("singular_matrix", "zero|rank|pivot|diagonal|dependent")
def back_substitution() -> None:
    """A zero on the diagonal of the triangle: the matrix that was factorised is singular."""
    linalg.solve_triangular(np.array([[1.0, 0.0], [1.0, 0.0]]), np.ones(2), lower=True)


@fails("infeasible", "stabilis|controllab|imaginary")
def regulator() -> None:
    """The unstable mode is not controllable: no stabilising solution exists."""
    linalg.solve_continuous_are(np.diag([1.0, 1.0]), np.array([[1.0], [0.0]]), np.eye(2), np.eye(1))


@fails("dimension_mismatch", "shape|transpos|size|length|dimension")
def load_vector() -> None:
    """Four loads for three unknowns: print the shapes."""
    np.linalg.solve(np.eye(3), np.ones((4, 1)))


@fails("dimension_mismatch", "square|shape|least squares|lstsq")
def design_matrix() -> None:
    """Only square matrices have an inverse: least squares, or a transposed factor is missing."""
    np.linalg.inv(np.ones((3, 2)))


@fails("singular_matrix", "rank|dependent|boundary|null|row|zero")
def pure_neumann() -> None:
    """Neumann conditions only: the constant is in the null space. Fix one value."""
    sparse_linalg.splu(sparse.csc_matrix(np.diag([1.0, 1.0, 0.0])))


@fails("singular_matrix", "rank|dependent|boundary|null|row|zero")
def pressure_poisson() -> None:
    """The pressure is determined up to a constant: fix one value."""
    with strictly():
        sparse_linalg.spsolve(sparse.csc_matrix(CHAIN * [1, 1, 1, 0]), np.ones(4))


@fails("max_iterations", "shift|sigma|ncv|subspace|invert", maxiter=2, k=6)
def lowest_modes() -> None:
    """The smallest eigenvalues come last without shift and invert (sigma=0): use it, or a larger subspace."""
    laplacian = sparse.diags_array([-np.ones(499), 2 * np.ones(500), -np.ones(499)], offsets=[-1, 0, 1])
    sparse_linalg.eigsh(laplacian, k=6, which="SM", maxiter=2)


@fails("linear_solve", "precondition|restart", rtol=1e-10, restart=5, maxiter=40)
def convection_gmres() -> None:
    """Restarted GMRES crawls without a preconditioner: precondition (ILU), or restart later."""
    n = 200
    matrix = sparse.diags_array([-np.ones(n - 1), 2 * np.ones(n), -np.ones(n - 1)], offsets=[-1, 0, 1])

    def callback(norm: float) -> None:
        record(residual=norm)

    _, info = sparse_linalg.gmres(
        matrix, np.ones(n), rtol=1e-10, restart=5, maxiter=40, callback=callback, callback_type="pr_norm"
    )
    raise RuntimeError(f"GMRES did not converge: info = {info}")


@fails("max_iterations", "positive definite|indefinite|precondition|MINRES|symmetric", maxiter=100)
def helmholtz_cg() -> None:
    """CG wants a positive definite matrix, and this one is indefinite: MINRES, or precondition."""
    n = 100
    matrix = sparse.diags_array([-np.ones(n - 1), 0.5 * np.ones(n), -np.ones(n - 1)], offsets=[-1, 0, 1]).tocsr()
    b = np.ones(n)

    def callback(x: Any) -> None:
        record(residual=np.linalg.norm(b - matrix @ x))

    _, info = sparse_linalg.cg(matrix, b, rtol=1e-12, maxiter=40, callback=callback)
    assert info
    raise RuntimeError(f"conjugate gradients did not converge in {info} iterations")


@fails("breakdown", "another|restart|GMRES|shadow|method|start")
def skew_bicgstab() -> None:
    """ρ vanishes for a skew matrix: restart, or GMRES."""
    _, info = sparse_linalg.bicgstab(np.array([[0.0, 1.0], [-1.0, 0.0]]), np.array([1.0, 0.0]))
    assert info < 0
    raise RuntimeError(f"bicgstab breakdown: info = {info}")


@fails("max_iterations", "precondition|iterations|maxiter|slow|conver", maxiter=3)
def vibration_lobpcg() -> None:
    """Without a preconditioner a few iterations are not enough."""
    n = 200
    matrix = sparse.diags_array([np.arange(1.0, n + 1)], offsets=[0]).tocsr()
    with strictly():
        sparse_linalg.lobpcg(matrix, np.random.default_rng(1).normal(size=(n, 3)), largest=False, maxiter=3, tol=1e-12)


@fails("non_finite", "overflow|beyond|scale|rescale", t=1e4)
def propagator() -> None:
    """The exponential grows beyond the range of numbers: rescale, or apply it to a vector with a smaller step."""
    energies, states = np.linalg.eigh(np.array([[1.0, 2.0], [2.0, 4.0]]))
    with strictly():
        (states * np.exp(1e4 * energies)) @ states.T


@fails("dimension_mismatch", "shape|transpos|size|dimension")
def sparse_product() -> None:
    """Three columns and four entries: print the shapes."""
    sparse.eye_array(3).tocsr() @ np.ones(4)


# Ordinary differential equations, boundary values, integrals.


@fails("step_size_underflow", "grew from .*has a pole", t_span=(0.0, 2.0), rtol=1e-6, method="RK45")
def riccati_flow() -> None:
    """The solution has a pole at π/2: end before it, or integrate its inverse."""

    def slope(t: float, y: Any) -> Any:
        record(t=t, y=y[0])
        return 1 + y**2

    refuse(integrate.solve_ivp(slope, (0.0, 2.0), [0.0], method="RK45", rtol=1e-6))


@fails("step_size_underflow", "pole|blows? up|singular|smooth", t_span=(0.0, 2.0), y0=[1.0])
def finite_time_blow_up() -> None:
    """The solution blows up at t = 1: nothing gets past it."""
    refuse(integrate.solve_ivp(lambda t, y: y**2, (0.0, 2.0), [1.0]))


@fails("step_size_underflow", "pole|blows? up|singular|smooth", method="BDF")
def collapse_bdf() -> None:
    """The right-hand side is singular where y reaches zero: stop at an event before it."""
    refuse(integrate.solve_ivp(lambda t, y: -1 / y, (0.0, 2.0), [1.0], method="BDF"))


@fails("non_finite", "NaN|finite", t_span=(0.0, 3.0))
def draining_tank() -> None:
    """The level becomes negative, and its root NaN: stop at the event, or keep the root's argument at zero."""

    def slope(t: float, y: Any) -> Any:
        flow = -np.sqrt(y)
        record(t=t, level=y[0], flow=flow[0])
        return flow - 0.1

    refuse(integrate.solve_ivp(slope, (0.0, 3.0), [1.0]))


@fails("non_finite", "NaN|finite", method="Radau")
def implicit_nan() -> None:
    """The right-hand side is NaN: find the first evaluation that is."""
    integrate.solve_ivp(lambda t, y: np.log(y), (0.0, 3.0), [-1.0], method="Radau")


@fails("nonlinear_convergence", "Jacobian|tolerance|smooth|jump|singular", method="lsoda")
def wrong_jacobian_lsoda() -> None:
    """The corrector does not converge, because the Jacobian is wrong: compare it with differences."""
    solver = integrate.ode(lambda t, y: -1e4 * (y - np.cos(t)), lambda t, y: [[1e9]])
    with strictly():
        solver.set_integrator("lsoda", with_jacobian=True, nsteps=5000).set_initial_value([1.0], 0.0).integrate(10.0)


@fails("max_iterations", "mxstep|steps|stiff|singular")
def fast_oscillator() -> None:
    """500 steps are not enough for these oscillations: raise mxstep if it advances, or shorten the interval."""
    with strictly():
        integrate.odeint(lambda y, t: [y[1], -1e8 * y[0]], [1.0, 0.0], [0.0, 10.0])


@fails("accuracy_unattainable", "tolerance|rtol|precision", rtol=1e-20, atol=1e-20)
def exact_orbit() -> None:
    """A tolerance of 1e-20 is beyond double precision: 1e-12."""
    with strictly():
        integrate.odeint(lambda y, t: [y[1], -y[0]], [1.0, 0.0], [0.0, 10.0], rtol=1e-20, atol=1e-20)


@fails("initialization", "sort|order|direction|monoton|increas")
def shuffled_times() -> None:
    """The times of output have to be sorted."""
    integrate.odeint(lambda y, t: -y, [1.0], [0.0, 2.0, 1.0])


@fails("max_iterations", "stiff|nsteps|steps", method="dopri5", nsteps=100)
def explicit_kinetics() -> None:
    """An explicit method runs out of steps on a stiff problem: an implicit one (BDF, Radau)."""
    solver = integrate.ode(lambda t, y: -1e4 * (y - np.cos(t))).set_integrator("dopri5", nsteps=100)
    with strictly():
        solver.set_initial_value([1.0], 0.0).integrate(10.0)


@fails("other", "stiff|implicit", method="dopri5")
def stiffness_noticed() -> None:
    """The solver says so itself: the problem is stiff, and wants an implicit method."""
    solver = integrate.ode(lambda t, y: -1e4 * (y - np.cos(t))).set_integrator("dopri5", nsteps=100000)
    with strictly():
        solver.set_initial_value([1.0], 0.0).integrate(10.0)


@fails("step_size_underflow", "pole|blows? up|singular", method="dop853")
def pole_dop853() -> None:
    """The solution has a pole: end before it."""
    solver = integrate.ode(lambda t, y: 1 + y**2).set_integrator("dop853", nsteps=10000)
    with strictly():
        solver.set_initial_value([0.0], 0.0).integrate(2.0)


@fails("max_iterations", "stiff|steps|nsteps|advance", method="adams")
def vode_work() -> None:
    """500 steps of a method for problems that are not stiff: bdf, or raise nsteps."""
    solver = integrate.ode(lambda t, y: -1e5 * (y - np.cos(t))).set_integrator("vode", method="adams")
    with strictly():
        solver.set_initial_value([1.0], 0.0).integrate(100.0)


@fails("max_iterations", "layer|mesh|nodes|continuation|guess", max_nodes=50, tol=1e-6)
def boundary_layer() -> None:
    """A thin layer wants more nodes: a mesh that is fine there, continuation in ε, or more of them."""
    x = np.linspace(0, 1, 10)
    refuse(
        integrate.solve_bvp(
            lambda x, y: np.vstack([y[1], -y[1] / 1e-4 - y[0]]),
            lambda a, b: np.array([a[0], b[0] - 1]),
            x, np.zeros((2, 10)), tol=1e-6, max_nodes=50,
        )
    )  # fmt: skip


@fails("singular_matrix", "Jacobian|boundary|guess|start|unique|dependent|rank")
def floating_beam() -> None:
    """Both boundary conditions fix the slope: the solution is determined up to a constant."""
    x = np.linspace(0, 1, 10)
    refuse(
        integrate.solve_bvp(
            lambda x, y: np.vstack([y[1], 0 * y[0]]), lambda a, b: np.array([a[1], b[1]]), x, np.ones((2, 10))
        )
    )


@fails("max_iterations", "singular|split|points|oscillat|peak|limit", limit=50)
def oscillating_integral() -> None:
    """The integrand oscillates too fast: a weight (cos), split, or substitute; a larger limit is the last resort."""
    with strictly():
        integrate.quad(lambda x: np.cos(1e4 * x) / np.sqrt(x), 0, 10, limit=50)


@fails("residual_divergence", "singular|diverge|cut|substitut|converge|not exist")
def self_energy() -> None:
    """The integral of 1/x does not exist at zero: check the integrand, cut off or subtract the singularity."""
    with strictly():
        integrate.quad(lambda x: 1 / x, 0, 1)


@fails("accuracy_unattainable", "tolerance|rounding|precision|epsabs|epsrel", epsabs=1e-16)
def form_factor() -> None:
    """More digits are asked for than cancellation leaves: loosen the tolerance."""
    with strictly():
        integrate.quad(lambda x: np.sin(x) + 1e-14 * np.sin(1e5 * x), -np.pi, np.pi, epsabs=1e-18, epsrel=1e-14)


@fails("max_iterations", "singular|split|points|jump")
def principal_value() -> None:
    """There is a pole inside of the interval: a principal value (weight="cauchy"), or split there."""
    with strictly():
        integrate.quad(lambda x: 1 / (x - 0.3), 0, 1)


@fails("non_finite", "NaN|finite|0·∞|division")
def sinc_at_zero() -> None:
    """The integrand is 0/0 at the origin: write the limit."""
    value, _ = integrate.quad(lambda x: np.sin(x) / x, -1, 1)
    if not np.isfinite(value):
        raise ArithmeticError(f"the integral is {value}")
    assert False


@fails("initialization", "t_eval|output times|t_span|interval|after the start", t_span=(0.0, 1.0))
def output_beyond_the_end() -> None:
    """Output is wanted after the end: the interval has to hold its times."""
    integrate.solve_ivp(lambda t, y: -y, (0.0, 1.0), [1.0], t_eval=[0.5, 1.5])


@fails("dimension_mismatch", "shape|dimension|y0|ravel")
def matrix_state() -> None:
    """The state has to be a vector: ravel it, and reshape it in the right-hand side."""
    integrate.solve_ivp(lambda t, y: -y, (0.0, 1.0), np.eye(2))


@fails("initialization", "positive|atol|tolerance", atol=-1e-6)
def negative_tolerance() -> None:
    """The tolerance has the wrong sign."""
    integrate.solve_ivp(lambda t, y: -y, (0.0, 1.0), [1.0], atol=-1e-6)


@fails("initialization", "positive|max_step", max_step=0.0)
def no_step() -> None:
    """The largest step has to be positive."""
    integrate.solve_ivp(lambda t, y: -y, (0.0, 1.0), [1.0], max_step=0.0)


@fails("dimension_mismatch", "shape|size|length")
def one_slope_for_two() -> None:
    """The right-hand side returns one slope for two unknowns."""
    integrate.odeint(lambda y, t: [-y[0]], [1.0, 2.0], [0.0, 1.0])


# Roots, fits, minima.


@fails("max_iterations", "exists|damp|bracket|start|diverge|real|complex", x0=0.5)
def no_real_root() -> None:
    """x² + 1 has no real root: check that there is one (plot, bracket); no start helps."""

    def f(x: float) -> float:
        record(x=x, residual=x**2 + 1)
        return x**2 + 1

    optimize.newton(f, 0.5, fprime=lambda x: 2 * x)


@fails("non_finite", "NaN|finite|domain", x0=3.0)
def newton_out_of_domain() -> None:
    """Newton's step left the domain of the logarithm: damp it, bracket the root, or start closer."""
    optimize.newton(lambda x: np.log(x), 3.0, fprime=lambda x: 1 / x)


@fails("breakdown", "derivative|start|bracket|Jacobian", x0=0.0)
def flat_start() -> None:
    """The derivative vanishes at the start: start elsewhere, or bracket."""
    optimize.newton(lambda x: x**2 - 2, 0.0, fprime=lambda x: 2 * x)


@fails("breakdown", "slope|derivative|equal|start|bracket", x0=1.0)
def flat_secant() -> None:
    """Both points have the same value: the secant has no slope. Start elsewhere, or bracket."""
    optimize.newton(lambda x: (x - 1.5) ** 2 - 1.0, 1.0, x1=2.0)


@fails("initialization", "bracket|sign|interval", bracket=(1.0, 2.0))
def mass_shell() -> None:
    """There is no sign change in the bracket: scan for one, or the root is double."""
    optimize.brentq(lambda m: m**2 + 1, 1.0, 2.0)


@fails("max_iterations", "maxiter|iterations", maxiter=3, xtol=1e-12)
def hasty_brent() -> None:
    """Three iterations are few: the bracket is kept, so allow more."""
    optimize.brentq(lambda x: x**3 - 2, 0.0, 100.0, maxiter=3)


@fails("non_finite", "NaN|domain|finite", bracket=(-1.0, 1.0))
def bracket_out_of_domain() -> None:
    """The function is NaN at an end of the bracket: move it into the domain."""
    optimize.brentq(lambda x: float(np.log(x)), -1.0, 1.0)


@fails("stagnation", "start|guess|minimum|exists|Jacobian", x0=[1.0])
def fsolve_minimum() -> None:
    """The iteration ends in a minimum of |f| that is no root: another start, or there is no root."""
    with strictly():
        optimize.fsolve(lambda x: x**2 + 1, [1.0])


@fails("stagnation", "start|guess|minimum|exists|Jacobian", method="hybr")
def hybrid_root() -> None:
    """The iteration gets stuck: another start, an analytical Jacobian, scaling."""
    refuse(optimize.root(lambda x: [np.exp(-x[0]) + x[1] ** 2, x[0] * x[1] + 2], [10.0, 3.0]))


@fails("max_evaluations", "maxfev|evaluations|start|guess", maxfev=4)
def hasty_fsolve() -> None:
    """Four calls are not enough for anything: more, or an analytical Jacobian."""
    with strictly():
        optimize.fsolve(lambda x: [x[0] ** 2 - 2, x[1] ** 3 - x[0]], [10.0, 10.0], maxfev=4)


@fails("accuracy_unattainable", "xtol|tolerance|precision|accuracy", xtol=0.0)
def exact_root() -> None:
    """The tolerance is below rounding: 1e-10 or so."""
    with strictly():
        optimize.fsolve(lambda x: x**2 - 2, [1.0], xtol=0.0)


@fails("dimension_mismatch", "shape|equations|unknowns|size")
def three_equations_for_two() -> None:
    """More equations than unknowns: least squares, or one too many."""
    optimize.fsolve(lambda x: [x[0], x[1], x[0] + x[1]], [1.0, 1.0])


@fails("max_iterations", "start|precondition|damp|iterations|line search|Jacobian|continuation", maxiter=3)
def bratu_krylov() -> None:
    """A few Newton steps from a poor start: continuation in the parameter, or a preconditioner."""

    def bratu(u: Any) -> Any:
        residual = np.diff(np.concatenate([[0.0], u, [0.0]]), 2) * 1e4 + 20.0 * np.exp(u)
        record(residual=np.linalg.norm(residual))
        return residual

    optimize.newton_krylov(bratu, np.zeros(99), maxiter=3)


@fails("max_evaluations", "evaluations|start|maxfev|Jacobian|derivative")
def df_sane() -> None:
    """Derivative-free iterations ran out of evaluations: a method with a Jacobian."""
    refuse(optimize.root(lambda x: np.cos(x) + x**2 + 1, np.array([3.0]), method="df-sane", options={"maxfev": 50}))


@fails("max_evaluations", "start|p0|scale|guess|initial", maxfev=20)
def decay_fit() -> None:
    """The start is far off: give p0 from the data and scale the parameters; more calls are the last resort."""
    t = np.linspace(0, 1e-6, 50)
    optimize.curve_fit(lambda t, a, tau: a * np.exp(-t / tau), t, 5 * np.exp(-t / 2e-7), p0=[1.0, 1e-3], maxfev=20)


@fails("singular_matrix", "parameter|identif|depend|start|scale|data")
def degenerate_fit() -> None:
    """The abscissa of a step has no derivative: the data do not determine the parameter so."""
    t = np.linspace(0, 1, 20)
    with strictly():
        optimize.curve_fit(lambda t, a, edge: a * (t > edge), t, 3.0 * (t > 0.5))


@fails("non_finite", "initial|start|p0|x0", p0=[1.0])
def fit_from_zero() -> None:
    """The model is not finite at the start: it has log 0 in it."""
    t = np.linspace(0, 1, 20)
    optimize.curve_fit(lambda t, a: a * np.log(t), t, t, p0=[1.0], bounds=(0, 10))


@fails("non_finite", "NaN|data|mask|input")
def gaps_in_the_data() -> None:
    """There are NaNs in the data: mask them."""
    optimize.curve_fit(lambda t, a: a * t, [0.0, 1.0, 2.0], [0.0, np.nan, 2.0])


@fails("dimension_mismatch", "data|parameters|points|fewer|more")
def two_points_for_three() -> None:
    """Three parameters cannot be had from two points."""
    optimize.curve_fit(lambda t, a, b, c: a + b * t + c * t**2, [0.0, 1.0], [1.0, 2.0])


@fails("infeasible", "bound|x0|start|inside|within", x0=[2.0], bounds=(0.0, 1.0))
def start_out_of_bounds() -> None:
    """The start is outside of the bounds: move it inside."""
    optimize.least_squares(lambda x: x - 0.5, [2.0], bounds=(0.0, 1.0))


@fails("max_evaluations", "start|scale|max_nfev|evaluations", max_nfev=5)
def hasty_least_squares() -> None:
    """Five evaluations: allow more, start closer, scale the variables."""
    refuse(optimize.least_squares(lambda x: [10 * (x[1] - x[0] ** 2), 1 - x[0]], [-30.0, 100.0], max_nfev=5))


@fails("non_finite", "overflow|scale|exp|logarithm")
def resonance_fit() -> None:
    """The exponent is huge at this start: scale the abscissa, or give p0."""
    t = np.linspace(0, 5000, 50)
    with strictly():
        optimize.curve_fit(lambda t, a, k: a * np.exp(k * t), t, np.exp(-t / 1000))


@fails("max_iterations", "maxiter|iterations|slow|scale|conver", maxiter=8, gtol=1e-8)
def valley_bfgs() -> None:
    """It still goes down: allow more iterations."""

    def down(x: Any) -> None:
        record(cost=optimize.rosen(x))

    refuse(optimize.minimize(optimize.rosen, [-1.2, 1.0], method="BFGS", callback=down, options={"maxiter": 8}))


@fails("accuracy_unattainable", "gradient|derivative|jac|noise|scale|difference", gtol=1e-5)
def noisy_objective() -> None:
    """The objective is noisy, and so are differences: a larger step of difference, an analytical gradient, or none."""
    rng = np.random.default_rng(1)
    refuse(optimize.minimize(lambda x: np.sum(x**2) + 1e-6 * rng.normal(), [1.0, 2.0], method="BFGS"))


@fails("line_search", "gradient|derivative", method="L-BFGS-B")
def wrong_gradient() -> None:
    """A component of the gradient has the wrong sign: compare it with differences (check_grad)."""
    start = [-1.2, 1.0]
    refuse(optimize.minimize(optimize.rosen, start, jac=lambda x: [-1, 1] * optimize.rosen_der(x), method="L-BFGS-B"))


@fails("max_evaluations", "gradient|maxfun|evaluations|jac", maxfun=50)
def many_unknowns() -> None:
    """Each gradient by differences costs 100 evaluations: give jac."""
    refuse(optimize.minimize(optimize.rosen, np.zeros(100), method="L-BFGS-B", options={"maxfun": 50}))


@fails("max_iterations", "maxiter|iterations|scale|conver", maxiter=5)
def hasty_lbfgs() -> None:
    """Five iterations: allow more."""
    refuse(optimize.minimize(optimize.rosen, [-1.2, 1.0], method="L-BFGS-B", options={"maxiter": 5}))


@fails("infeasible", "constraint")
def incompatible_limits() -> None:
    """x ≥ 2 and x ≤ 1: no point satisfies both."""
    constraints = [{"type": "ineq", "fun": lambda x: x[0] - 2}, {"type": "ineq", "fun": lambda x: 1 - x[0]}]
    refuse(optimize.minimize(lambda x: x[0] ** 2, [0.0], constraints=constraints, method="SLSQP"))


@fails("max_iterations", "maxiter|iterations|scale|conver", maxiter=3)
def hasty_slsqp() -> None:
    """Three iterations: allow more."""
    refuse(optimize.minimize(optimize.rosen, [-1.2, 1.0], method="SLSQP", options={"maxiter": 3}))


@fails("dimension_mismatch", "constraint|more|unknowns|variables|dependent")
def too_many_equalities() -> None:
    """Two equalities for one unknown: one too many, or the same one twice."""
    same = {"type": "eq", "fun": lambda x: x[0] - 1}
    refuse(optimize.minimize(lambda x: x[0] ** 2, [0.0], constraints=[same, dict(same)], method="SLSQP"))


@fails("max_evaluations", "maxiter|evaluations|scale|gradient|conver|iterations", maxiter=5)
def hasty_trust() -> None:
    """Five evaluations: allow more."""
    refuse(optimize.minimize(optimize.rosen, [-1.2, 1.0], method="trust-constr", options={"maxiter": 5}))


@fails("max_evaluations", "gradient|derivative|evaluations|maxfev", maxfev=500)
def simplex_in_many_dimensions() -> None:
    """Nelder–Mead is lost in twenty dimensions: a method with gradients."""

    refuse(optimize.minimize(optimize.rosen, np.zeros(20), method="Nelder-Mead", options={"maxfev": 500}))


@fails("max_evaluations", "evaluations|maxiter|gradient|derivative", maxiter=10)
def hasty_cobyla() -> None:
    """Ten evaluations: allow more, or a method with derivatives."""
    refuse(optimize.minimize(optimize.rosen, [-1.2, 1.0], method="COBYLA", options={"maxiter": 10}))


@fails("infeasible", "constraint")
def cobyla_constraints() -> None:
    """x ≥ 2 and x ≤ 1: no point satisfies both."""
    constraints = [{"type": "ineq", "fun": lambda x: x[0] - 2}, {"type": "ineq", "fun": lambda x: 1 - x[0]}]
    refuse(optimize.minimize(lambda x: x[0] ** 2, [0.0], constraints=constraints, method="COBYLA"))


@fails("line_search", "gradient|derivative")
def truncated_newton() -> None:
    """The gradient has the wrong sign: compare it with differences."""
    refuse(optimize.minimize(lambda x: np.sum(x**2), [1.0, 2.0], jac=lambda x: -2 * x, method="TNC"))


@fails("infeasible", "constraint")
def diet() -> None:
    """The constraints contradict each other: relax them one by one."""
    refuse(optimize.linprog([1.0], A_ub=[[1.0], [-1.0]], b_ub=[1.0, -2.0]))


@fails("infeasible", "bound|constraint|sign")
def free_lunch() -> None:
    """Nothing bounds the gain (the dual is infeasible): a constraint is missing, or a sign is wrong."""
    refuse(optimize.linprog([-1.0, -1.0]))


@fails("dimension_mismatch", "shape|column|size|length")
def transposed_constraints() -> None:
    """The matrix of the constraints is transposed."""
    optimize.linprog([1.0, 1.0, 1.0], A_ub=np.ones((3, 2)), b_ub=np.ones(3))


@fails("max_iterations", "iterations|popul|maxiter|conver", maxiter=2)
def hasty_evolution() -> None:
    """Two generations: allow more, and narrow the bounds."""
    refuse(
        optimize.differential_evolution(optimize.rosen, [(-5, 5)] * 5, maxiter=2, tol=1e-12, polish=False, rng=1)
    )


@fails("initialization", "bound|interval|order", bounds=(1.0, -1.0))
def reversed_bounds() -> None:
    """The bounds are in the wrong order."""
    optimize.minimize_scalar(lambda x: x**2, bounds=(1.0, -1.0), method="bounded")


@fails("initialization", "bracket|minimum|interval", bracket=(0.0, 1.0, 2.0))
def no_minimum_in_bracket() -> None:
    """The point in the middle is not below the others: no minimum is bracketed."""
    optimize.minimize_scalar(lambda x: -x, bracket=(0.0, 1.0, 2.0), method="brent")


@fails("initialization", "bracket|minimum|bound|interval|start")
def no_minimum_at_all() -> None:
    """The function falls for ever: there is no minimum to bracket."""
    optimize.bracket(lambda x: -x, maxiter=20)


@fails("infeasible", "constraint|pair|row|column|assign|forbid")
def matching() -> None:
    """A row has no allowed partner."""
    optimize.linear_sum_assignment([[np.inf, np.inf], [1.0, 2.0]])


@fails("non_finite", "NaN|finite")
def matching_with_nan() -> None:
    """There is a NaN among the costs."""
    optimize.linear_sum_assignment(WITH_NAN)


@fails("max_iterations", "iterations|maxiter|scale", maxiter=1)
def hasty_nnls() -> None:
    """One iteration: allow more."""
    optimize.nnls(np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), np.array([1.0, 2.0, 3.0]), maxiter=1)


@fails("max_iterations", "damp|relax|oscillat|cycle|contract|fixed", x0=0.3)
def logistic_map() -> None:
    """The fixed point is not attracting, and the iteration cycles: damp it, or solve for the root."""

    def logistic(x: Any) -> Any:
        y = 3.2 * x * (1 - x)
        record(update=float(abs(y - x)))
        return y

    optimize.fixed_point(logistic, 0.3, method="iteration", maxiter=100)


@fails("non_finite", "NaN|finite|domain|start", x0=[-1.0])
def likelihood_out_of_domain() -> None:
    """The objective is NaN at the start: it is outside of the logarithm's domain."""
    refuse(optimize.minimize(lambda x: -np.log(x[0]), [-1.0], method="BFGS"))


@fails("initialization", "bound|order|interval")
def crossed_bounds() -> None:
    """A lower bound is above the upper one."""
    optimize.minimize(optimize.rosen, [0.0, 0.0], bounds=[(1.0, -1.0), (0.0, 1.0)], method="L-BFGS-B")


@fails("dimension_mismatch", "scalar|shape|sum|single|number")
def vector_objective() -> None:
    """The objective returns a vector: sum it up, or use least_squares."""
    optimize.minimize(lambda x: x - 1, [1.0, 2.0], method="BFGS")


# Interpolation.


@fails("domain_error", "extrapolat|range|interval|table|domain")
def opacity_table() -> None:
    """The argument is beyond the table: extend it, or extrapolate on purpose."""
    interpolate.interp1d([0.0, 1.0, 2.0], [1.0, 2.0, 4.0])(2.5)


@fails("initialization", "sort|duplicat|increas|order")
def repeated_abscissa() -> None:
    """An abscissa is there twice: remove or average it, and sort."""
    interpolate.CubicSpline([0.0, 1.0, 1.0, 2.0], [0.0, 1.0, 2.0, 3.0])


@fails("initialization", "sort|duplicat|increas|order")
def unsorted_abscissas() -> None:
    """The abscissas are not sorted."""
    interpolate.make_interp_spline([0.0, 2.0, 1.0, 3.0], [0.0, 1.0, 2.0, 3.0])


@fails("singular_matrix", "duplicat|coincid|points|dependent|rank|smooth|twice")
def repeated_stations() -> None:
    """Two stations are at one place: two equal rows. Merge them, or smooth."""
    interpolate.RBFInterpolator([[0.0, 0.0], [0.0, 0.0], [1.0, 1.0], [0.0, 1.0]], [1.0, 2.0, 3.0, 4.0])


@fails("singular_matrix", "collinear|line|flat|plane|degenerate|joggle|dependent|rank")
def stations_on_a_line() -> None:
    """All points lie on a line: there is no triangulation in the plane."""
    Delaunay([[0.0, 0.0], [1.0, 1.0], [2.0, 2.0], [3.0, 3.0]])


@fails("domain_error", "extrapolat|range|bounds|table|domain")
def equation_of_state() -> None:
    """The state left the table: extend it, or extrapolate on purpose."""
    interpolate.RegularGridInterpolator(([0.0, 1.0], [0.0, 1.0]), np.ones((2, 2)))([[0.5, 1.5]])


@fails("dimension_mismatch", "shape|length|size")
def one_value_missing() -> None:
    """One value is missing: print the lengths."""
    interpolate.interp1d([0.0, 1.0, 2.0], [1.0, 2.0])


@fails("initialization", "points|degree|order|k|more", k=3)
def cubic_of_three_points() -> None:
    """A cubic needs four points: lower the degree."""
    interpolate.splrep([0.0, 1.0, 2.0], [0.0, 1.0, 2.0], k=3)


# Statistics and random numbers.


@fails("non_finite", "NaN|finite|mask|data")
def noise_level() -> None:
    """There are NaNs in the data: mask them."""
    stats.norm.fit([1.0, np.nan, 2.0])


@fails("domain_error", "support|outside|interval|loc|scale|range|domain")
def fraction_fit() -> None:
    """A fraction of 1.5 has no beta distribution: check the data, or fit loc and scale too."""
    stats.beta.fit([0.1, 0.5, 1.5], floc=0, fscale=1)


@fails("singular_matrix", "positive|semidefinite|covariance|eigenvalue|rank|dependent")
def degenerate_gaussian() -> None:
    """The covariance is singular: two variables are the same."""
    stats.multivariate_normal(np.zeros(2), np.ones((2, 2))).pdf([0.0, 0.0])


@fails("singular_matrix", "depend|collinear|rank|constant|dimension|null")
def density_of_a_line() -> None:
    """The data lie on a line: drop the dependent variable."""
    x = np.linspace(0, 1, 20)
    stats.gaussian_kde([x, 2 * x])


@fails("domain_error", "constant|variance|spread|differ")
def correlation_of_a_constant() -> None:
    """One of the two does not vary: there is no correlation."""
    with strictly():
        stats.pearsonr([1.0, 1.0, 1.0], [1.0, 2.0, 3.0])


@fails("domain_error", "positive")
def power_transform() -> None:
    """There is a number below zero in data that have to be positive: shift them, or Yeo–Johnson."""
    stats.boxcox(np.array([-1.0, 2.0, 3.0, 5.0]))


@fails("missing_input", "empty|filter|select|none|no ")
def empty_sample() -> None:
    """The sample is empty: the selection kept nothing."""
    with strictly():
        stats.ks_2samp([], [1.0, 2.0])


@fails("domain_error", "positive|domain|scale|negative")
def negative_rate() -> None:
    """The scale has to be positive: see where it comes from."""
    stats.expon.rvs(scale=-1.0, size=3)


@fails("domain_error", "positive|negative|rate", rate=-0.5)
def counts_of_negative_rate() -> None:
    """A rate below zero: a difference of two estimates, as a rule."""
    np.random.default_rng(1).poisson(-0.5)


@fails("constraint_violation", "normali|sum")
def transition_probabilities() -> None:
    """The probabilities do not sum to one: normalise them, and see where it was lost."""
    np.random.default_rng(1).choice(3, p=[0.5, 0.3, 0.1])


@fails("singular_matrix", "positive|definite|eigenvalue|symmetric")
def indefinite_noise() -> None:
    """The covariance has a negative eigenvalue: clip it, or the nearest correlation matrix."""
    np.random.default_rng(1).multivariate_normal(np.zeros(2), [[1.0, 2.0], [2.0, 1.0]], check_valid="raise")


@fails("loss_of_accuracy", "identical|shift|mean|cancel|subtract|differ")
def skewness_of_equals() -> None:
    """The numbers are almost equal: what is left after subtracting the mean is rounding."""
    with strictly():
        stats.skew(1e10 + np.array([0.0, 1e-6, 0.0, 0.0]))


@fails("missing_input", "empty|filter|select|none|no ")
def mean_of_nothing() -> None:
    """The selection is empty: the filter kept nothing."""
    values = np.array([1.0, 2.0])
    with strictly():
        values[values > 10].mean()


@fails("missing_input", "empty|filter|select|none|no ")
def largest_of_nothing() -> None:
    """The selection is empty: the filter kept nothing."""
    np.array([]).max()


@fails("missing_input", "sample|one|more|ddof|data")
def spread_of_one() -> None:
    """One sample has no spread: take more."""
    with strictly():
        np.std([1.0], ddof=1)


# Functions.


@fails("domain_error", "pole|singular|domain|argument")
def pole_of_gamma() -> None:
    """The argument is at a pole of Γ: the reflection formula, or a limit."""
    with special.errstate(all="raise"):
        special.gammaln(0.0)


@fails("non_finite", "logarithm|ln Γ|gammaln|overflow")
def factorial_of_200() -> None:
    """200! is beyond 1.8e308: its logarithm (gammaln)."""
    math.gamma(201.0)


@fails("domain_error", "domain|argument|interval|clamp")
def elliptic_modulus() -> None:
    """The parameter of K(m) is above one: k was meant for m, or it left the domain."""
    with special.errstate(all="raise"):
        special.ellipk(1.5)


@fails("non_finite", "logarithm|log-sum-exp|exponent|overflow", beta=1000.0)
def partition_function() -> None:
    """exp(1000) overflows: log-sum-exp."""
    with np.errstate(all="raise"):
        np.exp(1000.0 * np.array([0.5, 1.0])).sum()


@fails("non_finite", "step|stab|grew", dt=0.1)
def euler_decay() -> None:
    """λ dt = −100 is outside of the region of stability: a smaller step, or implicit Euler."""
    y = np.array([1.0])
    with np.errstate(all="raise"):
        for step in range(400):
            record(step=step, y=y[0])
            y = y + 0.1 * (-1000.0 * y)


@fails("non_finite", "learning_rate|step", learning_rate=1.5)
def gradient_descent() -> None:
    """The learning rate is beyond the limit: smaller."""
    x = np.array([1.0, 10.0])
    for epoch in range(1000):
        loss = 0.5 * float(x @ (np.array([1.0, 100.0]) * x))
        record(epoch=epoch, loss=loss)
        if not math.isfinite(loss):
            raise RuntimeError("loss is nan")
        x = x - 1.5 * np.array([1.0, 100.0]) * x


@fails("domain_error", "past 0|negative|root, a logarithm", dt=0.3)
def entropy_of_density() -> None:
    """The density became negative: a smaller step, or its logarithm as the variable."""
    density = np.float64(1.0)
    with np.errstate(all="raise"):
        for k in range(20):
            record(density=density, entropy=np.log(density))
            density = density - 0.3


@fails("domain_error", "root|negative|domain")
def dispersion() -> None:
    """The root's argument is negative: the mode is unstable, or a sign is wrong."""
    with np.errstate(all="raise"):
        np.sqrt(np.array([1.0, -0.5]))


@fails("domain_error", "clamp|clip|acos|rounding|interval")
def scattering_angle() -> None:
    """A cosine of 1 + ε: clip it."""
    with np.errstate(all="raise"):
        np.arccos(np.float64(1.0000000000000002))


@fails("domain_error", "zero|divi")
def density_of_states() -> None:
    """The denominator is zero: a width, or leave the point out."""
    with np.errstate(all="raise"):
        1.0 / (np.array([0.0, 1.0, 2.0]) - 1.0)


@fails("non_finite", "∞|inf|overflow|NaN")
def difference_of_infinities() -> None:
    """∞ − ∞: both overflowed before."""
    with np.errstate(all="raise"):
        np.array([np.inf]) - np.array([np.inf])


@fails("loss_of_accuracy", "underflow|logarithm|small")
def tiny_probability() -> None:
    """exp(−1000) is zero in doubles: keep logarithms; where zero is right, the underflow is harmless."""
    with np.errstate(all="raise"):
        np.exp(np.array([-1000.0]))


@fails("domain_error", "log|zero")
def shannon_entropy() -> None:
    """p log p at p = 0: xlogy, or the limit zero."""
    p = np.array([0.0, 0.5, 0.5])
    with np.errstate(all="raise"):
        -(p * np.log(p)).sum()


@fails("domain_error", "power|negative|root")
def fractional_power() -> None:
    """A negative number to a power that is no integer: its sign is wrong, or a complex number was meant."""
    with np.errstate(all="raise"):
        np.array([-8.0]) ** (1 / 3)


@fails("domain_error", "domain|root|logarithm|negative")
def log_in_python() -> None:
    """The logarithm of a negative number."""
    math.log(-1.0)


@fails("non_finite", "overflow|logarithm|beyond", beta=1000.0)
def boltzmann_in_python() -> None:
    """exp(1000) overflows: its logarithm."""
    math.exp(1000.0)


@fails("non_finite", "overflow|logarithm|beyond|scale")
def power_in_python() -> None:
    """10⁴⁰⁰ is beyond 1.8e308: its logarithm."""
    10.0**400


@fails("non_finite", "NaN|finite")
def bin_of_nan() -> None:
    """There is a NaN where an integer is to be: find its origin."""
    int(float("nan") / 0.1)


@fails("non_finite", "inf|∞|finite|overflow")
def bin_of_infinity() -> None:
    """There is an infinity where an integer is to be: find its origin."""
    int(math.inf)


@fails("domain_error", "zero")
def acceptance_rate() -> None:
    """Nothing was proposed, so that the denominator is zero: check it before."""
    accepted, proposed = 0.0, 0.0
    accepted / proposed


# Arrays.


@fails("dimension_mismatch", "shape")
def two_grids() -> None:
    """Two grids of different lengths: print the shapes."""
    np.ones(3) + np.ones(4)


@fails("dimension_mismatch", "shape|transpos|inner")
def transposed_product() -> None:
    """The inner dimensions differ: one factor is transposed."""
    np.ones((3, 2)) @ np.ones((3, 2))


@fails("dimension_mismatch", "shape|transpos|inner")
def unaligned_product() -> None:
    """The inner dimensions differ."""
    np.dot(np.ones((3, 2)), np.ones(3))


@fails("other", "index")
def index_beyond_the_end() -> None:
    """The index is beyond the end: off by one, or the array is shorter than thought."""
    np.ones(3)[5]


@fails("other", "index")
def index_of_a_list() -> None:
    """The index is beyond the end: off by one, or the list is shorter than thought."""
    [1.0, 2.0][2]


@fails("dimension_mismatch", "length|shape|rows|ragged")
def ragged_rows() -> None:
    """The rows have different lengths: find the one that is short."""
    np.array([[1.0, 2.0], [3.0]])


@fails("dimension_mismatch", "shape|size|elements")
def wrong_reshape() -> None:
    """12 elements are no 5 × 2."""
    np.arange(12.0).reshape(5, 2)


@fails("dimension_mismatch", "shape|size|length")
def concatenated_blocks() -> None:
    """The blocks have different heights."""
    np.hstack([np.ones((2, 2)), np.ones((3, 2))])


@fails("dimension_mismatch", "shape|size|length|mask")
def mask_of_another_grid() -> None:
    """The mask belongs to another grid."""
    np.ones(3)[np.array([True, False, True, True])]


@fails("dimension_mismatch", "shape|size|length")
def assigned_block() -> None:
    """Three values into two places."""
    np.zeros(4)[:2] = np.ones(3)


@fails("dimension_mismatch", "shape|column|size")
def distances() -> None:
    """Points in the plane and points in space."""
    distance.cdist(np.ones((2, 2)), np.ones((2, 3)))


@fails("out_of_memory", "memory|sparse|block", n=2**20)
def dense_hamiltonian() -> None:
    """2²⁰ × 2²⁰ doubles are 8 TiB: sparse, or matrix-free."""
    np.zeros((2**20, 2**22))


@fails("out_of_memory", "memory|size|unit|sparse|block")
def absurd_size() -> None:
    """The size is no size: its unit or an overflow."""
    np.zeros((2**40, 2**40))


@fails("initialization", "negative|size|count|sign")
def negative_size() -> None:
    """A size below zero: see how it is computed."""
    np.zeros(-3)


@fails("other", None)
def truth_of_an_array() -> None:
    """A mistake of the program, which the message explains."""
    if np.array([1.0, 2.0]) > 0:
        pass


# Input, signals.


@fails("initialization", "read|pars|format|input|column|text|number")
def measured_table() -> None:
    """A cell is no number: a gap in the data, or a header."""
    np.loadtxt(["1.0 2.0", "3.0 --"])


@fails("initialization", "read|pars|format|input|text|number")
def parameter_file() -> None:
    """The text is no number."""
    float("n/a")


@fails("dimension_mismatch", "row|column|truncat|length|missing")
def short_row() -> None:
    """A row is short: the file is damaged, or a cell is empty."""
    np.loadtxt(["1.0 2.0", "3.0"])


@fails("missing_input", "empty|no data|file|nothing")
def empty_table() -> None:
    """The file is empty: the run that should have written it failed."""
    with strictly():
        np.loadtxt([])


@fails("missing_input", "path|file|name|director")
def missing_mesh() -> None:
    """The file is not there: the path is relative to another directory."""
    np.load("meshes/no_such_mesh.npy")


@fails("initialization", "short|length|padlen|samples|longer|points")
def filter_of_a_short_series() -> None:
    """The series is shorter than the filter's edges: longer data, or a lower order."""
    b, a = signal.butter(4, 0.1)
    signal.filtfilt(b, a, np.ones(10))


@fails("domain_error", "Nyquist|fs|between|interval|sampl")
def cutoff_above_nyquist() -> None:
    """The cutoff is above half of the sampling rate."""
    signal.butter(4, 120.0, fs=200.0)


@fails("missing_input", "empty|no data|nothing|samples")
def spectrum_of_nothing() -> None:
    """There is no signal."""
    np.fft.fft(np.array([]))


# Programs.


@fails("max_iterations", "recursion|depth|ends|double precision", tol=1e-300)
def adaptive_quadrature() -> None:
    """The subdivision never ends: the tolerance cannot be reached, or there is a singularity. Limit the depth."""

    def halve(a: float, b: float) -> float:
        return halve(a, (a + b) / 2) + halve((a + b) / 2, b)

    halve(0.0, 1.0)


@fails("time_limit", "time|checkpoint")
def slow_worker() -> None:
    """The time ran out: ask for more, or make it faster."""
    from concurrent.futures import ThreadPoolExecutor
    from threading import Event

    over = Event()
    with ThreadPoolExecutor(1) as pool:
        try:
            pool.submit(over.wait).result(timeout=0.01)
        finally:
            over.set()


@fails("interrupted", "stopped|checkpoint")
def stopped_cell() -> None:
    """Somebody stopped it."""
    raise KeyboardInterrupt


@fails("missing_input", "key|name|missing|given|set")
def missing_coupling() -> None:
    """A parameter is not there: its name, or the file it is read from."""
    {"alpha": 1.0}["beta"]


@fails("missing_input", "install")
def missing_package() -> None:
    """A package is not installed in this environment."""
    import no_such_solver  # type: ignore[import-not-found]  # noqa: F401


@fails("constraint_violation", "conserv|toleran|step|rounding|violat|symplectic")
def energy_check() -> None:
    """The energy is not conserved: a symplectic method, a smaller step; a tolerance hides it."""
    np.testing.assert_allclose(1.05, 1.0, rtol=1e-6, err_msg="energy is not conserved")


@fails("constraint_violation", "conserv|step|drift|symplectic|integrator", dt=0.1)
def energy_drift() -> None:
    """Euler's method gains energy: a symplectic method."""
    q, p, energies = 1.0, 0.0, []
    for step in range(100):
        q, p = q + 0.1 * p, p - 0.1 * q
        energies.append(0.5 * (q * q + p * p))
        record(step=step, energy=energies[-1])
    assert abs(energies[-1] / energies[0] - 1) < 1e-3, "energy drift"


@fails("max_iterations", "damp|mix|oscillat|relax")
def self_consistent_field() -> None:
    """The density sloshes to and fro: mix less of the new one."""
    density = 0.2
    for iteration in range(60):
        new = 1.0 - density + 0.001 * math.sin(density)
        record(iteration=iteration, change=abs(new - density))
        density = new
    raise RuntimeError("SCF not converged")


@fails("max_iterations", "slow|shift|gap|accelerat|precondition", tol=1e-10)
def power_iteration() -> None:
    """The two largest eigenvalues are close: shift, Lanczos."""
    matrix, v = np.diag([1.0, 0.98, 0.5]), np.ones(3)
    for iteration in range(100):
        w = matrix @ v
        w /= np.linalg.norm(w)
        residual = float(np.linalg.norm(matrix @ w - (w @ matrix @ w) * w))
        record(iteration=iteration, residual=residual)
        v = w
    raise RuntimeError(f"no convergence after 100 iterations, residual {residual:.1e}")


@fails("other", None)
def none_of_a_branch() -> None:
    """A mistake of the program: a branch returned None."""
    result: Any = None
    result.x


@fails("other", None)
def text_and_number() -> None:
    """A mistake of the program: a text where a number should be."""
    "1.0" + 2.0  # type: ignore[operator]


@fails("other", None)
def unknown_name() -> None:
    """A mistake of the program."""
    lattice_size  # type: ignore[name-defined]  # noqa: B018, F821


@fails("other", None)
def wrong_call() -> None:
    """A mistake of the program: an argument is missing in a call."""
    optimize.brentq(math.sin, 0.0)


@fails("other", None)
def to_be_written() -> None:
    """Nothing failed but the program, which is not done."""
    raise NotImplementedError("curved boundaries")


#: Where the record does not say what the analyst says: in its category, its advice, or both; and why.
MISSED: dict[str, tuple[set[str], str]] = {
    "regulator": ({"category", "advice"}, "SciPy says that no solution was found, and nothing of control"),
    "draining_tank": ({"category"}, "the solver reports a small step; the NaN is in the trail and in the advice"),
    "exact_orbit": ({"category"}, "LSODA calls it an illegal input; the advice is from the parameter"),
    "stiffness_noticed": ({"category"}, "no category is stiffness, and the solver gave up before its steps ran out"),
    "oscillating_integral": ({"category"}, "QUADPACK takes it for divergent"),
    "self_energy": ({"category"}, "QUADPACK runs out of subdivisions before it sees that it diverges"),
    "principal_value": ({"category"}, "QUADPACK takes it for divergent, which without a principal value it is"),
    "hybrid_root": ({"category"}, "evaluations run out before MINPACK sees that there is no progress"),
    "exact_root": ({"category"}, "MINPACK sees no progress; the advice is from the parameter"),
    "start_out_of_bounds": ({"category"}, "what is outside of bounds is outside of a domain, in general"),
    "wrong_gradient": ({"category"}, "\"ABNORMAL: \" alone has many causes; the advice asks for the method as well"),
    "incompatible_limits": ({"category"}, "SLSQP says that its line search failed"),
    "cobyla_constraints": ({"category"}, "COBYLA says that it did not converge, and then to what"),
    "free_lunch": ({"category"}, "no category is an objective without bound, where points are feasible"),
    "no_minimum_at_all": ({"category"}, "SciPy says that the iterations ran out"),
    "self_consistent_field": ({"advice"}, "the change is recorded without its sign, and falls slowly"),
}


@pytest.fixture(scope="module")
def logger(tmp_path_factory: pytest.TempPathFactory) -> StructuredLogger:
    return StructuredLogger(tmp_path_factory.mktemp("records"))


def recorded(case: Case, logger: StructuredLogger) -> Failure:
    """Runs a case, and returns its record."""
    computation = logger.computation(case.name, "§2", **case.parameters)
    with warnings.catch_warnings(), pytest.raises(BaseException) as raised:
        warnings.simplefilter("ignore")
        with computation:
            case.run()
    assert type(raised.value) is not AssertionError or str(raised.value), f"{case.name} did not fail as it should"
    return next(failure for failure in reversed(read(logger.output_dir)) if failure.computation == case.name)


def missed(case: Case, failure: Failure) -> set[str]:
    """The parts of a record, category and advice, that differ from the analyst's."""
    first = next(iter(failure.suggested_fixes), None)
    agrees = first is None if case.begins is None else first is not None and bool(re.search(case.begins, first))
    differs = {"category": failure.category != case.category, "advice": not agrees}
    return {name for name, is_different in differs.items() if is_different}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_category_and_first_suggestion_are_those_of_an_analyst(case: Case, logger: StructuredLogger) -> None:
    failure = recorded(case, logger)
    expected, _ = MISSED.get(case.name, (set(), ""))
    summary = f"{failure.error_type}: {failure.error_message}\n{failure.category}: {failure.suggested_fixes[:1]}"
    assert missed(case, failure) == expected, summary


def test_known_misses_are_cases() -> None:
    names = [case.name for case in CASES]
    assert len(set(names)) == len(names)
    assert not MISSED.keys() - set(names)


def test_at_most_one_of_ten_cases_is_a_miss() -> None:
    assert 10 * len(MISSED) <= len(CASES)
