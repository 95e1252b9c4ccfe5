"""Names and slots of classes, read from ``type`` itself: a metaclass may override the attributes."""

import types
from collections.abc import Iterator
from contextlib import suppress
from typing import Any


def qualname(kind: type) -> str:
    """``ConvergenceError``, or ``Solver.Error``."""
    return str(vars(type)["__qualname__"].__get__(kind))


def name(kind: type) -> str:
    """``Error``: the last part of the qualified name."""
    return str(vars(type)["__name__"].__get__(kind))


def full_name(kind: type, *without: str) -> str:
    """The qualified name after the name of its module, unless the module is one of ``without``."""
    try:
        module = vars(type)["__module__"].__get__(kind)
    except AttributeError:
        module = None
    return f"{module}.{qualname(kind)}" if isinstance(module, str) and module not in without else qualname(kind)


def slot_values(value: Any) -> Iterator[tuple[str, Any]]:
    """The names and values of an object's ``__slots__``."""
    for kind in reversed(type(value).__mro__):
        for name, slot in vars(kind).items() if "__slots__" in vars(kind) else ():
            if isinstance(slot, types.MemberDescriptorType):
                with suppress(AttributeError):
                    yield name, slot.__get__(value)
