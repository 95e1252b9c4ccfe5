"""Exceptions taken apart: type, message, traceback, and the chain of causes."""

import traceback
from types import CodeType, FrameType, TracebackType
from typing import Any, NamedTuple

from .. import _native
from .._runtime import notebook
from .._runtime.classes import full_name, qualname
from .._runtime.signals import is_from_signal
from .._runtime.source_files import is_in_app, is_ours, stable_name
from .chain import chain_with_joints, entries_of, members_of, own, type_name
from .message import is_short, message_of

#: Frames of a stack that are kept, half of them from each end.
_FRAMES = 64
#: Callers of where it was caught that are kept, and frames that are looked at for them.
_CALLERS = 16
_LOOKED_AT = 256
#: Places that are remembered.
_KNOWN = 1024
#: Errors of a chain and of groups in it that Python writes as text.
_WRITTEN = 1000
#: What Python's traceback shows of frames that repeat.
_REPEATS = 3
#: To these Python's traceback adds something of its own, such as a suggestion of what was meant.
_TOLD_AT_LENGTH = (SyntaxError, NameError, AttributeError, ImportError, BaseExceptionGroup)

_CAUSE = "\nThe above exception was the direct cause of the following exception:\n\n"
_CONTEXT = "\nDuring handling of the above exception, another exception occurred:\n\n"

Frame = tuple[str, str, int | None, bool]


class _Place(NamedTuple):
    """A line of code in a traceback. It holds the code, so that its id stays its own."""

    code: CodeType
    text: str
    frame: Frame
    module: str | None


_places: dict[tuple[int, int], _Place] = {}


def take_apart(error: BaseException | str | None, caller: FrameType | None = None) -> "_native.Apart":
    """All that is known of an exception, or of the words that stand for one: the caller's."""
    if not isinstance(error, BaseException):
        return _words(error, caller)
    places, callers = _walk(error.__traceback__), _callers(error.__traceback__)
    errors, is_cut = entries_of(error)
    return {
        "error_type": qualname(type(error)),
        "error_message": message_of(error),
        "stack_trace": _text(error, places),
        "errors": errors,
        "errors_cut": is_cut,
        "frames": _ends([place.frame for place in reversed(places) if not is_ours(place.code.co_filename)])
        + [place.frame for place in callers],
        "location": _location(places, callers),
    }


def unread(error: BaseException | str | None) -> "_native.Apart":
    """As much of an error as is certain."""
    is_exception = isinstance(error, BaseException)
    return {
        "error_type": qualname(type(error)) if is_exception else "Error",
        "error_message": message_of(error),
        "stack_trace": "",
        "errors": [],
        "errors_cut": False,
        "frames": [],
        "location": (None, None, None),
    }


def _words(error: str | None, caller: FrameType | None) -> "_native.Apart":
    places = _walk_up(caller)
    return unread(error) | {
        "stack_trace": "".join(["Stack (most recent call last):\n", *(place.text for place in places)]),
        "frames": _ends([place.frame for place in reversed(places)]),
        "location": _location(places, []),
    }


def _text(error: BaseException, places: list[_Place]) -> str:
    """The text of Python's own traceback; faster where it is the same."""
    parts: list[str] = []
    for each, is_context in reversed(chain_with_joints(error)):
        last = _last_lines(each)
        if last is None:
            return _whole_text(error)
        stack = places if each is error else _walk(each.__traceback__)
        if stack:
            parts.append("Traceback (most recent call last):\n")
            parts.extend(_without_repeats(stack))
        parts.append(last)
        if each is not error:
            parts.append(_CONTEXT if is_context else _CAUSE)
    return "".join(parts)


def _whole_text(error: BaseException) -> str:
    try:
        if _is_readable(error):
            return "".join(traceback.format_exception(error))
    except Exception as trouble:
        if is_from_signal(trouble):
            raise
    lines = ["Traceback (most recent call last):\n", *_without_repeats(_walk(error.__traceback__))]
    return "".join([*lines, f"{type_name(type(error))}: {message_of(error)}\n"])


def _is_readable(error: BaseException) -> bool:
    """Whether Python comes to the end of it: it writes each error of a group as often as it is in one."""
    errors = [error]
    for _ in range(_WRITTEN):
        if not errors:
            return True
        each = errors.pop()
        if not is_short(each) or any(_has_own(each, name) for name in ("__cause__", "__context__")):
            return False
        around = [own(each, "__cause__"), own(each, "__context__")]
        errors.extend(next_one for next_one in around if next_one is not None)
        if issubclass(type(each), BaseExceptionGroup):
            errors.extend(members_of(each)[:_WRITTEN])
    return False


def _has_own(error: BaseException, name: str) -> bool:
    """Whether the error's class has another attribute of this name than all exceptions."""
    return getattr(type(error), name, None) is not vars(BaseException)[name]


def _last_lines(error: BaseException) -> str | None:
    """Type and message, where Python's traceback says no more."""
    try:
        if issubclass(type(error), _TOLD_AT_LENGTH) or getattr(error, "__notes__", None):
            return None
        message = str(error) if is_short(error) else message_of(error)
    except BaseException as trouble:
        if is_from_signal(trouble):
            raise
        return None
    name = full_name(type(error), "__main__", "builtins")
    return f"{name}: {message}\n" if message else f"{name}\n"


def _without_repeats(places: list[_Place]) -> list[str]:
    lines: list[str] = []
    last: tuple[str, int | None, str] | None = None
    count = 0

    def end() -> None:
        if count > _REPEATS:
            more = count - _REPEATS
            lines.append(f"  [Previous line repeated {more} more time{'s' if more > 1 else ''}]\n")

    for place in places:
        this = (place.code.co_filename, place.frame[2], place.code.co_name)
        if this != last:
            end()
            last, count = this, 0
        count += 1
        if count <= _REPEATS:
            lines.append(place.text)
    end()
    return lines


def _walk(tb: TracebackType | None) -> list[_Place]:
    places = []
    while tb is not None:
        places.append(_place(tb))
        tb = tb.tb_next
    return places


def _walk_up(frame: FrameType | None) -> list[_Place]:
    places: list[_Place] = []
    while frame is not None and len(places) < _FRAMES:
        places.append(_place(TracebackType(None, frame, frame.f_lasti, frame.f_lineno)))
        frame = frame.f_back
    return places[::-1]


def _callers(tb: TracebackType | None) -> list[_Place]:
    """The user's own code that called where the exception was caught: a traceback does not go further up."""
    callers: list[_Place] = []
    frame = tb.tb_frame.f_back if tb is not None else None
    for _ in range(_LOOKED_AT):
        if frame is None or len(callers) == _CALLERS:
            break
        code = frame.f_code
        if is_in_app(code.co_filename):
            shown = (code.co_qualname, notebook.shown_file(code.co_filename), frame.f_lineno, True)
            callers.append(_Place(code, "", shown, frame.f_globals.get("__name__")))
        frame = frame.f_back
    return callers


def _place(tb: TracebackType) -> _Place:
    code = tb.tb_frame.f_code
    key = (id(code), tb.tb_lasti)
    place = _places.get(key)
    if place is None:
        # By itself, so that Python writes the text of this frame only.
        alone = TracebackType(None, tb.tb_frame, tb.tb_lasti, tb.tb_lineno)
        text = "".join(traceback.format_tb(alone))
        file = code.co_filename
        frame = (code.co_qualname, notebook.shown_file(file), tb.tb_lineno, is_in_app(file))
        place = _Place(code, text, frame, tb.tb_frame.f_globals.get("__name__"))
        if len(_places) >= _KNOWN:
            _places.clear()
        _places[key] = place
    return place


def _location(places: list[_Place], callers: list[_Place]) -> tuple[str | None, int | None, str | None]:
    """Where the user's own code raised it, or called what did. Where no code of the user's is known, where others did."""
    own_code = [place for place in places if place.frame[3]]
    others = [place for place in places if not is_ours(place.code.co_filename)]
    place = next(iter([*own_code[-1:], *callers[:1], *others[-1:]]), None)
    if place is None:
        return None, None, None
    module = place.module if isinstance(place.module, str) else None
    return stable_name(place.code, module), place.frame[2], module


def _ends(frames: list[Frame]) -> list[Frame]:
    return frames if len(frames) <= _FRAMES else frames[: _FRAMES // 2] + frames[-_FRAMES // 2 :]
