"""How much of a large thing is kept, and what says so."""

from typing import Any

#: Entries of an array or a dict before it is summarised: the library's own limit.
MAX_ENTRIES = 256
#: Entries of an array that its summary looks at, where they come from elsewhere, and block by block in memory; of a larger
#: one it has the ends.
MAX_SCANNED = 1 << 22
MAX_SCANNED_IN_BLOCKS = 1 << 27
#: Entries of an array in a file that are read for its summary, after a failure.
MAX_SCANNED_ON_DISK = 1 << 16
#: Entries from which on NumPy looks faster, and those of a block.
BLOCKWISE_FROM = 1 << 14
BLOCK_ENTRIES = 1 << 16
#: Objects of an array or a set that are looked at.
MAX_OBJECTS = 1 << 16
#: Dimensions of an array: NumPy has no more.
MAX_DIMENSIONS = 64
#: Bytes of a ``bytes`` that are shown.
MAX_BYTES = 4096
#: Entries at each end of a summary.
SUMMARY_ENDS = 8


def with_omission_note(entries: dict[Any, Any], length: int) -> dict[Any, Any]:
    """Says in the dict itself that it is not all there."""
    return entries | {"…": f"[{length - len(entries)} entries left out]"} if length > len(entries) else entries
