"""The records of a directory, as a sequence or as a table."""

import json
import os
import warnings
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from typing import Any, overload

from .. import _native
from .failure import Failure

#: Maximum rows of the table in a notebook.
_MAX_TABLE_ROWS = 20
#: Length of ``20251227T043000.000Z_01a21351-ff9b-736d-ac9d-0e7e3264969e.json``.
_FILE_SUFFIX_LENGTH = 62
#: The columns before those of the parameters.
_COLUMNS = (
    "timestamp", "computation", "theoretical_ref", "error_type", "error_message", "category", "fingerprint",
    "session_id", "notebook", "cell_number", "id", "path",
)  # fmt: skip


def read(path: str | os.PathLike[str] = "io/failures") -> "Failures":
    """Reads the records in a directory, oldest first, or the record in a file.

    Conflict copies of records, which programs for synchronisation make, are skipped with a warning. Raises ``OSError``
    if the directory does not exist.

    >>> import tempfile
    >>> from tracing_failure import StructuredLogger
    >>> logger = StructuredLogger(tempfile.mkdtemp())
    >>> for beta in (5.5, 5.7):
    ...     _ = logger.log_failure("observable_mass", "no plateau", {"beta": beta}, "§2.3")
    >>> failures = read(logger.output_dir)
    >>> [failure.parameters["beta"] for failure in failures]
    [5.5, 5.7]
    >>> failures[-1].error_message
    'no plateau'
    """
    if os.path.isfile(path):
        return Failures([Path(path)])
    paths = [Path(path, file.name) for file in _native.record_paths(os.fspath(path))]
    for copy, original in _native.conflict_copies(os.fspath(path)):
        _warn_of_copy(Path(path, copy.name), original, stacklevel=3)
    return Failures(paths)


class Failures(Sequence[Failure]):
    """A sequence of records. Each is read when it is accessed.

    Iteration skips a file that is no record, and a copy with the time and id of another record, with a warning. Access
    by index raises ``ValueError`` if the file is no record.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self.paths = list(paths)

    def __len__(self) -> int:
        return len(self.paths)

    @overload
    def __getitem__(self, index: int) -> Failure: ...
    @overload
    def __getitem__(self, index: slice) -> "Failures": ...
    def __getitem__(self, index: int | slice) -> "Failure | Failures":
        if isinstance(index, slice):
            return Failures(self.paths[index])
        return Failure.from_path(self.paths[index])

    def __iter__(self) -> Iterator[Failure]:
        originals = {path.name[-_FILE_SUFFIX_LENGTH:]: path for path in self.paths}
        for path in self.paths:
            try:
                failure = Failure.from_path(path)
            except (OSError, ValueError) as error:
                warnings.warn(f"skipped: {error}", stacklevel=2)
                continue
            original = originals.setdefault(_file_suffix(failure), path)
            if original == path or not failure.context.get("id"):
                yield failure
            else:
                _warn_of_copy(path, original, stacklevel=3)

    def to_pandas(self) -> Any:
        """A ``pandas.DataFrame`` with a row for each failure.

        Its columns are time, computation, error and so on, and ``parameters.NAME`` for each parameter. Integers and
        booleans that are missing in some rows have pandas' nullable types.
        """
        try:
            import pandas  # type: ignore[import-untyped, unused-ignore]
        except ImportError as error:
            raise ImportError("to_pandas needs pandas: pip install pandas") from error
        columns = {name: pandas.Series(values, dtype=_dtype(name, values)) for name, values in self._columns().items()}
        table = pandas.DataFrame(columns)
        time = pandas.to_datetime(table["timestamp"], utc=True, format="ISO8601", errors="coerce")
        table["timestamp"] = time.dt.as_unit("us")
        return table

    def to_polars(self) -> Any:
        """The same as a ``polars.DataFrame``. A parameter with values of different types becomes JSON text."""
        try:
            import polars
        except ImportError as error:
            raise ImportError("to_polars needs polars: pip install polars") from error
        columns = self._columns()
        table = polars.DataFrame({name: _uniform(polars, name, values) for name, values in columns.items()})
        time = polars.col("timestamp").str.to_datetime(time_zone="UTC", time_unit="ms", strict=False)
        return table.with_columns(time)

    def _columns(self) -> dict[str, list[Any]]:
        rows = [_row(failure) for failure in self]
        names = dict.fromkeys(_COLUMNS)
        for row in rows:
            names.update(dict.fromkeys(row))
        return {name: [row.get(name) for row in rows] for name in names}

    def __repr__(self) -> str:
        return f"<{len(self)} failure{'' if len(self) == 1 else 's'}>"

    def _repr_html_(self) -> str:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            latest = list(self[-_MAX_TABLE_ROWS:])[::-1]
        names = ("when", "computation", "by", "error", "kind")
        head = "".join(f"<th style='text-align:left'>{name}</th>" for name in names)
        rows = "".join(_html_row(failure) for failure in latest)
        more = f"<caption>the last {len(latest)} of {len(self)}</caption>" if len(self) > len(latest) else ""
        return f"<table>{more}<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _file_suffix(failure: Failure) -> str:
    """The end of the record's file name: its time and id."""
    time = failure.timestamp.replace("-", "").replace(":", "")
    return f"{time}_{failure.context.get('id')}.json"


def _warn_of_copy(copy: Path, original: Path, stacklevel: int) -> None:
    warnings.warn(f"skipped: {copy} is a copy of {original.name}", stacklevel=stacklevel)


def _row(failure: Failure) -> dict[str, Any]:
    context = failure.context
    row: dict[str, Any] = {
        "timestamp": failure.timestamp,
        "computation": failure.computation,
        "theoretical_ref": failure.theoretical_ref,
        "error_type": failure.error_type,
        "error_message": failure.error_message,
        **{name: context.get(name) for name in _COLUMNS[5:11]},
        "path": str(failure.path) if failure.path else None,
    }
    _flatten("parameters", failure.parameters, row)
    return row


def _flatten(name: str, value: Any, row: dict[str, Any]) -> None:
    """Adds columns for a value. Each entry of a dict has one, but the summary of an array is one value."""
    is_array = isinstance(value, dict) and value.get("summary") == "array"
    if name == "parameters" or isinstance(value, dict) and value and not is_array:
        for inner, entry in value.items():
            _flatten(f"{name}.{inner}", entry, row)
        return
    while name in row:
        # The name of a parameter contains a dot.
        name += "_"
    row[name] = value


def _dtype(name: str, values: list[Any]) -> str | None:
    """The type of a column, where pandas would choose another: integers with missing values would become floats."""
    if name in _COLUMNS:
        return "Int64" if name == "cell_number" else None if any(values) else "object"
    present = [value for value in values if value is not None]
    kinds = {type(value) for value in present}
    if kinds == {bool}:
        return "bool" if len(present) == len(values) else "boolean"
    if kinds == {int} and len(present) < len(values):
        return "Int64" if max(present) < 1 << 63 else "UInt64" if min(present) >= 0 else None
    return None


def _uniform(polars: Any, name: str, values: list[Any]) -> Any:
    if name in _COLUMNS:
        return polars.Series(name, values, dtype=polars.Int64 if name == "cell_number" else polars.String)
    kinds = {_value_kind(value) for value in values if value is not None}
    if len(kinds) <= 1 and kinds <= {"text", "truth", "number", "numbers"}:
        return polars.Series(name, values, strict=False)
    return polars.Series(name, [None if v is None else json.dumps(v) for v in values], dtype=polars.String)


def _value_kind(value: Any) -> str:
    if isinstance(value, bool):
        return "truth"
    if isinstance(value, str):
        return "text"
    if isinstance(value, (int, float)):
        return "number"
    if isinstance(value, list) and all(_value_kind(entry) == "number" for entry in value):
        return "numbers"
    return "other"


def _html_row(failure: Failure) -> str:
    error = f"{failure.error_type}: {failure.error_message}"
    cells = (
        failure.timestamp[:19].replace("T", " "),
        failure.computation,
        failure.theoretical_ref,
        error if len(error) <= 120 else error[:119] + "…",
        failure.category or "",
    )
    return "<tr>" + "".join(f"<td style='text-align:left'>{escape(cell)}</td>" for cell in cells) + "</tr>"
