#!/usr/bin/env python3
"""Compares `failures risk` with scikit-learn's gradient boosting on runs of unknown sessions.

    risk.py target/release/examples/sweep [--failures target/release/failures] [--runs 6000]

The three sweeps of the example `sweep`, whose boundaries are sharp, and those of `solvers.py`, whose boundaries are
curved, fractal or random; both with many and with few runs. Each has six sessions. Both methods learn from four of
them, and predict the runs of the other two.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import brier_score_loss, roc_auc_score

import command
from solvers import SOLVERS
from table import encode, read_runs

SESSIONS = 6
TRAINING_SESSIONS = 4
SEED = 20261201
COMPUTATIONS = {
    "newton": "observable_phase_zero",
    "rg_flow": "rg_flow_integration",
    "van_der_pol": "observable_limit_cycle",
}


def run_sweep(example, name, runs, directory, sessions):
    for session in sessions:
        arguments = [example, name, str(directory), str(runs), str(session)]
        subprocess.run(arguments, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def run_solver(solver, runs, known, unknown):
    """Writes the closing lines of a solver, and returns its name."""
    names, parameters, failed = solver(np.random.default_rng(SEED), runs)
    for session in range(SESSIONS):
        logs = (known if session < TRAINING_SESSIONS else unknown) / "logs"
        logs.mkdir(parents=True, exist_ok=True)
        with (logs / f"computations_20261201_s{session}_0000.jsonl").open("w", encoding="utf-8") as log:
            for run in range(session, runs, SESSIONS):
                line = {
                    "message": "computation closed",
                    "computation": solver.__name__,
                    "parameters": dict(zip(names, map(float, parameters[run]))),
                    "outcome": "failed" if failed[run] else "ok",
                    "session_id": f"s{session}",
                }
                log.write(json.dumps(line) + "\n")
    return solver.__name__


def predict_boosting(training, judged):
    """Encodes both parts together, so that they have the same columns."""
    matrix = encode([joined(one, other) for one, other in zip(training[0], judged[0])])
    rows = len(training[1])
    model = HistGradientBoostingClassifier(random_state=0).fit(matrix[:rows], training[1])
    return model.predict_proba(matrix[rows:])[:, 1]


def joined(one, other):
    assert one.name == other.name, "both parts have the same parameters in the same order"
    values, missing = (np.concatenate(pair) for pair in ((one.values, other.values), (one.missing, other.missing)))
    return type(one)(one.name, values, missing)


def write_batch(directory, path, computation):
    """Writes the parameters of each run as they are in its closing line."""
    with path.open("w", encoding="utf-8") as batch:
        for log in sorted(Path(directory).glob("logs/computations_*.jsonl")):
            for text in log.read_text(encoding="utf-8").splitlines():
                line = json.loads(text)
                if line.get("computation") == computation:
                    batch.write(json.dumps(line["parameters"]) + "\n")


def scores(failed, risks):
    return f"{roc_auc_score(failed, risks):.4f} | {brier_score_loss(failed, np.clip(risks, 0, 1)):.4f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("example", help="path of the example `sweep`")
    parser.add_argument("--failures", help="path of the command")
    parser.add_argument("--runs", type=int, default=6_000)
    options = parser.parse_args()
    sweeps = [(name, runs) for runs in (options.runs, options.runs // 4) for name in [*COMPUTATIONS, *SOLVERS]]
    print(f"`{' '.join(sys.argv)}`\n")
    print("| sweep | runs | failing | AUC of risk | Brier score | AUC of boosting | Brier score | by |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |")
    for name, runs in sweeps:
        with tempfile.TemporaryDirectory() as temporary:
            known, unknown = Path(temporary) / "known", Path(temporary) / "unknown"
            if callable(name):
                computation = name = run_solver(name, runs, known, unknown)
            else:
                computation = COMPUTATIONS[name]
                run_sweep(options.example, name, runs, known, range(TRAINING_SESSIONS))
                run_sweep(options.example, name, runs, unknown, range(TRAINING_SESSIONS, SESSIONS))
            training, judged = read_runs(known), read_runs(unknown)
            cells, by = " | ", ""
            if options.failures:
                batch = Path(temporary) / "batch.jsonl"
                write_batch(unknown, batch, computation)
                answers = command.risks(options.failures, known, computation, batch)
                cells = scores(judged[1], np.array([answer["risk"] or 0.0 for answer in answers]))
                kinds, counts = np.unique([answer["by"] for answer in answers], return_counts=True)
                by = ", ".join(f"{kind} {count}" for kind, count in zip(kinds, counts))
            boosting = scores(judged[1], predict_boosting(training, judged))
            print(f"| {name} | {runs:,} | {judged[1].mean():.1%} | {cells} | {boosting} | {by} |", flush=True)
            shutil.rmtree(known)


if __name__ == "__main__":
    main()
