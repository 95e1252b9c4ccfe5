"""The logger: where records go, and what is said in them."""

import operator
import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal
from weakref import WeakValueDictionary

from .. import _native
from .._runtime.notebook import current_session_id
from .computation import CURRENT, Computation
from .log_handler import LogHandler
from .reporter import Reporter, as_text
from .trail_filter import TrailFilter

#: By the recorders that they have, for as long as somebody has them.
_log_handlers: WeakValueDictionary[int, LogHandler] = WeakValueDictionary()
_latest_logger: "StructuredLogger | None" = None


#: Rows of a trail at each of its ends.
_MAX_TRAIL_ROWS = 1 << 16


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
    ``trail``
        How many rows of a computation's trail are kept of each place that records: the first ones, and the last.
        ``(0, 0)`` keeps none.
    ``trail_filter``
        Which events the trail and the breadcrumbs keep, as in ``"info,my_solver=debug,h5py=off"``. A target is the module
        that calls ``record``, or the name of a logger of :mod:`logging`. Rows of numbers have the level ``debug``, texts
        of ``record`` the level ``info``. A filter that only turns targets off keeps all others.
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

    #: Whether it is made where the directory cannot be created.
    _without_dir = False

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
        trail: tuple[int, int] = (8, 248),
        trail_filter: str | None = None,
        durability: Literal["process", "disk"] = "process",
    ) -> None:
        if durability not in ("process", "disk"):
            raise ValueError(f"durability is 'process' or 'disk', not {durability!r}")
        for name, names in [("redact", redact), *((f"areas[{area!r}]", words) for area, words in (areas or {}).items())]:
            if isinstance(names, str):
                raise TypeError(f"{name} takes several names: write [{names!r}]")
        failures = Path(output_dir).absolute()
        if logs_dir is None and failures.name == "failures":
            logs_dir = failures.with_name("logs")
        self._trail = _trail_rows(trail)
        self._trail_directives = trail_filter
        self._trail_filter = None if trail_filter is None else TrailFilter(trail_filter)
        self._session_id = session_id or current_session_id()
        self._options: dict[str, Any] = {
            "output_dir": str(failures),
            "logs_dir": str(Path(logs_dir).absolute()) if logs_dir is not None else None,
            "auto_push_failures": bool(auto_push_failures),
            "branch": branch,
            "remote": remote,
            "session_id": self._session_id,
            "redact": list(redact),
            "areas": {area: list(words) for area, words in (areas or {}).items()},
            "durability": durability,
            "without_dir": self._without_dir,
        }
        self._reporter = Reporter(self._options, dict(context or {}), notebook)
        global _latest_logger
        _latest_logger = self

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
        return self._reporter.recorder.stats()

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
        Only an exception in place of the computation's name or of the parameters is a ``TypeError``.
        """
        _check_argument_order(computation, error, parameters)
        reporter = self._reporter
        details = (parameters, theoretical_ref, category, context)
        try:
            error = sys.exception() if error is None else error
            return reporter.log_failure(computation, error, *details, CURRENT.get(), sys._getframe())
        except RecursionError as full:
            # This stack is full, which is the failure itself.
            error = full.__context__ if error is None else error
            return _native.call_on_new_stack(
                reporter.log_failure, (computation, error, *details, CURRENT.get(), sys._getframe())
            )

    def computation(self, name: str, /, theoretical_ref: str = "", **parameters: Any) -> Computation:
        """A computation, for ``with`` or as a decorator: an exception that leaves it is recorded and goes on.

        >>> import tempfile
        >>> logger = StructuredLogger(tempfile.mkdtemp())
        >>> with logger.computation("rg_flow_integration", theoretical_ref="Eq. 1.12", rtol=1e-6) as c:
        ...     c.record(t=-9.9, norm=196.4)
        """
        on_end = self._reporter.end_computation
        return Computation(as_text(name), as_text(theoretical_ref), parameters, self._trail, self._trail_filter, on_end)

    def handler(self, level: int | str | None = None) -> LogHandler:
        """A handler that writes records of Python's ``logging`` from a level on into the runtime log: the same one for each
        call, so that a cell that is run twice adds one.

        >>> import logging, tempfile
        >>> logger = StructuredLogger(tempfile.mkdtemp() + "/failures")
        >>> logging.getLogger("solver").addHandler(logger.handler())
        >>> logging.getLogger("solver").warning("no progress", extra={"residual": 1e-3})
        """
        recorder = self._reporter.recorder
        log_handler = _log_handlers.get(id(recorder)) or _log_handlers.setdefault(id(recorder), LogHandler(recorder))
        if level is not None:
            log_handler.setLevel(level)
        return log_handler

    def flush(self) -> None:
        """Returns when all that was written is with the operating system, and pushed where that was asked for."""
        self._reporter.recorder.finish()

    def __repr__(self) -> str:
        return f"StructuredLogger(output_dir={self._options['output_dir']!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        reporter = self._reporter
        reporter_options = {"context": reporter.context, "notebook": reporter.notebook, "trail": self._trail}
        reporter_options["trail_filter"] = self._trail_directives
        return _unpickle, (self._options | reporter_options,)


class _DefaultLogger(StructuredLogger):
    """A logger that nobody has made: where its directory cannot be created, records go to stderr."""

    _without_dir = True


def latest_or_default_logger(output_dir: str = "io/failures") -> StructuredLogger:
    """The logger that was made last, else one for where ``TRACING_FAILURE_DIR`` says, else for this directory."""
    return _latest_logger or _DefaultLogger(os.environ.get("TRACING_FAILURE_DIR") or output_dir)


def _check_argument_order(computation: Any, error: Any, parameters: Any) -> None:
    if isinstance(computation, BaseException):
        place = "place of the computation's name"
    elif isinstance(parameters, BaseException) and not isinstance(error, BaseException):
        place = "place of the parameters"
    else:
        return
    raise TypeError(
        f"log_failure was given an exception in {place}: the order is "
        "log_failure(computation, error, parameters, theoretical_ref), or use these names"
    )


def _unpickle(options: dict[str, Any]) -> StructuredLogger:
    options = dict(options)
    if options.pop("without_dir"):
        return _DefaultLogger(options.pop("output_dir"), **options)
    return StructuredLogger(options.pop("output_dir"), **options)


def _trail_rows(trail: tuple[int, int]) -> tuple[int, int]:
    try:
        first, last = (operator.index(rows) for rows in trail)
    except (TypeError, ValueError):
        first = last = -1
    if min(first, last) < 0:
        raise ValueError(f"trail is how many rows are kept, first and last, such as (8, 248), not {trail!r}")
    return min(first, _MAX_TRAIL_ROWS), min(last, _MAX_TRAIL_ROWS)
