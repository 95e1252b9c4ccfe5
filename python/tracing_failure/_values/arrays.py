"""NumPy arrays and similar arrays: all numbers of small ones, a summary of large ones."""

import datetime
import enum
import math
import sys
from collections.abc import Callable
from itertools import islice
from typing import Any, TypeAlias

from .. import _native
from .limits import (
    BLOCK_ENTRIES,
    BLOCKWISE_FROM,
    MAX_DIMENSIONS,
    MAX_ENTRIES,
    MAX_OBJECTS,
    MAX_SCANNED,
    MAX_SCANNED_IN_BLOCKS,
    MAX_SCANNED_ON_DISK,
    SUMMARY_ENDS,
)

#: Converts an object to a simpler one.
Converter: TypeAlias = Callable[[Any], Any]

#: Packages whose arrays are read from files on access.
FILE_PACKAGES = frozenset({"h5netcdf", "h5py", "netCDF4", "tables", "tensorstore", "zarr"})


def is_lazy(value: Any) -> bool:
    """Returns whether the data of an array are not in memory: access would read or compute them."""
    kind = type(value)
    package = kind.__module__.partition(".")[0]
    if package in FILE_PACKAGES:
        return True
    if hasattr(kind, "__dask_graph__") and value.__dask_graph__() is not None:
        return True
    if package == "xarray" and hasattr(kind, "dims"):
        return not getattr(getattr(value, "variable", value), "_in_memory", False)
    return hasattr(kind, "__array__") and is_mapped(value)


def is_mapped(array: Any) -> bool:
    """Returns whether an array is a view of a memory-mapped file. Access would read its pages."""
    for _ in range(MAX_DIMENSIONS):
        if array is None or type(array).__name__ == "mmap":
            return array is not None
        array = getattr(array, "obj", None) if isinstance(array, memoryview) else getattr(array, "base", None)
    return False


def size_of(value: Any) -> int | None:
    """The number of entries of an array, or ``None`` if the object is no array."""
    shape = shape_of(value)
    return None if shape is None else math.prod(shape)


def shape_of(value: Any) -> list[int] | None:
    """The shape of an array, or ``None`` if the object is no array or its shape has to be computed."""
    shape = getattr(value, "shape", None)
    lengths = list(islice(shape, MAX_DIMENSIONS)) if isinstance(shape, (tuple, list)) else None
    return lengths if lengths is not None and all(isinstance(length, int) for length in lengths) else None


def unit_of(value: Any) -> Any:
    """The unit of a quantity, for example of pint, astropy or unyt."""
    kind = type(value)
    if isinstance(value, (datetime.date, datetime.time, datetime.timedelta, enum.Enum)):
        # Dates of pandas have `value` and `unit`, too, but are no quantities.
        return None
    if hasattr(kind, "magnitude") and hasattr(kind, "units"):
        return value.units
    # A subclass of NumPy's array, or a number with its value. A table may have a column `unit`.
    if hasattr(kind, "__array_finalize__") or hasattr(kind, "value"):
        unit = getattr(value, "unit", None)
        return getattr(value, "units", None) if unit is None else unit
    return None


def shape_only(value: Any) -> dict[str, Any]:
    """Length, shape and type of an array, without access to its entries."""
    shape = shape_of(value)
    dtype = getattr(value, "dtype", None)
    description = {} if shape is None else {"length": math.prod(shape), "shape": shape}
    return {"summary": "array", **description} | ({} if dtype is None else {"dtype": str(dtype)})


def from_numpy(numpy: Any, value: Any, may_read: bool, convert: Converter) -> Any:
    """A NumPy array or scalar. ``convert`` converts the object in a scalar of objects."""
    if not may_read and not isinstance(value, numpy.generic) and is_mapped(value):
        return shape_only(value)
    if type(value) is numpy.ndarray or isinstance(value, numpy.generic):
        return _from_scalar_or_array(numpy, value, convert)
    unit = unit_of(value)
    return _from_scalar_or_array(numpy, value, convert) if unit is None else with_unit(numpy.asarray(value), unit)


def _from_scalar_or_array(numpy: Any, value: Any, convert: Converter) -> Any:
    if value.ndim:
        return from_array(numpy, value)
    with numpy.errstate(all="ignore"):
        return _from_scalar(value, convert)


def from_array(numpy: Any, array: Any) -> Any:
    """A NumPy array. Complex arrays become real and imaginary parts, structured arrays become their fields."""
    # Warnings about overflows in these numbers would be misleading.
    with numpy.errstate(all="ignore"):
        return _from_array_quietly(numpy, array)


def _from_array_quietly(numpy: Any, array: Any) -> Any:
    kind = array.dtype.kind
    if array.dtype.names or kind == "c":
        return _fields_or_parts(array)
    if isinstance(array, numpy.ma.MaskedArray) and array.size > MAX_ENTRIES and kind in "iuf":
        array = array.astype(numpy.float64).filled(numpy.nan)
    elif not isinstance(array, numpy.ma.MaskedArray):
        array = numpy.asarray(array)
    if kind == "m" and array.dtype.str[3:] not in ("[Y]", "[M]", ""):
        seconds = array / numpy.timedelta64(1, "s")
        return seconds.tolist() if array.size <= MAX_ENTRIES else _summarize(numpy, seconds)
    if array.size <= MAX_ENTRIES or kind == "O" and array.size <= MAX_OBJECTS:
        return _to_list(array)
    return _summarize(numpy, array) if kind in "biuf" else _summary_of_ends(array)


def _from_scalar(value: Any, convert: Converter) -> Any:
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
        # A long double becomes a float without its last digits, or text if a float would overflow.
        return float(item) if math.isfinite(float(item)) or item - item != 0 else str(item)
    if isinstance(item, bool | int | float | str | None):
        return item
    if item is value:
        raise TypeError("an array without dimensions that holds itself")
    return convert(item)


def _in_seconds(value: Any) -> Any:
    numpy = sys.modules["numpy"]
    if numpy.isnat(value):
        return None
    return str(value) if value.dtype.str[3:] in ("[Y]", "[M]", "") else value / numpy.timedelta64(1, "s")


def _fields_or_parts(array: Any) -> dict[str, Any]:
    if array.dtype.names:
        return {name: array[name] for name in array.dtype.names}
    return {"re": array.real, "im": array.imag}


def _to_list(array: Any) -> Any:
    if array.dtype.kind in "mM":
        return _nat_to_none(array.astype(str).tolist())
    return array.tolist()


def _nat_to_none(entries: Any) -> Any:
    if isinstance(entries, list):
        return [_nat_to_none(entry) for entry in entries]
    return None if entries == "NaT" else entries


def _summarize(numpy: Any, array: Any) -> Any:
    on_disk = isinstance(array.base, numpy.memmap) or type(array.base).__name__ == "mmap"
    if array.size > (MAX_SCANNED if on_disk else MAX_SCANNED_IN_BLOCKS):
        return _summary_of_ends(array)
    if array.size > BLOCKWISE_FROM or array.dtype.kind == "b":
        return _summary_of_ends(array) | _statistics(numpy, array)
    wanted = array.dtype.newbyteorder("=") if array.dtype.itemsize in (4, 8) or array.dtype.kind != "f" else "f8"
    return _native.summarize(list(array.shape), numpy.ascontiguousarray(array, dtype=wanted))


def _statistics(numpy: Any, array: Any) -> dict[str, Any]:
    """The statistics that the compiled half computes, without a copy of the array."""
    low, high, total, finite, first, count = math.inf, -math.inf, 0.0, 0, None, 0
    rows = max(1, BLOCK_ENTRIES * len(array) // array.size)
    for start in range(0, len(array), rows):
        block = numpy.asarray(array[start : start + rows]).reshape(-1)
        is_finite = numpy.isfinite(block)
        size = block.size
        if not is_finite.all():
            first = count + int(is_finite.argmin()) if first is None else first
            block = block[is_finite]
        if block.size:
            low, high = min(low, float(block.min())), max(high, float(block.max()))
            total += float(block.sum(dtype=float))
        finite += block.size
        count += size
    statistics: dict[str, Any] = {"min": low, "max": high, "mean": total / finite} if finite else {}
    statistics["non_finite"] = count - finite
    return statistics if first is None else statistics | {"first_non_finite": first}


def _summary_of_ends(array: Any) -> dict[str, Any]:
    """The summary of an array without statistics."""
    flat = array.reshape(-1) if array.flags.c_contiguous else array.flat
    head, tail = (_to_list(end) for end in (flat[:SUMMARY_ENDS], flat[-SUMMARY_ENDS:]))
    return {"summary": "array", "length": array.size, "shape": list(array.shape), "head": head, "tail": tail}


def from_array_like(numpy: Any, value: Any, may_read: bool, convert: Converter) -> Any:
    """A tensor or another array-like object.

    It is not computed, and read from a file only if ``may_read`` is true.
    """
    is_on_disk = is_lazy(value)
    size = size_of(value)
    is_computed = hasattr(type(value), "__dask_graph__") and value.__dask_graph__() is not None
    limit = MAX_SCANNED_ON_DISK if is_on_disk else MAX_SCANNED
    if is_computed or is_on_disk and (not may_read or size is None) or size is not None and size > limit:
        return shape_only(value)
    if hasattr(value, "detach"):
        value = value.detach().cpu()
    array = numpy.asarray(value)
    if array.dtype.kind == "O" and not array.ndim:
        raise TypeError(type(value))
    return _from_scalar_or_array(numpy, array, convert)


def with_unit(value: Any, unit: Any) -> dict[str, Any]:
    """A value with its unit."""
    return {"value": value, "unit": str(unit)}
