"""How a failure is reported: all that is known of it is put together and written, once, and nothing is raised in place of
the user's own error."""

import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FrameType
from typing import Any

from . import _native, _notebook
from ._computation import Computation, innermost_open
from ._exceptions import Apart, is_no_failure, take_apart, unread
from ._marks import Mark, cause, mark, marks
from ._values import is_from_keyboard

#: Failures that this thread is recording, one within the other, and how many that may be.
_at_work = threading.local()
_NESTED = 2

#: The id of a record, and its file, or why it is on stderr instead.
Written = tuple[str, str | None, str | None]


class Reporter:
    """Reports failures to a recorder, with what a logger says of each of them."""

    def __init__(self, recorder: _native.Recorder, context: dict[str, Any], notebook: str | None) -> None:
        self.recorder = recorder
        self.context = context
        self.notebook = notebook

    def log_failure(
        self,
        computation: str,
        error: BaseException | str | None,
        parameters: Any,
        theoretical_ref: str,
        category: str | None,
        context: Mapping[str, Any] | None,
        nearest: Computation | None,
        caller: FrameType | None,
    ) -> Path | None:
        """Reports what is said of a failure; ``nearest`` is the computation around it that was begun last."""
        computation = text(computation)
        call = {
            "computation": computation,
            "theoretical_ref": text(theoretical_ref),
            "parameters": parameters,
            "within": _within(computation, innermost_open(nearest)),
            "category": category,
            "context": context,
        }
        return self._record(error, call, caller)

    def ended(self, computation: Computation, error: BaseException | None) -> None:
        """Reports how a computation ended: an error that left it is a failure, unless there is a record of that."""
        if error is None:
            return self._closed(computation, "ok", None)
        if is_no_failure(error):
            return self._closed(computation, "cancelled", None)
        if _known(computation, error) is None:
            call = {
                "computation": computation.name,
                "theoretical_ref": computation.theoretical_ref,
                "parameters": None,
                "within": computation,
                "category": "interrupted" if issubclass(type(error), KeyboardInterrupt) else None,
                "context": None,
            }
            self._record(error, call, None)
        self._closed(computation, "failed", _known(computation, error))

    def _closed(self, computation: Computation, outcome: str, failure_id: str | None) -> None:
        try:
            self.recorder.closed(computation, outcome, failure_id)
        except Exception as trouble:
            tell(f"the end of {computation.name} is not logged: {trouble!r}")

    def _record(
        self, error: BaseException | str | None, call: dict[str, Any], caller: FrameType | None
    ) -> Path | None:
        depth = getattr(_at_work, "depth", 0)
        if depth == _NESTED:
            # What is being recorded records itself, by a `repr` for example.
            return None
        apart = None
        # A list, since Ctrl-C may come as soon as it is written.
        written: list[Written] = []
        try:
            _at_work.depth = depth + 1
            apart = take_apart(error, caller)
            self._write(apart, error, call, written)
        except BaseException as trouble:
            if not written and isinstance(trouble, RecursionError) and _native.in_place_of() is None:
                raise
            if not written:
                self._write_little(apart or unread(error), call, trouble, written)
            if isinstance(trouble, KeyboardInterrupt) and is_from_keyboard(trouble.__traceback__):
                _noted(error, call, written)
                raise
        finally:
            _at_work.depth = depth
        try:
            return _noted(error, call, written)
        except RecursionError:
            return _native.on_another_stack(_noted, (error, call, written))

    def _write(
        self, apart: Apart, error: BaseException | str | None, call: dict[str, Any], written: list[Written]
    ) -> None:
        call["thread"] = _thread()
        call["context"] = context = {**self.context, **_entries(call["context"])}
        call["notebook"] = _taken(context, "notebook", _is_text, self.notebook or _notebook.notebook())
        call["cell_number"] = _taken(context, "cell_number", _is_count, _notebook.cell_number())
        call["caused_by"] = cause(error) if isinstance(error, BaseException) else None
        self.recorder.record(apart, call, written)

    def _write_little(
        self, apart: Apart, call: dict[str, Any], trouble: BaseException, written: list[Written]
    ) -> None:
        """A record of what is certain: nobody's error may be lost because we cannot read all that is said of it."""
        uncertain = ("notebook", "cell_number", "caused_by")
        call |= {**dict.fromkeys(uncertain), "thread": "", "context": {"not_recorded": type(trouble).__name__}}
        try:
            self.recorder.record(apart, call, written)
        except BaseException:
            if not written:
                tell(f"a failure of {call['computation']} is not recorded: {type(trouble).__name__}")


def _noted(error: BaseException | str | None, call: dict[str, Any], written: list[Written]) -> Path | None:
    """Sees to it that the error remembers its record, and returns the file."""
    for id, path, lost in written:
        if isinstance(error, BaseException):
            mark(error, Mark(id, call["computation"], call["theoretical_ref"]))
        if lost is not None:
            tell(f"{lost}; the record is on stderr")
        return Path(path) if path is not None else None
    return None


def _known(computation: Computation, error: BaseException) -> str | None:
    """The record that was made of an error of this computation while it ran."""
    for known in marks(error):
        refs = {known.theoretical_ref, computation.theoretical_ref} - {""}
        if known.computation == computation.name and len(refs) <= 1 and known.id > computation._begun:
            return known.id
    return None


def _thread() -> str:
    """The thread that failed, also where its stack is full and this is another one's."""
    ident = _native.in_place_of()
    if ident is None:
        return threading.current_thread().name
    return next((thread.name for thread in threading.enumerate() if thread.ident == ident), "")


def _entries(context: Any) -> dict[str, Any]:
    if context is None:
        return {}
    return dict(context) if isinstance(context, Mapping) else {"value": context}


def _taken(context: dict[str, Any], name: str, is_right: Callable[[Any], bool], otherwise: Any) -> Any:
    """The entry of this name where it is what the record takes; else what is known without it."""
    return context.pop(name) if is_right(context.get(name)) else otherwise


def _is_text(value: Any) -> bool:
    return type(value) is str


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value < 1 << 63


def _within(computation: str, nearest: Computation | None) -> Computation | None:
    """The computation around the caller that has this name, else the innermost."""
    around: Any = nearest
    while around is not None and around.name != computation:
        around = around.parent
    return around or nearest


def text(value: Any) -> str:
    if isinstance(value, str):
        return value
    try:
        return "" if value is None else str(value)
    except BaseException:
        return f"<{type(value).__name__}>"


def tell(text: str) -> None:
    try:
        print(f"tracing-failure: {text}", file=sys.stderr)
    except BaseException:
        pass
