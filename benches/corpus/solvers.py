"""Sweeps of small solvers whose failing parameters no short rule describes.

Each function draws the parameters of some runs, runs the solver, and returns the names, the parameters and the outcomes
(1 for a failed run).
"""

import numpy as np


def henon_map(random, runs):
    """The Hénon map: a run fails if the orbit escapes. The boundary of the starts that escape is fractal."""
    parameters = random.uniform([-1.5, -1.5, 1.0, 0.1], [1.5, 1.5, 1.5, 0.4], (runs, 4))
    x, y, a, b = parameters.T
    for _ in range(100):
        x, y = np.clip(1 - a * x * x + y, -1e6, 1e6), b * x
    return ["x", "y", "a", "b"], parameters, (np.abs(x) > 1e3).astype(int)


def newton_fractal(random, runs):
    """A damped Newton iteration for z³ = 1: a run fails without convergence."""
    parameters = np.column_stack(
        [random.uniform(-2, 2, (runs, 2)), random.integers(5, 30, runs), random.uniform(0.3, 1.9, runs)]
    )
    z = parameters[:, 0] + 1j * parameters[:, 1]
    converged = np.zeros(runs, dtype=bool)
    for iteration in range(30):
        z = z - parameters[:, 3] * (z**3 - 1) / (3 * z * z)
        converged |= (np.abs(z**3 - 1) < 1e-8) & (iteration < parameters[:, 2])
    return ["re", "im", "max_iterations", "damping"], parameters, (~converged).astype(int)


def gradient_descent(random, runs):
    """Stochastic gradient descent with momentum: a run fails if its loss stays large. The outcome is partly random."""
    rate, condition = 10 ** random.uniform(-3, 1, runs), 10 ** random.uniform(0, 3, runs)
    momentum, batch = random.uniform(0, 0.99, runs), random.integers(1, 64, runs)
    curvature = np.column_stack([np.ones(runs), condition / 100])
    w, v = random.normal(size=(runs, 2)), np.zeros((runs, 2))
    for _ in range(60):
        gradient = curvature * w * (1 + random.normal(size=(runs, 2)) / np.sqrt(batch)[:, None])
        v = momentum[:, None] * v - rate[:, None] * gradient
        w = np.clip(w + v, -1e9, 1e9)
    failed = ~((curvature * w * w).sum(axis=1) < 0.5)
    parameters = np.column_stack([rate, momentum, batch, condition])
    return ["learning_rate", "momentum", "batch", "condition"], parameters, failed.astype(int)


def conjugate_gradient(random, runs):
    """Conjugate gradients for a random diagonal system: a run fails without convergence."""
    parameters = np.column_stack(
        [
            random.integers(5, 60, runs),
            10 ** random.uniform(0, 6, runs),
            10 ** random.uniform(-12, -4, runs),
            random.integers(5, 80, runs),
        ]
    )
    failed = [not converges(random, int(n), condition, rtol, int(limit)) for n, condition, rtol, limit in parameters]
    return ["dimension", "condition", "rtol", "max_iterations"], parameters, np.array(failed, dtype=int)


def converges(random, dimension, condition, rtol, max_iterations):
    eigenvalues = 10 ** random.uniform(0, np.log10(condition), dimension)
    residual = random.normal(size=dimension)
    direction, square = residual.copy(), residual @ residual
    target = rtol**2 * square
    for _ in range(max_iterations):
        product = eigenvalues * direction
        residual = residual - square / (direction @ product) * product
        square, before = residual @ residual, square
        if square < target:
            return True
        direction = residual + square / before * direction
    return False


def logistic_model(random, runs):
    """No solver: the outcome is random, with a probability that depends smoothly on the parameters."""
    parameters = random.normal(size=(runs, 6))
    a, b, c = parameters.T[:3]
    probability = 1 / (1 + np.exp(-(a + 0.7 * b * c - 1.5)))
    return list("abcdef"), parameters, (random.uniform(size=runs) < probability).astype(int)


SOLVERS = [henon_map, newton_fractal, gradient_descent, conjugate_gradient, logistic_model]
