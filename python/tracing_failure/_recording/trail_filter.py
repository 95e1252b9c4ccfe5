"""A filter of the events in trail and breadcrumbs, by target and level."""

from typing import Final

_LEVELS: Final = {"off": 0, "error": 1, "warn": 2, "info": 3, "debug": 4, "trace": 5}

#: Maximum pairs of target and level in the cache.
_MAX_CACHED_VERDICTS: Final = 4096


class TrailFilter:
    """A filter of directives such as ``info,my_solver=debug,h5py=off``.

    A target is the module that calls ``record``, or the name of a logger of :mod:`logging`. The longest directive that
    the target starts with decides. A filter that only turns targets off keeps all others.

    >>> filter = TrailFilter("info,solver=debug,h5py=off")
    >>> filter.keeps("solver.newton", "DEBUG"), filter.keeps("main", "DEBUG"), filter.keeps("h5py", "ERROR")
    (True, False, False)
    """

    __slots__ = ("_default", "_targets", "_verdicts")

    def __init__(self, directives: str) -> None:
        default: int | None = None
        targets: dict[str, int] = {}
        for part in filter(None, map(str.strip, directives.split(","))):
            target, equals, level = (text.strip() for text in part.partition("="))
            if not equals and target.lower() in _LEVELS:
                default = _LEVELS[target.lower()]
            elif (
                not target
                or any(character in target for character in "[]{} ")
                or (equals and level.lower() not in _LEVELS)
            ):
                raise ValueError(f"trail_filter: {part!r}: expected 'level', 'target' or 'target=level'")
            else:
                targets[target] = _LEVELS[level.lower()] if equals else _LEVELS["trace"]
        if default is None:
            default = _LEVELS["off"] if any(targets.values()) else _LEVELS["trace"]
        self._default = default
        self._targets = sorted(targets.items(), key=lambda item: len(item[0]), reverse=True)
        self._verdicts: dict[tuple[str, str], bool] = {}

    def keeps(self, target: str, level: str) -> bool:
        """Returns whether the filter keeps events of this target and level. Results are cached."""
        verdict = self._verdicts.get((target, level))
        if verdict is None:
            limit = next((limit for name, limit in self._targets if target.startswith(name)), self._default)
            verdict = _LEVELS[level.lower()] <= limit
            if len(self._verdicts) < _MAX_CACHED_VERDICTS:
                self._verdicts[target, level] = verdict
        return verdict

    def prefers(self, target: str) -> bool:
        """Returns whether a directive keeps more of this target than the default does.

        >>> filter = TrailFilter("info,solver=debug,h5py=off")
        >>> filter.prefers("solver.newton"), filter.prefers("main"), filter.prefers("h5py")
        (True, False, False)
        """
        return any(limit > self._default and target.startswith(name) for name, limit in self._targets)
