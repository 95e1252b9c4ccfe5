"""Modules that may be loaded."""

import sys
from typing import Any


def loaded_module(name: str, attribute: str) -> Any:
    """The module if it is loaded up to this attribute: another thread may still be importing it."""
    module = sys.modules.get(name)
    return module if hasattr(module, attribute) else None
