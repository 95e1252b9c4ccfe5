"""The logger, the main entry point of the package."""

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

#: Handlers by the ids of their recorders. The references are weak.
_log_handlers: WeakValueDictionary[int, LogHandler] = WeakValueDictionary()
_latest_logger: "StructuredLogger | None" = None


class StructuredLogger:
    """Records failures, each in a JSON file.

    ``output_dir``
        The directory of the records. It is created. In Jupyter, a relative path starts at the notebook.
    ``logs_dir``
        The directory of the runtime log. The default is ``logs`` next to an ``output_dir`` with the name ``failures``;
        other directories have no log by default. The first line creates the file.
    ``auto_push_failures``
        Commits the records and pushes them in the background, to ``branch`` of ``remote`` or else to the current
        branch. Nothing else is committed, and no other commit is pushed.
    ``session_id``, ``notebook``
        The default comes from Jupyter or VS Code.
    ``context``
        Entries for the context of every record. An entry with a reserved name gets an underscore as suffix.
    ``redact``
        Further names whose values are secret. ``password``, ``api_key``, ``access_token`` and the like always are.
    ``areas``
        Further prefixes of file names, each with words in the names of its computations. The prefixes ``rg_flow``,
        ``observable``, ``topology`` and ``general`` always exist.
    ``trail``
        The maximum number of first and of last rows that the trail keeps for each place that records. ``(0, 0)`` keeps
        none.
    ``trail_filter``
        The events that trail and breadcrumbs keep, for example ``"info,my_solver=debug,h5py=off"``. A target is the
        module that calls ``record``, or the name of a logger of :mod:`logging`. Rows of numbers have the level
        ``debug``, texts of ``record`` the level ``info``. A filter that only turns targets off keeps all others.
    ``durability``
        ``"process"``: a record survives ``kill -9`` of the process. ``"disk"``: it also survives a power loss.

    ``successes``
        Details in the closing lines of all computations. ``["trail"]`` adds the first and the last number, the rate and
        the number of rows of each series of the trail, also to those of successes. Parameters are always there.

    Raises ``OSError`` if the directory cannot be created.

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

    #: True if the logger works even if its directory cannot be created.
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
        successes: Iterable[Literal["trail"]] = (),
    ) -> None:
        if durability not in ("process", "disk"):
            raise ValueError(f"durability must be 'process' or 'disk', not {durability!r}")
        _check_names("redact", redact)
        _check_names("successes", successes)
        successes = list(successes)
        for detail in successes:
            if detail != "trail":
                raise ValueError(f"successes can have 'trail', not {detail!r}")
        for area, words in (areas or {}).items():
            _check_names(f"areas[{area!r}]", words)
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
            "successes": sorted(set(successes)),
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
        """The id of this run in all its records and log lines."""
        return self._session_id

    @property
    def stats(self) -> dict[str, int]:
        """Counts of records, records on stderr, log lines and pushes so far.

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
        """Records a failure and returns its file. The record is then with the operating system.

        ``error`` is an exception or a message. The default is the exception that is being handled. ``parameters`` is a
        dict, a dataclass or any other object: numbers stay numbers, large arrays are summarised, and objects of unknown
        types become their ``repr``. Inside a computation, the record includes its trail.

        This never raises, with one exception: a ``TypeError`` if an exception is passed as the computation's name or as
        the parameters. If the record cannot be written, it goes to stderr as one line of JSON, and the result is
        ``None``.
        """
        _check_argument_order(computation, error, parameters)
        reporter = self._reporter
        details = (parameters, theoretical_ref, category, context)
        try:
            error = sys.exception() if error is None else error
            return reporter.log_failure(computation, error, *details, CURRENT.get(), sys._getframe())
        except RecursionError as full:
            # The stack is full. That is the failure.
            error = full.__context__ if error is None else error
            return _native.call_on_new_stack(
                reporter.log_failure, (computation, error, *details, CURRENT.get(), sys._getframe())
            )

    def computation(self, name: str, /, theoretical_ref: str = "", **parameters: Any) -> Computation:
        """Returns a computation, for ``with`` or as a decorator. It records an exception that leaves it.

        >>> import tempfile
        >>> logger = StructuredLogger(tempfile.mkdtemp())
        >>> with logger.computation("rg_flow_integration", theoretical_ref="Eq. 1.12", rtol=1e-6) as c:
        ...     c.record(t=-9.9, norm=196.4)
        """
        on_end = self._reporter.end_computation
        return Computation(as_text(name), as_text(theoretical_ref), parameters, self._trail, self._trail_filter, on_end)

    def handler(self, level: int | str | None = None) -> LogHandler:
        """Returns a handler that writes records of Python's ``logging`` from a level on into the runtime log.

        Each call returns the same handler, so that a cell that runs twice adds one.

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
        """Waits until all records and log lines are with the operating system, and pushed if pushing is enabled."""
        self._reporter.recorder.finish()

    def __repr__(self) -> str:
        return f"StructuredLogger(output_dir={self._options['output_dir']!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        reporter = self._reporter
        reporter_options = {"context": reporter.context, "notebook": reporter.notebook, "trail": self._trail}
        reporter_options["trail_filter"] = self._trail_directives
        return _unpickle, (self._options | reporter_options,)


class _DefaultLogger(StructuredLogger):
    """The logger of a program that has made none. If its directory cannot be created, records go to stderr."""

    _without_dir = True


def latest_or_default_logger(output_dir: str = "io/failures") -> StructuredLogger:
    """The logger that was made last, or else one for the directory in ``TRACING_FAILURE_DIR`` or this directory."""
    return _latest_logger or _DefaultLogger(os.environ.get("TRACING_FAILURE_DIR") or output_dir)


def _check_argument_order(computation: Any, error: Any, parameters: Any) -> None:
    if isinstance(computation, BaseException):
        place = "place of the computation's name"
    elif isinstance(parameters, BaseException) and not isinstance(error, BaseException):
        place = "place of the parameters"
    else:
        return
    raise TypeError(
        f"log_failure received an exception in {place}: the order is "
        "log_failure(computation, error, parameters, theoretical_ref), or use these names"
    )


def _check_names(option: str, names: Any) -> None:
    if isinstance(names, str):
        raise TypeError(f"{option} must be a list of names: write [{names!r}]")


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
        raise ValueError(f"trail must be the numbers of first and last rows to keep, such as (8, 248), not {trail!r}")
    # The library has a lower limit, but takes no larger integer.
    return min(first, sys.maxsize), min(last, sys.maxsize)
