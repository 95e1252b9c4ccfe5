"""The names and slots of classes, by the attributes that Python itself sets: a metaclass may have code of its own for them."""

import types
from collections.abc import Iterator
from contextlib import suppress
from typing import Any


def qualname(kind: type) -> str:
    """``ConvergenceError``, or ``Solver.Error``."""
    return str(vars(type)["__qualname__"].__get__(kind))


def name(kind: type) -> str:
    """The last part of it."""
    return str(vars(type)["__name__"].__get__(kind))


def full_name(kind: type, *without: str) -> str:
    """With the module before it, unless it is one of these."""
    try:
        module = vars(type)["__module__"].__get__(kind)
    except AttributeError:
        module = None
    return f"{module}.{qualname(kind)}" if isinstance(module, str) and module not in without else qualname(kind)


def slot_values(value: Any) -> Iterator[tuple[str, Any]]:
    """What an object has in the `__slots__` of its classes."""
    for kind in reversed(type(value).__mro__):
        for name, slot in vars(kind).items() if "__slots__" in vars(kind) else ():
            if isinstance(slot, types.MemberDescriptorType):
                with suppress(AttributeError):
                    yield name, slot.__get__(value)
