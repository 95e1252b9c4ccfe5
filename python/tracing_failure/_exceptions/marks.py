"""What an exception remembers of the records that were made of it."""

from typing import NamedTuple

from .._runtime.signals import is_from_signal
from .chain import builtin_attribute, error_chain, group_members

#: The attribute of the exception that holds its marks. It travels with the exception, also to another process.
_ATTRIBUTE = "__tracing_failure__"
#: Of the records that were made of it, the last.
_MAX_MARKS = 16
#: Members of a group that are looked at for its cause.
_MAX_MEMBERS = 256


class RecordMark(NamedTuple):
    """A record that was made of an exception."""

    id: str
    #: The runs of its computation that it was made in: several, where that calls itself.
    runs: tuple[str, ...]


def record_marks(error: BaseException) -> list[RecordMark]:
    """The records that were made of this very exception."""
    try:
        marks = getattr(error, _ATTRIBUTE, None)
        return [RecordMark(*each) for each in marks] if isinstance(marks, list) else []
    except BaseException as trouble:
        if is_from_signal(trouble):
            raise
        # The exception has code of its own for its attributes, or somebody else's under this name.
        return []


def add_mark(error: BaseException, new_mark: RecordMark) -> None:
    try:
        # Also where its class takes no attributes.
        BaseException.__setattr__(error, _ATTRIBUTE, [*map(tuple, record_marks(error)), tuple(new_mark)][-_MAX_MARKS:])
    except AttributeError:
        # Then it is recorded once more where it is seen again.
        pass


def cause_record_id(error: BaseException) -> str | None:
    """The id of the last record of the exception, or of one that it came from."""
    for each in error_chain(error):
        if marks := record_marks(each):
            return marks[-1].id
    members = group_members(error)[:_MAX_MEMBERS]
    return next((marks[-1].id for member in members for each in error_chain(member) if (marks := record_marks(each))), None)


def is_recorded(error: BaseException) -> bool:
    """Whether there is a record of this failure: of the exception, of one that it was raised from, of all in a group."""
    visited: set[int] = set()
    each: BaseException | None = error
    while each is not None and id(each) not in visited:
        if record_marks(each) or issubclass(type(each), BaseExceptionGroup) and all(map(record_marks, group_members(each))):
            return True
        visited.add(id(each))
        each = builtin_attribute(each, "__cause__")
    return False
