"""The record of one failure."""

import datetime
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from .. import _native
from .._runtime.terminal import escape_controls
from . import card
from .advice import Advice, Provider, ask


@dataclass
class Failure:
    """One failed computation, with the nine keys of its record.

    NaN and the infinities are floats. ``Failure(**record)`` makes a failure of a dict with these keys.

    >>> failure = Failure.from_json('''{
    ...     "timestamp": "2025-12-27T04:30:00.000Z", "computation": "rg_flow_integration",
    ...     "theoretical_ref": "Eq. 1.12", "error_type": "ConvergenceError", "error_message": "no convergence",
    ...     "parameters": {"initial_couplings": [50.0, 100.0, 150.0]}, "stack_trace": "",
    ...     "context": {"cell_number": 15}, "suggested_fixes": []}''')
    >>> failure.parameters["initial_couplings"]
    [50.0, 100.0, 150.0]
    """

    timestamp: str
    computation: str
    theoretical_ref: str
    error_type: str
    error_message: str
    parameters: dict[str, Any] = field(default_factory=dict)
    stack_trace: str = ""
    context: dict[str, Any] = field(default_factory=dict)
    suggested_fixes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.path: Path | None = None
        #: The same as an absolute path, since the working directory may change.
        self._file: Path | None = None

    @classmethod
    def from_path(cls, path: str | os.PathLike[str]) -> Self:
        """Reads a record from its file.

        Raises ``OSError`` if the file cannot be read, and ``ValueError`` with file, line and column if it is no record.
        """
        failure = cls(**_native.read_record(os.fspath(path)))
        failure.path = Path(path)
        failure._file = failure.path.absolute()
        return failure

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Reads a record from its text. Raises ``ValueError`` with line and column if it is no record."""
        return cls(**_native.parse_record(text))

    def to_dict(self) -> dict[str, Any]:
        """The record as a dict with its nine keys."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}

    def to_json(self) -> str:
        """The record as text, as the Rust library writes it. Raises ``ValueError`` if it is too large."""
        return _native.format_record(self.to_dict())

    @property
    def time(self) -> datetime.datetime:
        """The time of the failure. Raises ``ValueError`` for a leap second, which ``datetime`` does not support."""
        return datetime.datetime.fromisoformat(self.timestamp)

    @property
    def id(self) -> str | None:
        """The id of the record, a UUIDv7."""
        return self.context.get("id")

    @property
    def category(self) -> str | None:
        """The category, for example ``step_size_underflow``."""
        return self.context.get("category")

    @property
    def fingerprint(self) -> str | None:
        """The fingerprint: equal for the same failure in every run."""
        return self.context.get("fingerprint")

    @property
    def suggestions(self) -> list[dict[str, Any]]:
        """The suggested fixes with reason and confidence. Empty if no rule matched."""
        suggestions = self.context.get("suggestions")
        return suggestions if isinstance(suggestions, list) else []

    def diagnose(self) -> Self:
        """Adds the analysis of the trail and suggestions to a record of another program. Returns itself."""
        for name, value in _native.diagnose(self.to_dict()).items():
            setattr(self, name, value)
        return self

    def resolve(self, fix: str) -> None:
        """Saves the fix of the failure. Later failures with the same fingerprint suggest it first.

        Raises ``ValueError`` if the failure was not read from a file, and ``OSError`` if the fix cannot be written.
        """
        if self._file is None:
            raise ValueError("this failure has no directory: read it with tracing_failure.read or Failure.from_path")
        _native.add_resolution(str(self._file.parent), self.to_dict(), fix)

    def suggest(
        self,
        provider: Provider | None = None,
        *,
        model: str | None = None,
        base_url: str | None = None,
        save: bool = False,
        fresh: bool = False,
        redact: bool = True,
    ) -> Advice:
        """Asks a language model for advice, and adds its fixes to ``suggested_fixes``.

        ``provider`` is ``"gemini"`` (with a key in ``GEMINI_API_KEY``), ``"openai"`` (with a key in ``OPENAI_API_KEY``,
        or any server with this protocol at ``base_url``), or a function that takes the question and returns the answer.
        The default is the provider in ``FAILURES_PROVIDER`` or ``failures.toml``, or the one that has a key. In Colab,
        it is the model of the runtime.

        ``save`` also adds the fixes to the file. Answers are cached; ``fresh`` asks again. Secrets, home directories
        and the machine's name are removed from the question unless ``redact`` is false.

        >>> failure = Failure("2025-12-27T04:30:00Z", "rg_flow", "Eq. 1.12", "Diverged", "the norm is 1e13")
        >>> answer = '''{"root_cause": "a pole", "confidence": "high", "fixes": [
        ...     {"change": "end before t = -9.78", "reason": "the flow ends there"}]}'''
        >>> failure.suggest(lambda question: answer).root_cause
        'a pole'
        >>> failure.suggested_fixes[-1]
        'end before t = -9.78: the flow ends there'
        """
        advice, suggestions = ask(self.to_dict(), self._file, provider, model, base_url, save, fresh, redact)
        known = self.context.setdefault("suggestions", [])
        for suggestion in suggestions:
            if suggestion["fix"] not in self.suggested_fixes:
                self.suggested_fixes.append(suggestion["fix"])
                known.append(suggestion)
        return advice

    def __str__(self) -> str:
        text = (
            f"{self.timestamp}  {self.computation}  {self.theoretical_ref}\n  {self.error_type}: {self.error_message}"
        )
        return escape_controls(text)

    def _repr_html_(self) -> str:
        return card.html(self.to_dict(), self.path)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        # The trail would be too long for a terminal.
        printer.text(str(self))
