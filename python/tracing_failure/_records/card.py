"""The HTML card of a failure in a notebook. Text of a record is escaped: none of it becomes markup.

The card is readable without styles and pictures, because GitHub removes both from the output of notebooks.
"""

import json
import math
from collections.abc import Callable, Iterator
from html import escape
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

from .._runtime.notebook import display_path

#: Maximum causes, parameters, series and fixes of a card.
_MAX_CAUSES, _MAX_PARAMETERS, _MAX_SERIES, _MAX_FIXES = 4, 40, 8, 8
#: Minimum rows of a series, and maximum values of a column that separates series, as in a record's `convergence`.
_MIN_SERIES_ROWS, _MAX_GROUP_VALUES = 4, 12
#: Maximum characters of a name, a value, a line of text, the message and the stack.
_MAX_NAME, _MAX_VALUE, _MAX_LINE, _MAX_MESSAGE, _MAX_STACK = 80, 160, 500, 1000, 8000
#: The size of a plot, in pixels.
_WIDTH, _HEIGHT, _MARGIN = 240, 56, 5

_ENCODER = json.JSONEncoder(ensure_ascii=False, default=str)

_RED = "#d9483b"
_BOX = (
    f"border:1px solid rgba(128,128,128,.3);border-left:4px solid {_RED};border-radius:6px;padding:.8em 1.1em;"
    "max-width:58em;line-height:1.45;overflow-wrap:anywhere"
)
_FAINT = "opacity:.65"
_SMALL = f"{_FAINT};font-size:.85em"
_HEADING = f"{_SMALL};margin-top:.9em"
_CODE = "font-family:ui-monospace,monospace;font-size:.92em"
_CELL = "text-align:left;vertical-align:top;border:0;padding:.05em 0"


def html(record: dict[str, Any], path: Path | None) -> str:
    """The card of a record in the file ``path``."""
    parts = (_title, _error, _causes, _panics, _parameters, _trail, _fixes, _stack)
    shown = [*(_or_nothing(part, record) for part in parts), _or_nothing(lambda record: _where(record, path), record)]
    return f"<div style='{_BOX}'>{''.join(shown)}</div>"


def _or_nothing(part: Callable[[dict[str, Any]], str], record: dict[str, Any]) -> str:
    """A part of the card, or nothing if it cannot be made: records of other programs may hold anything."""
    try:
        return part(record)
    except Exception:
        return ""


def _title(record: dict[str, Any]) -> str:
    ref = _escape_short(record["theoretical_ref"])
    by = f"<span style='{_FAINT}'>, by {ref}</span>" if ref else ""
    return f"<div><strong style='font-size:1.1em'>{_escape_short(record['computation'])}</strong> failed{by}</div>"


def _error(record: dict[str, Any]) -> str:
    message = f": {_escape_short(record['error_message'], _MAX_MESSAGE)}" if record["error_message"] else ""
    kind = f"<strong>{_escape_short(record['error_type'])}</strong>"
    return f"<div style='color:{_RED};white-space:pre-wrap;margin:.15em 0'>{kind}{message}</div>"


def _causes(record: dict[str, Any]) -> str:
    errors = _dict_entries(record["context"].get("errors"))
    lines = []
    for index, error in enumerate(errors[: _MAX_CAUSES + 1]):
        if index:
            relation = {"context": "while handling", "member": "with"}.get(str(error.get("relation")), "from")
            kind, message = _escape_short(error.get("type") or "an error"), _escape_short(error.get("message"))
            lines.append(f"<div style='{_FAINT}'>{relation} {kind}: {message}</div>")
        notes = error.get("notes")
        for note in notes[:_MAX_CAUSES] if isinstance(notes, list) else ():
            lines.append(f"<div style='white-space:pre-wrap'>{_escape_short(note)}</div>")
    return "".join(lines) + _more(len(errors) - 1 - _MAX_CAUSES)


def _panics(record: dict[str, Any]) -> str:
    """Panics of other threads that caused the failure or may have caused it."""
    origin = record["context"].get("panic_origin")
    if not isinstance(origin, dict):
        return ""
    panics = _dict_entries(origin.get("raised"))
    relation = "possibly from" if origin.get("matched_by") == "unknown" else "from"
    lines = []
    for panic in panics[:_MAX_CAUSES]:
        thread = f" of thread {panic['thread']}" if panic.get("thread") else ""
        place = f" at {_line_of(panic.get('location'))}" if _line_of(panic.get("location")) else ""
        description = f"{relation} a panic{thread}{place}: "
        text = _escape_short(description) + _escape_short(panic.get("message"))
        lines.append(f"<div style='{_FAINT};white-space:pre-wrap'>{text}</div>")
    return "".join(lines) + _more(len(panics) - _MAX_CAUSES)


def _parameters(record: dict[str, Any]) -> str:
    parameters = record["parameters"]
    if parameters in (None, "", [], {}):
        return ""
    entries = list(parameters.items()) if isinstance(parameters, dict) else [("", parameters)]
    rows = "".join(
        f"<tr style='background:none'>"
        f"<td style='{_CELL};padding-right:1.2em;{_FAINT}'>{_escape_short(name, _MAX_NAME)}</td>"
        f"<td style='{_CELL};{_CODE}'>{_escape_short(_value(value), _MAX_VALUE)}</td></tr>"
        for name, value in entries[:_MAX_PARAMETERS]
    )
    table = f"<table style='margin:.15em 0;border:0;border-collapse:collapse'>{rows}</table>"
    return _heading("Parameters") + table + _more(len(entries) - _MAX_PARAMETERS)


def _value(value: Any) -> str:
    if isinstance(value, dict) and value.get("summary") == "array":
        shape = value.get("shape")
        size = " × ".join(map(str, shape)) if isinstance(shape, list) and shape else value.get("length", "?")
        description = [f"{name} {_number(value[name])}" for name in ("min", "max", "mean") if name in value]
        if value.get("non_finite"):
            description.append(f"{value['non_finite']} not finite")
        return f"array of {size}" + (f": {', '.join(description)}" if description else "")
    return value if isinstance(value, str) else _json(value)


def _json(value: Any) -> str:
    """The beginning of a value's JSON. The whole may be very long."""
    text = ""
    try:
        for part in _ENCODER.iterencode(value):
            text += part
            if len(text) > _MAX_VALUE:
                break
    except (ValueError, RecursionError):
        # The value contains itself.
        text += "…"
    return text


class _Series(NamedTuple):
    """Numbers that a computation reported, and the index at which numbers are missing."""

    name: str
    values: list[float]
    gap: int
    extent: str


def _trail(record: dict[str, Any]) -> str:
    series = [each for entry in _dict_entries(record["context"].get("trail")) for each in _series_of(entry)]
    if not series:
        return ""
    plots = "".join(map(_plot, series[:_MAX_SERIES]))
    row = f"<div style='display:flex;flex-wrap:wrap;gap:.7em 1.4em;margin-top:.15em'>{plots}</div>"
    return _heading("Trail") + row + _more(len(series) - _MAX_SERIES)


def _series_of(entry: dict[str, Any]) -> Iterator[_Series]:
    columns, total, head = (entry.get(name) for name in ("columns", "seen", "head"))
    columns, rows = _last_series(columns if isinstance(columns, dict) else {}, entry.get("span_columns"))
    spans = _spans(entry)
    for name, column in _numbers_of(columns):
        values = [_float(column[row]) for row in (range(len(column)) if rows is None else rows)]
        if len(values) < 2 or None in values:
            continue
        is_whole = not isinstance(total, int) or total <= len(values)
        extent = f"{len(values)} values" if is_whole else f"{len(values)} of {total} values"
        gap = head if isinstance(head, int) and not is_whole else len(column)
        before_gap = gap if rows is None else sum(row < gap for row in rows)
        yield _Series(f"{name}{spans}", [value for value in values if value is not None], before_gap, extent)


def _spans(entry: dict[str, Any]) -> str:
    """`` in level depth=2``: the innermost span of the numbers, and the fields of all their spans."""
    spans, fields = entry.get("spans"), entry.get("span_fields")
    words = [str(spans[-1])] if isinstance(spans, list) and spans else []
    words += [f"{name}={_value(value)}" for name, value in fields.items()] if isinstance(fields, dict) else []
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
    few = [column for column in span_columns if len(set(map(_json, column))) <= _MAX_GROUP_VALUES]
    for same in (span_columns, few):
        rows = [row for row in range(*lengths) if all(column[row] == column[-1] for column in same)]
        if same and len(rows) >= _MIN_SERIES_ROWS:
            return columns, rows
    return columns, None


def _numbers_of(columns: dict[str, Any]) -> Iterator[tuple[str, list[Any]]]:
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


def _plot(series: _Series) -> str:
    """A line through finite numbers, dots for others and for the end. The scale is logarithmic for wide ranges."""
    stride = -(-len(series.values) // (2 * _WIDTH))
    last = len(series.values) - 1
    indices = [*range(0, last, stride), last]
    finite = [value for value in series.values if math.isfinite(value)]
    low, high = (min(finite), max(finite)) if finite else (0.0, 0.0)
    is_log = low > 0 and high / low > 100
    scale = math.log10 if is_log else float
    # Half of each, because the difference can overflow.
    bottom, span = scale(low) / 2, scale(high) / 2 - scale(low) / 2

    def x(index: int) -> float:
        return _MARGIN + index * (_WIDTH - 2 * _MARGIN) / last

    def y(index: int) -> float:
        part = (scale(series.values[index]) / 2 - bottom) / span if span > 0 else 0.5
        return _HEIGHT - _MARGIN - part * (_HEIGHT - 2 * _MARGIN)

    def line(points: list[str]) -> str:
        # The first point twice: a line of one point would be invisible.
        return f"<polyline points='{' '.join(points[:1] + points)}'/>"

    def dot(x: float, y: float) -> str:
        return f"<circle cx='{x:.0f}' cy='{y:.1f}' r='2.5' fill='{_RED}' stroke='none'/>"

    shapes = ""
    runs = groupby(indices, lambda index: (math.isfinite(series.values[index]), index >= series.gap))
    for (is_finite, _), run in runs:
        if is_finite:
            shapes += line([f"{x(index):.0f},{y(index):.1f}" for index in run])
        else:
            shapes += "".join(dot(x(index), _MARGIN) for index in run)
    if math.isfinite(series.values[last]):
        shapes += dot(x(last), y(last))
    ends = f"{_number(series.values[0])} → {_number(series.values[last])}"
    bounds = f"{_number(low)} to {_number(high)}" if finite else "nothing finite"
    notes = [bounds, *(["log scale"] if is_log else []), series.extent]
    return (
        f"<div><div style='{_CODE}'>{_escape_short(series.name, _MAX_NAME)}: {ends}</div>"
        f"<svg width='{_WIDTH}' height='{_HEIGHT}' viewBox='0 0 {_WIDTH} {_HEIGHT}' fill='none' stroke='currentColor' "
        "stroke-width='1.5' stroke-linejoin='round' stroke-linecap='round' role='img' "
        f"style='display:block;background:rgba(128,128,128,.09);border-radius:3px'>{shapes}</svg>"
        f"<div style='{_SMALL}'>{', '.join(notes)}</div></div>"
    )


def _fixes(record: dict[str, Any]) -> str:
    fixes = [fix for fix in record["suggested_fixes"] if isinstance(fix, str)]
    if not fixes:
        return ""
    by_fix = {str(each.get("fix")): each for each in _dict_entries(record["context"].get("suggestions"))}
    items = "".join(f"<li>{_escape_short(fix)}{_source(by_fix.get(fix, {}))}</li>" for fix in fixes[:_MAX_FIXES])
    steps = f"<ol style='margin:.15em 0;padding-left:1.5em'>{items}</ol>"
    return _heading("What to try") + steps + _more(len(fixes) - _MAX_FIXES)


def _source(suggestion: dict[str, Any]) -> str:
    confidence, source = suggestion.get("confidence"), suggestion.get("source") or suggestion.get("model")
    parts = [*([f"{confidence} confidence"] if confidence else []), *([source] if source else [])]
    return f" <span style='{_SMALL}'>({_escape_short(' · '.join(map(str, parts)))})</span>" if parts else ""


def _stack(record: dict[str, Any]) -> str:
    stack = record["stack_trace"]
    if not isinstance(stack, str) or not stack:
        return ""
    shown = stack if len(stack) <= _MAX_STACK else "…" + stack[-_MAX_STACK:]
    return (
        f"<details style='margin-top:.9em'><summary style='{_SMALL};cursor:pointer'>Stack</summary>"
        f"<pre style='{_CODE};white-space:pre-wrap;margin:.3em 0'>{escape(shown)}</pre></details>"
    )


def _where(record: dict[str, Any], path: Path | None) -> str:
    context = record["context"] if isinstance(record["context"], dict) else {}
    when = str(record["timestamp"])[:19].replace("T", " ")
    file = display_path(path) if path else None
    parts = [when, context.get("category"), _place(context), file]
    line = " · ".join(_escape_short(part, 2 * _MAX_VALUE) for part in parts if part)
    return f"<div style='{_SMALL};margin-top:.9em'>{line}</div>"


def _place(context: dict[str, Any]) -> str:
    """``flow.ipynb [15]``, or a line of a file."""
    notebook, cell = context.get("notebook"), context.get("cell_number")
    if cell is not None:
        return f"{notebook or 'cell'} [{cell}]"
    location = context.get("location")
    file = location.get("file") if isinstance(location, dict) else None
    return _line_of(location) or str(notebook or file or "")


def _line_of(location: Any) -> str:
    """``flow.py:7``, or nothing if file or line are unknown."""
    file, line = (location.get("file"), location.get("line")) if isinstance(location, dict) else (None, None)
    return f"{file}:{line}" if file and line else ""


def _heading(text: str) -> str:
    return f"<div style='{_HEADING}'><strong>{text}</strong></div>"


def _more(count: int) -> str:
    return f"<div style='{_SMALL}'>and {count} more</div>" if count > 0 else ""


def _dict_entries(entries: Any) -> list[dict[str, Any]]:
    return [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []


def _number(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _escape_short(text: Any, limit: int = _MAX_LINE) -> str:
    text = "" if text is None else str(text)
    return escape(text if len(text) <= limit else text[: limit - 1] + "…")
