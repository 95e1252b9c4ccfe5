"""How a failure is reported: all that is known of it is put together and written, once, and nothing is raised in place of
the user's own error."""

import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from . import _native, _notebook
from ._computation import Computation
from ._exceptions import Apart, take_apart
from ._marks import cause, mark, marks
from ._values import is_from_keyboard

#: Failures that this thread is recording, one within the other, and how many that may be.
_at_work = threading.local()
_NESTED = 2


class Reporter:
    """Reports failures to a recorder, with what a logger says of each of them."""

    def __init__(self, recorder: _native.Recorder, context: dict[str, Any], notebook: str | None) -> None:
        self.recorder = recorder
        self.context = context
        self._notebook = notebook

    def log_failure(
        self,
        computation: str,
        error: BaseException | str | None,
        parameters: Any,
        theoretical_ref: str,
        category: str | None,
        context: Mapping[str, Any] | None,
        nearest: Computation | None,
    ) -> Path | None:
        computation = text(computation)
        call = {
            "computation": computation,
            "theoretical_ref": text(theoretical_ref),
            "parameters": parameters,
            "within": _within(computation, nearest),
            "category": category,
            "context": context,
        }
        return self._record(error, call)

    def failed(self, computation: Computation, error: BaseException) -> None:
        if _known(computation, error) is None:
            call = {
                "computation": computation.name,
                "theoretical_ref": computation.theoretical_ref,
                "parameters": None,
                "within": computation,
                "category": "interrupted" if issubclass(type(error), KeyboardInterrupt) else None,
                "context": None,
            }
            self._record(error, call)
        self.closed(computation, "failed", _known(computation, error))

    def closed(self, computation: Computation, outcome: str, failure_id: str | None) -> None:
        try:
            self.recorder.closed(computation, outcome, failure_id)
        except Exception as trouble:
            tell(f"the end of {computation.name} is not logged: {trouble!r}")

    def _record(self, error: BaseException | str | None, call: dict[str, Any]) -> Path | None:
        depth = getattr(_at_work, "depth", 0)
        if depth == _NESTED:
            # What is being recorded records itself, by a `repr` for example.
            return None
        _at_work.depth = depth + 1
        apart = _unread(error)
        try:
            apart = take_apart(error, depth=3)
            return self._write(apart, error, call)
        except BaseException as trouble:
            if isinstance(trouble, RecursionError) and not _native.is_on_another_stack():
                raise
            path = self._write_little(apart, call, trouble)
            if isinstance(trouble, KeyboardInterrupt) and is_from_keyboard(trouble.__traceback__):
                raise
            return path
        finally:
            _at_work.depth = depth

    def _write(self, apart: Apart, error: BaseException | str | None, call: dict[str, Any]) -> Path | None:
        call["thread"] = threading.current_thread().name
        call["context"] = context = {**self.context, **_entries(call["context"])}
        call["notebook"] = _taken(context, "notebook", str, self._notebook or _notebook.notebook())
        call["cell_number"] = _taken(context, "cell_number", int, _notebook.cell_number())
        call["caused_by"] = cause(error) if isinstance(error, BaseException) else None
        id, path, lost = self.recorder.record(apart, call)
        if isinstance(error, BaseException):
            mark(error, id, call["computation"])
        around = call["within"]
        while around is not None:
            around._recorded.add(id)
            around = around.parent
        if lost is not None:
            tell(f"{lost}; the record is on stderr")
        return Path(path) if path is not None else None

    def _write_little(self, apart: Apart, call: dict[str, Any], trouble: BaseException) -> Path | None:
        """A record of what is certain: nobody's error may be lost because we cannot read all that is said of it."""
        uncertain = ("notebook", "cell_number", "caused_by")
        call |= {**dict.fromkeys(uncertain), "thread": "", "context": {"not_recorded": type(trouble).__name__}}
        try:
            _, path, _ = self.recorder.record(apart, call)
        except BaseException:
            path = None
            tell(f"a failure of {call['computation']} is not recorded: {type(trouble).__name__}")
        return Path(path) if path is not None else None


def _unread(error: BaseException | str | None) -> Apart:
    """As much of an error as needs no reading."""
    return {
        "error_type": type(error).__qualname__,
        "error_message": "",
        "stack_trace": "",
        "errors": [],
        "errors_cut": False,
        "frames": [],
        "location": (None, None, None),
    }


def _known(computation: Computation, error: BaseException) -> str | None:
    """The record that was made of an error of this computation while it ran."""
    found = (each.id for each in marks(error) if each.computation == computation.name)
    return next((id for id in found if id in computation._recorded), None)


def _entries(context: Any) -> dict[str, Any]:
    if context is None:
        return {}
    return dict(context) if isinstance(context, Mapping) else {"value": context}


def _taken(context: dict[str, Any], name: str, kind: type, otherwise: Any) -> Any:
    """The entry of this name where it is of this kind; else what is known without it."""
    if type(context.get(name)) is kind:
        return context.pop(name)
    return otherwise


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
