"""The parameters of a synthetic corpus: twelve that can be a cause, and decoys."""

from dataclasses import dataclass

import numpy as np

METHODS = ["RK45", "Dopri5", "BDF", "Radau", "LSODA"]
PRECONDITIONERS = ["none", "jacobi", "ilu", "amg"]


@dataclass
class Parameter:
    """The values of one parameter in all runs.

    `values` are floats (which may be NaN), texts or booleans. In runs with `missing`, the parameter has no value.
    `group` is the name of the object or the array that contains it.
    """

    name: str
    values: np.ndarray
    missing: np.ndarray
    group: str = ""

    @property
    def is_number(self):
        return self.values.dtype.kind == "f"


def draw_parameters(rng, rows, session, number, missing):
    """Draws `number` parameters: causes first, then decoys, then further numbers without influence."""
    absent = np.zeros(rows, bool)
    some = lambda share: rng.random(rows) < share
    uniform = lambda low, high: rng.uniform(low, high, rows)
    power = lambda low, high: 10.0 ** rng.uniform(low, high, rows)
    text = lambda options: np.array(options)[rng.integers(len(options), size=rows)]
    lam, mu = uniform(0, 100), power(-2, 3)
    gamma = np.where(some(0.05), np.nan, uniform(-1, 1))
    sessions = int(session.max()) + 1
    parameters = [
        Parameter("lambda", lam, some(missing)),
        Parameter("mu", mu, absent),
        Parameter("gamma", gamma, some(missing)),
        Parameter("couplings[0]", uniform(0, 50), absent, "couplings"),
        Parameter("couplings[1]", rng.normal(0, 10, rows), absent, "couplings"),
        Parameter("t_max", np.round(uniform(0, 10), 1), some(missing)),
        Parameter("points", 2.0 ** rng.integers(3, 11, rows), absent),
        Parameter("method", text(METHODS), some(missing)),
        Parameter("adaptive", rng.random(rows) < 0.5, absent),
        Parameter("opts.rtol", power(-12, -2), absent, "opts"),
        Parameter("opts.damping", uniform(0, 1), some(0.3), "opts"),
        Parameter("opts.preconditioner", text(PRECONDITIONERS), absent, "opts"),
        # Decoys: random and unique numbers, noisy copies, constants, unique texts, facts about the session.
        Parameter("seed", rng.integers(2**32, size=rows).astype(float), absent),
        Parameter("energy", lam * rng.normal(1, 0.2, rows) + 3, absent),
        Parameter("scale", mu * np.exp(rng.normal(0, 0.5, rows)), absent),
        Parameter("run", np.arange(rows, dtype=float), absent),
        Parameter("runs", np.full(rows, float(rows)), absent),
        Parameter("job", np.char.add("job-", rng.permutation(rows).astype(str)), absent),
        Parameter("input", np.char.add("mesh-", rng.integers(max(50, rows // 20), size=rows).astype(str)), absent),
        Parameter("temperature", rng.uniform(20, 80, sessions)[session], absent),
    ]
    while len(parameters) < number:
        parameters.append(Parameter(f"x{len(parameters)}", uniform(0, 1), some(missing)))
    return parameters[:number]
