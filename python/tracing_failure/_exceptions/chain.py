"""The errors of a failure: the exception, the chain of its causes, and the members of groups."""

import sys
from typing import Any

from .._runtime.classes import full_name
from .._runtime.signals import is_from_signal
from .message import message_of

#: Errors of a chain, members of groups, and notes of an error that are kept.
_ERRORS, _MEMBERS, _NOTES = 32, 32, 16

#: Type, message, data, notes, how it is related to another error, and the index of that one if it is not the one before.
Entry = tuple[str, str, Any, list[str], str | None, int | None]


def entries_of(error: BaseException) -> tuple[list[Entry], bool]:
    """The errors as the record has them, and whether there are more. The members of a group follow the group."""
    entries: list[Entry] = []
    seen: set[int] = set()
    waiting: list[tuple[BaseException, str | None, int]] = [(error, None, -1)]
    room = {False: _ERRORS, True: _MEMBERS}
    is_cut = False
    while waiting:
        each, relation, other = waiting.pop()
        if id(each) in seen:
            is_cut = is_cut or relation != "member"
            continue
        is_member = relation == "member"
        if not room[is_member]:
            is_cut = True
            continue
        room[is_member] -= 1
        seen.add(id(each))
        index = len(entries)
        related_to = other if other >= 0 and other != index - 1 else None
        entries.append((type_name(type(each)), message_of(each), _data(each), notes_of(each), relation, related_to))
        # The last one that waits comes first.
        around, is_context = around_of(each, seen)
        if around is not None:
            waiting.append((around, "context" if is_context else None, index))
        members = members_of(each)
        is_cut = is_cut or len(members) > _MEMBERS
        waiting.extend((member, "member", index) for member in reversed(members[:_MEMBERS]))
    return entries, is_cut


def around_of(error: BaseException, seen: set[int]) -> tuple[BaseException | None, bool]:
    """What it was raised from, else what was being handled meanwhile; and whether it is the latter."""
    cause = own(error, "__cause__")
    if cause is not None and id(cause) not in seen:
        return cause, False
    return None if own(error, "__suppress_context__") else own(error, "__context__"), True


def chain_of(error: BaseException) -> list[BaseException]:
    """The error, what it was raised from or while handling, and so on."""
    return [each for each, _ in chain_with_joints(error)]


def chain_with_joints(error: BaseException) -> list[tuple[BaseException, bool]]:
    """The same, and whether each was being handled only when the one before it was raised."""
    chain = [(error, False)]
    seen = {id(error)}
    while len(chain) < _ERRORS:
        around, is_context = around_of(error, seen)
        if around is None or id(around) in seen:
            break
        seen.add(id(around))
        chain.append((around, is_context))
        error = around
    return chain


def members_of(error: BaseException) -> tuple[BaseException, ...]:
    """The members of a group, by its class's own attribute: that of the group may be somebody's code."""
    if not issubclass(type(error), BaseExceptionGroup):
        return ()
    members: tuple[BaseException, ...] = vars(BaseExceptionGroup)["exceptions"].__get__(error)
    return members


def own(error: BaseException, name: str) -> Any:
    """The attribute that Python itself sets: a property of the error's class may be another one."""
    return vars(BaseException)[name].__get__(error)


def notes_of(error: BaseException) -> list[str]:
    """What `add_note` added."""
    try:
        notes = getattr(error, "__notes__", None)
        return [str(note) for note in notes[:_NOTES]] if isinstance(notes, (list, tuple)) else []
    except BaseException as trouble:
        if is_from_signal(trouble):
            raise
        return []


def is_no_failure(error: BaseException) -> bool:
    """The program ends, or somebody wants no result any more: so it is of a group where it is so of all in it."""
    # Another thread may be importing it.
    cancelled = getattr(sys.modules.get("asyncio"), "CancelledError", GeneratorExit)
    members, seen = [error], set()
    while members:
        each = members.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        kind = type(each)
        # By the classes' own attributes: those of the error may be somebody's code.
        if issubclass(kind, BaseExceptionGroup):
            members.extend(members_of(each))
        elif issubclass(kind, SystemExit):
            if vars(SystemExit)["code"].__get__(each) not in (None, 0):
                return False
        elif not issubclass(kind, (GeneratorExit, cancelled)):
            return False
    return True


def type_name(kind: type) -> str:
    return full_name(kind, "builtins")


def _data(error: BaseException) -> dict[str, Any] | None:
    """What the exception carries beside its message."""
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
        # It has code of its own for its attributes.
        return None
