"""Plots of series as SVG."""

import math
from itertools import groupby

#: The size of a plot, in pixels.
_WIDTH, _HEIGHT, _MARGIN = 240, 56, 5


class Plot:
    """A line through finite numbers, dots for others and for the end. The scale is logarithmic for wide ranges."""

    def __init__(self, values: list[float], gap: int) -> None:
        """``gap`` is the index at which numbers are missing."""
        self._values = values
        self._gap = gap
        self._last = len(values) - 1
        finite = [value for value in values if math.isfinite(value)]
        self.is_finite = bool(finite)
        self.low, self.high = (min(finite), max(finite)) if finite else (0.0, 0.0)
        self.is_log = self.low > 0 and self.high / self.low > 100
        self._scale = math.log10 if self.is_log else float
        # Half of each, because the difference can overflow.
        self._bottom = self._scale(self.low) / 2
        self._span = self._scale(self.high) / 2 - self._bottom

    def svg(self, color: str, style: str) -> str:
        """The plot. ``color`` is the color of the dots, and ``style`` the style of the whole."""
        stride = -(-len(self._values) // (2 * _WIDTH))
        indices = [*range(0, self._last, stride), self._last]
        shapes = ""
        runs = groupby(indices, lambda index: (math.isfinite(self._values[index]), index >= self._gap))
        for (is_finite, _), run in runs:
            if is_finite:
                shapes += _line([f"{self._x(index):.0f},{self._y(index):.1f}" for index in run])
            else:
                shapes += "".join(_dot(self._x(index), _MARGIN, color) for index in run)
        if math.isfinite(self._values[self._last]):
            shapes += _dot(self._x(self._last), self._y(self._last), color)
        return (
            f"<svg width='{_WIDTH}' height='{_HEIGHT}' viewBox='0 0 {_WIDTH} {_HEIGHT}' fill='none' "
            "stroke='currentColor' stroke-width='1.5' stroke-linejoin='round' stroke-linecap='round' role='img' "
            f"style='{style}'>{shapes}</svg>"
        )

    def _x(self, index: int) -> float:
        return _MARGIN + index * (_WIDTH - 2 * _MARGIN) / self._last

    def _y(self, index: int) -> float:
        part = (self._scale(self._values[index]) / 2 - self._bottom) / self._span if self._span > 0 else 0.5
        return _HEIGHT - _MARGIN - part * (_HEIGHT - 2 * _MARGIN)


def _line(points: list[str]) -> str:
    # The first point twice: a line of one point would be invisible.
    return f"<polyline points='{' '.join(points[:1] + points)}'/>"


def _dot(x: float, y: float, color: str) -> str:
    return f"<circle cx='{x:.0f}' cy='{y:.1f}' r='2.5' fill='{color}' stroke='none'/>"
