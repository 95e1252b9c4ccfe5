"""What is made of objects that are neither numbers, texts, lists nor dicts.

The compiled half calls :func:`simpler` for each of them, and takes the ``repr`` where it raises. Nothing here has to be
safe, but nothing may follow an object that has no end, or is larger than memory. Iteration therefore goes through the
methods of the built-in class, not through those of a subclass, or has a limit.
"""

import collections
import dataclasses
import datetime
import enum
import functools
import math
import numbers
import sys
import types
import uuid
from array import array as TypedArray
from collections.abc import ItemsView, Iterable, KeysView, Mapping, Sized, ValuesView
from decimal import Decimal
from itertools import islice
from pathlib import PurePath
from typing import Any

from .. import _native
from .._exceptions.message import exception_value
from .._runtime.classes import slot_values
from .._runtime.signals import is_from_signal
from .arrays import from_array_like, from_numpy, is_lazy, is_mapped, shape_of, shape_only, with_unit
from .limits import MAX_BYTES, MAX_ENTRIES, MAX_OBJECTS, MAX_SCANNED, SUMMARY_ENDS, with_omission_note
from .tables import from_columns, from_pandas, from_polars, from_sparse


def simplify(value: Any, may_read: bool = True) -> Any:
    """A number, text, list, tuple, dict or summary that says the same, or the value itself. ``may_read`` allows to load data
    that are not in memory.
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
    if isinstance(value, tuple):
        names = getattr(value, "_fields", None)
        return dict(zip(names, tuple.__iter__(value))) if isinstance(names, tuple) and names else value
    if isinstance(value, (set, frozenset)):
        return _sorted_set(value, set if isinstance(value, set) else frozenset)
    if isinstance(value, complex):
        return {"re": value.real, "im": value.imag}
    if isinstance(value, Decimal):
        return _decimal(value, float(value)) if value.is_finite() else float(str(value).replace("s", ""))
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
        return _qualified_name(value)
    if isinstance(value, (range, slice)):
        return {"start": value.start, "stop": value.stop, "step": value.step}
    if dataclasses.is_dataclass(value):
        return _named_attributes(value, (field.name for field in dataclasses.fields(value)))
    if isinstance(value, (dict, Mapping)):
        # One kind of sparse array is a dict. Groups of a file look like one, and so does what reads it.
        is_array = hasattr(type(value), "tocoo") or type(value).__module__.partition(".")[0] in _FILE_PACKAGES
        return _from_library(value, may_read) if is_array else _mapping_entries(value)
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
    return _from_library(value, may_read)


#: Packages whose mappings load what they hold when it is looked at.
_FILE_PACKAGES = frozenset({"h5netcdf", "h5py", "netCDF4", "tables", "xarray", "zarr"})


def loaded_module(name: str, last: str) -> Any:
    """The module, where it is there as far as this attribute: another thread may be importing it."""
    found = sys.modules.get(name)
    return found if hasattr(found, last) else None


def _from_library(value: Any, may_read: bool) -> Any:
    """What comes from libraries that may not be there, and objects of other kinds."""
    numpy, pandas, polars = loaded_module("numpy", "ndarray"), loaded_module("pandas", "api"), loaded_module("polars", "DataFrame")
    kind = type(value)
    if numpy is not None and isinstance(value, numpy.dtype):
        return str(value)
    if pandas is not None:
        if isinstance(value, pandas.DataFrame):
            names = [".".join(map(str, name)) if isinstance(name, tuple) else str(name) for name in value.columns]
            return from_columns(names, lambda index: value.iloc[:, index])
        if isinstance(value, pandas.Series) and len(value) <= MAX_ENTRIES and value.index.is_unique:
            if all(isinstance(name, str) for name in value.index):
                return value.to_dict()
        if isinstance(value, pandas.RangeIndex):
            return {"start": value.start, "stop": value.stop, "step": value.step}
        if isinstance(value, (pandas.Series, pandas.Index, pandas.api.extensions.ExtensionArray)):
            return from_pandas(numpy, pandas, value)
        if isinstance(value, (pandas.Period, pandas.Interval)):
            return str(value)
        if value is pandas.NA:
            return None
    if polars is not None:
        if isinstance(value, polars.DataFrame):
            return from_columns(value.columns, lambda index: value[:, index])
        if isinstance(value, polars.Series):
            return from_polars(numpy, value)
        if isinstance(value, getattr(polars, "LazyFrame", ())):
            return "<polars.LazyFrame>"
    if kind.__module__.partition(".")[0] == "xarray" and hasattr(kind, "data_vars"):
        return {"sizes": dict(value.sizes), "variables": {str(name): value.variables[name] for name in value.variables}}
    if isinstance(value, numbers.Number):
        return _number(value)
    if isinstance(value, types.SimpleNamespace) or kind.__module__ == "argparse" and kind.__name__ == "Namespace":
        return _mapping_entries(vars(value))
    if kind.__module__.startswith("scipy."):
        if hasattr(value, "nnz") and hasattr(value, "tocoo"):
            return from_sparse(value)
        if hasattr(value, "dist") and hasattr(value, "kwds"):
            return {"distribution": value.dist.name, "args": value.args, "keywords": value.kwds}
        if hasattr(value, "rvs") and isinstance(getattr(value, "name", None), str):
            return value.name
    if kind.__module__.startswith("mpmath.") and hasattr(kind, "tolist"):
        shape = [value.rows, value.cols]
        return value.tolist() if math.prod(shape) <= MAX_ENTRIES else {"summary": "array", "shape": shape}
    if hasattr(kind, "magnitude") and hasattr(kind, "units"):
        return with_unit(value.magnitude, value.units)
    if is_lazy(value) and shape_of(value) is None:
        # A table that is computed or read in parts.
        columns = getattr(value, "columns", None)
        return f"<{_qualified_name(kind)}>" if columns is None else {"table": _qualified_name(kind), "columns": [str(c) for c in columns[:MAX_ENTRIES]]}
    if hasattr(kind, "__array__") and (numpy is not None or is_lazy(value)):
        return from_array_like(numpy, value, may_read, simplify)
    if is_lazy(value):
        return shape_only(value)
    for listing in ("model_fields", "__struct_fields__"):
        fields = getattr(kind, listing, None)
        if isinstance(fields, (dict, tuple)):
            return _named_attributes(value, fields)
    if getattr(kind, "__attrs_attrs__", None) is not None:
        return _named_attributes(value, (attribute.name for attribute in kind.__attrs_attrs__))
    if callable(value) and isinstance(getattr(value, "__qualname__", None), str):
        return _qualified_name(value)
    if _has_default_repr(value):
        return _public_attributes(value)
    raise TypeError(kind)


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
    """The entries of a set, which have another order in each run."""
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
    """All entries of what is not too long, else those at its beginning."""
    if length <= limit:
        return list(islice(entries, limit))
    return {"summary": "array", "length": length, "head": list(islice(entries, SUMMARY_ENDS))}


def _mapping_entries(mapping: Mapping[Any, Any]) -> dict[Any, Any]:
    if type(mapping) is dict and len(mapping) <= MAX_ENTRIES:
        return mapping
    # A subclass may have methods of its own; an ordered dict has an order of its own.
    kinds = (collections.OrderedDict, dict, Mapping)
    items = next(kind for kind in kinds if isinstance(mapping, kind)).items(mapping)
    entries = dict(islice(items, MAX_ENTRIES + 1))
    if len(entries) <= MAX_ENTRIES:
        return entries
    return with_omission_note(dict(islice(entries.items(), MAX_ENTRIES - 1)), len(mapping))


def _named_attributes(value: Any, names: Iterable[str]) -> dict[str, Any]:
    """The attributes of these names that it has."""
    attributes = {}
    for name in islice(names, MAX_ENTRIES - 1):
        try:
            attributes[name] = getattr(value, name)
        except AttributeError:
            pass
        except Exception as error:
            if is_from_signal(error):
                raise
            attributes[name] = f"<raised {type(error).__name__}>"
    return with_omission_note(attributes, len(names)) if isinstance(names, Sized) else attributes


def _public_attributes(value: Any) -> dict[str, Any]:
    """An object whose ``repr`` says nothing: its public attributes; of those that are such objects, their types."""
    attributes = dict(slot_values(value)) | getattr(value, "__dict__", {})
    attributes = {name: entry for name, entry in attributes.items() if not str(name).startswith("_")}
    if not attributes:
        raise TypeError(type(value))
    return _mapping_entries({name: f"<{_qualified_name(type(v))}>" if _has_default_repr(v) else v for name, v in attributes.items()})


def _has_default_repr(value: Any) -> bool:
    own: Any = type(value).__repr__
    return own is object.__repr__


def _qualified_name(value: Any) -> str:
    module_name = getattr(value, "__module__", None)
    name = getattr(value, "__qualname__", None) or getattr(value, "__name__", repr(value))
    return f"{module_name}.{name}" if module_name and module_name not in ("builtins", "__main__") else str(name)
