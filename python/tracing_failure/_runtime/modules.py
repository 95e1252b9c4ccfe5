"""Modules that may be loaded."""

import sys
from typing import Any


def loaded_module(name: str, last: str) -> Any:
    """The module if it is loaded up to this attribute: another thread may still be importing it."""
    found = sys.modules.get(name)
    return found if hasattr(found, last) else None
