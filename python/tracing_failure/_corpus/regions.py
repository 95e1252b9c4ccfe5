"""The regions of the parameters in which a computation fails."""

from collections.abc import Mapping
from html import escape
from typing import Any, Protocol

from .._records.failure import Failure
from .region_plot import draw
from .risk import Risk


class _RunSource(Protocol):
    """The corpus in which regions were found."""

    def frame(self, computation: str | None = None, *, library: Any = None) -> Any: ...
    def risk(self, computation: str | None = None, /, **parameters: Any) -> Risk: ...
    def nearest(self, failure: Failure | Mapping[str, Any], computation: str | None = None) -> dict[str, Any]: ...


class Rule:
    """A region: the runs that satisfy all conditions."""

    def __init__(self, rule: dict[str, Any], text: str, sentence: str) -> None:
        #: Each has ``parameter``, ``is`` and, for a comparison or a list, ``value``.
        self.conditions: list[dict[str, Any]] = rule["conditions"]
        #: The failed runs in the region.
        self.failed: int = rule["failed"]
        #: All runs in the region.
        self.runs: int = rule["runs"]
        #: ``failed`` and ``runs`` in sessions that the search had not seen, or ``None`` without such sessions.
        self.held_out: dict[str, int] | None = rule.get("held_out")
        #: ``parameters`` of the nearest success outside, and the names of those that ``differ``.
        self.nearest_success: dict[str, Any] | None = rule.get("nearest_success")
        #: The rule in a sentence with its counts.
        self.sentence = sentence
        self._text = text

    @property
    def rate(self) -> float:
        """The fraction of the runs in the region that fail."""
        return self.failed / self.runs

    def __str__(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return f"<{self.sentence}>"


class Regions:
    """The regions of the parameters in which a computation fails, the one with most failures first."""

    def __init__(
        self, report: dict[str, Any], texts: list[tuple[str, str]], source: _RunSource | None = None
    ) -> None:
        self._report = report
        self._source = source
        #: The name of the computation.
        self.computation: str = report["computation"]
        #: The runs that were compared, without cancelled ones.
        self.runs: int = report["runs"]
        #: The failed runs.
        self.failed: int = report["failed"]
        #: The regions.
        self.rules = [Rule(rule, *text) for rule, text in zip(report["rules"], texts, strict=True)]
        #: The parameters that no rule can use, with the reasons.
        self.ignored: dict[str, str] = {entry["parameter"]: entry["reason"] for entry in report["ignored"]}
        #: Limits of the answer. Each is a sentence.
        self.notes: list[str] = report["notes"]

    def to_dict(self) -> dict[str, Any]:
        """The report in the form of ``failures regions --json``."""
        return self._report

    def risk(self, **parameters: Any) -> Risk:
        """The risk that a run with these parameters fails."""
        return self._corpus().risk(self.computation, **parameters)

    def nearest(self, failure: Failure | Mapping[str, Any]) -> dict[str, Any]:
        """Compares a failure, or a run with these parameters, with the most similar success."""
        return self._corpus().nearest(failure, self.computation)

    def plot(self, x: str | None = None, y: str | None = None) -> Any:
        """Plots the runs over two parameters, and the first region. The default is the parameters of this region.

        The result is the axes of matplotlib, or an SVG image if matplotlib is not installed.
        """
        return draw(self._corpus().frame(self.computation), self.rules, x, y)

    def _corpus(self) -> _RunSource:
        if self._source is None:
            raise ValueError("these regions were found without the runs: open them with tracing_failure.corpus(…)")
        return self._source

    def _head(self) -> str:
        rate = f" ({self.failed / self.runs:.1%})" if self.runs else ""
        return f"{self.failed:,} of {self.runs:,} runs of {self.computation} fail{rate}"

    def __len__(self) -> int:
        return len(self.rules)

    def __repr__(self) -> str:
        lines = [f"{rule}: {_counts(rule)}{_held_out(rule)}" for rule in self.rules]
        return "\n".join([self._head(), *lines, *self.notes])

    def _repr_html_(self) -> str:
        rows = ""
        for rule in self.rules:
            cells = (str(rule), _counts(rule), _held_out(rule, "").strip(), _nearest(rule))
            rows += "<tr>" + "".join(f"<td style='text-align:left'>{escape(cell)}</td>" for cell in cells) + "</tr>"
        names = ("region", "runs", "held out", "nearest success")
        head = "".join(f"<th style='text-align:left'>{name}</th>" for name in names)
        table = f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>" if rows else ""
        notes = "".join(f"<p>{escape(note)}</p>" for note in self.notes)
        return f"<p>{escape(self._head())}</p>{table}{notes}"


def _counts(rule: Rule) -> str:
    return f"{rule.failed:,} of {rule.runs:,} fail"


def _held_out(rule: Rule, prefix: str = ", held out: ") -> str:
    return f"{prefix}{rule.held_out['failed']:,} of {rule.held_out['runs']:,}" if rule.held_out else ""


def _nearest(rule: Rule) -> str:
    success = rule.nearest_success
    if success is None:
        return ""
    return ", ".join(f"{name} {success['parameters'].get(name, 'missing')}" for name in success["differs"])

