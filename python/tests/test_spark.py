"""Spark counts the same runs as the search in memory."""

import asyncio
import json
import math
import os
import random
import shutil
import subprocess
import sys

import polars
import pytest

from tracing_failure import StructuredLogger, _native, corpus, spark
from tracing_failure._corpus import run_sql, spark_counter
from tracing_failure._corpus.spark_counter import SparkCounter
from tracing_failure._corpus.spark_source import SparkSource, parameter_columns

FACTS = 12
NAME = "observable_mass"


def passes(value, test, limit):
    is_number = isinstance(value, float)
    is_finite = is_number and math.isfinite(value)
    match test:
        case ">":
            return is_finite and value > limit
        case ">=":
            return is_finite and value >= limit
        case "<":
            return is_finite and value < limit
        case "<=":
            return is_finite and value <= limit
        case "in":
            return isinstance(value, (str, bool)) and value in limit
        case "not in":
            return isinstance(value, (str, bool)) and value not in limit
        case "missing":
            return value is None
        case "not missing":
            return value is not None
        case "finite":
            return is_finite
        case "not finite":
            return is_number and not is_finite


class RowCounter:
    """Counts rows in plain Python: what each method of a counter has to do, in the shortest way."""

    def __init__(self, rows, names):
        """Rows of session, outcome and a dict of parameters."""
        self.rows = [(session, outcome in ("failed", "panicked"), values) for session, outcome, values in rows]
        self.names = names
        self.held_out = set()

    def totals(self):
        sessions = dict.fromkeys(session for session, _, _ in self.rows)
        counts = [(name, self.counts(row for row in self.rows if row[0] == name)) for name in sessions]
        return NAME, counts, 0

    def profiles(self):
        profiles = []
        for name in self.names:
            values = [(failed, parameters.get(name)) for _, failed, parameters in self.rows]
            finite = [(failed, value) for failed, value in values if passes(value, "finite", None)]
            labels = dict.fromkeys(value for _, value in values if isinstance(value, (str, bool)))
            profiles.append({
                "name": name,
                "missing": sum(value is None for _, value in values),
                "not_finite": sum(passes(value, "not finite", None) for _, value in values),
                "numbers": len(finite),
                "distinct_numbers": len({value for _, value in finite}),
                "are_integers": all(value.is_integer() for _, value in finite),
                "samples": tuple([value for failed, value in finite if failed is side] for side in (True, False)),
                "labels": list(labels),
            })  # fmt: skip
        return profiles

    def hold_out(self, sessions):
        self.held_out = set(sessions)

    def set_bins(self, bins):
        self.bins = bins

    def histograms(self, scope, excluded, rules):
        return [[self.histogram(scope, excluded, rule, *bins) for bins in self.bins] for rule in rules]

    def histogram(self, scope, excluded, rule, name, cuts, labels):
        histogram = [(0, 0)] * (len(cuts) + len(labels) + 4)
        for row in self.select(scope, excluded, rule):
            value = row[2].get(name)
            if passes(value, "finite", None):
                bin = sum(cut < value for cut in cuts)
            elif passes(value, "not finite", None):
                bin = len(cuts) + 1
            elif value is None:
                bin = len(cuts) + 2
            else:
                bin = len(cuts) + 3 + (labels.index(value) if value in labels else len(labels))
            histogram[bin] = (histogram[bin][0] + row[1], histogram[bin][1] + 1)
        return histogram

    def count(self, scope, excluded, rules):
        return [self.counts(self.select(scope, excluded, rule)) for rule in rules]

    def values(self, scope, excluded, requests):
        return [self.value_counts(scope, excluded, *request) for request in requests]

    def value_counts(self, scope, excluded, rule, name, low, high):
        inside = [row for row in self.select(scope, excluded, rule) if passes(row[2].get(name), "finite", None)]
        by_value = {}
        for row in inside:
            if low <= row[2][name] <= high:
                by_value.setdefault(row[2][name], []).append(row)
        return [(value, value, self.counts(by_value[value])) for value in sorted(by_value)]

    def select(self, scope, excluded, rule):
        for row in self.rows:
            in_scope = scope == "all" or (row[0] in self.held_out) == (scope == "held out")
            if in_scope and self.satisfies(row, rule) and not any(self.satisfies(row, other) for other in excluded):
                yield row

    def satisfies(self, row, rule):
        return all(passes(row[2].get(part["parameter"]), part["is"], part.get("value")) for part in rule)

    def counts(self, rows):
        rows = list(rows)
        return sum(row[1] for row in rows), len(rows)


def draw(random, index):
    """The parameters of a run, and whether it fails: an interval, a list, a missing value, NaN and a boolean matter."""
    values = {
        "mu": random.uniform(0, 100),
        "method": random.choice(["RK4", "RK45", "BDF", "it's"]),
        "couplings": [random.gauss(0, 1), random.gauss(0, 1)],
        "opts.text": random.choice([1e-6, 1e-3, "auto"]),
        "dense": random.random() < 0.5,
        "theta": random.choice([0.1, 0.2, 0.3, math.nan, math.inf]),
        "seed": index,
        "site": "cluster",
    }
    if random.random() < 0.2:
        del values["couplings"]
    fails = (
        (60 < values["mu"] <= 80 and values["method"] in ("RK4", "it's"))
        or (values["dense"] and math.isnan(values["theta"]))
        or ("couplings" not in values and values["opts.text"] == "auto")
    )
    return values, fails != (random.random() < 0.01)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """The corpus of 3,000 runs in six sessions, some of which were cancelled."""
    io = tmp_path_factory.mktemp("spark") / "io"
    generator = random.Random(16)
    loggers = [StructuredLogger(io / "failures", session_id=f"s{session}") for session in range(6)]
    for index in range(3000):
        values, fails = draw(generator, index)
        try:
            with loggers[index % 6].computation(NAME, **values):
                if fails:
                    raise ValueError("no plateau")
                if index % 100 == 7:
                    raise asyncio.CancelledError
        except (ValueError, asyncio.CancelledError):
            pass
    for logger in loggers:
        logger.flush()
    read = corpus(io)
    read.directory = io
    return read


def cells(runs):
    """The runs as rows of session, outcome and parameters."""
    frame = runs.frame(library="polars")
    texts = {name.removesuffix(".text"): name for name in frame.columns[FACTS:] if name.endswith(".text")}
    names = [column["name"] for column in runs._tables.columns(NAME) if column["role"] == "parameter"]
    rows = []
    for row in frame.iter_rows(named=True):
        values = {name: row[name] if row[name] is not None else row.get(f"{name}.text") for name in names}
        rows.append((row["session"], row["outcome"], values))
    assert texts
    return rows, names


def brief(regions):
    """The report without the parts that only runs in memory have."""
    report = json.loads(json.dumps(regions.to_dict()))
    for rule in report["rules"]:
        rule.pop("nearest_success", None)
    return report


def test_a_counter_in_python_leads_to_the_same_rules(runs):
    rows, names = cells(runs)
    counted = [row for row in rows if row[1] != "cancelled"]
    report, texts = _native.find_regions(RowCounter(counted, names))
    local = runs.regions()
    assert len(rows) == 3000 and len(counted) < 3000
    assert [text for text, _ in texts] == [str(rule) for rule in local.rules]
    assert len(texts) == 3, texts
    assert json.loads(json.dumps(report)) == brief(local)


def test_an_exception_of_a_counter_propagates():
    class Broken(RowCounter):
        def totals(self):
            raise OSError("no cluster")

    with pytest.raises(OSError, match="no cluster"):
        _native.find_regions(Broken([], []))


def test_names_of_columns_name_parameters():
    columns = ["outcome", "p.x", "p.opts.text~", "p.opts.text~.text", "p.y.text", "d.newton.rate", "p.x.text"]
    found = [tuple(columns) for columns in parameter_columns(columns, ["y", "x"])]
    assert found == [
        ("y", None, "p.y.text"),
        ("x", "p.x", "p.x.text"),
        ("opts.text", "p.opts.text~", "p.opts.text~.text"),
    ]


def test_the_sql_of_bins_is_a_binary_search():
    assert run_sql.bin(0, [1.0, 2.0], ["a"]) == (
        "CASE WHEN f0 IS NOT NULL THEN CASE WHEN f0 <= (2.0D) THEN CASE WHEN f0 <= (1.0D) THEN 0 ELSE 1 END ELSE 2 END "
        "WHEN n0 IS NOT NULL THEN 3 WHEN t0 IS NULL THEN 4 WHEN t0 = CAST(X'61' AS STRING) THEN 5 ELSE 6 END"
    )
    assert run_sql.quoted_name("p.a`b") == "`p.a``b`"
    assert run_sql.condition(1, "in", ["ä'", True]) == (
        "(t1 IS NOT NULL AND t1 IN (CAST(X'c3a427' AS STRING), CAST(X'74727565' AS STRING)))"
    )


@pytest.fixture(scope="module")
def session():
    sql = pytest.importorskip("pyspark.sql", reason="needs pyspark: pip install pyspark")
    if shutil.which("java") is None:
        pytest.skip("needs Java 17 or later")
    settings = {
        "spark.sql.shuffle.partitions": "1",
        # The data are small: compiling each query would take longer than counting.
        "spark.sql.codegen.wholeStage": "false",
        "spark.sql.codegen.factoryMode": "NO_CODEGEN",
        "spark.sql.adaptive.enabled": "false",
        "spark.ui.enabled": "false",
        "spark.pyspark.python": sys.executable,
        "spark.driver.host": "127.0.0.1",
    }
    builder = sql.SparkSession.builder.master("local[2]")
    for name, value in settings.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    yield session
    session.stop()


@pytest.fixture(scope="module")
def exported(runs, tmp_path_factory):
    """The files that `failures export` writes, from the frame."""
    directory = tmp_path_factory.mktemp("exported")
    write(runs, directory, NAME)
    return directory


def text(value):
    return value if isinstance(value, str) else str(value).lower()


def write(runs, directory, computation):
    frame = runs.frame(library="polars")
    rows, names = cells(runs)
    columns = frame.columns[:FACTS]
    parameters = []
    for name in names:
        column = f"p.{name}~" if name.endswith(".text") else f"p.{name}"
        values = [row[name] for _, _, row in rows]
        numbers = [value if isinstance(value, float) else None for value in values]
        texts = [None if value is None or isinstance(value, float) else text(value) for value in values]
        parameters.append(polars.Series(column, numbers, dtype=polars.Float64))
        parameters.append(polars.Series(f"{column}.text", texts, dtype=polars.String))
    json_column = [json.dumps({name: value for name, value in row.items() if value is not None}) for _, _, row in rows]
    exported = frame.select(columns).with_columns(*parameters, polars.Series("parameters", json_column))
    exported = exported.with_columns(date=polars.col("ended").dt.date().cast(polars.String))
    for (name, date), part in exported.group_by("session", "date", maintain_order=True):
        path = directory / f"computation={computation}" / f"date={date}"
        path.mkdir(parents=True, exist_ok=True)
        # A part has the columns that its session has.
        present = [column for column in part.columns if part[column].null_count() < len(part) and column != "date"]
        part.select(present).write_parquet(path / f"part-{name}.parquet")


def test_spark_finds_the_same_rules(session, runs, exported):
    found = spark.regions(session, exported, NAME)
    assert brief(found) == brief(runs.regions())
    assert [str(rule) for rule in found.rules] == [str(rule) for rule in runs.regions().rules]
    assert len(found.rules) == 3
    # Nothing stays in the memory of the cluster.
    assert not session._jsc.getPersistentRDDs()


def test_many_values_are_joined_where_all_runs_end_alike(session, exported, monkeypatch):
    with SparkCounter(session, SparkSource(session, str(exported), None), cache=False) as counter:
        requests = [([], "mu", 0.0, math.inf), ([{"parameter": "method", "is": "in", "value": ["RK4"]}], "mu", 60, 61)]
        single = counter.values("all", [], requests)
        monkeypatch.setattr(spark_counter, "_MAX_VALUES", 500)
        joined = counter.values("all", [], requests)
    for values, fewer in zip(single, joined, strict=True):
        assert len(fewer) < len(values) and fewer == sorted(fewer)
        expected = []
        for first, last, (failed, runs) in values:
            if expected and rate(expected[-1][2]) == failed / runs and failed / runs in (0, 1):
                before = expected.pop()
                first, failed, runs = before[0], before[2][0] + failed, before[2][1] + runs
            expected.append((first, last, (failed, runs)))
        assert fewer == expected


@pytest.mark.skipif("FAILURES" not in os.environ, reason="needs FAILURES, the command `failures` with Parquet")
def test_the_command_writes_the_same_columns(session, runs, exported, tmp_path):
    command = [os.environ["FAILURES"], "export", tmp_path, "--from", runs.directory]
    subprocess.run(command, check=True, capture_output=True)
    answers = []
    for directory in (exported, tmp_path):
        with SparkCounter(session, SparkSource(session, str(directory), NAME), cache=False) as counter:
            profiles = {}
            totals = counter.totals()
            for profile in counter.profiles():
                profile["samples"] = [sorted(sample) for sample in profile["samples"]]
                profiles[profile["name"]] = profile
            answers.append((totals, profiles, list(profiles)))
    assert answers[0] == answers[1]
    assert len(answers[0][2]) == 9


def rate(counts):
    return counts[0] / counts[1]


def test_errors_name_the_path_and_the_computations(session, runs, exported, tmp_path):
    with pytest.raises(FileNotFoundError, match=f"no exported runs of 'flow' in {exported}: write them with"):
        spark.regions(session, exported, "flow")
    with pytest.raises(FileNotFoundError, match=f"no exported runs in {tmp_path}: write them with"):
        spark.regions(session, tmp_path)
    write(runs, tmp_path, "a")
    write(runs, tmp_path, "b")
    with pytest.raises(ValueError, match="name one of the 2 computations in .*: a, b"):
        spark.regions(session, tmp_path)
    with pytest.raises(ValueError, match="found without the runs"):
        spark.Regions({"computation": "a", "runs": 0, "failed": 0, "rules": [], "ignored": [], "notes": []}, []).plot()
