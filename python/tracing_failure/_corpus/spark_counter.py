"""Counts exported runs with Spark, for the search of regions."""

from typing import Any, Self

from . import run_sql as sql
from .spark_source import SparkSource

#: Maximum number of labels in a column that conditions can name.
_MAX_LABELS = 32
#: Maximum number of failed runs, and of others, whose numbers represent a distribution.
_MAX_SAMPLES = 16_384
#: Maximum number of values that are collected for one step. If there are more, neighbours are joined.
_MAX_VALUES = 100_000
#: Maximum number of rules in one pass: the bits of an integer.
_MAX_RULES = 62

#: Failed runs, and all runs.
Counts = tuple[int, int]
#: The conditions of a rule.
Conditions = list[dict[str, Any]]

_COUNTS = "count_if(failed), count(*)"


class SparkCounter:
    """Counts runs for ``find_regions``, which calls the methods without an underscore. A cancelled run is not counted.

    ``scope`` is ``all``, ``training`` or ``held out``, the sessions of the runs that count. Runs in one of the
    ``excluded`` rules do not count.
    """

    def __init__(self, spark: Any, source: SparkSource, cache: bool) -> None:
        self._spark = spark
        self._source = source
        self._cache = cache
        self._cached: list[Any] = []
        self._places = {columns.parameter: place for place, columns in enumerate(source.parameters)}
        self._held_out = "false"
        self._bin_counts: list[int] = []
        self._totals = (0, 0)
        self._runs = self._keep(source.runs.selectExpr(*self._columns()).where("outcome <> 'cancelled'"))
        self._coded = self._runs

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        for frame in self._cached:
            frame.unpersist()

    def totals(self) -> tuple[str, list[tuple[str, Counts]], int]:
        """The name of the computation, the runs of each session, and the number of runs without a statement."""
        rows = self._query(
            f"SELECT session, {_COUNTS}, count_if(outcome NOT IN ('ok', 'failed', 'panicked')) FROM {{runs}} "
            "GROUP BY session ORDER BY session"
        )
        self._totals = (sum(row[1] for row in rows), sum(row[2] for row in rows))
        sessions = [(session, (failed, runs)) for session, failed, runs, _ in rows]
        return self._source.computation, sessions, sum(row[3] for row in rows)

    def profiles(self) -> list[dict[str, Any]]:
        """The kinds of values of each parameter that a run has."""
        places = range(len(self._source.parameters))
        if not places:
            return []
        numbers = [
            f"count_if({sql.condition(place, 'missing', None)}), count_if({sql.condition(place, 'not finite', None)}), "
            f"count(f{place}), approx_count_distinct(f{place}, 0.01), coalesce(min(f{place}) < max(f{place}), false), "
            f"count_if(f{place} % 1.0D <> 0.0D), approx_count_distinct(t{place}, 0.01)"
            for place in places
        ]
        (row,) = self._query(f"SELECT {', '.join(numbers)} FROM {{runs}}")
        facts = [row[7 * place : 7 * place + 7] for place in places]
        labels = self._labels([fact[6] for fact in facts])
        samples = self._samples()
        profiles = []
        for place, (missing, not_finite, finite, distinct, differ, fractions, _) in enumerate(facts):
            if missing == self._totals[1]:
                # Runs of another computation, or cancelled ones, have the parameter.
                continue
            profiles.append({
                "name": self._source.parameters[place].parameter,
                "missing": missing,
                "not_finite": not_finite,
                "numbers": finite,
                # The estimate may be one value off.
                "distinct_numbers": max(distinct, 2) if differ else min(finite, 1),
                "are_integers": fractions == 0,
                "samples": samples[place],
                "labels": labels[place],
            })  # fmt: skip
        return profiles

    def hold_out(self, sessions: list[str]) -> None:
        """Sets the sessions that are held out."""
        self._held_out = f"(session IN ({', '.join(map(sql.text, sessions))}))"

    def set_bins(self, bins: list[tuple[str, list[float], list[bool | str]]]) -> None:
        """Sets the bins in which ``histograms`` counts: parameter, cuts and labels."""
        self._bin_counts = [len(cuts) + len(labels) + 4 for _, cuts, labels in bins]
        codes = [f"CAST({sql.bin(self._places[name], cuts, labels)} AS INT)" for name, cuts, labels in bins]
        self._coded = self._keep(self._runs.selectExpr("*", f"array({', '.join(codes)}) AS codes"))

    def histograms(
        self, scope: str, excluded: list[Conditions], rules: list[Conditions]
    ) -> list[list[list[Counts]]]:
        """The runs in each bin of each column, for each rule."""
        if len(rules) > _MAX_RULES:
            first, others = rules[:_MAX_RULES], rules[_MAX_RULES:]
            return self.histograms(scope, excluded, first) + self.histograms(scope, excluded, others)
        # Each run counts once for all rules that it satisfies: the bits of `rules`.
        bits = " + ".join(f"IF({self._rule(rule)}, {1 << bit}L, 0L)" for bit, rule in enumerate(rules))
        rows = self._query(
            f"SELECT rules, place, code, {_COUNTS} FROM (SELECT failed, rules, posexplode(codes) AS (place, code) FROM "
            f"(SELECT failed, codes, {bits} AS rules FROM {{runs}} WHERE {self._scope(scope, excluded)}) "
            "WHERE rules <> 0) GROUP BY rules, place, code"
        )
        histograms = [[[(0, 0)] * count for count in self._bin_counts] for _ in rules]
        for satisfied, place, code, failed, runs in rows:
            for bit in range(len(rules)):
                if satisfied >> bit & 1:
                    histogram = histograms[bit][place]
                    histogram[code] = (histogram[code][0] + failed, histogram[code][1] + runs)
        return histograms

    def count(self, scope: str, excluded: list[Conditions], rules: list[Conditions]) -> list[Counts]:
        """The runs that satisfy each rule."""
        if not rules:
            return []
        conditions = [self._rule(rule) for rule in rules]
        counts = ", ".join(f"count_if({rule} AND failed), count_if({rule})" for rule in conditions)
        (row,) = self._query(f"SELECT {counts} FROM {{runs}} WHERE {self._scope(scope, excluded)}")
        return list(zip(row[::2], row[1::2], strict=True))

    def values(
        self, scope: str, excluded: list[Conditions], requests: list[tuple[Conditions, str, float, float]]
    ) -> list[list[tuple[float, float, Counts]]]:
        """The runs at each value of a parameter in an interval, among those that satisfy a rule, in ascending order."""
        entries = []
        for rule, parameter, low, high in requests:
            place = self._places[parameter]
            entries.append(f"CASE WHEN {self._rule(rule)} AND {sql.interval(place, low, high)} THEN f{place} END")
        counted = (
            "SELECT request, value, count_if(failed) AS failed, count(*) AS runs FROM "
            f"(SELECT failed, posexplode(array({', '.join(entries)})) AS (request, value) FROM {{runs}} "
            f"WHERE {self._scope(scope, excluded)}) WHERE value IS NOT NULL GROUP BY request, value"
        )
        rows = self._query(f"SELECT request, value, value, failed, runs FROM ({counted}) LIMIT {_MAX_VALUES + 1}")
        if len(rows) > _MAX_VALUES:
            rows = self._query(_joined(counted))
        values: list[list[tuple[float, float, Counts]]] = [[] for _ in requests]
        for request, first, last, failed, runs in sorted(rows, key=lambda row: row[:2]):
            values[request].append((first, last, (failed, runs)))
        return values

    def _columns(self) -> list[str]:
        columns = [
            "coalesce(outcome, 'unknown') AS outcome",
            "coalesce(outcome IN ('failed', 'panicked'), false) AS failed",
            "coalesce(session, '') AS session",
        ]
        for place, (_, numbers, texts) in enumerate(self._source.parameters):
            numbers = sql.quoted_name(numbers) if numbers else "CAST(NULL AS DOUBLE)"
            texts = sql.quoted_name(texts) if texts else "CAST(NULL AS STRING)"
            columns += [f"{numbers} AS n{place}", f"{sql.finite(numbers)} AS f{place}", f"{texts} AS t{place}"]
        return columns

    def _labels(self, counts: list[int]) -> list[list[bool | str]]:
        """The texts of each column, or just enough names if there are too many."""
        few = [place for place, count in enumerate(counts) if 0 < count <= 2 * _MAX_LABELS]
        labels: list[list[bool | str]] = [[""] * (_MAX_LABELS + 1) if count else [] for count in counts]
        if few:
            (row,) = self._query(f"SELECT {', '.join(f'collect_set(t{place})' for place in few)} FROM {{runs}}")
            for place, texts in zip(few, row, strict=True):
                # The files contain booleans as texts.
                are_booleans = {"true", "false"}.issuperset(texts)
                labels[place] = sorted(text == "true" for text in texts) if are_booleans else sorted(texts)
        return labels

    def _samples(self) -> list[tuple[list[float], list[float]]]:
        """The finite numbers of each column in failed runs, and in others: all of them, or those of random runs."""
        places = range(len(self._source.parameters))
        samples: list[tuple[list[float], list[float]]] = [([], []) for _ in places]
        failed, runs = self._totals
        for side, (condition, count) in enumerate((("failed", failed), ("NOT failed", runs - failed))):
            random = f" AND rand(17) < {sql.number(_MAX_SAMPLES / count)}" if count > _MAX_SAMPLES else ""
            columns = ", ".join(f"f{place}" for place in places)
            for row in self._query(f"SELECT {columns} FROM {{runs}} WHERE {condition}{random}"):
                for place, value in enumerate(row):
                    if value is not None:
                        samples[place][side].append(value)
        return samples

    def _rule(self, rule: Conditions) -> str:
        conditions = [
            sql.condition(self._places[condition["parameter"]], condition["is"], condition.get("value"))
            for condition in rule
        ]
        return sql.conjunction(conditions)

    def _scope(self, scope: str, excluded: list[Conditions]) -> str:
        sessions = {"all": "true", "training": f"NOT {self._held_out}", "held out": self._held_out}[scope]
        return " AND ".join([sessions, *(f"NOT {self._rule(rule)}" for rule in excluded)])

    def _query(self, query: str) -> list[Any]:
        rows: list[Any] = self._spark.sql(query, runs=self._coded).collect()
        return rows

    def _keep(self, frame: Any) -> Any:
        if self._cache:
            self._cached.append(frame.persist())
        return frame


def _joined(counted: str) -> str:
    """Joins neighbouring values at which all runs end alike. The best threshold never lies between them."""
    kind = "CASE WHEN failed = 0 THEN 0 WHEN failed = runs THEN 1 END"
    order = "OVER (PARTITION BY request ORDER BY value)"
    return (
        "SELECT request, min(value), max(value), sum(failed), sum(runs) FROM "
        f"(SELECT *, sum(CASE WHEN kind = before THEN 0 ELSE 1 END) {order} AS joined FROM "
        f"(SELECT *, {kind} AS kind, lag({kind}) {order} AS before FROM ({counted}))) GROUP BY request, joined"
    )
