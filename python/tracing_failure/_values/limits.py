"""How much of a large thing is kept, and what says so."""

from typing import Any

#: Entries of an array or a dict before it is summarised: the library's own limit.
ARRAY = 256
#: Entries of an array that its summary looks at, where they come from elsewhere, and block by block in memory; of a larger
#: one it has the ends.
SCANNED = 1 << 22
SCANNED_IN_BLOCKS = 1 << 27
#: Entries of an array in a file that are read for its summary, after a failure.
SCANNED_ON_DISK = 1 << 16
#: Entries from which on NumPy looks faster, and those of a block.
AT_ONCE = 1 << 14
BLOCK = 1 << 16
#: Objects of an array or a set that are looked at.
OBJECTS = 1 << 16
#: Dimensions of an array: NumPy has no more.
DIMENSIONS = 64
#: Bytes of a ``bytes`` that are shown.
BYTES = 4096
#: Entries at each end of a summary.
END = 8


def noted(entries: dict[Any, Any], length: int) -> dict[Any, Any]:
    """Says in the dict itself that it is not all there."""
    return entries | {"…": f"[{length - len(entries)} entries left out]"} if length > len(entries) else entries
