"""What is made of objects that are neither numbers, texts, lists nor dicts.

The compiled half calls :func:`simpler` for each of them, and takes the ``repr`` where it raises: nothing here has to be safe.
"""

import dataclasses
import datetime
import enum
import math
import numbers
import os
import sys
import types
import uuid
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from . import _native

#: Numbers of an array before it is summarised: the library's own limit.
_ARRAY = 256
#: Numbers of an array that its summary looks at; of a larger one it has the ends.
_SCANNED = 1 << 22
#: Bytes of a ``bytes`` that are shown.
_BYTES = 4096


def simpler(value: Any) -> Any:
    """A number, text, list, tuple, set, dict or summary that says the same, or the value itself."""
    if isinstance(value, enum.Enum):
        return value.name
    if isinstance(value, (bool, int, float, str, list, set, frozenset)):
        return int(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if isinstance(value, tuple):
        names = getattr(value, "_fields", None)
        return dict(zip(names, value)) if names else value
    if isinstance(value, complex):
        return {"re": value.real, "im": value.imag}
    if isinstance(value, Decimal):
        return _decimal(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return _bytes(bytes(value[: _BYTES + 1]), len(value))
    if isinstance(value, (os.PathLike, uuid.UUID)):
        return os.fspath(value) if isinstance(value, os.PathLike) else str(value)
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, (type, types.FunctionType, types.BuiltinFunctionType, types.MethodType, types.ModuleType)):
        return _name(value)
    if dataclasses.is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, dict):
        return value
    return _foreign(value)


def _foreign(value: Any) -> Any:
    """What comes from libraries that may not be there."""
    numpy, pandas = sys.modules.get("numpy"), sys.modules.get("pandas")
    if numpy is not None and isinstance(value, (numpy.ndarray, numpy.generic)):
        return _array(numpy, value) if value.shape else _scalar(value)
    if pandas is not None:
        if isinstance(value, pandas.DataFrame):
            return {str(name): _array(numpy, value[name].to_numpy()) for name in value.columns}
        if isinstance(value, pandas.Series):
            named = len(value) <= _ARRAY and all(isinstance(name, str) for name in value.index)
            return value.to_dict() if named else _array(numpy, value.to_numpy())
        if isinstance(value, (pandas.Index, pandas.api.extensions.ExtensionArray)):
            return _array(numpy, value.to_numpy())
        if isinstance(value, (pandas.Timedelta, pandas.Period, pandas.Interval)) or value is pandas.NaT:
            return str(value)
        if value is pandas.NA:
            return None
    if isinstance(value, (types.SimpleNamespace, types.MappingProxyType)) or type(value).__module__ == "argparse":
        return dict(value) if isinstance(value, types.MappingProxyType) else dict(vars(value))
    if isinstance(value, numbers.Number):
        return str(value)
    polars = sys.modules.get("polars")
    if polars is not None and isinstance(value, (polars.DataFrame, polars.Series)):
        return value.to_dict(as_series=False) if isinstance(value, polars.DataFrame) else value.to_list()
    if numpy is not None and hasattr(value, "__array__"):
        return _array(numpy, numpy.asarray(value))
    if isinstance(value, Mapping):
        return dict(value)
    attributes = getattr(type(value), "__attrs_attrs__", None)
    if attributes is not None:
        return {attribute.name: getattr(value, attribute.name) for attribute in attributes}
    fields = getattr(type(value), "model_fields", None)
    if isinstance(fields, dict):
        return {name: getattr(value, name) for name in fields}
    if type(value).__name__ in ("deque", "array") and hasattr(value, "__iter__"):
        return list(value)
    raise TypeError(type(value))


def _scalar(value: Any) -> Any:
    """A NumPy scalar, or an array without dimensions."""
    if value.dtype.kind in "mM":
        return str(value)
    item = value.item()
    if isinstance(item, complex):
        return {"re": item.real, "im": item.imag}
    if value.dtype.kind == "f" and not isinstance(item, float):
        # More digits than a double has.
        return float(item) if item == float(item) or math.isnan(item) else str(item)
    return item if isinstance(item, (bool, int, float, str)) else simpler(item)


def _array(numpy: Any, array: Any) -> Any:
    kind = array.dtype.kind
    if array.ndim == 0:
        return _scalar(array)
    if isinstance(array, numpy.ma.MaskedArray):
        array = array.filled(numpy.nan) if kind == "f" else array.data
    if array.size <= _ARRAY:
        return array.astype(str).tolist() if kind in "mM" else array.tolist()
    if kind == "b":
        array = array.view(numpy.uint8)
    elif kind == "f" and array.dtype.itemsize not in (4, 8):
        array = array.astype(numpy.float64)
    elif kind not in "iuf":
        return _ends(array)
    if array.size > _SCANNED:
        return _ends(array)
    native = array.dtype.newbyteorder("=")
    return _native.summary(list(array.shape), numpy.ascontiguousarray(array, dtype=native))


def _ends(array: Any) -> Any:
    """The summary of an array that is not looked through."""
    flat = array.reshape(-1) if array.flags.c_contiguous else array.flat
    ends = (flat[:8], flat[-8:])
    head, tail = ((end.astype(str) if array.dtype.kind in "mM" else end).tolist() for end in ends)
    return {"summary": "array", "length": array.size, "shape": list(array.shape), "head": head, "tail": tail}


def _decimal(value: Decimal) -> float | str:
    """The number itself where a double has it to all its digits."""
    number = float(value)
    return number if not math.isfinite(number) or Decimal(repr(number)) == value else str(value)


def _bytes(shown: bytes, length: int) -> str:
    return repr(shown) if length <= _BYTES else f"{shown[:_BYTES]!r}… [{length - _BYTES} bytes left out]"


def _name(value: Any) -> str:
    module = getattr(value, "__module__", None)
    name = getattr(value, "__qualname__", None) or getattr(value, "__name__", repr(value))
    return f"{module}.{name}" if module and module not in ("builtins", "__main__") else str(name)
