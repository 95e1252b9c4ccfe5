"""Short texts of values and other parts of a record, for a card."""

import json
from html import escape
from typing import Any

#: Maximum characters of a value, and of a line of text.
MAX_VALUE, MAX_LINE = 160, 500

_ENCODER = json.JSONEncoder(ensure_ascii=False, default=str)


def value_text(value: Any) -> str:
    """A value, or the most important numbers of an array's summary."""
    if isinstance(value, dict) and value.get("summary") == "array":
        shape = value.get("shape")
        size = " × ".join(map(str, shape)) if isinstance(shape, list) and shape else value.get("length", "?")
        description = [f"{name} {number_text(value[name])}" for name in ("min", "max", "mean") if name in value]
        if value.get("non_finite"):
            description.append(f"{value['non_finite']} not finite")
        return f"array of {size}" + (f": {', '.join(description)}" if description else "")
    return value if isinstance(value, str) else json_beginning(value)


def json_beginning(value: Any) -> str:
    """The beginning of a value's JSON. The whole may be very long."""
    text = ""
    try:
        for part in _ENCODER.iterencode(value):
            text += part
            if len(text) > MAX_VALUE:
                break
    except (ValueError, RecursionError):
        # The value contains itself.
        text += "…"
    return text


def number_text(value: Any) -> str:
    """A number with six digits, or any other value as text."""
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def escape_short(text: Any, limit: int = MAX_LINE) -> str:
    """The beginning of a text, escaped for HTML."""
    text = "" if text is None else str(text)
    return escape(text if len(text) <= limit else text[: limit - 1] + "…")
