"""A failure as a notebook shows it. All that a record says is text here: nothing of it becomes markup."""

import json
import math
from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._failure import Failure

#: What is shown of a record that has more.
_PARAMETERS = 40
_SERIES = 8
_TEXT = 300
_STACK = 8000
#: Size of a plot, in pixels.
_WIDTH, _HEIGHT, _MARGIN = 260, 72, 4

_BOX = "border:1px solid rgba(128,128,128,.4);border-left:4px solid #d33;border-radius:4px;padding:.6em .9em;max-width:60em"
_FAINT = "opacity:.7"
_CODE = "font-family:monospace"
_LEFT = "text-align:left;vertical-align:top;padding:.1em 1em .1em 0"


def html(failure: "Failure") -> str:
    """The card."""
    parts = (
        _title(failure),
        _errors(failure),
        _parameters(failure.parameters),
        _plots(failure.context.get("trail")),
        _fixes(failure.suggested_fixes),
        _stack(failure.stack_trace),
        _where(failure),
    )
    return f"<div style='{_BOX}'>{''.join(parts)}</div>"


def _title(failure: "Failure") -> str:
    by = f" <span style='{_FAINT}'>{_short(failure.theoretical_ref)}</span>" if failure.theoretical_ref else ""
    return f"<div><strong>{_short(failure.computation)}</strong>{by}</div>"


def _errors(failure: "Failure") -> str:
    lines = [f"<div style='color:#d33'><strong>{_short(failure.error_type)}</strong>: {_short(failure.error_message)}</div>"]
    for cause in _dicts(failure.context.get("errors"))[1:]:
        lines.append(f"<div style='{_FAINT}'>because of {_short(cause.get('type', ''))}: {_short(cause.get('message', ''))}</div>")
    return "".join(lines)


def _parameters(parameters: Any) -> str:
    if not isinstance(parameters, dict) or not parameters:
        return ""
    entries = list(parameters.items())
    rows = "".join(
        f"<tr><td style='{_LEFT};{_FAINT}'>{_short(name)}</td><td style='{_LEFT};{_CODE}'>{_short(_value(value))}</td></tr>"
        for name, value in entries[:_PARAMETERS]
    )
    more = f"<tr><td colspan='2'>and {len(entries) - _PARAMETERS} more</td></tr>" if len(entries) > _PARAMETERS else ""
    return f"<table style='margin:.5em 0'>{rows}{more}</table>"


def _value(value: Any) -> str:
    if isinstance(value, dict) and value.get("summary") == "array":
        shape = " × ".join(map(str, value.get("shape") or [value.get("length", "?")]))
        parts = [f"{name} {_number(value[name])}" for name in ("min", "max", "mean") if name in value]
        bad = value.get("non_finite")
        return f"array of {shape}" + (": " if parts else "") + ", ".join(parts) + (f", {bad} not finite" if bad else "")
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _plots(trail: Any) -> str:
    series = [each for entry in _dicts(trail) for each in _series(entry)]
    plots = "".join(_plot(*each) for each in series[:_SERIES])
    return f"<div style='display:flex;flex-wrap:wrap;gap:.8em;margin:.5em 0'>{plots}</div>" if plots else ""


def _series(entry: dict[str, Any]) -> Iterator[tuple[str, list[float], int]]:
    columns = entry.get("columns")
    for name, values in columns.items() if isinstance(columns, dict) else ():
        numbers = [math.nan if value is None else value for value in values] if isinstance(values, list) else []
        if len(numbers) > 1 and all(isinstance(value, (int, float)) for value in numbers):
            seen = entry.get("seen")
            yield name, [_float(value) for value in numbers], seen if isinstance(seen, int) else len(numbers)


def _float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _plot(name: str, values: list[float], seen: int) -> str:
    """A line through what is finite, and a mark at the top for what is not; logarithmic where that says more."""
    finite = [value for value in values if math.isfinite(value)]
    low, high = (min(finite), max(finite)) if finite else (0.0, 0.0)
    logarithmic = low > 0 and high / low > 100
    scale = math.log10 if logarithmic else float
    bottom, top = scale(low), scale(high)
    # Half each: the whole may be more than a number can say.
    span = top / 2 - bottom / 2

    def x(index: int) -> float:
        return _MARGIN + index * (_WIDTH - 2 * _MARGIN) / (len(values) - 1)

    def y(value: float) -> float:
        part = (scale(value) / 2 - bottom / 2) / span if span > 0 else 0.5
        return _HEIGHT - _MARGIN - part * (_HEIGHT - 2 * _MARGIN)

    lines: list[str] = []
    line, marks = "", ""
    for index, value in enumerate(values):
        if math.isfinite(value):
            line += f" {x(index):.1f},{y(value):.1f}"
        else:
            lines, line = [*lines, line], ""
            marks += f"<circle cx='{x(index):.1f}' cy='{_MARGIN}' r='2.5' fill='#d33'/>"
    drawn = "".join(
        f"<polyline points='{points.strip()}' fill='none' stroke='currentColor' stroke-width='1.5'/>"
        for points in [*lines, line]
        if points
    )
    label = f"{name}: {_number(values[0])} → {_number(values[-1])}{', log scale' if logarithmic else ''}"
    count = f"{seen} values" if seen == len(values) else f"{len(values)} of {seen} values"
    return (
        f"<div><div style='{_CODE}'>{_short(label)}</div>"
        f"<svg width='{_WIDTH}' height='{_HEIGHT}' viewBox='0 0 {_WIDTH} {_HEIGHT}' role='img' aria-label='{_short(label)}' "
        f"style='background:rgba(128,128,128,.08)'>{drawn}{marks}</svg>"
        f"<div style='{_FAINT};font-size:smaller'>{_number(low)} to {_number(high)}, {count}</div></div>"
    )


def _fixes(fixes: Any) -> str:
    items = "".join(f"<li>{_short(fix, 1000)}</li>" for fix in fixes if isinstance(fix, str)) if isinstance(fixes, list) else ""
    return f"<div>What to try</div><ol style='margin:.2em 0 .5em'>{items}</ol>" if items else ""


def _stack(stack: str) -> str:
    if not stack:
        return ""
    shown = stack if len(stack) <= _STACK else "…" + stack[-_STACK:]
    return f"<details><summary>stack</summary><pre style='font-size:smaller'>{escape(shown)}</pre></details>"


def _where(failure: "Failure") -> str:
    context = failure.context
    notebook, cell = context.get("notebook"), context.get("cell_number")
    place = f"{notebook or 'cell'}{f' [{cell}]' if cell is not None else ''}" if notebook or cell is not None else ""
    path = str(failure.path) if failure.path else ""
    parts = [failure.timestamp, str(failure.category or ""), place, path]
    return f"<div style='{_FAINT};font-size:smaller'>{' · '.join(_short(part) for part in parts if part)}</div>"


def _dicts(entries: Any) -> list[dict[str, Any]]:
    return [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []


def _number(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, (int, float)) and abs(value) < 1e300 else str(value)


def _short(text: Any, most: int = _TEXT) -> str:
    text = str(text)
    return escape(text if len(text) <= most else text[: most - 1] + "…")
