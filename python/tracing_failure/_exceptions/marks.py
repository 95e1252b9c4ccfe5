"""What an exception remembers of the records that were made of it."""

from typing import NamedTuple

from .._runtime.signals import is_from_signal
from .chain import chain_of, members_of, own

#: The attribute of the exception that holds its marks. It travels with the exception, also to another process.
_ATTRIBUTE = "__tracing_failure__"
#: Of the records that were made of it, the last.
_MOST = 16
#: Members of a group that are looked at for its cause.
_MEMBERS = 256


class Mark(NamedTuple):
    """A record that was made of an exception."""

    id: str
    #: The runs of its computation that it was made in: several, where that calls itself.
    runs: tuple[str, ...]


def marks(error: BaseException) -> list[Mark]:
    """The records that were made of this very exception."""
    try:
        found = getattr(error, _ATTRIBUTE, None)
        return [Mark(*each) for each in found] if isinstance(found, list) else []
    except BaseException as trouble:
        if is_from_signal(trouble):
            raise
        # The exception has code of its own for its attributes, or somebody else's under this name.
        return []


def mark(error: BaseException, new: Mark) -> None:
    try:
        # Also where its class takes no attributes.
        BaseException.__setattr__(error, _ATTRIBUTE, [*map(tuple, marks(error)), tuple(new)][-_MOST:])
    except AttributeError:
        # Then it is recorded once more where it is seen again.
        pass


def cause(error: BaseException) -> str | None:
    """The id of the last record of the exception, or of one that it came from."""
    for each in chain_of(error):
        if found := marks(each):
            return found[-1].id
    members = members_of(error)[:_MEMBERS]
    return next((found[-1].id for member in members for each in chain_of(member) if (found := marks(each))), None)


def has_record(error: BaseException) -> bool:
    """Whether there is a record of this failure: of the exception, of one that it was raised from, of all in a group."""
    seen: set[int] = set()
    each: BaseException | None = error
    while each is not None and id(each) not in seen:
        if marks(each) or issubclass(type(each), BaseExceptionGroup) and all(map(marks, members_of(each))):
            return True
        seen.add(id(each))
        each = own(each, "__cause__")
    return False
