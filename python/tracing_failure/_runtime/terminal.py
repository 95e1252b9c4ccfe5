"""Text for a terminal. Control characters in it must not take effect."""

import re
import sys

from .signals import is_from_signal

#: Control characters, characters that change the direction of text, and lone surrogates, which cannot be printed.
_UNSAFE_CHARACTERS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\U000e0000-\U000e007f]"
)


def escape_controls(text: str) -> str:
    r"""The text with its control characters replaced by escapes.

    >>> print(escape_controls("a\x1b[2Jb\u202e"))
    a\u{1b}[2Jb\u{202e}
    """
    return _UNSAFE_CHARACTERS.sub(lambda found: f"\\u{{{ord(found[0]):x}}}", text)


def warn_stderr(text: str) -> None:
    """Writes a line to stderr."""
    if sys.stderr is None:
        # `print` would write to stdout.
        return
    try:
        print(f"tracing-failure: {escape_controls(text)}", file=sys.stderr)
    except BaseException as trouble:
        if is_from_signal(trouble):
            raise
