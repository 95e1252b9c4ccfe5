"""What is made of objects that are neither numbers, texts, lists nor dicts.

The compiled half calls :func:`simpler` for each of them, and takes the ``repr`` where it raises. Nothing here has to be
safe, but nothing may follow an object that has no end, or is larger than memory.
"""

import collections
import dataclasses
import datetime
import enum
import functools
import math
import numbers
import opcode
import os
import signal
import sys
import types
import uuid
from array import array as TypedArray
from collections.abc import Iterable, Mapping
from decimal import Decimal
from itertools import islice
from typing import Any

from . import _native

#: Entries of an array or a dict before it is summarised: the library's own limit.
_ARRAY = 256
#: Entries of an array that its summary looks at, in one piece and block by block; of a larger one it has the ends.
_SCANNED = 1 << 22
_SCANNED_IN_BLOCKS = 1 << 27
_BLOCK = 1 << 18
#: Objects of an array or a set that are looked at.
_OBJECTS = 1 << 16
#: Bytes of a ``bytes`` that are shown.
_BYTES = 4096
#: Entries at each end of a summary.
_END = 8


def simpler(value: Any) -> Any:
    """A number, text, list, tuple, dict or summary that says the same, or the value itself."""
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(value, (numpy.ndarray, numpy.generic)):
        return _numpy(numpy, value)
    if isinstance(value, enum.Enum):
        return value.value if value.name is None else value.name
    if isinstance(value, (bool, float, str, list)):
        return value
    if isinstance(value, int):
        return int.__int__(value)
    if isinstance(value, tuple):
        names = getattr(value, "_fields", None)
        return dict(zip(names, value)) if names else value
    if isinstance(value, (set, frozenset)):
        return _in_order(value)
    if isinstance(value, complex):
        return {"re": value.real, "im": value.imag}
    if isinstance(value, Decimal):
        return _decimal(value, float(value)) if value.is_finite() else float(str(value).replace("s", ""))
    if isinstance(value, (bytes, bytearray, memoryview)):
        return _memory(value) if isinstance(value, memoryview) else _bytes(value)
    if isinstance(value, (os.PathLike, uuid.UUID)):
        return os.fsdecode(value) if isinstance(value, os.PathLike) else str(value)
    if isinstance(value, (datetime.date, datetime.time)):
        text = value.isoformat()
        # pandas.NaT is a datetime.
        return None if text == "NaT" else text
    if isinstance(value, datetime.timedelta):
        return value.total_seconds()
    if isinstance(value, (type, types.FunctionType, types.BuiltinFunctionType, types.MethodType, types.ModuleType)):
        return _name(value)
    if isinstance(value, (range, slice)):
        return {"start": value.start, "stop": value.stop, "step": value.step}
    if dataclasses.is_dataclass(value):
        return _attributes(value, (field.name for field in dataclasses.fields(value)))
    if isinstance(value, (dict, Mapping)):
        # One kind of sparse array is a dict.
        return _foreign(value) if hasattr(type(value), "tocoo") else _entries(value)
    if isinstance(value, functools.partial):
        return {"function": value.func, "args": value.args, "keywords": value.keywords}
    if isinstance(value, (collections.deque, collections.UserList)):
        return list(value)
    if isinstance(value, TypedArray):
        return value.tolist() if len(value) <= _ARRAY or value.typecode == "u" else _memory(memoryview(value))
    return _foreign(value)


def is_from_keyboard(tb: types.TracebackType | None) -> bool:
    """Whether Ctrl-C raised the ``KeyboardInterrupt`` of this traceback, and not a ``raise`` in somebody's code."""
    while tb is not None and tb.tb_next is not None:
        tb = tb.tb_next
    if tb is None or tb.tb_frame.f_code.co_code[tb.tb_lasti] != opcode.opmap["RAISE_VARARGS"]:
        return True
    return tb.tb_frame.f_code is getattr(signal.getsignal(signal.SIGINT), "__code__", None)


def _foreign(value: Any) -> Any:
    """What comes from libraries that may not be there, and objects of other kinds."""
    numpy, pandas, polars = (sys.modules.get(name) for name in ("numpy", "pandas", "polars"))
    kind = type(value)
    if numpy is not None and isinstance(value, numpy.dtype):
        return str(value)
    if pandas is not None:
        if isinstance(value, pandas.DataFrame):
            names = [".".join(map(str, name)) if isinstance(name, tuple) else str(name) for name in value.columns]
            return _columns(names, lambda index: value.iloc[:, index])
        if isinstance(value, pandas.Series) and len(value) <= _ARRAY and value.index.is_unique:
            if all(isinstance(name, str) for name in value.index):
                return value.to_dict()
        if isinstance(value, pandas.RangeIndex):
            return {"start": value.start, "stop": value.stop, "step": value.step}
        if isinstance(value, (pandas.Series, pandas.Index, pandas.api.extensions.ExtensionArray)):
            return _pandas(numpy, pandas, value)
        if isinstance(value, (pandas.Period, pandas.Interval)):
            return str(value)
        if value is pandas.NA:
            return None
    if polars is not None:
        if isinstance(value, polars.DataFrame):
            return _columns(value.columns, lambda index: value[:, index])
        if isinstance(value, polars.Series):
            return _polars(numpy, value)
    if isinstance(value, numbers.Number):
        return _number(value)
    if isinstance(value, types.SimpleNamespace) or kind.__module__ == "argparse" and kind.__name__ == "Namespace":
        return _entries(vars(value))
    if kind.__module__.startswith("scipy."):
        if hasattr(value, "nnz") and hasattr(value, "tocoo"):
            return _sparse(value)
        if hasattr(value, "dist") and hasattr(value, "kwds"):
            return {"distribution": value.dist.name, "args": value.args, "keywords": value.kwds}
        if hasattr(value, "rvs") and isinstance(getattr(value, "name", None), str):
            return value.name
    if hasattr(kind, "magnitude") and hasattr(kind, "units"):
        return _with_unit(value.magnitude, value.units)
    if numpy is not None and hasattr(kind, "__array__"):
        return _like_an_array(numpy, value)
    for listing in ("model_fields", "__struct_fields__"):
        fields = getattr(kind, listing, None)
        if isinstance(fields, (dict, tuple)):
            return _attributes(value, fields)
    if getattr(kind, "__attrs_attrs__", None) is not None:
        return _attributes(value, (attribute.name for attribute in kind.__attrs_attrs__))
    if callable(value) and isinstance(getattr(value, "__qualname__", None), str):
        return _name(value)
    if _is_plain(value):
        return _plain(value)
    raise TypeError(kind)


def _numpy(numpy: Any, value: Any) -> Any:
    if type(value) is numpy.ndarray or isinstance(value, numpy.generic):
        return _array(numpy, value)
    unit = getattr(value, "unit", None) or getattr(value, "units", None)
    return _array(numpy, value) if unit is None else _with_unit(numpy.asarray(value), unit)


def _array(numpy: Any, array: Any) -> Any:
    """A NumPy array or scalar: numbers as they are, complex ones by their parts, structured ones by their fields."""
    kind = array.dtype.kind
    if array.ndim == 0 or array.dtype.names or kind == "c":
        return _scalar(array) if array.ndim == 0 else _parts(array)
    if isinstance(array, numpy.ma.MaskedArray) and array.size > _ARRAY and kind in "iuf":
        array = array.astype(numpy.float64).filled(numpy.nan)
    elif not isinstance(array, numpy.ma.MaskedArray):
        array = numpy.asarray(array)
    if kind == "m" and array.dtype.str[3:] not in ("[Y]", "[M]", ""):
        seconds = array / numpy.timedelta64(1, "s")
        return seconds.tolist() if array.size <= _ARRAY else _summary(numpy, seconds)
    if array.size <= _ARRAY or kind == "O" and array.size <= _OBJECTS:
        return _listed(array)
    return _summary(numpy, array) if kind in "biuf" else _ends(array)


def _scalar(value: Any) -> Any:
    """A NumPy scalar, or an array without dimensions."""
    kind = value.dtype.kind
    if value.dtype.names:
        return {name: value[name] for name in value.dtype.names}
    if kind == "m":
        value = _in_seconds(value)
        return value if isinstance(value, str | None) else float(value)
    if kind == "M":
        text = str(value)
        return None if text == "NaT" else text
    if kind == "c":
        return {"re": value.real, "im": value.imag}
    item = value.tolist()
    if kind == "f" and not isinstance(item, float | None):
        # A long double: a number is wanted here more than its last digits, but not where a double cannot be so large.
        return float(item) if math.isfinite(float(item)) or item - item != 0 else str(item)
    return item if isinstance(item, bool | int | float | str | None) else simpler(item)


def _in_seconds(value: Any) -> Any:
    numpy = sys.modules["numpy"]
    if numpy.isnat(value):
        return None
    return str(value) if value.dtype.str[3:] in ("[Y]", "[M]", "") else value / numpy.timedelta64(1, "s")


def _parts(array: Any) -> dict[str, Any]:
    if array.dtype.names:
        return {name: array[name] for name in array.dtype.names}
    return {"re": array.real, "im": array.imag}


def _listed(array: Any) -> Any:
    if array.dtype.kind in "mM":
        return _without_nat(array.astype(str).tolist())
    return array.tolist()


def _without_nat(entries: Any) -> Any:
    if isinstance(entries, list):
        return [_without_nat(entry) for entry in entries]
    return None if entries == "NaT" else entries


def _summary(numpy: Any, array: Any) -> Any:
    on_disk = isinstance(array.base, numpy.memmap) or type(array.base).__name__ == "mmap"
    if array.size > (_SCANNED if on_disk else _SCANNED_IN_BLOCKS):
        return _ends(array)
    if array.size > _SCANNED or array.dtype.kind == "b":
        return _ends(array) | _statistics(numpy, array)
    wanted = array.dtype.newbyteorder("=") if array.dtype.itemsize in (4, 8) or array.dtype.kind != "f" else "f8"
    return _native.summary(list(array.shape), numpy.ascontiguousarray(array, dtype=wanted))


def _statistics(numpy: Any, array: Any) -> dict[str, Any]:
    """What the compiled half says of an array, without a copy of it."""
    least, most, total, finite, first, seen = math.inf, -math.inf, 0.0, 0, None, 0
    rows = max(1, _BLOCK * len(array) // array.size)
    for start in range(0, len(array), rows):
        block = numpy.asarray(array[start : start + rows]).reshape(-1)
        is_finite = numpy.isfinite(block)
        size = block.size
        if not is_finite.all():
            first = seen + int(is_finite.argmin()) if first is None else first
            block = block[is_finite]
        if block.size:
            least, most = min(least, float(block.min())), max(most, float(block.max()))
            total += float(block.sum(dtype=float))
        finite += block.size
        seen += size
    statistics: dict[str, Any] = {"min": least, "max": most, "mean": total / finite} if finite else {}
    statistics["non_finite"] = seen - finite
    return statistics if first is None else statistics | {"first_non_finite": first}


def _ends(array: Any) -> dict[str, Any]:
    """The summary of an array that is not looked through."""
    flat = array.reshape(-1) if array.flags.c_contiguous else array.flat
    head, tail = (_listed(end) for end in (flat[:_END], flat[-_END:]))
    return {"summary": "array", "length": array.size, "shape": list(array.shape), "head": head, "tail": tail}


def _like_an_array(numpy: Any, value: Any) -> Any:
    """A tensor and the like: what would have to be computed or fetched first is not."""
    shape = [int(length) for length in getattr(value, "shape", ())]
    if math.prod(shape) > _SCANNED or hasattr(value, "__dask_graph__"):
        return {"summary": "array", "length": math.prod(shape), "shape": shape}
    if hasattr(value, "detach"):
        value = value.detach().cpu()
    array = numpy.asarray(value)
    if array.dtype.kind == "O" and not array.ndim:
        raise TypeError(type(value))
    return _array(numpy, array)


def _pandas(numpy: Any, pandas: Any, value: Any) -> Any:
    """A column; what is missing in it is NaN among numbers of NumPy's kinds, else nothing."""
    dtype = value.dtype
    if isinstance(dtype, numpy.dtype) and dtype.kind != "O" or isinstance(value, pandas.MultiIndex):
        return _array(numpy, value.to_numpy())
    length = len(value)
    if length > _ARRAY and pandas.api.types.is_numeric_dtype(dtype):
        return _array(numpy, value.to_numpy(dtype="float64", na_value=numpy.nan))
    column = value.iloc if isinstance(value, pandas.Series) else value
    if length > _OBJECTS:
        head, tail = _present(column[:_END]), _present(column[-_END:])
        return {"summary": "array", "length": length, "shape": [length], "head": head, "tail": tail}
    return _present(column[:])


def _present(column: Any) -> list[Any]:
    return [None if is_missing is True else entry for entry, is_missing in zip(column, column.isna().tolist())]


def _polars(numpy: Any, value: Any) -> Any:
    if len(value) <= _ARRAY:
        return value.to_list()
    if numpy is not None and value.dtype.is_numeric() and not value.dtype.is_decimal():
        return _array(numpy, value.to_numpy())
    head, tail = value.head(_END).to_list(), value.tail(_END).to_list()
    return {"summary": "array", "length": len(value), "shape": [len(value)], "head": head, "tail": tail}


def _columns(names: Iterable[str], column: Any) -> dict[str, Any]:
    """The columns of a table; one whose name is taken is called as pandas calls it when it reads a file."""
    columns: dict[str, Any] = {}
    names = list(names)
    for index, name in enumerate(names[: _ARRAY - 1]):
        free, number = name, 0
        while free in columns:
            number += 1
            free = f"{name}.{number}"
        columns[free] = column(index)
    return _noted(columns, len(names))


def _sparse(value: Any) -> dict[str, Any]:
    """What it holds beside zeros, and where as long as that is few."""
    summary: dict[str, Any] = {"sparse": value.format, "shape": list(value.shape), "nnz": value.nnz}
    if value.nnz <= _ARRAY:
        entries = value.tocoo()
        places = zip(("row", "col"), entries.coords) if len(value.shape) == 2 else [("coords", entries.coords)]
        return summary | dict(places) | {"data": entries.data}
    return summary | {"data": value.data if value.format in ("csr", "csc", "coo", "bsr") else value.tocoo().data}


def _with_unit(value: Any, unit: Any) -> dict[str, Any]:
    return {"value": value, "unit": str(unit)}


def _number(value: Any) -> Any:
    """A number of a library for algebra, many digits or whole numbers."""
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, numbers.Rational):
        return {"numerator": int(value.numerator), "denominator": int(value.denominator)}
    if isinstance(value, numbers.Complex) and not isinstance(value, numbers.Real):
        return {"re": value.real, "im": value.imag}
    number = float(value)
    text = str(value)
    return number if math.isnan(number) or "inf" in text or "oo" in text else _decimal(Decimal(text), number)


def _decimal(value: Decimal, number: float) -> float | str:
    """The number itself where a double has it to all its digits."""
    return number if math.isfinite(number) and Decimal(repr(number)) == value else str(value)


def _memory(memory: memoryview) -> Any:
    if memory.format in ("B", "b", "c"):
        return _bytes(memory)
    if math.prod(memory.shape or ()) > _SCANNED:
        ends = memory[:_END].tolist(), memory[-_END:].tolist()
        return {"summary": "array", "length": len(memory), "head": ends[0], "tail": ends[1]}
    if memory.nbytes <= _ARRAY * memory.itemsize:
        return memory.tolist()
    return _native.summary(list(memory.shape or ()), memory)


def _bytes(value: bytes | bytearray | memoryview) -> str:
    length = len(value)
    shown = bytes(value[:_BYTES])
    return repr(shown) if length <= _BYTES else f"{shown!r}… [{length - _BYTES} bytes left out]"


def _in_order(entries: Iterable[Any]) -> list[Any]:
    """The entries of a set, which have another order in each run."""
    few = list(entries)
    try:
        return sorted(few, key=lambda entry: (type(entry).__name__, entry)) if len(few) <= _OBJECTS else few
    except Exception:
        return few


def _entries(mapping: Mapping[Any, Any]) -> dict[Any, Any]:
    if type(mapping) is dict and len(mapping) <= _ARRAY:
        return mapping
    # A subclass may have methods of its own; an ordered dict has an order of its own.
    kinds = (collections.OrderedDict, dict, Mapping)
    items = next(kind for kind in kinds if isinstance(mapping, kind)).items(mapping)
    entries = dict(islice(items, _ARRAY + 1))
    if len(entries) <= _ARRAY:
        return entries
    return _noted(dict(islice(entries.items(), _ARRAY - 1)), len(mapping))


def _noted(entries: dict[Any, Any], length: int) -> dict[Any, Any]:
    """Says in the dict itself that it is not all there."""
    return entries | {"…": f"[{length - len(entries)} entries left out]"} if length > len(entries) else entries


def _attributes(value: Any, names: Iterable[str]) -> dict[str, Any]:
    """The attributes of these names that it has."""
    attributes = {}
    for name in names:
        try:
            attributes[name] = getattr(value, name)
        except AttributeError:
            pass
        except Exception as error:
            attributes[name] = f"<raised {type(error).__name__}>"
    return attributes


def _plain(value: Any) -> dict[str, Any]:
    """An object whose ``repr`` says nothing: its public attributes; of those that are such objects, their types."""
    attributes = {name: entry for name, entry in vars(value).items() if not name.startswith("_")}
    if not attributes:
        raise TypeError(type(value))
    return {name: f"<{_name(type(v))}>" if _is_plain(v) else v for name, v in attributes.items()}


def _is_plain(value: Any) -> bool:
    own: Any = type(value).__repr__
    return own is object.__repr__


def _name(value: Any) -> str:
    module = getattr(value, "__module__", None)
    name = getattr(value, "__qualname__", None) or getattr(value, "__name__", repr(value))
    return f"{module}.{name}" if module and module not in ("builtins", "__main__") else str(name)
