"""The corpus: all computations of some directories."""

import os
import warnings
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any, Literal

from .. import _native
from .._records.failure import Failure
from .frames import RunColumns, entries
from .regions import Regions, Rule
from .risk import Risk

#: Maximum skipped lines and files that a warning names.
_MAX_NAMED = 5


def corpus(*directories: str | os.PathLike[str]) -> "Corpus":
    """Reads all computations of the directories, failed and successful ones. The default is ``io``.

    A directory may be ``io``, one of its directories ``failures`` and ``logs``, or a directory above those of several
    hosts. Lines and files that are malformed are skipped with a warning. Raises ``FileNotFoundError`` if a directory
    does not exist, and ``ValueError`` if the directories contain no computations.

    >>> import tempfile
    >>> from tracing_failure import StructuredLogger
    >>> io = tempfile.mkdtemp()
    >>> logger = StructuredLogger(f"{io}/failures")
    >>> for beta in (5.5, 5.7):
    ...     with logger.computation("observable_mass", beta=beta):
    ...         pass
    >>> logger.flush()
    >>> corpus(io).frame("observable_mass", library="polars")["beta"].to_list()
    [5.5, 5.7]
    """
    tables = _native.CorpusTables([os.fspath(directory) for directory in directories or ("io",)])
    if tables.skipped:
        named = "; ".join(tables.skipped[:_MAX_NAMED])
        others = len(tables.skipped) - _MAX_NAMED
        warnings.warn(f"skipped: {named}{f'; and {others} more' if others > 0 else ''}", stacklevel=2)
    return Corpus(tables)


class Corpus:
    """All computations of some directories. :func:`corpus` reads them."""

    def __init__(self, tables: _native.CorpusTables) -> None:
        self._tables = tables

    @property
    def computations(self) -> list[str]:
        """The names of the computations."""
        return self._tables.computations

    @property
    def notes(self) -> list[str]:
        """Limits of the tables, such as parameters without a column. Each is a sentence."""
        return self._tables.notes

    @property
    def skipped(self) -> list[str]:
        """The files and lines that were not read, and why."""
        return self._tables.skipped

    def frame(
        self, computation: str | None = None, *, library: Literal["pandas", "polars"] | None = None
    ) -> Any:
        """A frame with a row for each run of a computation: of pandas if it is installed, else of polars.

        The name may be left out if there is only one computation. The columns are:

        - ``outcome`` (``ok``, ``failed``, ``panicked``, ``cancelled``, ``unknown``), ``ended``, ``duration_s``,
          ``session``, ``host``, ``rank``, ``job_id``, ``commit``, and of failures ``category``, ``fingerprint``,
          ``error_type`` and ``failure_id``;
        - each parameter. A nested value has its path as name: ``opts.rtol``, ``couplings[0]``;
        - each convergence digest.

        A name that is taken gets an underscore. Numbers are 64-bit floats.

        A missing value is null in polars and ``pandas.NA`` in pandas, where a column of numbers with missing values has
        the type ``Float64``. NaN is a number in both. Texts are categorical in pandas. A column with numbers and texts
        contains objects in pandas, with ``None`` for missing values. In polars, its texts and booleans are in a second
        column with the suffix ``.text``.

        Raises ``ImportError`` if the library is not installed, and ``KeyError`` if there is no such computation.
        """
        columns = RunColumns(self._tables.columns(self._name(computation)))
        if library is None:
            library = _installed_library()
        if library == "pandas":
            return columns.to_pandas()
        if library == "polars":
            return columns.to_polars()
        raise ValueError(f"library must be 'pandas' or 'polars', not {library!r}")

    def parameters(self, computation: str | None = None) -> list[str]:
        """The columns of :meth:`frame` that are parameters, which are known before a run."""
        return RunColumns(self._tables.columns(self._name(computation))).parameters()

    def regions(self, computation: str | None = None) -> Regions:
        """The regions of the parameters in which a computation fails. The search runs once."""
        name = self._name(computation)
        return Regions(*self._tables.regions(name), self)

    def risk(self, computation: str | None = None, /, **parameters: Any) -> Risk:
        """The risk that a run with these parameters fails.

        It is the failure rate of the region that contains them, otherwise that of the 20 nearest runs.
        """
        return self.risks(computation, [parameters])[0]

    def risks(self, computation: str | None, runs: Iterable[Mapping[str, Any]]) -> list[Risk]:
        """The risk of each run, from its parameters. Many runs at once are faster than one by one."""
        estimates = self._tables.risks(self._name(computation), [dict(parameters) for parameters in runs])
        return [Risk.from_dict(estimate) for estimate in estimates]

    def nearest(self, failure: Failure | Mapping[str, Any], computation: str | None = None) -> dict[str, Any]:
        """Compares a failure, or a run with these parameters, with the most similar success.

        The result is the same as that of ``failures nearest --json``: ``nearest_success`` with its ``parameters`` and
        the names of those that ``differ``, the ``region`` that contains the failure, and the smallest ``change`` of
        one parameter that leaves the region.
        """
        if isinstance(failure, Failure):
            return self._tables.nearest(self._name(failure.computation), failure.parameters, failure.id)
        return self._tables.nearest(self._name(computation), dict(failure))

    def contains(self, rule: Rule, computation: str | None = None) -> Any:
        """For each row of :meth:`frame`, whether the run is in the region of a rule.

        The result is an array of NumPy, or a list if NumPy is not installed.
        """
        inside = self._tables.contains(self._name(computation), rule.conditions)
        return entries(inside, "?")

    def of_sessions(self, sessions: Iterable[str]) -> "Corpus":
        """The runs of some sessions, for example to check in other sessions what was found in these."""
        return Corpus(self._tables.select_sessions([str(session) for session in sessions]))

    def _name(self, computation: str | None) -> str:
        """The only computation that has this name or contains it; without a name, the only one."""
        known = self.computations
        if computation in known:
            return str(computation)
        names = [name for name in known if computation is None or computation in name]
        if len(names) == 1:
            return names[0]
        list_of_names = ", ".join(names or known) or "none"
        if computation is None:
            raise ValueError(f"name one of the {len(names)} computations: {list_of_names}")
        if names:
            raise KeyError(f"several computations contain {computation!r}: {list_of_names}: give more of the name")
        raise KeyError(f"no computation {computation!r}: the directories contain {list_of_names}")

    def __repr__(self) -> str:
        summaries = self._tables.summaries()
        return "\n".join(
            f"{summary['computation']}: {summary['failed']:,} of {summary['runs'] - summary['cancelled']:,} runs fail"
            for summary in summaries
        )

    def _repr_html_(self) -> str:
        columns = ("computation", "runs", "ok", "failed", "cancelled", "unknown")
        head = "".join(f"<th style='text-align:left'>{column}</th>" for column in columns)
        rows = ""
        for summary in self._tables.summaries():
            cells = (f"{summary[column]:,}" if column != "computation" else summary[column] for column in columns)
            rows += "<tr>" + "".join(f"<td style='text-align:left'>{escape(cell)}</td>" for cell in cells) + "</tr>"
        return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _installed_library() -> Literal["pandas", "polars"]:
    from importlib.util import find_spec

    if find_spec("pandas"):
        return "pandas"
    if find_spec("polars"):
        return "polars"
    raise ImportError("frame needs pandas or polars: pip install pandas")
