"""How a failure is reported: all that is known of it is put together and written, once, and nothing is raised in place of
the user's own error."""

import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from itertools import islice
from pathlib import Path
from types import FrameType
from typing import Any

from .. import _native
from .._exceptions.chain import is_no_failure
from .._exceptions.description import take_apart, unread
from .._exceptions.marks import Mark, cause, mark, marks
from .._runtime import classes, notebook
from .._runtime.signals import is_from_signal
from .._runtime.terminal import visible
from .computation import Computation, innermost
from .recorders import recorder

#: Failures that this thread is recording, one within the other, and how many that may be.
_at_work = threading.local()
_NESTED = 3
#: Entries of a context that are looked at: a mapping of the user's own may have no end.
ENTRIES = 10_000

#: The id of a record, and its file, or why it is on stderr instead.
Written = tuple[str, str | None, str | None]


class Reporter:
    """Reports failures to a recorder, with what a logger says of each of them."""

    def __init__(self, options: dict[str, Any], context: dict[str, Any], notebook: str | None) -> None:
        self.options = options
        self.recorder = recorder(options)
        self.context = context
        self.notebook = notebook

    def __reduce__(self) -> tuple[Any, ...]:
        return Reporter, (self.options, self.context, self.notebook)

    def log_failure(
        self,
        computation: str,
        error: BaseException | str | None,
        parameters: Any,
        theoretical_ref: str,
        category: str | None,
        context: Mapping[str, Any] | None,
        nearest: Computation | None,
        frame: FrameType,
    ) -> Path | None:
        """Reports what is said of a failure; ``nearest`` is the computation around it that was begun last, and ``frame`` that
        of whom the program called to say it."""
        computation = text(computation)
        call = {
            "computation": computation,
            "theoretical_ref": text(theoretical_ref),
            "parameters": parameters,
            "within": _within(computation, innermost(nearest)),
            "category": _checked(category),
            "context": context,
        }
        return self._record(error, call, frame.f_back)

    def ended(self, computation: Computation, error: BaseException | None) -> None:
        """Reports how a computation ended: an error that left it is a failure, unless there is a record of that."""
        if error is None:
            failure_id = computation._failure_id
            return self._closed(computation, "ok" if failure_id is None else "failed", failure_id)
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
            try:
                self._record(error, call, None)
            except RecursionError:
                raise
            except BaseException:
                # What a signal raised, when the record was written.
                self._closed(computation, "failed", _known(computation, error))
                raise
        self._closed(computation, "failed", _known(computation, error))

    def _closed(self, computation: Computation, outcome: str, failure_id: str | None) -> None:
        try:
            self.recorder.closed(computation, outcome, failure_id)
        except Exception as trouble:
            if is_from_signal(trouble):
                raise
            tell(f"the end of {computation.name} is not logged: {trouble!r}")

    def _record(
        self, error: BaseException | str | None, call: dict[str, Any], caller: FrameType | None
    ) -> Path | None:
        depth = getattr(_at_work, "depth", 0)
        if depth == _NESTED:
            # What is being recorded records itself, by a `repr` for example.
            tell(f"a failure of {call['computation']} is not recorded: it came up while others were")
            return None
        # A list, since a signal may come as soon as it is written.
        written: list[Written] = []
        signalled: BaseException | None = None
        try:
            _at_work.depth = depth + 1
            try:
                self._write(error, call, caller, written)
            except BaseException as trouble:
                if not is_from_signal(trouble):
                    raise
                signalled = trouble
                if not written:
                    self._write(error, call, caller, written)
        except BaseException as trouble:
            is_full = isinstance(trouble, RecursionError) and _native.in_place_of() is None
            if is_full and not written and signalled is None:
                raise
            if is_from_signal(trouble):
                signalled = trouble
            if is_full and not written:
                _native.on_another_stack(self._write, (error, call, caller, written))
            elif not written:
                signalled = self._write_little(error, call, trouble, written) or signalled
        finally:
            _at_work.depth = depth
        try:
            path = _noted(error, call, written)
        except RecursionError:
            path = _native.on_another_stack(_noted, (error, call, written))
        if signalled is not None:
            raise signalled
        return path

    def _write(
        self, error: BaseException | str | None, call: dict[str, Any], caller: FrameType | None, written: list[Written]
    ) -> None:
        apart = take_apart(error, caller)
        context = {**self.context, **_entries(call["context"])}
        known = {
            "thread": _thread(),
            "notebook": _taken(context, "notebook", _is_text, self.notebook or notebook.notebook()),
            "cell_number": _taken(context, "cell_number", _is_count, notebook.cell_number()),
            "caused_by": cause(error) if isinstance(error, BaseException) else None,
            "context": context,
        }
        self.recorder.record(apart, call | known, written)

    def _write_little(
        self, error: BaseException | str | None, call: dict[str, Any], trouble: BaseException, written: list[Written]
    ) -> BaseException | None:
        """A record of what is certain: nobody's error may be lost because we cannot read all that is said of it. Returns what
        a signal raised meanwhile.
        """
        signalled = None
        apart = unread("") | {"error_type": classes.qualname(type(error))}
        for read in (unread, take_apart):
            try:
                apart = read(error)
            except BaseException as more:
                signalled = more if is_from_signal(more) else signalled
        known = {
            "thread": "", "notebook": None, "cell_number": None, "caused_by": None,
            "context": {"not_recorded": classes.qualname(type(trouble))},
        }  # fmt: skip
        try:
            self.recorder.record(apart, call | known, written)
        except BaseException as more:
            signalled = more if is_from_signal(more) else signalled
            if not written:
                tell(f"a failure of {call['computation']} is not recorded: {classes.qualname(type(trouble))}")
        return signalled


def _noted(error: BaseException | str | None, call: dict[str, Any], written: list[Written]) -> Path | None:
    """Sees to it that the error remembers its record, and returns the file."""
    for id, path, lost in written:
        runs = _runs(call)
        for run in runs:
            run._failure_id = id
        if isinstance(error, BaseException):
            mark(error, Mark(id, tuple(run._run() for run in runs)))
        if lost is not None:
            tell(f"{lost}; the record is on stderr")
        # At the end of the interpreter there are no new paths.
        with suppress(ImportError):
            return Path(path) if path is not None else None
    return None


def _runs(call: dict[str, Any]) -> list[Computation]:
    """The runs of its computation that a failure was in; where a reference is not given, it is the same."""
    runs: list[Computation] = []
    around = call["within"]
    while around is not None:
        refs = {around.theoretical_ref, call["theoretical_ref"]} - {""}
        if around.name == call["computation"] and len(refs) <= 1:
            runs.append(around)
        around = around.parent
    return runs


def _known(computation: Computation, error: BaseException) -> str | None:
    """The record that was made of an error of this computation while it ran."""
    return next((each.id for each in marks(error) if computation._run() in each.runs), None)


#: Categories that do not exist, and of which that was told.
_unknown: set[str] = set()


def _checked(category: Any) -> str | None:
    """The category. That one does not exist is told once."""
    if category is None:
        return None
    name = text(category)
    if name not in _unknown and name not in _native.categories():
        _unknown.add(name)
        tell(
            f"there is no category {name!r}: the record has 'other', with {name!r} as its reason. "
            f"The categories are {', '.join(_native.categories())}"
        )
    return name


def _thread() -> str:
    """The thread that failed, also where its stack is full and this is another one's."""
    ident = _native.in_place_of()
    if ident is None:
        return threading.current_thread().name
    return next((thread.name for thread in threading.enumerate() if thread.ident == ident), "")


def _entries(context: Any) -> dict[str, Any]:
    if context is None:
        return {}
    if not isinstance(context, Mapping):
        return {"value": context}
    return dict(islice(Mapping.items(context), ENTRIES))


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
    except BaseException as trouble:
        if is_from_signal(trouble):
            raise
        return f"<{classes.name(type(value))}>"


def tell(text: str) -> None:
    if sys.stderr is None:
        # `print` would take stdout instead.
        return
    try:
        print(f"tracing-failure: {visible(text)}", file=sys.stderr)
    except BaseException as trouble:
        if is_from_signal(trouble):
            raise
