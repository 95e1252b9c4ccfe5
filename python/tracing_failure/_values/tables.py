"""Tables and columns of pandas and polars, and matrices that are mostly zeros."""

from collections.abc import Iterable
from typing import Any

from .arrays import of_array
from .limits import ARRAY, END, OBJECTS, noted


def of_pandas(numpy: Any, pandas: Any, value: Any) -> Any:
    """A column; what is missing in it is NaN among numbers of NumPy's kinds, else nothing."""
    dtype = value.dtype
    if isinstance(dtype, numpy.dtype) and dtype.kind != "O" or isinstance(value, pandas.MultiIndex):
        return of_array(numpy, value.to_numpy())
    length = len(value)
    if length > ARRAY and pandas.api.types.is_numeric_dtype(dtype):
        return of_array(numpy, value.to_numpy(dtype="float64", na_value=numpy.nan))
    column = value.iloc if isinstance(value, pandas.Series) else value
    if length > OBJECTS:
        head, tail = _present(column[:END]), _present(column[-END:])
        return {"summary": "array", "length": length, "shape": [length], "head": head, "tail": tail}
    return _present(column[:])


def _present(column: Any) -> list[Any]:
    return [None if is_missing is True else entry for entry, is_missing in zip(column, column.isna().tolist())]


def of_polars(numpy: Any, value: Any) -> Any:
    if len(value) <= ARRAY:
        return value.to_list()
    if numpy is not None and value.dtype.is_numeric() and not value.dtype.is_decimal():
        return of_array(numpy, value.to_numpy())
    head, tail = value.head(END).to_list(), value.tail(END).to_list()
    return {"summary": "array", "length": len(value), "shape": [len(value)], "head": head, "tail": tail}


def of_columns(names: Iterable[str], column: Any) -> dict[str, Any]:
    """The columns of a table; one whose name is taken is called as pandas calls it when it reads a file."""
    columns: dict[str, Any] = {}
    names = list(names)
    for index, name in enumerate(names[: ARRAY - 1]):
        free, number = name, 0
        while free in columns:
            number += 1
            free = f"{name}.{number}"
        columns[free] = column(index)
    return noted(columns, len(names))


def of_sparse(value: Any) -> dict[str, Any]:
    """What it holds beside zeros, and where as long as that is few."""
    summary: dict[str, Any] = {"sparse": value.format, "shape": list(value.shape), "nnz": value.nnz}
    if value.nnz <= ARRAY:
        entries = value.tocoo()
        places = zip(("row", "col"), entries.coords) if len(value.shape) == 2 else [("coords", entries.coords)]
        return summary | dict(places) | {"data": entries.data}
    return summary | {"data": value.data if value.format in ("csr", "csc", "coo", "bsr") else value.tocoo().data}
