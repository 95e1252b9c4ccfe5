"""Tables and columns of pandas and polars, and sparse matrices."""

from collections.abc import Iterable
from typing import Any

from .arrays import from_array
from .limits import MAX_ENTRIES, MAX_OBJECTS, SUMMARY_ENDS, with_omission_note


def from_pandas(numpy: Any, pandas: Any, value: Any) -> Any:
    """A column. Missing numbers of NumPy types are NaN, other missing entries are ``None``."""
    dtype = value.dtype
    if isinstance(dtype, numpy.dtype) and dtype.kind != "O" or isinstance(value, pandas.MultiIndex):
        return from_array(numpy, value.to_numpy())
    length = len(value)
    if length > MAX_ENTRIES and pandas.api.types.is_numeric_dtype(dtype):
        return from_array(numpy, value.to_numpy(dtype="float64", na_value=numpy.nan))
    column = value.iloc if isinstance(value, pandas.Series) else value
    if length > MAX_OBJECTS:
        head, tail = _missing_to_none(column[:SUMMARY_ENDS]), _missing_to_none(column[-SUMMARY_ENDS:])
        return {"summary": "array", "length": length, "shape": [length], "head": head, "tail": tail}
    return _missing_to_none(column[:])


def _missing_to_none(column: Any) -> list[Any]:
    return [None if is_missing is True else entry for entry, is_missing in zip(column, column.isna().tolist())]


def from_polars(numpy: Any, value: Any) -> Any:
    """A series of polars."""
    if len(value) <= MAX_ENTRIES:
        return value.to_list()
    if numpy is not None and value.dtype.is_numeric() and not value.dtype.is_decimal():
        return from_array(numpy, value.to_numpy())
    head, tail = value.head(SUMMARY_ENDS).to_list(), value.tail(SUMMARY_ENDS).to_list()
    return {"summary": "array", "length": len(value), "shape": [len(value)], "head": head, "tail": tail}


def from_columns(names: Iterable[str], column: Any) -> dict[str, Any]:
    """The columns of a table. A duplicate name gets a number, as in pandas' ``read_csv``."""
    columns: dict[str, Any] = {}
    names = list(names)
    for index, name in enumerate(names[: MAX_ENTRIES - 1]):
        free, number = name, 0
        while free in columns:
            number += 1
            free = f"{name}.{number}"
        columns[free] = column(index)
    return with_omission_note(columns, len(names))


def from_sparse(value: Any) -> dict[str, Any]:
    """The non-zero entries of a sparse matrix, with their positions if they are few."""
    summary: dict[str, Any] = {"sparse": value.format, "shape": list(value.shape), "nnz": value.nnz}
    if value.nnz <= MAX_ENTRIES:
        entries = value.tocoo()
        places = zip(("row", "col"), entries.coords) if len(value.shape) == 2 else [("coords", entries.coords)]
        return summary | dict(places) | {"data": entries.data}
    return summary | {"data": value.data if value.format in ("csr", "csc", "coo", "bsr") else value.tocoo().data}
