"""Conversion of objects by their attributes, mappings by their entries, and numbers by their digits."""

import collections
import math
from collections.abc import Iterable, Mapping, Sized
from decimal import Decimal
from itertools import islice
from typing import Any

from .._runtime.classes import slot_values
from .._runtime.signals import is_from_signal
from .limits import MAX_ENTRIES, with_omission_note


def mapping_entries(mapping: Mapping[Any, Any]) -> dict[Any, Any]:
    """The entries of a mapping, with a note if there are too many."""
    if type(mapping) is dict and len(mapping) <= MAX_ENTRIES:
        return mapping
    # A subclass may override `items`. `dict.items` ignores the order of an ordered dict.
    kinds = (collections.OrderedDict, dict, Mapping)
    items = next(kind for kind in kinds if isinstance(mapping, kind)).items(mapping)
    entries = dict(islice(items, MAX_ENTRIES + 1))
    if len(entries) <= MAX_ENTRIES:
        return entries
    return with_omission_note(dict(islice(entries.items(), MAX_ENTRIES - 1)), len(mapping))


def named_attributes(value: Any, names: Iterable[str]) -> dict[str, Any]:
    """The attributes with these names."""
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


def public_attributes(value: Any) -> dict[str, Any]:
    """The public attributes of an object that has the default ``repr``. Such objects in it become their type.

    Raises ``TypeError`` if there are none.
    """
    attributes = dict(slot_values(value)) | getattr(value, "__dict__", {})
    attributes = {name: entry for name, entry in attributes.items() if not str(name).startswith("_")}
    if not attributes:
        raise TypeError(type(value))
    return mapping_entries(
        {name: f"<{qualified_name(type(v))}>" if has_default_repr(v) else v for name, v in attributes.items()}
    )


def has_default_repr(value: Any) -> bool:
    """Returns whether the class of an object has the ``repr`` of ``object``."""
    default: Any = object.__repr__
    return type(value).__repr__ is default


def qualified_name(value: Any) -> str:
    """The name of a class, function or module, after its module unless that is built in or the program."""
    module_name = getattr(value, "__module__", None)
    name = getattr(value, "__qualname__", None) or getattr(value, "__name__", repr(value))
    return f"{module_name}.{name}" if module_name and module_name not in ("builtins", "__main__") else str(name)


def exact_decimal(value: Decimal, number: float) -> float | str:
    """The float if it has all digits of the number, or else the text of the number."""
    return number if math.isfinite(number) and Decimal(repr(number)) == value else str(value)
