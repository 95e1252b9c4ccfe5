"""Conversion of objects that are neither numbers, text, lists nor dicts.

The compiled half calls :func:`simplify` for each of them, and takes the ``repr`` if it raises. Code here may raise, but
it must not iterate over an infinite object or one that is larger than memory. Iteration therefore uses the methods of
the built-in class, not those of a subclass, or has a limit.
"""

import collections
import dataclasses
import datetime
import enum
import functools
import math
import types
import uuid
from array import array as TypedArray
from collections.abc import ItemsView, Iterable, KeysView, Mapping, ValuesView
from decimal import Decimal
from itertools import islice
from pathlib import PurePath
from typing import Any

from .. import _native
from .._exceptions.message import exception_value
from .._runtime.modules import loaded_module
from .._runtime.signals import is_from_signal
from .arrays import FILE_PACKAGES, from_numpy, is_mapped, shape_only
from .libraries import from_library
from .limits import MAX_BYTES, MAX_ENTRIES, MAX_OBJECTS, MAX_SCANNED, SUMMARY_ENDS
from .objects import exact_decimal, mapping_entries, named_attributes, qualified_name

#: Packages whose mappings are read from files on access.
_MAPPING_PACKAGES = FILE_PACKAGES | {"xarray"}


def simplify(value: Any, may_read: bool = True) -> Any:
    """Converts a value to a number, text, list, tuple, dict or summary, or returns the value itself.

    Data that are not in memory are loaded only if ``may_read`` is true.
    """
    numpy = loaded_module("numpy", "ndarray")
    if numpy is not None and isinstance(value, (numpy.ndarray, numpy.generic)):
        return from_numpy(numpy, value, may_read, simplify)
    if isinstance(value, enum.Enum):
        return value.value if value.name is None else value.name
    if isinstance(value, (bool, float, str, list)):
        return value
    if isinstance(value, int):
        return int.__int__(value)
    if isinstance(value, complex):
        return {"re": value.real, "im": value.imag}
    if isinstance(value, Decimal):
        return exact_decimal(value, float(value)) if value.is_finite() else float(str(value).replace("s", ""))
    if isinstance(value, memoryview) and not may_read and is_mapped(value):
        return shape_only(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return _from_memory(value) if isinstance(value, memoryview) else _from_bytes(value)
    if isinstance(value, (PurePath, uuid.UUID)):
        return str(value)
    if isinstance(value, (datetime.date, datetime.time)):
        text = value.isoformat()
        # pandas.NaT is a datetime.
        return None if text == "NaT" else text
    if isinstance(value, datetime.timedelta):
        return value.total_seconds()
    if isinstance(value, (type, types.FunctionType, types.BuiltinFunctionType, types.MethodType, types.ModuleType)):
        return qualified_name(value)
    if isinstance(value, (range, slice)):
        return {"start": value.start, "stop": value.stop, "step": value.step}
    return _simplify_container(value, may_read)


def _simplify_container(value: Any, may_read: bool) -> Any:
    """Converts a container, or any other object that consists of objects."""
    if isinstance(value, tuple):
        names = getattr(value, "_fields", None)
        return dict(zip(names, tuple.__iter__(value))) if isinstance(names, tuple) and names else value
    if isinstance(value, (set, frozenset)):
        return _sorted_set(value, set if isinstance(value, set) else frozenset)
    if dataclasses.is_dataclass(value):
        return named_attributes(value, (field.name for field in dataclasses.fields(value)))
    if isinstance(value, (dict, Mapping)):
        # One type of sparse array is a dict. Files and their groups are mappings as well.
        is_array = hasattr(type(value), "tocoo") or type(value).__module__.partition(".")[0] in _MAPPING_PACKAGES
        return from_library(value, may_read, simplify) if is_array else mapping_entries(value)
    if isinstance(value, BaseException):
        return exception_value(value)
    if isinstance(value, functools.partial):
        return {"function": value.func, "args": value.args, "keywords": value.keywords}
    if isinstance(value, collections.deque):
        return _take(collections.deque.__iter__(value), collections.deque.__len__(value), MAX_SCANNED)
    if isinstance(value, collections.UserList) and isinstance(value.data, list):
        return value.data
    if isinstance(value, collections.UserString) and isinstance(value.data, str):
        return value.data
    if isinstance(value, (KeysView, ValuesView, ItemsView)):
        return _take(value, len(value))
    if isinstance(value, TypedArray):
        return value.tolist() if len(value) <= MAX_ENTRIES or value.typecode == "u" else _from_memory(memoryview(value))
    return from_library(value, may_read, simplify)


def _from_memory(memory: memoryview) -> Any:
    if memory.format in ("B", "b", "c"):
        return _from_bytes(memory)
    if math.prod(memory.shape or ()) > MAX_SCANNED:
        ends = memory[:SUMMARY_ENDS].tolist(), memory[-SUMMARY_ENDS:].tolist()
        return {"summary": "array", "length": len(memory), "head": ends[0], "tail": ends[1]}
    if memory.nbytes <= MAX_ENTRIES * memory.itemsize:
        return memory.tolist()
    return _native.summarize(list(memory.shape or ()), memory)


def _from_bytes(value: bytes | bytearray | memoryview) -> str:
    length = len(value)
    head = bytes(value[:MAX_BYTES])
    return repr(head) if length <= MAX_BYTES else f"{head!r}… [{length - MAX_BYTES} bytes left out]"


def _sorted_set(value: Any, kind: type[Any]) -> Any:
    """The sorted entries of a set. Their order in the set differs from run to run."""
    entries = _take(kind.__iter__(value), kind.__len__(value))
    if not isinstance(entries, list):
        return entries
    try:
        return sorted(entries, key=lambda entry: (type(entry).__name__, entry))
    except Exception as error:
        if is_from_signal(error):
            raise
        return entries


def _take(entries: Iterable[Any], length: int, limit: int = MAX_OBJECTS) -> Any:
    """All entries, or the first ones if there are too many."""
    if length <= limit:
        return list(islice(entries, limit))
    return {"summary": "array", "length": length, "head": list(islice(entries, SUMMARY_ENDS))}
