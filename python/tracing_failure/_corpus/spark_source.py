"""The exported runs of a computation, for Spark."""

import json
from typing import Any, NamedTuple

from .run_sql import quoted_name

#: Number of runs whose parameters decide on the order of the columns.
_RUNS_FOR_ORDER = 100


class ParameterColumns(NamedTuple):
    """A parameter and its columns in the exported files."""

    parameter: str
    #: The column of its numbers, if a file has one.
    numbers: str | None
    #: The column of its texts and booleans, if a file has one.
    texts: str | None


class SparkSource:
    """The exported runs of a computation."""

    def __init__(self, spark: Any, path: str, computation: str | None) -> None:
        path = path.rstrip("/")
        # Spark ignores the directory of trails, `_trails`.
        directory = path if computation is None else f"{path}/computation={_escape(computation)}"
        reader = spark.read.option("mergeSchema", "true").option("basePath", path)
        try:
            self.runs = reader.parquet(directory)
        except Exception as error:
            if not any(reason in str(error) for reason in ("PATH_NOT_FOUND", "UNABLE_TO_INFER_SCHEMA")):
                raise
            whose = f" of {computation!r}" if computation is not None else ""
            raise FileNotFoundError(f"no exported runs{whose} in {path}: write them with 'failures export'") from None
        #: The name of the computation.
        self.computation = _only_computation(self.runs, path) if computation is None else computation
        #: The parameters in the order of the runs.
        self.parameters = parameter_columns(self.runs.columns, self._order())

    def _order(self) -> list[str]:
        """The names of parameters as they follow each other in the runs."""
        if "parameters" not in self.runs.columns:
            return []
        names: dict[str, None] = {}
        for (parameters,) in self.runs.select("parameters").limit(_RUNS_FOR_ORDER).collect():
            names |= dict.fromkeys(json.loads(parameters or "{}"))
        return list(names)


def parameter_columns(columns: list[str], order: list[str]) -> list[ParameterColumns]:
    """The parameters that have columns: ``p.x`` has the numbers of ``x``, ``p.x.text`` its texts and booleans.

    The name of a parameter that looks like the second kind has the suffix ``~``.
    """
    found: dict[str, list[str | None]] = {}
    for column in columns:
        name = column.removeprefix("p.")
        if name == column:
            continue
        is_text = name.endswith(".text")
        name = name.removesuffix(".text") if is_text else name
        if name.rstrip("~").endswith(".text"):
            name = name.removesuffix("~")
        found.setdefault(name, [None, None])[is_text] = column
    first = {name: place for place, name in enumerate(order)}
    names = sorted(found, key=lambda name: first.get(name, len(first)))
    return [ParameterColumns(name, *found[name]) for name in names]


def _only_computation(runs: Any, path: str) -> str:
    names = [str(name) for (name,) in runs.select(quoted_name("computation")).distinct().collect()]
    if len(names) != 1:
        raise ValueError(f"name one of the {len(names)} computations in {path}: {', '.join(sorted(names))}")
    return names[0]


def _escape(name: str) -> str:
    """The name of a computation in a path, as ``failures export`` writes it."""
    plain = "_-.~"
    return "".join(
        character if character.isalnum() or character in plain or not (character.isascii() or character < " ")
        else f"%{ord(character):02X}"
        for character in name
    )  # fmt: skip
