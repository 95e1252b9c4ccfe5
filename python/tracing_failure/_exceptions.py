"""Exceptions taken apart: type, message, traceback, and the chain of causes."""

import sys
import sysconfig
import traceback
from types import CodeType, FrameType, TracebackType
from typing import Any, NamedTuple, TypedDict

from . import _notebook
from ._messages import is_short, message_of
from ._signals import is_from_signal

#: Frames of a stack, half of them from each end, and errors of a chain that are kept.
_FRAMES = 64
_ERRORS = 32
#: Callers of where it was caught that are kept, and frames that are looked at for them.
_CALLERS = 16
_LOOKED_AT = 256
#: Places, and files, that are remembered.
_KNOWN = 1024
#: Errors of a chain and of groups in it that Python writes as text.
_WRITTEN = 1000
#: What Python's traceback shows of frames that repeat.
_REPEATS = 3
#: To these Python's traceback adds something of its own, such as a suggestion of what was meant.
_TOLD_AT_LENGTH = (SyntaxError, NameError, AttributeError, ImportError, BaseExceptionGroup)

_CAUSE = "\nThe above exception was the direct cause of the following exception:\n\n"
_CONTEXT = "\nDuring handling of the above exception, another exception occurred:\n\n"

#: Where Python's own code lies, and ours.
_PYTHON = (sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib"))
_OURS = __file__.rpartition("_exceptions")[0]

Frame = tuple[str, str, int | None, bool]


class Apart(TypedDict):
    """An exception as the recorder takes it."""

    error_type: str
    error_message: str
    stack_trace: str
    errors: list[tuple[str, str, Any]]
    errors_cut: bool
    frames: list[Frame]
    location: tuple[str | None, int | None, str | None]


class _Place(NamedTuple):
    """A line of code in a traceback. It holds the code, so that its id stays its own."""

    code: CodeType
    text: str
    frame: Frame
    module: str | None


_places: dict[tuple[int, int], _Place] = {}
_files: dict[str, bool] = {}


def take_apart(error: BaseException | str | None, caller: FrameType | None = None) -> Apart:
    """All that is known of an exception, or of the words that stand for one: the caller's."""
    if not isinstance(error, BaseException):
        return _words(error, caller)
    chain, cut = _chain(error)
    places = _walk(error.__traceback__)
    raised = next((place for place in reversed(places) if place.frame[3]), places[-1] if places else None)
    return {
        "error_type": type(error).__qualname__,
        "error_message": message_of(error),
        "stack_trace": _text(error, chain, places),
        "errors": [(_type_name(type(each)), message_of(each), _data(each)) for each, _ in chain],
        "errors_cut": cut,
        "frames": _ends([place.frame for place in reversed(places)]) + _callers(error.__traceback__),
        "location": _location(raised),
    }


def unread(error: BaseException | str | None) -> Apart:
    """As much of an error as is certain."""
    is_exception = isinstance(error, BaseException)
    return {
        "error_type": type(error).__qualname__ if is_exception else "Error",
        "error_message": message_of(error),
        "stack_trace": "",
        "errors": [],
        "errors_cut": False,
        "frames": [],
        "location": (None, None, None),
    }


def _words(error: str | None, caller: FrameType | None) -> Apart:
    places = _walk_up(caller)
    return unread(error) | {
        "stack_trace": "".join(["Stack (most recent call last):\n", *(place.text for place in places)]),
        "frames": _ends([place.frame for place in reversed(places)]),
        "location": _location(places[-1] if places else None),
    }


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


def members_of(group: BaseException) -> tuple[BaseException, ...]:
    """The members of a group, by its class's own attribute: that of the group may be somebody's code."""
    members: tuple[BaseException, ...] = vars(BaseExceptionGroup)["exceptions"].__get__(group)
    return members


def chain_of(error: BaseException) -> list[BaseException]:
    """The error, what it was raised from or while handling, and so on."""
    return [each for each, _ in _chain(error)[0]]


def _chain(error: BaseException) -> tuple[list[tuple[BaseException, str]], bool]:
    """Each error with what joins it to the one before it, and whether there were more."""
    chain = [(error, "")]
    seen = {id(error)}
    while True:
        cause, joint = _own(error, "__cause__"), _CAUSE
        if cause is None or id(cause) in seen:
            cause, joint = None if _own(error, "__suppress_context__") else _own(error, "__context__"), _CONTEXT
        if cause is None:
            return chain, False
        if id(cause) in seen or len(chain) == _ERRORS:
            return chain, True
        seen.add(id(cause))
        chain.append((cause, joint))
        error = cause


def _own(error: BaseException, name: str) -> Any:
    """The attribute that Python itself sets: a property of the error's class may be another one."""
    return vars(BaseException)[name].__get__(error)


def _text(error: BaseException, chain: list[tuple[BaseException, str]], places: list[_Place]) -> str:
    """The text of Python's own traceback; faster where it is the same."""
    parts: list[str] = []
    for index in range(len(chain) - 1, -1, -1):
        each = chain[index][0]
        last = _last_lines(each)
        if last is None:
            return _whole_text(error)
        stack = places if each is error else _walk(each.__traceback__)
        if stack:
            parts.append("Traceback (most recent call last):\n")
            parts.extend(_without_repeats(stack))
        parts.append(last)
        parts.append(chain[index][1])
    return "".join(parts)


def _whole_text(error: BaseException) -> str:
    try:
        if _is_readable(error):
            return "".join(traceback.format_exception(error))
    except Exception as trouble:
        if is_from_signal(trouble):
            raise
    lines = ["Traceback (most recent call last):\n", *_without_repeats(_walk(error.__traceback__))]
    return "".join([*lines, f"{_type_name(type(error))}: {message_of(error)}\n"])


def _is_readable(error: BaseException) -> bool:
    """Whether Python comes to the end of it: it writes each error of a group as often as it is in one."""
    errors = [error]
    for _ in range(_WRITTEN):
        if not errors:
            return True
        each = errors.pop()
        if not is_short(each) or any(_has_own(each, name) for name in ("__cause__", "__context__")):
            return False
        around = [_own(each, "__cause__"), _own(each, "__context__")]
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
    kind = type(error)
    name = kind.__qualname__ if kind.__module__ in ("__main__", "builtins") else f"{kind.__module__}.{kind.__qualname__}"
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


def _callers(tb: TracebackType | None) -> list[Frame]:
    """The user's own code that called where the exception was caught: a traceback does not go further up."""
    callers: list[Frame] = []
    frame = tb.tb_frame.f_back if tb is not None else None
    for _ in range(_LOOKED_AT):
        if frame is None or len(callers) == _CALLERS:
            break
        code = frame.f_code
        if _is_in_app(code.co_filename):
            callers.append((code.co_qualname, _notebook.shown_file(code.co_filename), frame.f_lineno, True))
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
        frame = (code.co_qualname, _notebook.shown_file(file), tb.tb_lineno, _is_in_app(file))
        place = _Place(code, text, frame, tb.tb_frame.f_globals.get("__name__"))
        if len(_places) >= _KNOWN:
            _places.clear()
        _places[key] = place
    return place


def _location(place: _Place | None) -> tuple[str | None, int | None, str | None]:
    if place is None:
        return None, None, None
    file = place.frame[1]
    if _notebook.cell_of(place.code.co_filename) is not None:
        # The same in every run, whichever number the cell has then.
        file = _notebook.notebook() or "notebook"
    return file, place.frame[2], place.module


def _ends(frames: list[Frame]) -> list[Frame]:
    return frames if len(frames) <= _FRAMES else frames[: _FRAMES // 2] + frames[-_FRAMES // 2 :]


def _is_in_app(file: str) -> bool:
    """Neither Python's own, nor installed, nor ours."""
    known = _files.get(file)
    if known is None:
        if file.startswith("<") and not file.startswith("<ipython-input"):
            known = file in ("<stdin>", "<string>")
        else:
            known = not _is_installed(file) and not file.startswith((*_PYTHON, _OURS))
        if len(_files) >= _KNOWN:
            _files.clear()
        _files[file] = known
    return known


def is_of_python(file: str) -> bool:
    """Whether Python itself brings this file."""
    return file.startswith((*_PYTHON, "<frozen ")) and not _is_installed(file)


def _is_installed(file: str) -> bool:
    return "site-packages" in file or "dist-packages" in file


def _type_name(kind: type) -> str:
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _data(error: BaseException) -> dict[str, Any] | None:
    """What the exception carries beside its message."""
    try:
        data = {name: value for name, value in vars(error).items() if isinstance(name, str) and name[:1] != "_"}
        if issubclass(type(error), OSError) and (errno := getattr(error, "errno", None)) is not None:
            data |= {"errno": errno, "filename": getattr(error, "filename", None)}
        args = error.args
        if not data and (len(args) > 1 or (len(args) == 1 and not isinstance(args[0], str))):
            data["args"] = list(args)
        return data or None
    except BaseException as trouble:
        if is_from_signal(trouble):
            raise
        # It has code of its own for its attributes.
        return None
