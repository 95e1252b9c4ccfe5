"""Plots of the runs over two parameters, with a region."""

import math
from html import escape
from typing import Any, NamedTuple, Protocol

#: Maximum runs of each outcome in a plot.
_MAX_POINTS = 2000
#: The size of an image in pixels, and the width of its margins.
_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _EDGE = 520, 340, 70, 40, 12
#: Colours of failures and successes that colour-blind users can tell apart.
_FAILED, _OK = "#d55e00", "#0072b2"


class _Region(Protocol):
    conditions: list[dict[str, Any]]


class _Points(NamedTuple):
    """The runs of one outcome."""

    label: str
    color: str
    x: list[float]
    y: list[float]


class RegionImage:
    """A plot as SVG, for notebooks."""

    def __init__(self, svg: str) -> None:
        #: The image.
        self.svg = svg

    def _repr_svg_(self) -> str:
        return self.svg


def draw(frame: Any, rules: Any, x: str | None, y: str | None) -> Any:
    """Plots the runs of a frame. The default of ``x`` and ``y`` is the parameters of the first rule."""
    conditions = rules[0].conditions if rules else []
    names = [condition["parameter"] for condition in conditions if condition["is"] in (">", ">=", "<", "<=")]
    names = [name for name in dict.fromkeys(names) if name not in (x, y)]
    x = x or (names.pop(0) if names else None)
    if x is None:
        raise ValueError("no region has a threshold: name the parameters of the plot, x= and y=")
    y = y or (names.pop(0) if names else "duration_s")
    for name in (x, y):
        if name not in frame.columns:
            raise KeyError(f"no column {name!r}: the frame has {', '.join(map(str, frame.columns))}")
    points = _points(frame, x, y)
    box = [_limits(conditions, name) for name in (x, y)]
    try:
        import matplotlib.pyplot
    except ImportError:
        return RegionImage(_svg(points, box, x, y))
    return _draw_axes(matplotlib.pyplot.subplots()[1], points, box, x, y)


def _points(frame: Any, x: str, y: str) -> list[_Points]:
    outcomes = list(frame["outcome"])
    columns = [[_number(value) for value in frame[name]] for name in (x, y)]
    points = []
    for label, color, names in (("ok", _OK, ("ok", "unknown")), ("failed", _FAILED, ("failed", "panicked"))):
        rows = [
            (x, y)
            for outcome, x, y in zip(outcomes, *columns, strict=True)
            if outcome in names and math.isfinite(x) and math.isfinite(y)
        ]
        stride = -(-len(rows) // _MAX_POINTS) or 1
        points.append(_Points(label, color, [row[0] for row in rows[::stride]], [row[1] for row in rows[::stride]]))
    return points


def _number(value: Any) -> float:
    if isinstance(value, (str, bool)):
        return math.nan
    try:
        return float(value)
    except (TypeError, ValueError):
        return math.nan


def _limits(conditions: list[dict[str, Any]], name: str) -> tuple[float, float]:
    low, high = -math.inf, math.inf
    for condition in conditions:
        if condition["parameter"] == name and condition["is"] in (">", ">="):
            low = max(low, condition["value"])
        elif condition["parameter"] == name and condition["is"] in ("<", "<="):
            high = min(high, condition["value"])
    return low, high


def _draw_axes(axes: Any, points: list[_Points], box: list[tuple[float, float]], x: str, y: str) -> Any:
    for group in points:
        axes.scatter(group.x, group.y, s=6, color=group.color, label=group.label, alpha=0.6, linewidths=0)
    axes.set(xlabel=x, ylabel=y)
    axes.autoscale(False)
    ranges = [axes.get_xlim(), axes.get_ylim()]
    (left, right), (low, high) = [_clip(limits, range) for limits, range in zip(box, ranges, strict=True)]
    axes.fill_between([left, right], low, high, color=_FAILED, alpha=0.15, linewidth=0, label="region")
    axes.legend()
    return axes


def _clip(limits: tuple[float, float], range: tuple[float, float]) -> tuple[float, float]:
    return min(max(limits[0], range[0]), range[1]), max(min(limits[1], range[1]), range[0])


def _svg(points: list[_Points], box: list[tuple[float, float]], x: str, y: str) -> str:
    scales = [_Scale([x for group in points for x in group.x]), _Scale([y for group in points for y in group.y])]
    left, right = (_LEFT + scales[0].part(limit) * (_WIDTH - _LEFT - _EDGE) for limit in box[0])
    top, bottom = (_EDGE + (1 - scales[1].part(limit)) * (_HEIGHT - _BOTTOM - _EDGE) for limit in reversed(box[1]))
    shapes = (
        f"<rect x='{left:.1f}' y='{top:.1f}' width='{max(right - left, 0):.1f}' height='{max(bottom - top, 0):.1f}' "
        f"fill='{_FAILED}' fill-opacity='0.15'/>"
    )
    for group in points:
        for value_x, value_y in zip(group.x, group.y, strict=True):
            at_x = _LEFT + scales[0].part(value_x) * (_WIDTH - _LEFT - _EDGE)
            at_y = _EDGE + (1 - scales[1].part(value_y)) * (_HEIGHT - _BOTTOM - _EDGE)
            shapes += f"<circle cx='{at_x:.1f}' cy='{at_y:.1f}' r='2' fill='{group.color}' fill-opacity='0.6'/>"
    label = escape(f"Runs over {x} and {y}. The shaded area is the region in which they fail.", quote=True)
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{_WIDTH}' height='{_HEIGHT}' role='img' aria-label='{label}' "
        f"font-family='sans-serif' font-size='12' fill='currentColor'>{shapes}{_labels(scales, x, y)}</svg>"
    )


def _labels(scales: list["_Scale"], x: str, y: str) -> str:
    base = _HEIGHT - _BOTTOM
    axes = f"<path d='M{_LEFT} {_EDGE}V{base}H{_WIDTH - _EDGE}' fill='none' stroke='currentColor'/>"
    texts = [
        (_LEFT, base + 16, "start", f"{scales[0].low:.6g}"),
        (_WIDTH - _EDGE, base + 16, "end", f"{scales[0].high:.6g}"),
        ((_LEFT + _WIDTH) // 2, base + 32, "middle", x),
        (_LEFT - 6, base, "end", f"{scales[1].low:.6g}"),
        (_LEFT - 6, _EDGE + 10, "end", f"{scales[1].high:.6g}"),
        (_LEFT - 6, (base + _EDGE) // 2, "end", y),
    ]
    return axes + "".join(
        f"<text x='{x}' y='{y}' text-anchor='{anchor}'>{escape(text)}</text>" for x, y, anchor, text in texts
    )


class _Scale:
    """The range of the values on an axis."""

    def __init__(self, values: list[float]) -> None:
        self.low, self.high = (min(values), max(values)) if values else (0.0, 1.0)

    def part(self, value: float) -> float:
        """The place of a value between 0 and 1."""
        if self.high == self.low:
            return 0.5 if math.isfinite(value) else float(value > 0)
        # Half of each, because the difference can overflow.
        part = (value / 2 - self.low / 2) / (self.high / 2 - self.low / 2)
        return min(max(part, 0.0), 1.0)
