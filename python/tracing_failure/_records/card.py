"""The HTML card of a failure in a notebook. Text of a record is escaped: none of it becomes markup.

The card is readable without styles and pictures, because GitHub removes both from the output of notebooks.
"""

from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

from .._runtime.notebook import display_path
from .plot import Plot
from .series import Series, series_of
from .text import MAX_VALUE, escape_short, number_text, value_text

#: Maximum causes, parameters, series and fixes of a card.
_MAX_CAUSES, _MAX_PARAMETERS, _MAX_SERIES, _MAX_FIXES = 4, 40, 8, 8
#: Maximum characters of a name, the message and the stack.
_MAX_NAME, _MAX_MESSAGE, _MAX_STACK = 80, 1000, 8000

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
    parts = (_title, _error, _causes, _panics, _parameters, _trail, _suggestions, _stack)
    shown = [*(_or_nothing(part, record) for part in parts), _or_nothing(lambda record: _where(record, path), record)]
    return f"<div style='{_BOX}'>{''.join(shown)}</div>"


def _or_nothing(part: Callable[[dict[str, Any]], str], record: dict[str, Any]) -> str:
    """A part of the card, or nothing if it cannot be made: records of other programs may hold anything."""
    try:
        return part(record)
    except Exception:
        return ""


def _title(record: dict[str, Any]) -> str:
    ref = escape_short(record["theoretical_ref"])
    by = f"<span style='{_FAINT}'>, by {ref}</span>" if ref else ""
    return f"<div><strong style='font-size:1.1em'>{escape_short(record['computation'])}</strong> failed{by}</div>"


def _error(record: dict[str, Any]) -> str:
    message = f": {escape_short(record['error_message'], _MAX_MESSAGE)}" if record["error_message"] else ""
    kind = f"<strong>{escape_short(record['error_type'])}</strong>"
    return f"<div style='color:{_RED};white-space:pre-wrap;margin:.15em 0'>{kind}{message}</div>"


def _causes(record: dict[str, Any]) -> str:
    errors = _dict_entries(record["context"].get("errors"))
    lines = []
    for index, error in enumerate(errors[: _MAX_CAUSES + 1]):
        if index:
            relation = {"context": "while handling", "member": "with"}.get(str(error.get("relation")), "from")
            kind, message = escape_short(error.get("type") or "an error"), escape_short(error.get("message"))
            lines.append(f"<div style='{_FAINT}'>{relation} {kind}: {message}</div>")
        notes = error.get("notes")
        for note in notes[:_MAX_CAUSES] if isinstance(notes, list) else ():
            lines.append(f"<div style='white-space:pre-wrap'>{escape_short(note)}</div>")
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
        text = escape_short(description) + escape_short(panic.get("message"))
        lines.append(f"<div style='{_FAINT};white-space:pre-wrap'>{text}</div>")
    return "".join(lines) + _more(len(panics) - _MAX_CAUSES)


def _parameters(record: dict[str, Any]) -> str:
    parameters = record["parameters"]
    if parameters in (None, "", [], {}):
        return ""
    entries = list(parameters.items()) if isinstance(parameters, dict) else [("", parameters)]
    rows = "".join(
        f"<tr style='background:none'>"
        f"<td style='{_CELL};padding-right:1.2em;{_FAINT}'>{escape_short(name, _MAX_NAME)}</td>"
        f"<td style='{_CELL};{_CODE}'>{escape_short(value_text(value), MAX_VALUE)}</td></tr>"
        for name, value in entries[:_MAX_PARAMETERS]
    )
    table = f"<table style='margin:.15em 0;border:0;border-collapse:collapse'>{rows}</table>"
    return _heading("Parameters") + table + _more(len(entries) - _MAX_PARAMETERS)


def _trail(record: dict[str, Any]) -> str:
    series = [each for entry in _dict_entries(record["context"].get("trail")) for each in series_of(entry)]
    if not series:
        return ""
    plots = "".join(map(_plot, series[:_MAX_SERIES]))
    row = f"<div style='display:flex;flex-wrap:wrap;gap:.7em 1.4em;margin-top:.15em'>{plots}</div>"
    return _heading("Trail") + row + _more(len(series) - _MAX_SERIES)


def _plot(series: Series) -> str:
    plot = Plot(series.values, series.gap)
    ends = f"{number_text(series.values[0])} → {number_text(series.values[-1])}"
    bounds = f"{number_text(plot.low)} to {number_text(plot.high)}" if plot.is_finite else "nothing finite"
    notes = [bounds, *(["log scale"] if plot.is_log else []), series.extent]
    svg = plot.svg(_RED, "display:block;background:rgba(128,128,128,.09);border-radius:3px")
    return (
        f"<div><div style='{_CODE}'>{escape_short(series.name, _MAX_NAME)}: {ends}</div>{svg}"
        f"<div style='{_SMALL}'>{', '.join(notes)}</div></div>"
    )


def _suggestions(record: dict[str, Any]) -> str:
    fixes = [fix for fix in record["suggested_fixes"] if isinstance(fix, str)]
    if not fixes:
        return ""
    by_fix = {str(each.get("fix")): each for each in _dict_entries(record["context"].get("suggestions"))}
    items = "".join(f"<li>{escape_short(fix)}{_source(by_fix.get(fix, {}))}</li>" for fix in fixes[:_MAX_FIXES])
    steps = f"<ol style='margin:.15em 0;padding-left:1.5em'>{items}</ol>"
    return _heading("Suggestions") + steps + _more(len(fixes) - _MAX_FIXES)


def _source(suggestion: dict[str, Any]) -> str:
    confidence, source = suggestion.get("confidence"), suggestion.get("source") or suggestion.get("model")
    parts = [*([f"{confidence} confidence"] if confidence else []), *([source] if source else [])]
    return f" <span style='{_SMALL}'>({escape_short(' · '.join(map(str, parts)))})</span>" if parts else ""


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
    line = " · ".join(escape_short(part, 2 * MAX_VALUE) for part in parts if part)
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
