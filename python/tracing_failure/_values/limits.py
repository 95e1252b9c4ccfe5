"""Limits of values, and the note about entries that are left out."""

from typing import Any, Final

from .. import _native

#: Maximum entries of an array or a dict. Larger ones are summarised.
MAX_ENTRIES: Final = _native.MAX_ENTRIES
#: Maximum entries of an array whose summary has statistics: outside of NumPy's memory, and in it. The summary of a
#: larger array has only its ends.
MAX_SCANNED = 1 << 22
MAX_SCANNED_IN_BLOCKS = 1 << 27
#: Maximum entries of an array in a file whose summary has statistics.
MAX_SCANNED_ON_DISK = 1 << 16
#: Entries above which NumPy computes statistics faster than the compiled half, and entries of its blocks.
BLOCKWISE_FROM = 1 << 14
BLOCK_ENTRIES = 1 << 16
#: Maximum entries of an array of objects, or of a set.
MAX_OBJECTS = 1 << 16
#: Maximum dimensions of an array, as in NumPy.
MAX_DIMENSIONS = 64
#: Maximum bytes of a ``bytes`` object.
MAX_BYTES = 4096
#: Entries of a summary at each end of the array.
SUMMARY_ENDS: Final = _native.SUMMARY_ENDS


def with_omission_note(entries: dict[Any, Any], length: int) -> dict[Any, Any]:
    """Adds a note to a dict about entries that are left out."""
    return entries | {"…": f"[{length - len(entries)} entries left out]"} if length > len(entries) else entries
