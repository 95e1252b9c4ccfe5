"""Marks on exceptions. A mark has the id of a record of the exception, which prevents a second record."""

from typing import NamedTuple

from .._runtime.signals import is_from_signal
from .chain import builtin_attribute, error_chain, group_members

#: The attribute that holds the marks. It is pickled with the exception.
_ATTRIBUTE = "__tracing_failure__"
#: Maximum marks of an exception. The oldest are dropped.
_MAX_MARKS = 16
#: Maximum members of a group that are searched for a mark.
_MAX_MEMBERS = 256


class RecordMark(NamedTuple):
    """A record of an exception."""

    id: str
    #: The ids of the runs of its computation around it: several if the computation is recursive.
    runs: tuple[str, ...]


def record_marks(error: BaseException) -> list[RecordMark]:
    """The records of this exception itself."""
    try:
        marks = getattr(error, _ATTRIBUTE, None)
        return [RecordMark(*each) for each in marks] if isinstance(marks, list) else []
    except BaseException as trouble:
        if is_from_signal(trouble):
            raise
        # The class overrides attribute access, or the attribute holds something else.
        return []


def add_mark(error: BaseException, new_mark: RecordMark) -> None:
    """Marks an exception. An exception that cannot be marked may be recorded again."""
    try:
        # Works even if the class overrides `__setattr__`.
        BaseException.__setattr__(error, _ATTRIBUTE, [*map(tuple, record_marks(error)), tuple(new_mark)][-_MAX_MARKS:])
    except AttributeError:
        pass


def cause_record_id(error: BaseException) -> str | None:
    """The id of the last record of the exception, of a predecessor, or of a member of the group."""
    for each in error_chain(error):
        if marks := record_marks(each):
            return marks[-1].id
    for member in group_members(error)[:_MAX_MEMBERS]:
        for each in error_chain(member):
            if marks := record_marks(each):
                return marks[-1].id
    return None


def is_recorded(error: BaseException) -> bool:
    """Returns whether the exception, an exception that it was raised from, or each member of a group has a record."""
    visited: set[int] = set()
    each: BaseException | None = error
    while each is not None and id(each) not in visited:
        members = group_members(each)
        if record_marks(each) or members and all(map(record_marks, members)):
            return True
        visited.add(id(each))
        each = builtin_attribute(each, "__cause__")
    return False
