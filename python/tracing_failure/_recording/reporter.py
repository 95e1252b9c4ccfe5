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
from .._exceptions.chain import is_exit_or_cancellation
from .._exceptions.description import describe_exception, minimal_description
from .._exceptions.marks import RecordMark, add_mark, cause_record_id, record_marks
from .._runtime import classes
from .._runtime.notebook import current_cell_number, current_notebook
from .._runtime.signals import is_from_signal
from .._runtime.terminal import escape_controls
from .computation import Computation, innermost
from .recorders import shared_recorder

#: Failures that this thread is recording, one within the other, and how many that may be.
_active = threading.local()
_MAX_NESTING = 3
#: Entries of a context that are looked at: a mapping of the user's own may have no end.
_MAX_CONTEXT_ENTRIES = 10_000

#: The id of a record, and its file, or why it is on stderr instead.
Outcome = tuple[str, str | None, str | None]


class Reporter:
    """Reports failures to a recorder, with what a logger says of each of them."""

    def __init__(self, options: dict[str, Any], context: dict[str, Any], notebook: str | None) -> None:
        self.options = options
        self.recorder = shared_recorder(options)
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
        computation = as_text(computation)
        call = {
            "computation": computation,
            "theoretical_ref": as_text(theoretical_ref),
            "parameters": parameters,
            "within": _find_enclosing(computation, innermost(nearest)),
            "category": _check_category(category),
            "context": context,
        }
        return self._record(error, call, frame.f_back)

    def end_computation(self, computation: Computation, error: BaseException | None) -> None:
        """Reports how a computation ended: an error that left it is a failure, unless there is a record of that."""
        if error is None:
            failure_id = computation._failure_id
            return self._log_end(computation, "ok" if failure_id is None else "failed", failure_id)
        if is_exit_or_cancellation(error):
            return self._log_end(computation, "cancelled", None)
        if _record_id_of(computation, error) is None:
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
                self._log_end(computation, "failed", _record_id_of(computation, error))
                raise
        self._log_end(computation, "failed", _record_id_of(computation, error))

    def _log_end(self, computation: Computation, outcome: str, failure_id: str | None) -> None:
        try:
            self.recorder.log_end(computation, outcome, failure_id)
        except Exception as trouble:
            if is_from_signal(trouble):
                raise
            warn_stderr(f"the end of {computation.name} is not logged: {trouble!r}")

    def _record(
        self, error: BaseException | str | None, call: dict[str, Any], caller: FrameType | None
    ) -> Path | None:
        depth = getattr(_active, "depth", 0)
        if depth == _MAX_NESTING:
            # What is being recorded records itself, by a `repr` for example.
            warn_stderr(f"a failure of {call['computation']} is not recorded: it came up while others were")
            return None
        # A list, since a signal may come as soon as it is written.
        outcomes: list[Outcome] = []
        signal_error: BaseException | None = None
        try:
            _active.depth = depth + 1
            try:
                self._write(error, call, caller, outcomes)
            except BaseException as trouble:
                if not is_from_signal(trouble):
                    raise
                signal_error = trouble
                if not outcomes:
                    self._write(error, call, caller, outcomes)
        except BaseException as trouble:
            is_full = isinstance(trouble, RecursionError) and _native.stack_owner() is None
            if is_full and not outcomes and signal_error is None:
                raise
            if is_from_signal(trouble):
                signal_error = trouble
            if is_full and not outcomes:
                _native.call_on_new_stack(self._write, (error, call, caller, outcomes))
            elif not outcomes:
                signal_error = self._write_minimal(error, call, trouble, outcomes) or signal_error
        finally:
            _active.depth = depth
        try:
            path = _mark_recorded(error, call, outcomes)
        except RecursionError:
            path = _native.call_on_new_stack(_mark_recorded, (error, call, outcomes))
        if signal_error is not None:
            raise signal_error
        return path

    def _write(
        self, error: BaseException | str | None, call: dict[str, Any], caller: FrameType | None, outcomes: list[Outcome]
    ) -> None:
        description = describe_exception(error, caller)
        context = {**self.context, **_context_entries(call["context"])}
        known = {
            "thread": _thread(),
            "notebook": _pop_valid(context, "notebook", _is_text, self.notebook or current_notebook()),
            "cell_number": _pop_valid(context, "cell_number", _is_count, current_cell_number()),
            "caused_by": cause_record_id(error) if isinstance(error, BaseException) else None,
            "context": context,
        }
        self.recorder.record(description, call | known, outcomes)

    def _write_minimal(
        self, error: BaseException | str | None, call: dict[str, Any], trouble: BaseException, outcomes: list[Outcome]
    ) -> BaseException | None:
        """A record of what is certain: nobody's error may be lost because we cannot read all that is said of it. Returns what
        a signal raised meanwhile.
        """
        signal_error = None
        description = minimal_description("") | {"error_type": classes.qualname(type(error))}
        for read in (minimal_description, describe_exception):
            try:
                description = read(error)
            except BaseException as more:
                signal_error = more if is_from_signal(more) else signal_error
        known = {
            "thread": "", "notebook": None, "cell_number": None, "caused_by": None,
            "context": {"not_recorded": classes.qualname(type(trouble))},
        }  # fmt: skip
        try:
            self.recorder.record(description, call | known, outcomes)
        except BaseException as more:
            signal_error = more if is_from_signal(more) else signal_error
            if not outcomes:
                warn_stderr(f"a failure of {call['computation']} is not recorded: {classes.qualname(type(trouble))}")
        return signal_error


def _mark_recorded(error: BaseException | str | None, call: dict[str, Any], outcomes: list[Outcome]) -> Path | None:
    """Sees to it that the error remembers its record, and returns the file."""
    for id, path, lost in outcomes:
        runs = _matching_runs(call)
        for run in runs:
            run._failure_id = id
        if isinstance(error, BaseException):
            add_mark(error, RecordMark(id, tuple(run._ensure_run_id() for run in runs)))
        if lost is not None:
            warn_stderr(f"{lost}; the record is on stderr")
        # At the end of the interpreter there are no new paths.
        with suppress(ImportError):
            return Path(path) if path is not None else None
    return None


def _matching_runs(call: dict[str, Any]) -> list[Computation]:
    """The runs of its computation that a failure was in; where a reference is not given, it is the same."""
    runs: list[Computation] = []
    around = call["within"]
    while around is not None:
        refs = {around.theoretical_ref, call["theoretical_ref"]} - {""}
        if around.name == call["computation"] and len(refs) <= 1:
            runs.append(around)
        around = around.parent
    return runs


def _record_id_of(computation: Computation, error: BaseException) -> str | None:
    """The record that was made of an error of this computation while it ran."""
    return next((each.id for each in record_marks(error) if computation._ensure_run_id() in each.runs), None)


#: Categories that do not exist, and of which that was told.
_reported_categories: set[str] = set()


def _check_category(category: Any) -> str | None:
    """The category. That one does not exist is told once."""
    if category is None:
        return None
    name = as_text(category)
    if name not in _reported_categories and name not in _native.category_names():
        _reported_categories.add(name)
        warn_stderr(
            f"there is no category {name!r}: the record has 'other', with {name!r} as its reason. "
            f"The categories are {', '.join(_native.category_names())}"
        )
    return name


def _thread() -> str:
    """The thread that failed, also where its stack is full and this is another one's."""
    ident = _native.stack_owner()
    if ident is None:
        return threading.current_thread().name
    return next((thread.name for thread in threading.enumerate() if thread.ident == ident), "")


def _context_entries(context: Any) -> dict[str, Any]:
    if context is None:
        return {}
    if not isinstance(context, Mapping):
        return {"value": context}
    return dict(islice(Mapping.items(context), _MAX_CONTEXT_ENTRIES))


def _pop_valid(context: dict[str, Any], name: str, is_right: Callable[[Any], bool], otherwise: Any) -> Any:
    """The entry of this name where it is what the record takes; else what is known without it."""
    return context.pop(name) if is_right(context.get(name)) else otherwise


def _is_text(value: Any) -> bool:
    return type(value) is str


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value < 1 << 63


def _find_enclosing(computation: str, nearest: Computation | None) -> Computation | None:
    """The computation around the caller that has this name, else the innermost."""
    around: Any = nearest
    while around is not None and around.name != computation:
        around = around.parent
    return around or nearest


def as_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    try:
        return "" if value is None else str(value)
    except BaseException as trouble:
        if is_from_signal(trouble):
            raise
        return f"<{classes.name(type(value))}>"


def warn_stderr(as_text: str) -> None:
    if sys.stderr is None:
        # `print` would take stdout instead.
        return
    try:
        print(f"tracing-failure: {escape_controls(as_text)}", file=sys.stderr)
    except BaseException as trouble:
        if is_from_signal(trouble):
            raise
