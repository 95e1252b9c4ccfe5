"""Conversion of objects of libraries. A library is never imported: its objects exist only if it is loaded."""

import math
import numbers
import types
from decimal import Decimal
from typing import Any, Final

from .._runtime.modules import loaded_module
from .arrays import Converter, from_array_like, is_lazy, shape_of, shape_only, with_unit
from .limits import MAX_ENTRIES
from .objects import (
    exact_decimal,
    has_default_repr,
    mapping_entries,
    named_attributes,
    public_attributes,
    qualified_name,
)
from .tables import from_columns, from_pandas, from_polars, from_sparse

#: The result of a function here that does not know the type of an object. ``None`` is a value.
_UNKNOWN: Final = object()


def from_library(value: Any, may_read: bool, convert: Converter) -> Any:
    """Converts an object of a library, or any other object by its attributes.

    Raises ``TypeError`` for an object of an unknown type whose class has a ``repr``.
    """
    numpy = loaded_module("numpy", "ndarray")
    if numpy is not None and isinstance(value, numpy.dtype):
        return str(value)
    for convert_type in (_pandas_object, _polars_object, _scientific_object):
        result = convert_type(numpy, value)
        if result is not _UNKNOWN:
            return result
    result = _array_object(numpy, value, may_read, convert)
    return _by_attributes(value) if result is _UNKNOWN else result


def _pandas_object(numpy: Any, value: Any) -> Any:
    pandas = loaded_module("pandas", "api")
    if pandas is None:
        return _UNKNOWN
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
    return None if value is pandas.NA else _UNKNOWN


def _polars_object(numpy: Any, value: Any) -> Any:
    polars = loaded_module("polars", "DataFrame")
    if polars is None:
        return _UNKNOWN
    if isinstance(value, polars.DataFrame):
        return from_columns(value.columns, lambda index: value[:, index])
    if isinstance(value, polars.Series):
        return from_polars(numpy, value)
    return "<polars.LazyFrame>" if isinstance(value, getattr(polars, "LazyFrame", ())) else _UNKNOWN


def _scientific_object(numpy: Any, value: Any) -> Any:
    """Objects of xarray, SciPy and mpmath, numbers, namespaces, and quantities."""
    kind = type(value)
    if kind.__module__.partition(".")[0] == "xarray" and hasattr(kind, "data_vars"):
        return {"sizes": dict(value.sizes), "variables": {str(name): value.variables[name] for name in value.variables}}
    if isinstance(value, numbers.Number):
        return _number(value)
    if isinstance(value, types.SimpleNamespace) or kind.__module__ == "argparse" and kind.__name__ == "Namespace":
        return mapping_entries(vars(value))
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
    return _UNKNOWN


def _array_object(numpy: Any, value: Any, may_read: bool, convert: Converter) -> Any:
    """Arrays, and tables that are computed or read in parts."""
    kind = type(value)
    if is_lazy(value) and shape_of(value) is None:
        columns = getattr(value, "columns", None)
        if columns is None:
            return f"<{qualified_name(kind)}>"
        return {"table": qualified_name(kind), "columns": [str(column) for column in columns[:MAX_ENTRIES]]}
    if hasattr(kind, "__array__") and (numpy is not None or is_lazy(value)):
        return from_array_like(numpy, value, may_read, convert)
    return shape_only(value) if is_lazy(value) else _UNKNOWN


def _by_attributes(value: Any) -> Any:
    kind = type(value)
    # Models of pydantic, and structs of msgspec.
    for listing in ("model_fields", "__struct_fields__"):
        fields = getattr(kind, listing, None)
        if isinstance(fields, (dict, tuple)):
            return named_attributes(value, fields)
    if getattr(kind, "__attrs_attrs__", None) is not None:
        return named_attributes(value, (attribute.name for attribute in kind.__attrs_attrs__))
    if callable(value) and isinstance(getattr(value, "__qualname__", None), str):
        return qualified_name(value)
    if has_default_repr(value):
        return public_attributes(value)
    raise TypeError(kind)


def _number(value: Any) -> Any:
    """A number of a library for algebra, arbitrary precision or integers."""
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, numbers.Rational):
        return {"numerator": int(value.numerator), "denominator": int(value.denominator)}
    if isinstance(value, numbers.Complex) and not isinstance(value, numbers.Real):
        return {"re": value.real, "im": value.imag}
    number = float(value)
    text = str(value)
    return number if math.isnan(number) or "inf" in text or "oo" in text else exact_decimal(Decimal(text), number)
