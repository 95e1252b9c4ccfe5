"""Texts of failures for a terminal, which must not obey them."""

import re

#: Control characters, those that turn the direction of a text, and halves of surrogate pairs, which cannot be printed.
_UNSAFE_CHARACTERS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\U000e0000-\U000e007f]"
)


def escape_controls(text: str) -> str:
    r"""The text with its control characters spelt out.

    >>> print(escape_controls("a\x1b[2Jb\u202e"))
    a\u{1b}[2Jb\u{202e}
    """
    return _UNSAFE_CHARACTERS.sub(lambda found: f"\\u{{{ord(found[0]):x}}}", text)
