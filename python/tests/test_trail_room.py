"""The shares of the program and of libraries in a full trail and in full breadcrumbs."""

import functools
import logging
from collections import Counter
from types import CodeType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tracing_failure
from tracing_failure import StructuredLogger, read

MAX_CALLSITES = 96
MAX_EVICTIONS = 64
MAX_BREADCRUMBS = 32


def code(package: str, source: str, name: str | None = None) -> tuple[CodeType, dict[str, Any]]:
    """Code of an installed package, with its globals."""
    name = name or package
    return compile(source, f"/env/lib/site-packages/{package}/core.py", "exec"), {"__name__": name}


def library(package: str, callsites: int, rows: int = 1) -> None:
    """Records as many rows at each of many callsites of a package."""
    source = "from tracing_failure import record\n" + "\n".join(f"record(x{n}={n})" for n in range(callsites))
    compiled, names = code(package, source)
    for _ in range(rows):
        exec(compiled, names)


@functools.cache
def recording(callsites: int, prefix: str) -> CodeType:
    return compile("\n".join(f"tracing_failure.record({prefix}{n}={n})" for n in range(callsites)), __file__, "exec")


def program(callsites: int, prefix: str = "app") -> None:
    exec(recording(callsites, prefix), globals())


def context_of(logger: StructuredLogger, report: Any, module: str | None = None) -> dict[str, Any]:
    """The context of a computation that reports and fails."""
    source = "with logger.computation('c') as c:\n    report()\n    raise ValueError"
    names = {"logger": logger, "report": report}
    compiled: Any = source
    if module:
        compiled, more = code(module.partition(".")[0], source, module)
        names |= more
    with pytest.raises(ValueError):
        exec(compiled, names)
    return read(logger.output_dir)[-1].context


def columns(context: dict[str, Any]) -> list[str]:
    return [name for entry in context["trail"] for name in entry["columns"]]


def is_counted(context: dict[str, Any], events: int) -> bool:
    """Returns whether every event is in a series, or counted."""
    *_, last = context["trail"]
    assert last["message"] == "more callsites than a trail has room for" and last["seen"] == last["dropped"] > 0
    return sum(entry["seen"] for entry in context["trail"]) == events


def test_chatty_libraries_do_not_shorten_the_series_of_the_program(logger):
    def report():
        library("h5py", MAX_CALLSITES + 6, rows=20)
        for iteration in range(100):
            tracing_failure.record("newton step", iteration=iteration)

    context = context_of(logger, report)
    [step] = [entry for entry in context["trail"] if entry.get("message") == "newton step"]
    assert step["columns"]["iteration"] == list(range(100)) and step["dropped"] == 0
    assert len(columns(context)) == MAX_CALLSITES and is_counted(context, 20 * (MAX_CALLSITES + 6) + 100)


def test_callsites_of_the_program_evict_those_of_libraries(logger):
    def report():
        library("h5py", MAX_CALLSITES, rows=10)
        program(50)
        library("zarr", 20)

    context = context_of(logger, report)
    assert sum(name.startswith("app") for name in columns(context)) == 50
    assert is_counted(context, 10 * MAX_CALLSITES + 50 + 20)


def test_callsites_with_few_rows_are_evicted(logger):
    """A program that sets up with many numbers, and then iterates."""

    def report():
        program(MAX_CALLSITES + MAX_EVICTIONS - 1)
        for iteration in range(10):
            tracing_failure.record(iteration=iteration)

    context = context_of(logger, report)
    assert columns(context)[-1] == "iteration" and context["trail"][-2]["seen"] == 10
    assert is_counted(context, MAX_CALLSITES + MAX_EVICTIONS - 1 + 10)


def test_alternating_callsites_do_not_evict_each_other_forever(logger):
    def report():
        for _ in range(5):
            program(2 * MAX_CALLSITES)

    context = context_of(logger, report)
    assert len(columns(context)) == MAX_CALLSITES and is_counted(context, 5 * 2 * MAX_CALLSITES)
    assert max(entry["seen"] for entry in context["trail"][:-1]) == 5


def test_callsites_with_many_rows_are_not_evicted(logger):
    def report():
        for _ in range(8):
            program(MAX_CALLSITES, "first")
        program(MAX_CALLSITES, "later")

    context = context_of(logger, report)
    assert columns(context) == [f"first{n}" for n in range(MAX_CALLSITES)]
    assert is_counted(context, 9 * MAX_CALLSITES) and context["trail"][-1]["seen"] == MAX_CALLSITES


def test_a_trail_with_room_has_all_callsites(logger):
    context = context_of(logger, lambda: (library("h5py", MAX_CALLSITES - 2), program(2)))
    assert len(context["trail"]) == MAX_CALLSITES


@pytest.mark.parametrize("reason", ["package", "filter"])
def test_an_installed_program_is_not_a_library(tmp_path, reason):
    """It is the package of the computation, or the trail filter has a directive for it."""
    logger = StructuredLogger(tmp_path, trail_filter="debug,solver=trace" if reason == "filter" else None)

    def report():
        library("h5py", MAX_CALLSITES, rows=10)
        compiled, names = code("solver", "import tracing_failure\ntracing_failure.record(residual=1.0)")
        exec(compiled, names | {"__name__": "solver.newton"})

    context = context_of(logger, report, module="solver.main" if reason == "package" else None)
    assert "residual" in columns(context) and is_counted(context, 10 * MAX_CALLSITES + 1)


def test_a_library_does_not_evict_the_program(logger):
    def report():
        program(MAX_CALLSITES)
        library("h5py", 5)

    context = context_of(logger, report)
    assert columns(context) == [f"app{n}" for n in range(MAX_CALLSITES)] and is_counted(context, MAX_CALLSITES + 5)


class Texts:
    """Texts of libraries and of the program, by `logging` and by `record`."""

    def __init__(self, logger: StructuredLogger) -> None:
        self.handler = logger.handler()

    def add(self, target: str, text: str, file: str = __file__) -> None:
        self.handler.handle(logging.makeLogRecord(
            {"name": target, "msg": text, "levelno": logging.INFO, "levelname": "INFO", "pathname": file, "lineno": 3}
        ))  # fmt: skip

    def add_of_library(self, target: str, text: str) -> None:
        self.add(target, text, f"/env/lib/site-packages/{target}/core.py")


def messages(context: dict[str, Any]) -> list[str]:
    return [crumb["message"] for crumb in context["breadcrumbs"]]


def test_a_chatty_library_leaves_the_texts_of_the_program(logger):
    texts = Texts(logger)

    def report():
        texts.add("solver", "the mesh is fine")
        tracing_failure.record("begins")
        for n in range(100):
            texts.add_of_library("h5py", f"h5py {n}")

    assert messages(context_of(logger, report)) == [
        "the mesh is fine", "begins", *(f"h5py {n}" for n in range(70, 100))
    ]  # fmt: skip


def test_a_chatty_library_leaves_the_texts_of_another_one(logger):
    texts = Texts(logger)

    def report():
        texts.add_of_library("zarr", "chunk missing")
        for n in range(100):
            texts.add_of_library("h5py", f"h5py {n}")

    assert messages(context_of(logger, report))[0] == "chunk missing"


def test_a_chatty_program_leaves_a_quarter_to_libraries(logger):
    texts = Texts(logger)

    def report():
        for n in range(20):
            texts.add_of_library("h5py", f"h5py {n}")
        for n in range(100):
            texts.add("solver", f"solver {n}")

    assert messages(context_of(logger, report)) == [
        *(f"h5py {n}" for n in range(12, 20)), *(f"solver {n}" for n in range(76, 100))
    ]  # fmt: skip


def test_the_root_logger_has_a_share_for_libraries_and_one_for_the_program(logger):
    texts = Texts(logger)

    def report():
        texts.add("root", "of the program")
        for n in range(100):
            texts.add("root", f"h5py {n}", "/env/lib/site-packages/h5py/core.py")

    assert messages(context_of(logger, report))[0] == "of the program"


@settings(max_examples=40)
@given(st.lists(st.tuples(st.sampled_from("abcdefgh"), st.booleans()), max_size=120))
def test_texts_are_divided_fairly(tmp_path_factory, sources):
    logger = StructuredLogger(tmp_path_factory.mktemp("failures"))
    texts = Texts(logger)

    def report():
        for n, (target, in_app) in enumerate(sources):
            (texts.add if in_app else texts.add_of_library)(target, f"{n}")

    context = context_of(logger, report)
    recorded = [int(message) for message in messages(context)] if sources else []
    assert recorded == sorted(recorded) and len(recorded) == min(len(sources), MAX_BREADCRUMBS)
    written_counts, recorded_counts = Counter(sources), Counter(sources[n] for n in recorded)
    room = {True: MAX_BREADCRUMBS * 3 // 4, False: MAX_BREADCRUMBS // 4}
    for source, count in written_counts.items():
        share = room[source[1]] // sum(in_app == source[1] for _, in_app in written_counts)
        assert recorded_counts[source] >= min(count, share)
        written = [n for n, each in enumerate(sources) if each == source]
        assert [n for n in recorded if sources[n] == source] == written[count - recorded_counts[source] :]
