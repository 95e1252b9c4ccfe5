"""The message of an exception.

``str`` of an exception can raise. It can also take practically forever, because it prints a shared object once for each
object that refers to it.
"""

import dataclasses
import functools
import sys
from collections import deque
from collections.abc import ItemsView, Iterator, KeysView, ValuesView
from itertools import chain, islice
from types import GenericAlias, MappingProxyType, ModuleType
from typing import Any

from .. import _native
from .._runtime import classes
from .._runtime.signals import is_from_signal

#: Maximum objects in the arguments of an exception for which ``str`` is called.
_MAX_OBJECTS = 100_000
#: Maximum nesting, and maximum entries of a container, that are counted.
_MAX_DEPTH = 50
_MAX_ENTRIES = 1000
#: Maximum characters of a message. The compiled half keeps fewer.
_MAX_CHARACTERS = 1 << 16

_CONTAINERS = (list, tuple, set, frozenset, deque)
_SCALARS: tuple[type, ...] = (str, bytes, int, float, complex, ModuleType)


def message_of(error: BaseException | str | None) -> str:
    """The text of an error, or a note if its ``str`` raises."""
    if error is None:
        return "no error was given"
    try:
        if isinstance(error, BaseException) and not has_bounded_str(error):
            return _shorten(str(_native.value_text(error.args)))
        return _shorten(str(error))
    except BaseException as trouble:
        if is_from_signal(trouble):
            raise
        return f"<its str raised {classes.name(type(trouble))}>"


def has_bounded_str(error: BaseException) -> bool:
    """Returns whether ``str`` of the exception takes a bounded time."""
    args = vars(BaseException)["args"].__get__(error)
    if issubclass(type(error), BaseExceptionGroup):
        # Its text has the number of members, not the members.
        args = args[:1]
    return all(type(each) is str for each in args) or _count_objects(args, {}, 0) <= _MAX_OBJECTS


def exception_value(error: BaseException) -> Any:
    """The value that an exception has in a record: its ``repr``, or type and arguments if ``repr`` takes too long."""
    if _count_objects(error, {}, 0) <= _MAX_OBJECTS:
        return repr(error)
    return {"error_type": classes.name(type(error)), "args": vars(BaseException)["args"].__get__(error)}


def _count_objects(value: Any, counts: dict[int, int], depth: int) -> int:
    """The number of objects that ``repr`` prints. A shared object counts each time."""
    if id(value) in counts:
        return counts[id(value)]
    # Until it is counted: a container inside itself is printed as an ellipsis.
    counts[id(value)] = 1
    if depth < _MAX_DEPTH:
        counts[id(value)] = 1 + sum(_count_objects(each, counts, depth + 1) for each in _parts(value))
    return counts[id(value)]


def _parts(value: Any) -> list[Any]:
    """The entries of a container, or the attributes of an object whose ``repr`` may print them."""
    parts: Iterator[Any]
    if isinstance(value, dict):
        parts = islice(chain.from_iterable(dict.items(value)), 2 * _MAX_ENTRIES)
    elif isinstance(value, _CONTAINERS):
        kind: Any = next(kind for kind in _CONTAINERS if isinstance(value, kind))
        parts = islice(kind.__iter__(value), _MAX_ENTRIES)
    elif isinstance(value, functools.partial):
        parts = iter((value.args, value.keywords))
    elif isinstance(value, BaseException):
        parts = iter(vars(BaseException)["args"].__get__(value))
    elif dataclasses.is_dataclass(value):
        parts = (getattr(value, field.name, None) for field in dataclasses.fields(value))
    elif isinstance(value, MappingProxyType):
        parts = islice(value.items(), _MAX_ENTRIES)
    elif isinstance(value, KeysView | ValuesView | ItemsView):
        parts = islice(value, _MAX_ENTRIES)
    elif _is_array_of_objects(value):
        parts = islice(value.flat, _MAX_ENTRIES)
    elif _is_pandas_of_objects(value):
        parts = islice(value.array, _MAX_ENTRIES)
    elif isinstance(value, GenericAlias):
        parts = iter(value.__args__)
    else:
        attributes = getattr(value, "__dict__", None)
        attributes_of = attributes.values() if isinstance(attributes, dict) else ()
        parts = islice(chain(attributes_of, (slot for _, slot in classes.slot_values(value))), _MAX_ENTRIES)
    return [each for each in parts if not (isinstance(each, _SCALARS) or type(each) is type)]


def _is_array_of_objects(value: Any) -> bool:
    numpy = sys.modules.get("numpy")
    kind = getattr(numpy, "ndarray", None)
    return kind is not None and isinstance(value, kind) and value.dtype.hasobject


def _is_pandas_of_objects(value: Any) -> bool:
    pandas = sys.modules.get("pandas")
    kinds = (getattr(pandas, name, None) for name in ("Series", "Index"))
    return any(kind is not None and isinstance(value, kind) for kind in kinds) and value.dtype == object


def _shorten(text: str) -> str:
    if len(text) <= _MAX_CHARACTERS:
        return text
    head, tail = text[: _MAX_CHARACTERS // 2], text[-_MAX_CHARACTERS // 4 :]
    return f"{head}… [{len(text) - len(head) - len(tail)} characters left out] …{tail}"
