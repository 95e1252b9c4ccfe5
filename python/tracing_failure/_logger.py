"""The logger: where records go, and what is said in them."""

import os
import sys
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from . import _native, _notebook
from ._computation import Computation, innermost
from ._exceptions import Apart, take_apart
from ._handler import LogHandler
from ._marks import cause, mark, marks
from ._recorders import recorder
from ._values import is_from_keyboard

_handlers: dict[int, LogHandler] = {}
_last: "StructuredLogger | None" = None
#: Failures that this thread is recording, one within the other, and how many that may be.
_at_work = threading.local()
_NESTED = 2


class StructuredLogger:
    """Records failures as JSON files, one for each.

    ``output_dir``
        The directory of the records; it is created. In Jupyter, a path is relative to the notebook.
    ``logs_dir``
        The directory of the runtime log; by default ``logs`` beside an ``output_dir`` that is called ``failures``, else
        there is no log. Its first file comes with its first line.
    ``auto_push_failures``
        Commits the records and pushes them in the background, to ``branch`` of ``remote``, else to the current branch.
        Nothing else is committed, and no other commit is pushed.
    ``session_id``, ``notebook``
        Found by themselves in Jupyter and VS Code.
    ``context``
        Entries for the context of every record. One that has a name of the record's own gets an underscore behind it.
    ``redact``
        More names whose values are secret, beside ``password``, ``api_key``, ``access_token`` and the like.
    ``areas``
        First parts of file names beside ``rg_flow``, ``observable``, ``topology`` and ``general``, each with words that the
        names of its computations contain.
    ``durability``
        ``"process"``: a record survives ``kill -9`` of the process; ``"disk"``: also a loss of power.

    Raises ``OSError`` when the directory cannot be created.

    >>> import tempfile
    >>> logger = StructuredLogger(output_dir=tempfile.mkdtemp())
    >>> try:
    ...     1 / 0
    ... except ZeroDivisionError as error:
    ...     path = logger.log_failure(computation="observable_mass", error=error, parameters={"beta": 5.7},
    ...                               theoretical_ref="§2.3")
    >>> path.name.startswith("observable_")
    True
    """

    def __init__(
        self,
        output_dir: str | os.PathLike[str] = "io/failures",
        *,
        logs_dir: str | os.PathLike[str] | None = None,
        auto_push_failures: bool = False,
        branch: str | None = None,
        remote: str | None = None,
        session_id: str | None = None,
        notebook: str | None = None,
        context: Mapping[str, Any] | None = None,
        redact: Iterable[str] = (),
        areas: Mapping[str, Iterable[str]] | None = None,
        durability: Literal["process", "disk"] = "process",
    ) -> None:
        if durability not in ("process", "disk"):
            raise ValueError(f"durability is 'process' or 'disk', not {durability!r}")
        if isinstance(redact, str):
            raise TypeError("redact takes several names: write [" + repr(redact) + "]")
        failures = Path(output_dir).absolute()
        if logs_dir is None and failures.name == "failures":
            logs_dir = failures.with_name("logs")
        self._notebook = notebook
        self._context = dict(context or {})
        self._session_id = session_id or _notebook.session_id()
        self._options: dict[str, Any] = {
            "output_dir": str(failures),
            "logs_dir": str(Path(logs_dir).absolute()) if logs_dir is not None else None,
            "auto_push_failures": bool(auto_push_failures),
            "branch": branch,
            "remote": remote,
            "session_id": self._session_id,
            "notebook": notebook,
            "redact": list(redact),
            "areas": {area: list(words) for area, words in (areas or {}).items()},
            "durability": durability,
        }
        self._recorder = recorder(self._options)
        global _last
        _last = self

    @property
    def output_dir(self) -> Path:
        """The directory of the records."""
        return Path(self._options["output_dir"])

    @property
    def session_id(self) -> str:
        """The id that every record and every line of the log of this run bears."""
        return self._session_id

    @property
    def stats(self) -> dict[str, int]:
        """What was recorded so far, what went to stderr instead, lines of the log, pushes.

        >>> import tempfile
        >>> StructuredLogger(tempfile.mkdtemp()).stats["recorded"]
        0
        """
        return self._recorder.stats()

    def log_failure(
        self,
        computation: str,
        error: BaseException | str | None = None,
        parameters: Any = None,
        theoretical_ref: str = "",
        *,
        category: str | None = None,
        context: Mapping[str, Any] | None = None,
    ) -> Path | None:
        """Records a failure and returns its file. When this returns, the record is with the operating system.

        ``error`` is the exception, the one that is being handled where none is given, or words. ``parameters`` are a dict, a
        dataclass, or anything else: numbers stay numbers, large arrays are summarised, and what cannot be taken becomes its
        ``repr``. Inside of a computation, its trail is recorded as well.

        It never raises: where the record cannot be written it is on stderr as one line of JSON, and the result is ``None``.
        """
        error = sys.exception() if error is None else error
        arguments = (computation, error, parameters, theoretical_ref, category, context, innermost())
        try:
            return self._log(*arguments)
        except RecursionError:
            # This stack is full, which is the failure itself.
            return _native.on_another_stack(self._log, arguments)

    def computation(self, name: str, /, theoretical_ref: str = "", **parameters: Any) -> Computation:
        """A computation, for ``with`` or as a decorator: an exception that leaves it is recorded and goes on.

        >>> import tempfile
        >>> logger = StructuredLogger(tempfile.mkdtemp())
        >>> with logger.computation("rg_flow_integration", theoretical_ref="Eq. 1.12", rtol=1e-6) as c:
        ...     c.record(t=-9.9, norm=196.4)
        """
        return Computation(self, _text(name), _text(theoretical_ref), parameters)

    def handler(self, level: int | str | None = None) -> LogHandler:
        """A handler that writes records of Python's ``logging`` from a level on into the runtime log: the same one for each
        call, so that a cell that is run twice adds one.

        >>> import logging, tempfile
        >>> logger = StructuredLogger(tempfile.mkdtemp() + "/failures")
        >>> logging.getLogger("solver").addHandler(logger.handler())
        >>> logging.getLogger("solver").warning("no progress", extra={"residual": 1e-3})
        """
        known = _handlers.get(id(self._recorder))
        if known is None:
            known = _handlers[id(self._recorder)] = LogHandler(self._recorder)
        if level is not None:
            known.setLevel(level)
        return known

    def flush(self) -> None:
        """Returns when all that was written is with the operating system, and pushed where that was asked for."""
        self._recorder.flush()

    def _log(
        self,
        computation: str,
        error: BaseException | str | None,
        parameters: Any,
        theoretical_ref: str,
        category: str | None,
        context: Mapping[str, Any] | None,
        nearest: Computation | None,
    ) -> Path | None:
        computation = _text(computation)
        call = {
            "computation": computation,
            "theoretical_ref": _text(theoretical_ref),
            "parameters": parameters,
            "within": _within(computation, nearest),
            "category": category,
            "context": context,
        }
        return self._record(error, call)

    def _failed(self, computation: Computation, error: BaseException) -> None:
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
        self._closed(computation, "failed", _known(computation, error))

    def _closed(self, computation: Computation, outcome: str, failure_id: str | None) -> None:
        try:
            self._recorder.closed(computation, outcome, failure_id)
        except Exception as trouble:
            _tell(f"the end of {computation.name} is not logged: {trouble!r}")

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
        call["context"] = context = {**self._context, **_entries(call["context"])}
        call["notebook"] = _taken(context, "notebook", str, self._notebook or _notebook.notebook())
        call["cell_number"] = _taken(context, "cell_number", int, _notebook.cell_number())
        call["caused_by"] = cause(error) if isinstance(error, BaseException) else None
        id, path, lost = self._recorder.record(apart, call)
        if isinstance(error, BaseException):
            mark(error, id, call["computation"])
        around = call["within"]
        while around is not None:
            around._recorded.add(id)
            around = around.parent
        if lost is not None:
            _tell(f"{lost}; the record is on stderr")
        return Path(path) if path is not None else None

    def _write_little(self, apart: Apart, call: dict[str, Any], trouble: BaseException) -> Path | None:
        """A record of what is certain: nobody's error may be lost because we cannot read all that is said of it."""
        uncertain = ("notebook", "cell_number", "caused_by")
        call |= {**dict.fromkeys(uncertain), "thread": "", "context": {"not_recorded": type(trouble).__name__}}
        try:
            _, path, _ = self._recorder.record(apart, call)
        except BaseException:
            path = None
            _tell(f"a failure of {call['computation']} is not recorded: {type(trouble).__name__}")
        return Path(path) if path is not None else None

    def __repr__(self) -> str:
        return f"StructuredLogger(output_dir={self._options['output_dir']!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _unpickled, ({**self._options, "context": self._context},)


def default_logger(output_dir: str = "io/failures") -> StructuredLogger:
    """The logger that was made last, else one for where ``TRACING_FAILURE_DIR`` says, else for this directory."""
    return _last or StructuredLogger(os.environ.get("TRACING_FAILURE_DIR") or output_dir)


def _unpickled(options: dict[str, Any]) -> StructuredLogger:
    options = dict(options)
    return StructuredLogger(options.pop("output_dir"), **options)


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


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    try:
        return "" if value is None else str(value)
    except BaseException:
        return f"<{type(value).__name__}>"


def _tell(text: str) -> None:
    try:
        print(f"tracing-failure: {text}", file=sys.stderr)
    except BaseException:
        pass
