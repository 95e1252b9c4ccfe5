"""The series of numbers in the trail of a record."""

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

from .text import json_beginning, value_text

#: Minimum rows of a series, and maximum values of a column that separates series, as in a record's `convergence`.
_MIN_ROWS, _MAX_GROUP_VALUES = 4, 12


class Series(NamedTuple):
    """Numbers that a computation reported, and the index at which numbers are missing."""

    name: str
    values: list[float]
    gap: int
    extent: str


def series_of(entry: dict[str, Any]) -> Iterator[Series]:
    """The series of an entry of the trail."""
    columns, total, head = (entry.get(name) for name in ("columns", "seen", "head"))
    columns, rows = _last_series(columns if isinstance(columns, dict) else {}, entry.get("span_columns"))
    spans = _span_suffix(entry)
    for name, column in _number_columns(columns):
        values = [_float(column[row]) for row in (range(len(column)) if rows is None else rows)]
        if len(values) < 2 or None in values:
            continue
        is_whole = not isinstance(total, int) or total <= len(values)
        extent = f"{len(values)} values" if is_whole else f"{len(values)} of {total} values"
        gap = head if isinstance(head, int) and not is_whole else len(column)
        before_gap = gap if rows is None else sum(row < gap for row in rows)
        yield Series(f"{name}{spans}", [value for value in values if value is not None], before_gap, extent)


def _span_suffix(entry: dict[str, Any]) -> str:
    """`` in level depth=2``: the innermost span of the numbers, and the fields of all their spans."""
    spans, fields = entry.get("spans"), entry.get("span_fields")
    words = [str(spans[-1])] if isinstance(spans, list) and spans else []
    words += [f"{name}={value_text(value)}" for name, value in fields.items()] if isinstance(fields, dict) else []
    return f" in {' '.join(words)}" if words else ""


def _last_series(columns: dict[str, Any], span_names: Any) -> tuple[dict[str, Any], list[int] | None]:
    """The columns that are no fields of spans, and the rows of the last series if there are several.

    These are the rows with the same spans as the last row, or else the rows that agree with it in the fields with few
    different values.
    """
    span_names = [name for name in span_names if isinstance(name, str)] if isinstance(span_names, list) else []
    span_columns = [columns[name] for name in span_names if isinstance(columns.get(name), list)]
    columns = {name: column for name, column in columns.items() if name not in span_names}
    lengths = {len(column) for column in [*span_columns, *columns.values()] if isinstance(column, list)}
    if not span_columns or len(lengths) != 1:
        return columns, None
    few = [column for column in span_columns if len(set(map(json_beginning, column))) <= _MAX_GROUP_VALUES]
    for same in (span_columns, few):
        rows = [row for row in range(*lengths) if all(column[row] == column[-1] for column in same)]
        if same and len(rows) >= _MIN_ROWS:
            return columns, rows
    return columns, None


def _number_columns(columns: dict[str, Any]) -> Iterator[tuple[str, list[Any]]]:
    """The columns. Complex numbers and quantities, which other programs may have written, are split into parts."""
    for name, column in columns.items():
        if not isinstance(column, list):
            continue
        names = {key for value in column if isinstance(value, dict) for key in value}
        if not names:
            yield str(name), column
        for key, part in (("value", ""), ("re", ".re"), ("im", ".im")):
            if key in names:
                yield f"{name}{part}", [value.get(key) if isinstance(value, dict) else value for value in column]


def _float(value: Any) -> float | None:
    if value is None:
        return math.nan
    try:
        return float(value) if isinstance(value, (int, float)) else None
    except OverflowError:
        return math.inf
