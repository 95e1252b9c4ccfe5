"""Reads closing lines into columns, and encodes the columns for scikit-learn and pysubgroup."""

import json
from pathlib import Path

import numpy as np
import pandas as pd

from parameters import Parameter

NOT_FINITE = {"NaN": np.nan, "Infinity": np.inf, "-Infinity": -np.inf}
MAX_LABELS = 32


def read_runs(directory, computation=None):
    """Returns the parameters, the failures, and the index of the session of each run."""
    columns, failed, sessions, rows = {}, [], [], 0
    for path in sorted(Path(directory).glob("logs/computations_*.jsonl")):
        with path.open(encoding="utf-8") as file:
            for text in file:
                line = json.loads(text)
                if line["message"] != "computation closed" or computation not in (None, line["computation"]):
                    continue
                for name, value in flatten(line["parameters"]):
                    columns.setdefault(name, {})[rows] = value
                failed.append(line["outcome"] != "ok")
                sessions.append(line["session_id"])
                rows += 1
    parameters = [column(name, values, rows) for name, values in sorted(columns.items())]
    return parameters, np.array(failed), np.unique(sessions, return_inverse=True)[1]


def flatten(value, path=""):
    if isinstance(value, dict):
        for name, entry in value.items():
            yield from flatten(entry, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for index, entry in enumerate(value):
            yield from flatten(entry, f"{path}[{index}]")
    elif value is not None:
        yield path, value


def column(name, values, rows):
    missing = np.ones(rows, bool)
    missing[list(values)] = False
    is_number = any(isinstance(value, (int, float)) and not isinstance(value, bool) for value in values.values())
    result = np.full(rows, np.nan) if is_number else np.full(rows, "", object)
    for row, value in values.items():
        result[row] = NOT_FINITE.get(value, value) if is_number else str(value)
    return Parameter(name, result, missing)


def encode(parameters):
    """Returns a matrix. Missing and not finite are columns of their own, and so is each label of a text.

    A text with more labels has columns for the most frequent ones.
    """
    columns = []
    for parameter in parameters:
        if parameter.missing.any():
            columns.append(parameter.missing)
        if parameter.is_number:
            finite = np.isfinite(parameter.values) & ~parameter.missing
            if (~finite & ~parameter.missing).any():
                columns.append(~finite & ~parameter.missing)
            columns.append(ranks(parameter.values, finite))
        else:
            labels, counts = np.unique(parameter.values[~parameter.missing].astype(str), return_counts=True)
            for label in labels[np.argsort(-counts)][:MAX_LABELS]:
                columns.append((parameter.values.astype(str) == label) & ~parameter.missing)
    return np.column_stack(columns).astype(np.float32)


def ranks(values, finite):
    """Returns the ranks of the finite values, and the median rank for the others.

    Only the order matters to a tree. scikit-learn takes values that differ by less than 1e-7 as equal, which would hide
    tolerances.
    """
    result = np.zeros(len(values))
    result[finite] = np.unique(values[finite], return_inverse=True)[1]
    result[~finite] = np.median(result[finite])
    return result


def frame(parameters):
    """Returns a pandas frame for pysubgroup, without texts that have many labels. Missing is a column of its own."""
    columns = {}
    for parameter in parameters:
        present = ~parameter.missing
        if parameter.missing.any():
            columns[f"{parameter.name} is missing"] = parameter.missing
        if parameter.is_number:
            finite = np.isfinite(parameter.values)
            if (present & ~finite).any():
                columns[f"{parameter.name} is not finite"] = present & ~finite
            columns[parameter.name] = np.where(present & finite, parameter.values, np.nan)
        elif len(np.unique(parameter.values.astype(str))) <= MAX_LABELS:
            columns[parameter.name] = np.where(present, parameter.values.astype(str), "missing")
    return pd.DataFrame(columns)
