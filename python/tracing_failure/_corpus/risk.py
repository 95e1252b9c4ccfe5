"""The risk that a run fails."""

from dataclasses import dataclass, field
from typing import Any, Literal, Self


@dataclass(frozen=True)
class Risk:
    """The risk that a run fails, and the runs that it is estimated from."""

    #: The risk between 0 and 1, or ``None`` if there are too few runs to compare with.
    risk: float | None
    #: The region that contains the run, the nearest runs, or nothing.
    by: Literal["rule", "neighbours", "nothing"]
    #: The failed runs among those that were counted.
    failed: int
    #: The runs that were counted.
    runs: int
    #: The conditions of the region.
    conditions: list[dict[str, Any]] = field(default_factory=list)
    #: Limits of the estimate. Each is a sentence.
    notes: list[str] = field(default_factory=list)

    @classmethod
    def from_dict(cls, estimate: dict[str, Any]) -> Self:
        """The risk in the JSON that ``failures risk --json`` prints."""
        return cls(**estimate)

    def __float__(self) -> float:
        return float("nan") if self.risk is None else self.risk
