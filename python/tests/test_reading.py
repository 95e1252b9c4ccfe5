"""Reading records: one, all of a directory, or as a table."""

import datetime
import json
import math
import os
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tracing_failure import Failure, Failures, StructuredLogger, read

ORIGINAL = Path(__file__).parent / "data" / "original_failure.json"


@pytest.fixture
def logger(tmp_path: Path) -> StructuredLogger:
    return StructuredLogger(tmp_path / "failures")


@pytest.fixture
def written(logger: StructuredLogger) -> Callable[..., Failures]:
    """The records of failures with these parameters."""

    def write(*parameters: Any) -> Failures:
        for each in parameters:
            logger.log_failure("c", "e", each, "r")
        return read(logger.output_dir)

    return write


def write_record(path: Path, **changes: Any) -> Path:
    path.write_text(json.dumps(json.loads(ORIGINAL.read_text("utf-8")) | changes), "utf-8")
    return path


def test_a_record_is_written_as_its_file(logger: StructuredLogger) -> None:
    parameters = {"a": [1, -0.0, math.inf, 2**64 - 1], "b": {"c": "é\n"}, "d": None, "e": True, "f": list(range(300))}
    try:
        raise ValueError("ä")
    except ValueError as error:
        path = logger.log_failure("rg_flow", error, parameters, "Eq. 1", context={"lattice": [4, 8]})
    assert path is not None
    assert Failure.from_path(path).to_json() == path.read_text("utf-8")


def test_nan_is_a_float(written: Callable[..., Failures]) -> None:
    assert math.isnan(written({"x": math.nan})[0].parameters["x"])


def test_a_message_that_reads_nan_is_text(logger: StructuredLogger) -> None:
    path = logger.log_failure("c", "NaN", {}, "r")
    assert path is not None
    assert Failure.from_path(path).error_message == "NaN"


def test_a_failure_of_a_dict_equals_that_of_its_file() -> None:
    failure = Failure(**json.loads(ORIGINAL.read_text("utf-8")))
    assert failure.to_json() == Failure.from_path(ORIGINAL).to_json()


def test_a_failure_of_its_dict_is_equal(written: Callable[..., Failures]) -> None:
    failure = written({"x": 1.5})[0]
    assert Failure(**failure.to_dict()) == failure


def test_numbers_without_quotes_are_read(tmp_path: Path) -> None:
    path = write_record(tmp_path / "a.json", parameters={"x": [math.nan, -math.inf, "NaN is text"]})
    assert "NaN, -Infinity" in path.read_text()
    entries = Failure.from_path(path).parameters["x"]
    assert math.isnan(entries[0]) and entries[1:] == [-math.inf, "NaN is text"]


def test_deeply_nested_parameters_are_preserved(tmp_path: Path) -> None:
    nested: Any = 1
    for _ in range(60):
        nested = [nested]
    failure = Failure.from_path(
        write_record(tmp_path / "a.json", parameters={"x": nested, "y": list(range(9999))})
    )
    again = Failure.from_json(failure.to_json())
    assert (again.parameters["x"], len(again.parameters["y"])) == (nested, 9999)


def test_the_error_for_a_missing_file_has_its_name(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as error:
        Failure.from_path(tmp_path / "no.json")
    assert error.value.filename == str(tmp_path / "no.json")


def test_reading_a_directory_as_a_record_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError):
        Failure.from_path(tmp_path)


@pytest.mark.parametrize(
    ("content", "place"),
    [(b"", ":1:0:"), (b'{\n "timestamp": 7}', ":2:15:"), (b'{"timestamp": "\xff"}', ":1:16:"), (b"[1,", ":1:")],
    ids=["empty", "number", "latin", "broken"],
)
def test_an_invalid_file_raises_an_error_with_line_and_column(tmp_path: Path, content: bytes, place: str) -> None:
    path = tmp_path / "broken.json"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=f"broken.json{place}"):
        Failure.from_path(path)


def test_an_invalid_text_raises_an_error_with_line_and_column() -> None:
    with pytest.raises(ValueError, match="line 1 column 2"):
        Failure.from_json("{}")


def test_reading_does_not_create_the_directory(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "no")
    assert not (tmp_path / "no").exists()


def test_a_single_file_can_be_read(tmp_path: Path) -> None:
    assert len(read(write_record(tmp_path / "a.json"))) == 1


def test_records_are_a_sequence(written: Callable[..., Failures]) -> None:
    failures = written({"n": 0}, {"n": 1}, {"n": 2})
    assert [failure.parameters["n"] for failure in failures] == [0, 1, 2]
    assert (len(failures), failures[-1].parameters["n"]) == (3, 2)
    assert [failure.parameters["n"] for failure in failures[::-1][:2]] == [2, 1]
    with pytest.raises(IndexError):
        failures[3]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names here")
def test_special_files_are_skipped(tmp_path: Path, written: Callable[..., Failures]) -> None:
    written({"n": 0})
    os.mkfifo(tmp_path / "failures" / "fifo.json")
    (tmp_path / "failures" / "dir.json").mkdir()
    (tmp_path / "failures" / "link.json").symlink_to("nowhere")
    assert len(list(read(tmp_path / "failures"))) == 1


def test_an_invalid_file_is_skipped_with_a_warning(tmp_path: Path, written: Callable[..., Failures]) -> None:
    written({"n": 0})
    (tmp_path / "failures" / "broken.json").write_text("{")
    with pytest.warns(UserWarning, match="skipped: .*broken.json:1:1"):
        assert len(list(read(tmp_path / "failures"))) == 1


PARAMETERS = [
    {"mu": 1.5, "n": 3, "all": 1, "flag": True, "on": True, "opt": {"rtol": 1e-6}, "big": 2**70, "u": 2**64 - 1},
    {"mu": 2, "all": 2, "on": False, "opt": {"rtol": 1e-3, "deep": {"a": 1}}, "u": 3, "mixed": "text", "list": [1, 2]},
    {"mu": math.nan, "all": 3, "on": True, "mixed": 7, "s": "x", "list": [0.5], "array": list(range(300)), "none": {}},
]


def test_a_table_of_pandas_has_the_types_of_its_parameters(written: Callable[..., Failures]) -> None:
    pytest.importorskip("pandas")
    table = written(*PARAMETERS).to_pandas()
    types = {name.removeprefix("parameters."): str(dtype) for name, dtype in table.dtypes.items()}
    assert str(types["timestamp"]) == "datetime64[us, UTC]"
    expected = {
        "mu": "float64", "n": "Int64", "all": "int64", "flag": "boolean", "on": "bool", "opt.rtol": "float64",
        "opt.deep.a": "Int64", "u": "UInt64", "mixed": "object", "list": "object", "array": "object",
    }  # fmt: skip
    assert {name: types[name] for name in expected} == expected
    assert table["parameters.big"][0] == str(2**70)
    assert table["parameters.array"][2]["length"] == 300


def test_a_table_of_polars_has_the_types_of_its_parameters(written: Callable[..., Failures]) -> None:
    polars = pytest.importorskip("polars")
    table = written(*PARAMETERS).to_polars()
    types = {name.removeprefix("parameters."): dtype for name, dtype in table.schema.items()}
    assert types["timestamp"] == polars.Datetime("ms", "UTC")
    expected = {
        "mu": polars.Float64, "n": polars.Int64, "all": polars.Int64, "flag": polars.Boolean,
        "opt.rtol": polars.Float64, "u": polars.UInt64, "mixed": polars.String, "list": polars.List(polars.Float64),
        "big": polars.String,
    }  # fmt: skip
    assert {name: types[name] for name in expected} == expected
    assert table["parameters.mixed"].to_list() == [None, '"text"', "7"]
    assert json.loads(table["parameters.array"][2])["length"] == 300
    assert table["parameters.n"].null_count() == 2 and math.isnan(table["parameters.mu"][2])


@pytest.mark.parametrize(
    ("library", "time"), [("pandas", "datetime64[us, UTC]"), ("polars", "Datetime(time_unit='ms', time_zone='UTC')")]
)
def test_an_empty_table_has_the_common_columns(tmp_path: Path, library: str, time: str) -> None:
    pytest.importorskip(library)
    table = getattr(read(tmp_path), f"to_{library}")()
    assert list(table.columns)[:3] == ["timestamp", "computation", "theoretical_ref"]
    assert str(table["timestamp"].dtype) == time


def test_a_leap_second_is_missing_in_a_table_of_pandas(tmp_path: Path) -> None:
    pytest.importorskip("pandas")
    for n, timestamp in enumerate(["2016-12-31T23:59:60Z", "2026-11-26T22:00:00.500Z"]):
        write_record(tmp_path / f"general_{n}.json", timestamp=timestamp)
    leap, time = read(tmp_path).to_pandas()["timestamp"]
    assert str(leap) == "NaT"
    assert time == datetime.datetime(2026, 11, 26, 22, 0, 0, 500_000, datetime.timezone.utc)


def test_times_in_a_table_equal_those_of_the_records(written: Callable[..., Failures]) -> None:
    pytest.importorskip("pandas")
    failures = written({})
    assert failures.to_pandas()["timestamp"][0] == failures[0].time
    assert failures[0].time.utcoffset() == datetime.timedelta(0)


def test_parameters_with_equal_column_names_stay_apart(written: Callable[..., Failures]) -> None:
    pytest.importorskip("pandas")
    row = written({"a": {"b": 1}, "a.b": 2}).to_pandas().iloc[0]
    assert (row["parameters.a.b"], row["parameters.a.b_"]) == (1, 2)


def test_a_parameter_may_have_an_entry_summary(written: Callable[..., Failures]) -> None:
    pytest.importorskip("pandas")
    table = written({"fit": {"summary": "text", "x": 1.5}}).to_pandas()
    assert table["parameters.fit.x"][0] == 1.5


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_the_error_for_a_missing_library_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, library: str
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ImportError, match=f"pip install {library}"):
        getattr(read(tmp_path), f"to_{library}")()


def test_the_table_in_a_notebook_raises_no_warnings(tmp_path: Path, written: Callable[..., Failures]) -> None:
    written({"n": 0})
    (tmp_path / "failures" / "broken.json").write_text("{")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert "<table>" in read(tmp_path / "failures")._repr_html_()


def test_conflict_copies_are_skipped(written: Callable[..., Failures]) -> None:
    failures = written({"n": 1}, {"n": 2})
    original = failures.paths[0]
    copies = [
        f"{original.stem} (ada's conflicted copy 2026-11-30).json",
        f"{original.stem}.sync-conflict-20261130-101500-ABCDEFG.json",
        "latest (conflicted copy 2026-11-30 101500).json",
    ]
    for name in copies:
        original.with_name(name).write_bytes(original.read_bytes())
    with pytest.warns(UserWarning, match="is a copy of") as copy_warnings:
        failures = read(original.parent)
    assert [failure.parameters["n"] for failure in failures] == [1, 2]
    assert len(failures) == 2 and len(copy_warnings) == len(copies)


@pytest.mark.parametrize("name", ["interesting.json", "A.json"])
def test_a_copy_under_another_name_is_skipped(written: Callable[..., Failures], name: str) -> None:
    original = written({"n": 1}).paths[0]
    original.with_name(name).write_bytes(original.read_bytes())
    with pytest.warns(UserWarning, match=f"{name} is a copy of {original.name}"):
        failures = list(read(original.parent))
    assert [failure.path for failure in failures] == [original]


def test_control_characters_are_escaped_for_the_terminal(logger: StructuredLogger) -> None:
    controls = "\x1b[2J\x9b31m\u202e\U000e0041"
    logger.log_failure(f"c{controls}", f"e{controls}", {}, f"r{controls}")
    text = str(read(logger.output_dir)[0])
    assert not any(c in text for c in controls.replace("[2J", "").replace("31m", "")), ascii(text)
    assert r"e\u{1b}[2J\u{9b}31m\u{202e}\u{e0041}" in text
    half = Failure("2025-12-27T04:30:00Z", "c", "r", "E", "half a pair: \ud800")
    assert r"half a pair: \u{d800}" in str(half)
