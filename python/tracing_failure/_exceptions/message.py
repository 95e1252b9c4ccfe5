"""The message of an exception. ``str`` of an exception can raise, and can take longer than the age of the universe: it shows
an argument that several others share once for each of them.
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

#: Objects in the arguments of an exception whose ``str`` is shown.
_OBJECTS = 100_000
#: Levels of nesting, and entries of a list, that are looked at for their number.
_DEPTH = 50
_ENTRIES = 1000
#: Characters of a message: the recorder itself keeps fewer.
_LONGEST = 1 << 16

_CONTAINERS = (list, tuple, set, frozenset, deque)
_SCALARS: tuple[type, ...] = (str, bytes, int, float, complex, ModuleType)


def message_of(error: BaseException | str | None) -> str:
    """What it says, or why that cannot be told."""
    if error is None:
        return "no error was given"
    try:
        if isinstance(error, BaseException) and not is_short(error):
            return _without_end(str(_native.brief(error.args)))
        return _without_end(str(error))
    except BaseException as trouble:
        if is_from_signal(trouble):
            raise
        return f"<its str raised {classes.name(type(trouble))}>"


def is_short(error: BaseException) -> bool:
    """Whether ``str`` of the exception comes to an end."""
    args = vars(BaseException)["args"].__get__(error)
    if issubclass(type(error), BaseExceptionGroup):
        # It shows its members by their number.
        args = args[:1]
    return all(type(each) is str for each in args) or _objects(args, {}, 0) <= _OBJECTS


def shown(error: BaseException) -> Any:
    """What stands for an exception among other values: its ``repr``, or its parts where that has no end."""
    if _objects(error, {}, 0) <= _OBJECTS:
        return repr(error)
    return {"error_type": classes.name(type(error)), "args": vars(BaseException)["args"].__get__(error)}


def _objects(value: Any, known: dict[int, int], depth: int) -> int:
    """How many objects ``repr`` shows: one that is shared counts each time."""
    if id(value) in known:
        return known[id(value)]
    # Until it is known: a container in itself is shown as an ellipsis.
    known[id(value)] = 1
    if depth < _DEPTH:
        known[id(value)] = 1 + sum(_objects(each, known, depth + 1) for each in _held(value))
    return known[id(value)]


def _held(value: Any) -> list[Any]:
    """What is in a container, or in the attributes of an object that may show them."""
    held: Iterator[Any]
    if isinstance(value, dict):
        held = islice(chain.from_iterable(dict.items(value)), 2 * _ENTRIES)
    elif isinstance(value, _CONTAINERS):
        kind: Any = next(kind for kind in _CONTAINERS if isinstance(value, kind))
        held = islice(kind.__iter__(value), _ENTRIES)
    elif isinstance(value, functools.partial):
        held = iter((value.args, value.keywords))
    elif isinstance(value, BaseException):
        held = iter(vars(BaseException)["args"].__get__(value))
    elif dataclasses.is_dataclass(value):
        held = (getattr(value, field.name, None) for field in dataclasses.fields(value))
    elif isinstance(value, MappingProxyType):
        held = islice(value.items(), _ENTRIES)
    elif isinstance(value, KeysView | ValuesView | ItemsView):
        held = islice(value, _ENTRIES)
    elif _is_array_of_objects(value):
        held = islice(value.flat, _ENTRIES)
    elif _is_pandas(value):
        held = islice(value.array, _ENTRIES)
    elif isinstance(value, GenericAlias):
        held = iter(value.__args__)
    else:
        attributes = getattr(value, "__dict__", None)
        own = attributes.values() if isinstance(attributes, dict) else ()
        held = islice(chain(own, (slot for _, slot in classes.slots(value))), _ENTRIES)
    return [each for each in held if not (isinstance(each, _SCALARS) or type(each) is type)]


def _is_array_of_objects(value: Any) -> bool:
    numpy = sys.modules.get("numpy")
    kind = getattr(numpy, "ndarray", None)
    return kind is not None and isinstance(value, kind) and value.dtype.hasobject


def _is_pandas(value: Any) -> bool:
    pandas = sys.modules.get("pandas")
    kinds = (getattr(pandas, name, None) for name in ("Series", "Index"))
    return any(kind is not None and isinstance(value, kind) for kind in kinds) and value.dtype == object


def _without_end(text: str) -> str:
    if len(text) <= _LONGEST:
        return text
    head, tail = text[: _LONGEST // 2], text[-_LONGEST // 4 :]
    return f"{head}… [{len(text) - len(head) - len(tail)} characters left out] …{tail}"
