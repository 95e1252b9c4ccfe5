"""The errors of a failure: the exception, its causes and contexts, and the members of groups."""

import sys
from typing import Any, Final

from .. import _native
from .._runtime.classes import full_name
from .._runtime.signals import is_from_signal
from .message import message_of

#: Maximum errors of a chain, members of groups, and notes of an error in a record.
_MAX_ERRORS: Final = _native.MAX_ERRORS
_MAX_MEMBERS: Final = 32
_MAX_NOTES: Final = 16

#: Type, message, data, notes, relation to another error, and the index of that error if it is not the one before.
ErrorEntry = tuple[str, str, Any, list[str], str | None, int | None]


def error_entries(error: BaseException) -> tuple[list[ErrorEntry], bool]:
    """The errors of a record, and whether some were left out. The members of a group follow the group."""
    entries: list[ErrorEntry] = []
    visited: set[int] = set()
    pending: list[tuple[BaseException, str | None, int]] = [(error, None, -1)]
    room = {False: _MAX_ERRORS, True: _MAX_MEMBERS}
    is_cut = False
    while pending:
        each, relation, other = pending.pop()
        if id(each) in visited:
            is_cut = is_cut or relation != "member"
            continue
        is_member = relation == "member"
        if not room[is_member]:
            is_cut = True
            continue
        room[is_member] -= 1
        visited.add(id(each))
        index = len(entries)
        related_to = other if other >= 0 and other != index - 1 else None
        entries.append(
            (type_name(type(each)), message_of(each), _attached_data(each), error_notes(each), relation, related_to)
        )
        # The last one on the stack is visited first.
        predecessor, is_context = predecessor_of(each, visited)
        if predecessor is not None:
            pending.append((predecessor, "context" if is_context else None, index))
        members = group_members(each)
        is_cut = is_cut or len(members) > _MAX_MEMBERS
        pending.extend((member, "member", index) for member in reversed(members[:_MAX_MEMBERS]))
    return entries, is_cut


def predecessor_of(error: BaseException, visited: set[int]) -> tuple[BaseException | None, bool]:
    """The exception that the error was raised from, or else was raised while handling; true in the latter case."""
    cause = builtin_attribute(error, "__cause__")
    if cause is not None and id(cause) not in visited:
        return cause, False
    return None if builtin_attribute(error, "__suppress_context__") else builtin_attribute(error, "__context__"), True


def error_chain(error: BaseException) -> list[BaseException]:
    """The error and its predecessors."""
    return [each for each, _ in linked_chain(error)]


def linked_chain(error: BaseException) -> list[tuple[BaseException, bool]]:
    """The error and its predecessors, each with whether it was only being handled when its successor was raised."""
    chain = [(error, False)]
    visited = {id(error)}
    while len(chain) < _MAX_ERRORS:
        predecessor, is_context = predecessor_of(error, visited)
        if predecessor is None or id(predecessor) in visited:
            break
        visited.add(id(predecessor))
        chain.append((predecessor, is_context))
        error = predecessor
    return chain


def group_members(error: BaseException) -> tuple[BaseException, ...]:
    """The members of a group, read from ``BaseExceptionGroup``: a subclass may override the attribute."""
    if not issubclass(type(error), BaseExceptionGroup):
        return ()
    members: tuple[BaseException, ...] = vars(BaseExceptionGroup)["exceptions"].__get__(error)
    return members


def builtin_attribute(error: BaseException, name: str) -> Any:
    """An attribute that Python sets, read from ``BaseException``: a subclass may override it."""
    return vars(BaseException)[name].__get__(error)


def error_notes(error: BaseException) -> list[str]:
    """The notes that ``add_note`` added."""
    try:
        notes = getattr(error, "__notes__", None)
        return [str(note) for note in notes[:_MAX_NOTES]] if isinstance(notes, (list, tuple)) else []
    except BaseException as trouble:
        if is_from_signal(trouble):
            raise
        return []


def is_exit_or_cancellation(error: BaseException) -> bool:
    """Returns whether the exception ends the program or cancels a task. For a group, all members must."""
    # Another thread may still be importing asyncio.
    cancelled = getattr(sys.modules.get("asyncio"), "CancelledError", GeneratorExit)
    members, visited = [error], set()
    while members:
        each = members.pop()
        if id(each) in visited:
            continue
        visited.add(id(each))
        kind = type(each)
        # Attributes are read from the built-in classes: a subclass may override them.
        if issubclass(kind, BaseExceptionGroup):
            members.extend(group_members(each))
        elif issubclass(kind, SystemExit):
            if vars(SystemExit)["code"].__get__(each) not in (None, 0):
                return False
        elif not issubclass(kind, (GeneratorExit, cancelled)):
            return False
    return True


def type_name(kind: type) -> str:
    """The name of an exception class, after its module unless that is built in."""
    return full_name(kind, "builtins")


def _attached_data(error: BaseException) -> dict[str, Any] | None:
    """The attributes of an exception, or its arguments if they are more than a message."""
    try:
        data = {name: value for name, value in vars(error).items() if isinstance(name, str) and name[:1] != "_"}
        if issubclass(type(error), OSError) and (errno := getattr(error, "errno", None)) is not None:
            data |= {"errno": errno, "filename": getattr(error, "filename", None)}
        args = error.args
        is_group = issubclass(type(error), BaseExceptionGroup)
        if not data and not is_group and (len(args) > 1 or (len(args) == 1 and not isinstance(args[0], str))):
            data["args"] = list(args)
        return data or None
    except BaseException as trouble:
        if is_from_signal(trouble):
            raise
        # Its class overrides attribute access.
        return None
