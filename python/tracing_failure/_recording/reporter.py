"""Builds and writes the record of a failure."""

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
from .._runtime.terminal import warn_stderr
from .computation import Computation, innermost
from .recorders import shared_recorder

#: The number of nested failures that this thread is recording, and its maximum.
_active = threading.local()
_MAX_NESTING = 3
#: Maximum entries of a context. A user-defined mapping may be infinite.
_MAX_CONTEXT_ENTRIES = 10_000

#: The id of a record, and its file, or the reason why it is on stderr instead.
Outcome = tuple[str, str | None, str | None]


class Reporter:
    """Builds and writes records of failures. It never raises in place of the program's exception."""

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
        """Records a failure that the program reports.

        ``nearest`` is the computation around the call that began last. ``frame`` is the frame that the program called.
        """
        computation = as_text(computation)
        call = {
            "computation": computation,
            "theoretical_ref": as_text(theoretical_ref),
            "parameters": parameters,
            "within": _find_enclosing(computation, innermost(nearest)),
            "category": _check_category(category),
            "context": context,
        }
        return self._record(_Report(error, call, frame.f_back))

    def end_computation(self, computation: Computation, error: BaseException | None) -> None:
        """Logs the end of a computation, and records the exception that left it unless it is recorded already."""
        if error is None:
            failure_id = computation._failure_id
            return self._log_end(computation, "ok" if failure_id is None else "failed", failure_id)
        if is_exit_or_cancellation(error):
            return self._log_end(computation, "cancelled", None)
        if _record_id_of(computation, error) is None:
            self._record_exception(computation, error)
        self._log_end(computation, "failed", _record_id_of(computation, error))

    def _record_exception(self, computation: Computation, error: BaseException) -> None:
        """Records an exception that left a computation."""
        call = {
            "computation": computation.name,
            "theoretical_ref": computation.theoretical_ref,
            "parameters": None,
            "within": computation,
            "category": "interrupted" if issubclass(type(error), KeyboardInterrupt) else None,
            "context": None,
        }
        try:
            self._record(_Report(error, call, None))
        except RecursionError:
            raise
        except BaseException:
            # A signal handler raised it. The record is written.
            self._log_end(computation, "failed", _record_id_of(computation, error))
            raise

    def _log_end(self, computation: Computation, outcome: str, failure_id: str | None) -> None:
        try:
            self.recorder.log_end(computation, outcome, failure_id)
        except Exception as trouble:
            if is_from_signal(trouble):
                raise
            warn_stderr(f"the end of {computation.name} was not logged: {trouble!r}")

    def _record(self, report: "_Report") -> Path | None:
        """Writes a record, marks the exception and its computations with it, and returns the file.

        Raises the exception of a signal handler when the record is written. Raises ``RecursionError`` if the stack is
        full and nothing is written.
        """
        depth = getattr(_active, "depth", 0)
        if depth == _MAX_NESTING:
            # Recording an object can fail and record that, for example in its `repr`.
            warn_stderr(
                f"a failure of {report.call['computation']} is not recorded: it occurred while others were recorded"
            )
            return None
        try:
            _active.depth = depth + 1
            self._write_or_minimal(report)
        finally:
            _active.depth = depth
        try:
            path = _mark_recorded(report)
        except RecursionError:
            path = _native.call_on_new_stack(_mark_recorded, (report,))
        if report.signal_error is not None:
            raise report.signal_error
        return path

    def _write_or_minimal(self, report: "_Report") -> None:
        """Writes the record, or a minimal one if that fails."""
        try:
            self._write_through_signal(report)
        except BaseException as trouble:
            is_stack_full = isinstance(trouble, RecursionError) and _native.stack_owner() is None
            if is_stack_full and not report.outcomes and report.signal_error is None:
                # The caller starts again on a new stack.
                raise
            report.keep_signal(trouble)
            if report.outcomes:
                return
            if is_stack_full:
                _native.call_on_new_stack(self._write, (report,))
            else:
                self._write_minimal(report, trouble)

    def _write_through_signal(self, report: "_Report") -> None:
        """Writes the record, and writes it again if a signal handler raised before it was written."""
        try:
            self._write(report)
        except BaseException as trouble:
            if not is_from_signal(trouble):
                raise
            report.signal_error = trouble
            if not report.outcomes:
                self._write(report)

    def _write(self, report: "_Report") -> None:
        error, call = report.error, report.call
        description = describe_exception(error, report.caller)
        context = {**self.context, **_context_entries(call["context"])}
        surroundings = {
            "thread": _thread_name(),
            "notebook": _pop_valid(context, "notebook", _is_text, self.notebook or current_notebook()),
            "cell_number": _pop_valid(context, "cell_number", _is_count, current_cell_number()),
            "caused_by": cause_record_id(error) if isinstance(error, BaseException) else None,
            "context": context,
        }
        self.recorder.record(description, call | surroundings, report.outcomes)

    def _write_minimal(self, report: "_Report", trouble: BaseException) -> None:
        """Writes a record of the facts that can still be read after ``trouble``, so that no failure is lost."""
        error, call = report.error, report.call
        description = minimal_description("") | {"error_type": classes.qualname(type(error))}
        for describe in (minimal_description, describe_exception):
            try:
                description = describe(error)
            except BaseException as more:
                report.keep_signal(more)
        surroundings = {
            "thread": "", "notebook": None, "cell_number": None, "caused_by": None,
            "context": {"not_recorded": classes.qualname(type(trouble))},
        }  # fmt: skip
        try:
            self.recorder.record(description, call | surroundings, report.outcomes)
        except BaseException as more:
            report.keep_signal(more)
            if not report.outcomes:
                warn_stderr(f"a failure of {call['computation']} is not recorded: {classes.qualname(type(trouble))}")


class _Report:
    """A failure on its way into a record."""

    __slots__ = ("call", "caller", "error", "outcomes", "signal_error")

    def __init__(self, error: BaseException | str | None, call: dict[str, Any], caller: FrameType | None) -> None:
        self.error = error
        self.call = call
        self.caller = caller
        #: The recorder appends to it, since a signal handler may raise before `record` returns.
        self.outcomes: list[Outcome] = []
        #: The exception of a signal handler. It is raised when the record is written.
        self.signal_error: BaseException | None = None

    def keep_signal(self, error: BaseException) -> None:
        if is_from_signal(error):
            self.signal_error = error


def _mark_recorded(report: _Report) -> Path | None:
    """Marks the exception and its computations with the record, and returns the file."""
    for id, path, reason in report.outcomes:
        runs = _matching_runs(report.call)
        for run in runs:
            run._failure_id = id
        if isinstance(report.error, BaseException):
            add_mark(report.error, RecordMark(id, tuple(run._ensure_run_id() for run in runs)))
        if reason is not None:
            warn_stderr(f"{reason}; the record is on stderr")
        # While the interpreter shuts down, `Path` may fail to import.
        with suppress(ImportError):
            return Path(path) if path is not None else None
    return None


def _matching_runs(call: dict[str, Any]) -> list[Computation]:
    """The computations around a failure that have its name, and its reference if both have one."""
    runs: list[Computation] = []
    each = call["within"]
    while each is not None:
        refs = {each.theoretical_ref, call["theoretical_ref"]} - {""}
        if each.name == call["computation"] and len(refs) <= 1:
            runs.append(each)
        each = each.parent
    return runs


def _record_id_of(computation: Computation, error: BaseException) -> str | None:
    """The id of the record that was written of an exception during this run of the computation."""
    return next((mark.id for mark in record_marks(error) if computation._ensure_run_id() in mark.runs), None)


#: Unknown categories that were reported.
_reported_categories: set[str] = set()


def _check_category(category: Any) -> str | None:
    """The name of the category. A name that does not exist is reported once."""
    if category is None:
        return None
    name = as_text(category)
    if name not in _reported_categories and name not in _native.category_names():
        _reported_categories.add(name)
        warn_stderr(
            f"unknown category {name!r}: the record has the category 'other' and the reason {name!r}. "
            f"The categories are {', '.join(_native.category_names())}"
        )
    return name


def _thread_name() -> str:
    """The name of the thread that failed. It is not this thread if this one is the new stack of a full one."""
    ident = _native.stack_owner()
    if ident is None:
        return threading.current_thread().name
    return next((thread.name for thread in threading.enumerate() if thread.ident == ident), "")


def _context_entries(context: Any) -> dict[str, Any]:
    """The entries of a context. One that is no mapping is the entry ``value``."""
    if context is None:
        return {}
    if not isinstance(context, Mapping):
        return {"value": context}
    return dict(islice(Mapping.items(context), _MAX_CONTEXT_ENTRIES))


def _pop_valid(context: dict[str, Any], name: str, is_valid: Callable[[Any], bool], otherwise: Any) -> Any:
    """Removes the entry of this name and returns it, or returns ``otherwise`` if the entry is not valid."""
    return context.pop(name) if is_valid(context.get(name)) else otherwise


def _is_text(value: Any) -> bool:
    return type(value) is str


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value < 1 << 63


def _find_enclosing(computation: str, nearest: Computation | None) -> Computation | None:
    """The innermost computation with this name, or else the innermost computation."""
    each: Any = nearest
    while each is not None and each.name != computation:
        each = each.parent
    return each or nearest


def as_text(value: Any) -> str:
    """The text of any value."""
    if isinstance(value, str):
        return value
    try:
        return "" if value is None else str(value)
    except BaseException as trouble:
        if is_from_signal(trouble):
            raise
        return f"<{classes.name(type(value))}>"
