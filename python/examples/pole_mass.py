"""A Newton iteration for a pole mass that does not converge from its start: ``python examples/pole_mass.py``."""

import sys

from tracing_failure import StructuredLogger, read

logger = StructuredLogger(output_dir="io/failures")


class ConvergenceError(ArithmeticError):
    def __init__(self, iterations, residual):
        super().__init__(f"no convergence within {iterations} iterations, residual {residual:.2e}")
        self.iterations, self.residual = iterations, residual


def self_energy(m):
    """The inverse propagator and its derivative at the mass ``m``."""
    return m**3 - 2.0 * m + 2.0, 3.0 * m**2 - 2.0


def pole_mass(m, tolerance=1e-12, iterations=40):
    with logger.computation(
        "observable_pole_mass", theoretical_ref="IRH v21.4 Part 2 §4.1", m=m, tolerance=tolerance, iterations=iterations
    ) as c:
        for iteration in range(iterations):
            value, slope = self_energy(m)
            c.record("newton step", iteration=iteration, m=m, residual=abs(value))
            if abs(value) < tolerance:
                return m
            m -= value / slope
        raise ConvergenceError(iterations, abs(value))


if __name__ == "__main__":
    print(f"from -1.5: {pole_mass(-1.5):.6f}")
    try:
        pole_mass(0.0)
    except ConvergenceError as error:
        failure = read("io/failures")[-1]
        print(f"from 0: {error}")
        print(*(f"  try: {fix}" for fix in failure.suggested_fixes), sep="\n")
        print(f"recorded in {failure.path}")
        sys.exit(1)
