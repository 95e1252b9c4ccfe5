"""DuckDB, Polars and Spark read the same runs and the same values from exported files as the log contains."""

import json
import math
import os
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest

FAILURES = os.environ["FAILURES"]
NAME = "rg flow/λ=1"
NOT_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
PARTS = "computation=*/date=*/*.parquet"


def closing_line(session, minute, parameters, outcome):
    return {
        "timestamp": f"2026-11-{25 + minute // 1440}T{minute // 60 % 24:02}:{minute % 60:02}:00.000Z",
        "message": "computation closed", "computation": NAME, "theoretical_ref": "Eq. 1.12",
        "parameters": parameters, "outcome": outcome, "duration_s": 0.25, "session_id": session,
    }


def parameters(host, run):
    """Numbers with missing and not finite values; `kind` is a number on one host, and a text on the other."""
    drawn = {"lambda": run / 7, "mu": [None, "NaN", "Infinity", "-Infinity", -0.0, 1e-310][run % 6]}
    drawn["kind"] = run if host == 0 else f"kind {run % 3}"
    if run % 5:
        drawn["opts"] = {"rtol": 10.0 ** -(run % 9), "adaptive": run % 2 == 0}
    return drawn


def write_log(io, session, lines):
    logs = io / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    with open(logs / f"computations_20261125_{session}_0000.jsonl", "w") as file:
        file.writelines(json.dumps(line) + "\n" for line in lines)


@pytest.fixture(scope="session")
def exported(tmp_path_factory):
    """The directory of an export of two hosts, and all closing lines."""
    root = tmp_path_factory.mktemp("export")
    lines = []
    for host in range(2):
        own = []
        for run in range(2000):
            outcome = ["ok", "failed", "unknown"][0 if run % 10 else run // 10 % 3]
            own.append(closing_line(f"session-{host}", run, parameters(host, run), outcome))
        write_log(root / f"host{host}", f"session-{host}", own)
        lines += own
        # The second export of a host replaces the first one.
        for _ in range(2):
            command = [FAILURES, "export", root / "out", "--from", root / f"host{host}", "--json"]
            report = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
            assert report["computations"][0]["runs"] == 2000
            assert report["computations"][0]["kept_runs"] == 0
    return root / "out", lines


def number(value):
    value = NOT_FINITE.get(value, value)
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def comparable(value):
    return "NaN" if isinstance(value, float) and math.isnan(value) else (value, math.copysign(1, value or 0))


def expected(lines):
    runs = Counter()
    for line in lines:
        drawn = line["parameters"]
        kind, mu = drawn["kind"], comparable(number(drawn["mu"]))
        text = kind if isinstance(kind, str) else None
        flag = drawn.get("opts", {}).get("adaptive")
        adaptive = None if flag is None else str(flag).lower()
        runs[line["outcome"], line["timestamp"][:10], drawn["lambda"], mu, number(kind), text, adaptive] += 1
    return runs


def check(rows, lines):
    """Compares rows of outcome, date, lambda, mu, kind, kind as text, and adaptive."""
    found = Counter()
    for outcome, date, value, mu, kind, text, adaptive in rows:
        found[outcome, str(date), value, comparable(mu), kind, text, adaptive] += 1
    assert found == expected(lines)


COLUMNS = ["outcome", "date", "p.lambda", "p.mu", "p.kind", "p.kind.text", "p.opts.adaptive.text"]


def test_duckdb(exported):
    import duckdb

    directory, lines = exported
    source = f"read_parquet('{directory}/{PARTS}', union_by_name = true, hive_partitioning = true)"
    columns = ", ".join(f'"{name}"' for name in COLUMNS)
    check(duckdb.sql(f"SELECT {columns} FROM {source}").fetchall(), lines)
    [(ids, names, not_numbers, large)] = duckdb.sql(
        f'SELECT count(DISTINCT run_id), list(DISTINCT computation), count(*) FILTER (isnan("p.mu")), '
        f'count(*) FILTER ("p.mu" > 1e300) FROM {source}').fetchall()
    nan = sum(line["parameters"]["mu"] == "NaN" for line in lines)
    infinite = sum(line["parameters"]["mu"] == "Infinity" for line in lines)
    # DuckDB orders NaN above all numbers. Statistics must not hide them.
    assert (ids, names, not_numbers, large) == (len(lines), [NAME], nan, nan + infinite)
    assert duckdb.sql(f'SELECT count(*) FROM {source} WHERE "p.mu" > 1e300').fetchall() == [(nan + infinite,)]
    types = dict(row[:2] for row in duckdb.sql(f"DESCRIBE SELECT * FROM {source}").fetchall())
    assert (types["p.kind"], types["p.kind.text"], types["duration_s"]) == ("DOUBLE", "VARCHAR", "DOUBLE")
    stored = duckdb.sql(f"SELECT parameters ->> 'kind' FROM {source} WHERE \"p.kind\" = 3").fetchall()
    assert stored == [("3",)]


def test_polars(exported):
    import polars

    directory, lines = exported
    files = sorted(directory.glob(PARTS))
    runs = polars.concat([polars.read_parquet(file, hive_partitioning=True) for file in files], how="diagonal")
    check(runs.select(COLUMNS).iter_rows(), lines)
    assert runs["run_id"].n_unique() == len(lines)
    assert runs["computation"].unique().to_list() == [NAME]
    nan = sum(line["parameters"]["mu"] == "NaN" for line in lines)
    assert runs["p.mu"].is_nan().sum() == nan
    one_host = polars.scan_parquet(directory / "computation=*/date=*/part-session-0.parquet", hive_partitioning=True)
    assert one_host.filter(polars.col("p.lambda") >= 0).collect().height == 2000


@pytest.mark.skipif(shutil.which("java") is None, reason="Spark needs Java")
def test_spark(exported):
    from pyspark.sql import SparkSession, functions

    directory, lines = exported
    builder = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    builder = builder.config("spark.driver.bindAddress", "127.0.0.1").config("spark.driver.host", "127.0.0.1")
    spark = builder.config("spark.sql.session.timeZone", "UTC").getOrCreate()
    try:
        read = spark.read.option("mergeSchema", "true").option("basePath", str(directory))
        runs = read.parquet(f"{directory}/computation=*")
        check((tuple(row) for row in runs.select([f"`{name}`" for name in COLUMNS]).collect()), lines)
        assert runs.select("run_id").distinct().count() == len(lines)
        assert [row[0] for row in runs.select("computation").distinct().collect()] == [NAME]
        nan = sum(line["parameters"]["mu"] == "NaN" for line in lines)
        assert runs.filter(functions.isnan("`p.mu`")).count() == nan
    finally:
        spark.stop()


def test_the_command_reads_its_files(exported):
    directory, lines = exported
    output = subprocess.run([FAILURES, "runs", "--json", "--from", directory], check=True, capture_output=True).stdout
    [summary] = json.loads(output)
    outcomes = Counter(line["outcome"] for line in lines)
    found = (summary["runs"], summary["ok"], summary["failed"], summary["unknown"])
    assert found == (len(lines), outcomes["ok"], outcomes["failed"], outcomes["unknown"])


def test_trails(tmp_path):
    import duckdb

    io = Path(__file__).parent / "../../crates/cli/tests/data/io"
    subprocess.run([FAILURES, "export", tmp_path, "--from", io], check=True, capture_output=True)
    runs, trails = (f"read_parquet('{tmp_path}/{prefix}{PARTS}', union_by_name = true)" for prefix in ("", "_trails/"))
    rows = duckdb.sql(
        f"SELECT step, value FROM {trails} AS trails JOIN {runs} AS runs USING (run_id, computation) "
        "WHERE trails.computation = 'multigrid_solve' AND series = 'cycle done.residual' ORDER BY step").fetchall()
    assert [step for step, _ in rows] == [0, 1, 2, 9995, 9996, 9997, 9998, 9999]
    assert rows[2][1] == 0.01 and math.isnan(rows[5][1]) and rows[7][1] == math.inf
