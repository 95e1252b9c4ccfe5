#!/usr/bin/env python3
"""Compares the speed of `failures` with scikit-learn's CART and with DuckDB on the same 1,000,000 computations.

    speed.py [--failures target/release/failures] [--rows 1000000]

Each program runs in a separate process, so that the peak memory of one does not include another. The time of CART is
the time of `fit` alone; its memory includes the matrix. Reading and exporting measure whole processes, DuckDB's with
the start of Python.
"""

import argparse
import os
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

import duckdb
import numpy as np

import command
from generate import COMPUTATION, draw_corpus, write_corpus
from table import encode

FIT = """
import sys, time
import numpy as np
from sklearn.tree import DecisionTreeClassifier
data = np.load(sys.argv[1])
started = time.monotonic()
DecisionTreeClassifier(max_depth=4).fit(data["matrix"], data["failed"])
print(time.monotonic() - started)
"""

READ = """
import sys, duckdb
duckdb.sql("SET threads = %d" % int(sys.argv[3]))
lines = f"read_json('{sys.argv[1]}/logs/*.jsonl', format = 'newline_delimited')"
query = f"SELECT * FROM {lines} WHERE message = 'computation closed'"
if sys.argv[2]:
    duckdb.sql(f"COPY ({query}) TO '{sys.argv[2]}' (FORMAT parquet, COMPRESSION zstd)")
else:
    duckdb.sql(f"CREATE TABLE runs AS {query}")
    print(duckdb.sql("SELECT count(*) FROM runs").fetchall()[0][0])
"""


def fit_cart(corpus, directory):
    path = Path(directory) / "matrix.npz"
    np.savez(path, matrix=encode(corpus.parameters), failed=corpus.failed)
    finished = command.run([sys.executable, "-c", FIT, str(path)])
    path.unlink()
    return float(finished.output), finished.memory


def duckdb_reads(directory, target=""):
    finished = command.run([sys.executable, "-c", READ, str(directory), str(target), str(os.cpu_count())])
    return finished.seconds, finished.memory


def measure(repeat, call):
    """Returns the median of the seconds, and the largest memory in MiB."""
    results = [call() for _ in range(repeat)]
    return statistics.median(seconds for seconds, _ in results), max(memory for _, memory in results)


def row(task, program, result):
    seconds, memory = result
    print(f"| {task} | {program} | {seconds:.2f} s | {memory:,.0f} MiB |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--failures", help="path of the command")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--directory", help="where the corpus is written; a temporary directory by default")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.directory) as directory:
        io = Path(directory) / "io"
        corpus = draw_corpus(options.rows, 20, 0.05, 3, 0.05, 0.02, 16, seed=1)
        started = time.monotonic()
        write_corpus(corpus, io)
        size = sum(path.stat().st_size for path in io.glob("logs/*"))
        print(f"`{' '.join(sys.argv)}`: {options.rows:,} closing lines in {size / 2**20:,.0f} MiB, "
              f"{os.cpu_count()} cores, median of {options.repeat}; DuckDB {duckdb.__version__}; "
              f"written in {time.monotonic() - started:.0f} s\n")
        print("| task | program | time | peak memory |\n| --- | --- | ---: | ---: |")
        measured = lambda call: lambda: (lambda finished: (finished.seconds, finished.memory))(call())
        failures = options.failures
        if failures:
            search = measured(lambda: command.regions(failures, io, COMPUTATION)[1])
            row("regions, reading included", "failures regions", measure(options.repeat, search))
        row("regions, `fit` alone", "DecisionTreeClassifier(max_depth=4)",
            measure(options.repeat, lambda: fit_cart(corpus, directory)))
        if failures:
            row("read", "failures runs", measure(options.repeat, measured(lambda: command.runs(failures, io))))
        row("read", "DuckDB read_json", measure(options.repeat, lambda: duckdb_reads(io)))
        if failures:
            target = Path(directory) / "corpus"

            def export_new():
                # A second export would also read the first one.
                shutil.rmtree(target, ignore_errors=True)
                return command.export(failures, io, target)

            export = measured(export_new)
            row("export", "failures export", measure(options.repeat, export))
        target = Path(directory) / "runs.parquet"
        row("export", "DuckDB COPY … (FORMAT parquet)", measure(options.repeat, lambda: duckdb_reads(io, target)))


if __name__ == "__main__":
    main()
