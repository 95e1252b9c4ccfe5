"""A handler that writes records of Python's ``logging`` into the runtime log."""

import logging
from typing import Any

from .. import _native
from .._exceptions.message import message_of
from .._runtime.classes import qualname
from .._runtime.signals import is_from_signal
from .computation import Computation, current

#: Attributes of every ``logging`` record. All others come from ``extra``.
_STANDARD_ATTRIBUTES = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class LogHandler(logging.Handler):
    """Writes records of ``logging`` as lines of the runtime log.

    Their ``extra`` becomes fields, and the computations around them become spans. Records inside a computation from the
    level ``INFO`` on are also breadcrumbs of its failure. :meth:`StructuredLogger.handler` makes the handler. With
    ``logging.captureWarnings(True)`` it also gets the warnings of NumPy.
    """

    def __init__(self, recorder: _native.Recorder) -> None:
        super().__init__()
        self._recorder = recorder

    def emit(self, record: logging.LogRecord) -> None:
        """Writes a record as a line of the runtime log, and adds it to the breadcrumbs."""
        try:
            within = current()
            message = record.getMessage()
            level = _level(record.levelno)
            if within is not None and record.levelno >= logging.INFO and _passes_filter(within, record.name, level):
                in_app = within._is_in_app(record.name, record.pathname)
                within.add_breadcrumb(level, message, record.name, in_app, record.pathname, record.lineno)
            self._recorder.log(level, record.name, message, _fields(record), within)
        except Exception as trouble:
            if is_from_signal(trouble):
                raise
            self.handleError(record)

    def flush(self) -> None:
        """Waits until all lines are with the operating system."""
        self._recorder.flush()


def _passes_filter(within: Computation, target: str, level: str) -> bool:
    trail_filter = within._trail_filter
    return trail_filter is None or trail_filter.keeps(target, level)


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    fields = {name: value for name, value in vars(record).items() if name not in _STANDARD_ATTRIBUTES}
    error = record.exc_info[1] if record.exc_info else None
    if error is not None:
        fields = {"error_type": qualname(type(error)), "error": message_of(error)} | fields
    return fields


def _level(number: int) -> str:
    """The level of the runtime log for a level of :mod:`logging`."""
    if number >= logging.ERROR:
        return "ERROR"
    if number >= logging.WARNING:
        return "WARN"
    if number >= logging.INFO:
        return "INFO"
    return "DEBUG" if number >= logging.DEBUG else "TRACE"
