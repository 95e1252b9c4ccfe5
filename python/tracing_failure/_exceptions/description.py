"""The description of an exception that goes into a record: type, message, traceback and the chain of errors."""

import traceback
from itertools import groupby
from types import CodeType, FrameType, TracebackType
from typing import Final, NamedTuple

from .. import _native
from .._runtime.classes import full_name, qualname
from .._runtime.notebook import display_file
from .._runtime.signals import is_from_signal
from .._runtime.source_files import is_in_app, is_package_file, stable_file_name
from .chain import builtin_attribute, error_entries, group_members, linked_chain, type_name
from .message import has_bounded_str, message_of

#: Maximum frames of a stack, half of them from each end.
_MAX_FRAMES: Final = _native.MAX_FRAMES
#: Maximum callers of the function that caught the exception, and maximum frames that are searched for them.
_MAX_CALLERS = 16
_MAX_CALLER_SEARCH = 256
#: Maximum lines in the cache.
_MAX_CACHED_LINES = 1024
#: Maximum errors, with those of groups, that Python formats.
_MAX_FORMATTED_ERRORS = 1000
#: How often Python's traceback prints a line that repeats.
_MAX_REPEATS = 3
#: Exceptions to which Python's traceback adds text, such as a suggestion of a name.
_SPECIALLY_FORMATTED = (SyntaxError, NameError, AttributeError, ImportError, BaseExceptionGroup)

_CAUSE_TEXT = "\nThe above exception was the direct cause of the following exception:\n\n"
_CONTEXT_TEXT = "\nDuring handling of the above exception, another exception occurred:\n\n"

#: Function, file, line, and whether the file belongs to the program.
Frame = tuple[str, str, int | None, bool]


class _CodeLine(NamedTuple):
    """A line of code in a traceback. The reference to the code keeps its id, a key of the cache, from being reused."""

    code: CodeType
    text: str
    frame: Frame
    module: str | None


_line_cache: dict[tuple[int, int], _CodeLine] = {}


def describe_exception(error: BaseException | str | None, caller: FrameType | None = None) -> "_native.ExceptionRecord":
    """Describes an exception, or a message that was reported in place of one by the frame ``caller``."""
    if not isinstance(error, BaseException):
        return _describe_message(error, caller)
    lines, callers = _traceback_lines(error.__traceback__), _callers(error.__traceback__)
    errors, is_cut = error_entries(error)
    frames = [line.frame for line in reversed(lines) if not is_package_file(line.code.co_filename)]
    return {
        "error_type": qualname(type(error)),
        "error_message": message_of(error),
        "stack_trace": _format_chain(error, lines),
        "errors": errors,
        "errors_cut": is_cut,
        "frames": _first_and_last(frames) + [line.frame for line in callers],
        "location": _location(lines, callers),
    }


def minimal_description(error: BaseException | str | None) -> "_native.ExceptionRecord":
    """Describes an error without its traceback and its causes."""
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


def _describe_message(error: str | None, caller: FrameType | None) -> "_native.ExceptionRecord":
    lines = _stack_lines(caller)
    return minimal_description(error) | {
        "stack_trace": "".join(["Stack (most recent call last):\n", *(line.text for line in lines)]),
        "frames": _first_and_last([line.frame for line in reversed(lines)]),
        "location": _location(lines, []),
    }


def _format_chain(error: BaseException, lines: list[_CodeLine]) -> str:
    """The text of Python's traceback. It is assembled from cached lines if Python would not add anything."""
    parts: list[str] = []
    for each, is_context in reversed(linked_chain(error)):
        last = _final_line(each)
        if last is None:
            return _format_completely(error)
        stack = lines if each is error else _traceback_lines(each.__traceback__)
        if stack:
            parts.append("Traceback (most recent call last):\n")
            parts.extend(_collapse_repeats(stack))
        parts.append(last)
        if each is not error:
            parts.append(_CONTEXT_TEXT if is_context else _CAUSE_TEXT)
    return "".join(parts)


def _format_completely(error: BaseException) -> str:
    try:
        if _has_bounded_traceback(error):
            return "".join(traceback.format_exception(error))
    except Exception as trouble:
        if is_from_signal(trouble):
            raise
    lines = ["Traceback (most recent call last):\n", *_collapse_repeats(_traceback_lines(error.__traceback__))]
    return "".join([*lines, f"{type_name(type(error))}: {message_of(error)}\n"])


def _has_bounded_traceback(error: BaseException) -> bool:
    """Returns whether Python formats the traceback in bounded time. It formats a shared member of groups repeatedly."""
    errors = [error]
    for _ in range(_MAX_FORMATTED_ERRORS):
        if not errors:
            return True
        each = errors.pop()
        if not has_bounded_str(each) or any(_overrides(each, name) for name in ("__cause__", "__context__")):
            return False
        predecessors = [builtin_attribute(each, "__cause__"), builtin_attribute(each, "__context__")]
        errors.extend(predecessor for predecessor in predecessors if predecessor is not None)
        errors.extend(group_members(each)[:_MAX_FORMATTED_ERRORS])
    return False


def _overrides(error: BaseException, name: str) -> bool:
    """Returns whether the error's class overrides this attribute of ``BaseException``."""
    return getattr(type(error), name, None) is not vars(BaseException)[name]


def _final_line(error: BaseException) -> str | None:
    """The last line of a traceback, or ``None`` if Python's has more than type and message."""
    try:
        if issubclass(type(error), _SPECIALLY_FORMATTED) or getattr(error, "__notes__", None):
            return None
        message = str(error) if has_bounded_str(error) else message_of(error)
    except BaseException as trouble:
        if is_from_signal(trouble):
            raise
        return None
    name = full_name(type(error), "__main__", "builtins")
    return f"{name}: {message}\n" if message else f"{name}\n"


def _collapse_repeats(lines: list[_CodeLine]) -> list[str]:
    """The texts of lines. Repetitions are counted, as in Python's traceback."""
    texts: list[str] = []
    for _, group in groupby(lines, key=lambda line: (line.code.co_filename, line.frame[2], line.code.co_name)):
        repeated = list(group)
        texts += [line.text for line in repeated[:_MAX_REPEATS]]
        more = len(repeated) - _MAX_REPEATS
        if more > 0:
            texts.append(f"  [Previous line repeated {more} more time{'s' if more > 1 else ''}]\n")
    return texts


def _traceback_lines(tb: TracebackType | None) -> list[_CodeLine]:
    lines = []
    while tb is not None:
        lines.append(_code_line(tb))
        tb = tb.tb_next
    return lines


def _stack_lines(frame: FrameType | None) -> list[_CodeLine]:
    lines: list[_CodeLine] = []
    while frame is not None and len(lines) < _MAX_FRAMES:
        lines.append(_code_line(TracebackType(None, frame, frame.f_lasti, frame.f_lineno)))
        frame = frame.f_back
    return lines[::-1]


def _callers(tb: TracebackType | None) -> list[_CodeLine]:
    """The program's lines that called the function that caught the exception. A traceback does not have them."""
    callers: list[_CodeLine] = []
    frame = tb.tb_frame.f_back if tb is not None else None
    for _ in range(_MAX_CALLER_SEARCH):
        if frame is None or len(callers) == _MAX_CALLERS:
            break
        code = frame.f_code
        if is_in_app(code.co_filename):
            shown = (code.co_qualname, display_file(code.co_filename), frame.f_lineno, True)
            callers.append(_CodeLine(code, "", shown, frame.f_globals.get("__name__")))
        frame = frame.f_back
    return callers


def _code_line(tb: TracebackType) -> _CodeLine:
    code = tb.tb_frame.f_code
    key = (id(code), tb.tb_lasti)
    line = _line_cache.get(key)
    if line is None:
        # Without a next traceback, Python formats this frame only.
        alone = TracebackType(None, tb.tb_frame, tb.tb_lasti, tb.tb_lineno)
        text = "".join(traceback.format_tb(alone))
        file = code.co_filename
        frame = (code.co_qualname, display_file(file), tb.tb_lineno, is_in_app(file))
        line = _CodeLine(code, text, frame, tb.tb_frame.f_globals.get("__name__"))
        if len(_line_cache) >= _MAX_CACHED_LINES:
            _line_cache.clear()
        _line_cache[key] = line
    return line


def _location(lines: list[_CodeLine], callers: list[_CodeLine]) -> tuple[str | None, int | None, str | None]:
    """File, line and module of the program's line that raised the exception or called the code that did.

    If no line of the program is known, it is the line of another package.
    """
    in_app = [line for line in lines if line.frame[3]]
    others = [line for line in lines if not is_package_file(line.code.co_filename)]
    line = next(iter([*in_app[-1:], *callers[:1], *others[-1:]]), None)
    if line is None:
        return None, None, None
    module = line.module if isinstance(line.module, str) else None
    return stable_file_name(line.code, module), line.frame[2], module


def _first_and_last(frames: list[Frame]) -> list[Frame]:
    return frames if len(frames) <= _MAX_FRAMES else frames[: _MAX_FRAMES // 2] + frames[-_MAX_FRAMES // 2 :]
