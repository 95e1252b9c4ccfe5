"""The columns of a computation as a frame of pandas or polars."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from .._native import ColumnData


class RunColumns:
    """The columns of a computation. Their buffers become arrays without a Python object for each number."""

    def __init__(self, columns: list["ColumnData"]) -> None:
        self._columns = dict(zip(_unique(column["name"] for column in columns), columns, strict=True))

    def parameters(self) -> list[str]:
        """The names of the columns of parameters."""
        return [name for name, column in self._columns.items() if column["role"] == "parameter"]

    def to_pandas(self) -> Any:
        """A ``pandas.DataFrame``."""
        try:
            import pandas  # type: ignore[import-untyped, unused-ignore]
        except ImportError as error:
            raise ImportError("a frame of pandas needs pandas: pip install pandas") from error
        return pandas.DataFrame({name: _pandas_values(column) for name, column in self._columns.items()}, copy=False)

    def to_polars(self) -> Any:
        """A ``polars.DataFrame``."""
        try:
            import polars
        except ImportError as error:
            raise ImportError("a frame of polars needs polars: pip install polars") from error
        series = {}
        for name, column in self._columns.items():
            if column["numbers"] is not None:
                series[name] = _polars_numbers(polars, column)
            if column["codes"] is not None:
                series[name if column["numbers"] is None else f"{name}.text"] = _polars_labels(polars, column)
        # The name of a text column may be taken.
        names = _unique(series)
        return polars.DataFrame([values.alias(name) for name, values in zip(names, series.values(), strict=True)])


def _unique(names: Iterable[str]) -> list[str]:
    unique: dict[str, None] = {}
    for name in names:
        while name in unique:
            name += "_"
        unique[name] = None
    return list(unique)


def _is_time(column: "ColumnData") -> bool:
    return column["role"] == "fact" and column["name"] == "ended"


def _pandas_values(column: "ColumnData") -> Any:
    import numpy
    import pandas

    missing = None if column["missing"] is None else numpy.frombuffer(column["missing"], dtype=bool)
    if column["codes"] is None:
        numbers = numpy.frombuffer(column["numbers"] or b"", dtype=numpy.float64)
        if _is_time(column):
            return pandas.to_datetime(pandas.Series(numbers), unit="us", utc=True).dt.as_unit("us")
        if missing is not None:
            return pandas.arrays.FloatingArray(numbers, missing)
        return numbers
    codes = numpy.frombuffer(column["codes"], dtype=numpy.int32)
    if column["numbers"] is not None:
        labels = numpy.array([*column["labels"], None], dtype=object)
        numbers = numpy.frombuffer(column["numbers"], dtype=numpy.float64).astype(object)
        is_number = codes < 0 if missing is None else (codes < 0) & ~missing
        return numpy.where(is_number, numbers, labels[codes])
    if codes.max(initial=-1) < 2:
        # Booleans only: their codes are 0 and 1.
        return codes == 1 if missing is None else pandas.arrays.BooleanArray(codes == 1, missing)
    used = numpy.unique(codes[codes >= 0])
    if used[0] < 2:
        return numpy.array([*column["labels"], None], dtype=object)[codes]
    categories = pandas.Index([column["labels"][code] for code in used], dtype=object)
    positions = numpy.full(len(column["labels"]) + 1, -1, dtype=numpy.int32)
    positions[used] = numpy.arange(len(used), dtype=numpy.int32)
    return pandas.Categorical.from_codes(positions[codes], categories=categories)


def _polars_numbers(polars: Any, column: "ColumnData") -> Any:
    numbers = polars.Series(entries(column["numbers"] or bytearray(), "d"), dtype=polars.Float64)
    if column["codes"] is not None:
        missing = polars.Series(entries(column["codes"], "i"), dtype=polars.Int32) >= 0
        if column["missing"] is not None:
            missing |= polars.Series(entries(column["missing"], "?"), dtype=polars.Boolean)
        numbers = numbers.set(missing, None)
    elif column["missing"] is not None:
        numbers = numbers.set(polars.Series(entries(column["missing"], "?"), dtype=polars.Boolean), None)
    return numbers.cast(polars.Int64).cast(polars.Datetime("us", "UTC")) if _is_time(column) else numbers


def _polars_labels(polars: Any, column: "ColumnData") -> Any:
    codes = polars.Series(entries(column["codes"] or bytearray(), "i"), dtype=polars.Int32)
    codes = codes.set(codes < 0, None).cast(polars.UInt32)
    if column["numbers"] is None and (codes.max() is None or codes.max() < 2):
        return polars.Series([False, True], dtype=polars.Boolean).gather(codes)
    texts = [str(label).lower() if isinstance(label, bool) else label for label in column["labels"]]
    return polars.Series(texts, dtype=polars.String).gather(codes)


def entries(memory: bytearray, format: Literal["d", "i", "?"]) -> Any:
    """The entries as an array of NumPy, or as a list if NumPy is not installed."""
    try:
        import numpy
    except ImportError:
        return memoryview(memory).cast(format).tolist()
    return numpy.frombuffer(memory, dtype={"d": numpy.float64, "i": numpy.int32, "?": numpy.bool_}[format])
