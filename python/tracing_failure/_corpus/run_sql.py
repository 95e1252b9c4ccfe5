"""SQL for the conditions and the bins of columns. No expression is null.

The columns have short names: ``n3`` the numbers of parameter 3, ``f3`` only the finite ones, ``t3`` its texts. Spark
orders NaN above all numbers, so comparisons use ``f3``.
"""

import math
from collections.abc import Sequence
from typing import Any


def quoted_name(column: str) -> str:
    """The name of a column, which may contain dots."""
    return "`" + column.replace("`", "``") + "`"


def number(value: float) -> str:
    """A finite number."""
    return f"({value!r}D)"


def text(value: bool | str) -> str:
    """A text. It is in hexadecimal, so that no setting of the session changes its meaning."""
    value = str(value).lower() if isinstance(value, bool) else value
    return f"CAST(X'{value.encode().hex()}' AS STRING)"


def finite(column: str) -> str:
    """The finite numbers of a column, null for others."""
    infinity = "double('Infinity')"
    return f"CASE WHEN {column} > -{infinity} AND {column} < {infinity} THEN {column} END"


def condition(place: int, test: str, value: Any) -> str:
    """The condition of a rule on the parameter at a place."""
    match test:
        case ">" | ">=" | "<" | "<=":
            return f"(f{place} IS NOT NULL AND f{place} {test} {number(value)})"
        case "in":
            return f"(t{place} IS NOT NULL AND t{place} IN ({', '.join(map(text, value))}))"
        case "not in":
            return f"(t{place} IS NOT NULL AND t{place} NOT IN ({', '.join(map(text, value))}))"
        case "missing":
            return f"(n{place} IS NULL AND t{place} IS NULL)"
        case "not missing":
            return f"(n{place} IS NOT NULL OR t{place} IS NOT NULL)"
        case "finite":
            return f"(f{place} IS NOT NULL)"
        case "not finite":
            return f"(n{place} IS NOT NULL AND f{place} IS NULL)"
        case _:
            raise ValueError(f"unknown condition {test!r}")


def conjunction(conditions: Sequence[str]) -> str:
    """All conditions. Without any, every run satisfies them."""
    return f"({' AND '.join(conditions)})" if conditions else "true"


def interval(place: int, low: float, high: float) -> str:
    """The finite numbers from ``low`` to ``high``."""
    limits = [(">=", low)] if math.isfinite(low) else []
    limits += [("<=", high)] if math.isfinite(high) else []
    return conjunction([f"(f{place} IS NOT NULL)", *(condition(place, test, limit) for test, limit in limits)])


def bin(place: int, cuts: Sequence[float], labels: Sequence[bool | str]) -> str:
    """The bin of a value: those of numbers, not finite, missing, those of labels, and other texts."""
    not_finite = len(cuts) + 1
    branches = [
        f"WHEN f{place} IS NOT NULL THEN {_interval_number(f'f{place}', cuts, 0)}",
        f"WHEN n{place} IS NOT NULL THEN {not_finite}",
        f"WHEN t{place} IS NULL THEN {not_finite + 1}",
    ]
    first = not_finite + 2
    branches += [f"WHEN t{place} = {text(label)} THEN {first + index}" for index, label in enumerate(labels)]
    return f"CASE {' '.join(branches)} ELSE {first + len(labels)} END"


def _interval_number(column: str, cuts: Sequence[float], first: int) -> str:
    """The number of cuts below a value, by binary search. A bin contains its upper cut."""
    if not cuts:
        return str(first)
    middle = len(cuts) // 2
    below = _interval_number(column, cuts[:middle], first)
    above = _interval_number(column, cuts[middle + 1 :], first + middle + 1)
    return f"CASE WHEN {column} <= {number(cuts[middle])} THEN {below} ELSE {above} END"
