"""Conversion of values in a row of a trail to numbers.

Rows are added while nothing has failed. Therefore nothing is read from files, and large arrays are not inspected.
"""

import math
import numbers
from decimal import Decimal
from typing import Any, Final

from .. import _native
from .._runtime.modules import loaded_module
from .arrays import is_lazy, size_of, unit_of

#: Maximum entries of an array in a row. A larger one becomes the number of its entries.
_MAX_ENTRIES: Final = _native.MAX_ROW_ENTRIES


def trail_value(value: Any) -> Any:
    """A number, a short list of numbers, text, or a dict of ``re`` and ``im`` or ``value``, and of ``unit``."""
    if isinstance(value, (list, tuple)):
        is_short = len(value) <= _MAX_ENTRIES
        return [_to_number(each) for each in value] if is_short else _entry_count(len(value))
    if isinstance(value, (dict, set, frozenset)):
        return f"{{{len(value)} entries}}"
    unit = unit_of(value)
    if unit is not None:
        return _with_unit(_magnitude(value), str(unit))
    size = size_of(value)
    if size is None:
        return _to_number(value)
    if size > _MAX_ENTRIES or is_lazy(value):
        return _entry_count(size)
    return _from_array(value)


def _magnitude(value: Any) -> Any:
    numpy = loaded_module("numpy", "ndarray")
    if numpy is not None and isinstance(value, numpy.ndarray):
        return value.view(numpy.ndarray)
    return value.magnitude if hasattr(value, "magnitude") else value.value


def _with_unit(magnitude: Any, unit: str) -> dict[str, Any]:
    number = trail_value(magnitude)
    return number | {"unit": unit} if isinstance(number, dict) else {"value": number, "unit": unit}


def _from_array(value: Any) -> Any:
    """A small array. A tensor may be in the memory of another device."""
    if hasattr(value, "detach"):
        value = value.detach().cpu()
    if not hasattr(value, "tolist"):
        numpy = loaded_module("numpy", "ndarray")
        value = numpy.asarray(value) if numpy is not None else value
    entries = value.tolist() if hasattr(value, "tolist") else value
    return entries if isinstance(entries, list) else _to_number(entries)


def _to_number(value: Any) -> Any:
    """The nearest float of a number. Other objects are returned unchanged."""
    if isinstance(value, (bool, int, float, str)) or value is None:
        return value
    if isinstance(value, Decimal):
        return float(value) if not value.is_snan() else math.nan
    if isinstance(value, complex):
        return {"re": value.real, "im": value.imag}
    if not isinstance(value, numbers.Complex):
        return value
    if isinstance(value, numbers.Integral):
        return int(value)
    if not isinstance(value, numbers.Real):
        return {"re": float(value.real), "im": float(value.imag)}
    try:
        return float(value)
    except OverflowError:
        return str(value)


def _entry_count(size: int) -> str:
    return f"[{size} entries]"
