"""Numbers of all types in a trail, and data outside of memory as parameters and in a trail."""

import datetime
import decimal
import enum
import json
import pathlib
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pandas
import polars as pl
import pytest

import tracing_failure
from tracing_failure import Failure, StructuredLogger, read


class Length:
    """A quantity like those of pint."""

    def __init__(self, magnitude: Any, units: str) -> None:
        self._magnitude, self._units = magnitude, units

    @property
    def magnitude(self) -> Any:
        return self._magnitude

    @property
    def units(self) -> str:
        return self._units


class Energy(np.ndarray[Any, Any]):
    """A quantity like those of astropy."""

    unit = "MeV"


class Loads:
    """Raises when its data are read."""

    shape: Any = (1000, 1000)
    dtype = np.dtype("f4")

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise AssertionError("read")

    def __getitem__(self, key: Any) -> Any:
        raise AssertionError("read")

    def __len__(self) -> int:
        return 1000


class Dataset(Loads):
    """A dataset like those of h5py."""


Dataset.__module__ = "h5py._hl.dataset"


class Variable(Loads):
    """A variable like those of xarray."""

    dims = ("x", "y")
    _in_memory = False

    def __dask_graph__(self) -> Any:
        return None


Variable.__module__ = "xarray.core.variable"


class Opened(Mapping[str, Any]):
    """A dataset of xarray."""

    sizes = {"x": 1000, "y": 1000}
    variables = {"t": Variable()}
    data_vars = variables

    def __getitem__(self, key: str) -> Any:
        raise AssertionError("read")

    def __iter__(self) -> Any:
        raise AssertionError("read")

    def __len__(self) -> int:
        return 1


Opened.__module__ = "xarray.core.dataset"


class Frame:
    """A table like those of dask."""

    columns = ["a", "b"]

    @property
    def shape(self) -> Any:
        return (Loads(), 2)

    def __dask_graph__(self) -> Any:
        return {}

    def __len__(self) -> int:
        raise AssertionError("computed")


class Level(enum.Enum):
    FINE = 2

    @property
    def unit(self) -> str:
        return "level"


NUMBERS: list[tuple[Any, dict[str, list[Any]]]] = [
    (1 + 2j, {"x.re": [1.0, 1.0], "x.im": [2.0, 2.0]}),
    (np.complex128(1 - 2j), {"x.re": [1.0, 1.0], "x.im": [-2.0, -2.0]}),
    (np.array(1 - 2j), {"x.re": [1.0, 1.0], "x.im": [-2.0, -2.0]}),
    (Fraction(1, 4), {"x": [0.25, 0.25]}),
    (Decimal("0.1"), {"x": [0.1, 0.1]}),
    (Decimal("1e999"), {"x": [float("inf")] * 2}),
    (Decimal("sNaN"), {"x": None}),
    (np.float32(0.5), {"x": [0.5, 0.5]}),
    (np.int8(3), {"x": [3, 3]}),
    (np.array(2.5), {"x": [2.5, 2.5]}),
    (Length(1.5, "metre"), {"x": [1.5, 1.5], "x.unit": ["metre"] * 2}),
    (Length(1j, "metre"), {"x.re": [0.0, 0.0], "x.im": [1.0, 1.0], "x.unit": ["metre"] * 2}),
    (Length(np.float64(1.5), "metre"), {"x": [1.5, 1.5], "x.unit": ["metre"] * 2}),
    (np.array(938.3).view(Energy), {"x": [938.3] * 2, "x.unit": ["MeV"] * 2}),
    (np.array([1.0, 2.0]), {"x": [[1.0, 2.0]] * 2}),
    ([Fraction(1, 2), 1], {"x": [[0.5, 1]] * 2}),
    (np.ones(1000), {"x": ["[1000 entries]"] * 2}),
    ([1.5] * 1000, {"x": ["[1000 entries]"] * 2}),
    ({"a": 1}, {"x": ["{1 entries}"] * 2}),
    ("a text", {"x": ["a text"] * 2}),
    ("t" * 1000, {"x": ["t" * 64 + "…"] * 2}),
    (True, {"x": [True, True]}),
    (10**30, {"x": [str(10**30)] * 2}),
    (datetime.timedelta(minutes=1), {"x": [60.0, 60.0]}),
    (datetime.date(2025, 12, 27), {"x": ["2025-12-27"] * 2}),
    (pandas.Timestamp("2025-12-27T04:30"), {"x": ["2025-12-27T04:30:00"] * 2}),
    (pandas.Timedelta(minutes=1), {"x": [60.0, 60.0]}),
    (pandas.Timedelta(1, "D").as_unit("s"), {"x": [86400.0, 86400.0]}),
    (pandas.NaT, {"x": [None, None]}),
    (Level.FINE, {"x": ["FINE", "FINE"]}),
    (pandas.Series({"unit": 3.0, "x": 1.0}), {"x": [[3.0, 1.0]] * 2}),
    (Dataset(), {"x": ["[1000000 entries]"] * 2}),
    (Variable(), {"x": ["[1000000 entries]"] * 2}),
]


@pytest.mark.parametrize(("value", "columns"), NUMBERS, ids=lambda value: str(type(value).__name__))
def test_numbers_of_all_types_are_numbers_in_a_trail(
    logger: StructuredLogger, value: Any, columns: dict[str, Any]
) -> None:
    failure = failed(logger, lambda: [tracing_failure.record(x=value) for _ in range(2)])
    [entry] = failure.context["trail"]
    if None in columns.values():
        assert list(entry["columns"]) == list(columns)
    else:
        assert entry["columns"] == columns


def failed(logger: StructuredLogger, work: Any, **parameters: Any) -> Failure:
    with pytest.raises(ValueError), logger.computation("c", "r", **parameters):
        work()
        raise ValueError("v")
    return read(logger.output_dir)[-1]


def test_complex_numbers_and_quantities_are_plotted(logger: StructuredLogger) -> None:
    def work() -> None:
        for step in range(20):
            tracing_failure.record(z=(1 + 1j) * 0.5**step, energy=Length(2.0**-step, "MeV"), part=Fraction(1, step + 1))

    card = failed(logger, work)._repr_html_()
    for name in ("z.re", "z.im", "energy", "part"):
        assert f"{name}: 1 →" in card
    assert card.count("<svg") == 4


def test_complex_numbers_of_another_program_are_plotted() -> None:
    columns = {"z": [{"re": 1.0, "im": 2.0}] * 3, "l": [{"value": 1.0, "unit": "m"}, {"value": 4.0, "unit": "m"}]}
    failure = Failure("2025-12-27T04:30:00Z", "c", "r", "E", "m", context={"trail": [{"columns": columns}]})
    card = failure._repr_html_()
    assert all(text in card for text in ("z.re: 1 → 1", "z.im: 2 → 2", "l: 1 → 4"))


def test_a_user_defined_number_may_record_during_its_conversion(logger: StructuredLogger) -> None:
    class Number(Fraction):
        def __float__(self) -> float:
            tracing_failure.record(inner=1)
            return 0.5

    with decimal.localcontext(prec=3):
        failure = failed(logger, lambda: tracing_failure.record(x=Number(1, 3), y=Decimal(1) / 3))
    assert {"x": [0.5], "y": [0.333]} in [entry["columns"] for entry in failure.context["trail"]]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Dataset(), {"summary": "array", "length": 10**6, "shape": [1000, 1000], "dtype": "float32"}),
        (Variable(), {"summary": "array", "length": 10**6, "shape": [1000, 1000], "dtype": "float32"}),
        (
            Opened(),
            {
                "sizes": {"x": 1000, "y": 1000},
                "variables": {"t": {"summary": "array", "length": 10**6, "shape": [1000, 1000], "dtype": "float32"}},
            },
        ),
        (Frame(), {"table": "test_trail_values.Frame", "columns": ["a", "b"]}),
        (pl.LazyFrame({"a": [1]}), "<polars.LazyFrame>"),
    ],
)
@pytest.mark.parametrize("when", ["before", "after"])
def test_lazy_data_are_not_loaded(logger: StructuredLogger, value: Any, expected: Any, when: str) -> None:
    if when == "before":
        assert failed(logger, lambda: None, x=value).parameters["x"] == expected
    else:
        path = logger.log_failure("c", "e", {"x": value})
        assert path is not None and json.loads(path.read_text())["parameters"]["x"] == expected


def test_a_mapped_file_is_read_only_after_a_failure(logger: StructuredLogger, tmp_path: pathlib.Path) -> None:
    mapped = np.memmap(tmp_path / "entries", dtype="f8", mode="w+", shape=(300,))
    known = {"summary": "array", "length": 300, "shape": [300], "dtype": "float64"}
    parameters = {"m": mapped, "view": mapped[5:305], "mean": mapped.mean()}
    failure = failed(logger, lambda: tracing_failure.record(m=mapped[:4]), **parameters)
    assert failure.parameters["m"] == known and failure.parameters["view"] == known | {"length": 295, "shape": [295]}
    assert failure.parameters["mean"] == 0.0
    logger.log_failure("c", "e", {"m": mapped})
    assert read(logger.output_dir)[-1].parameters["m"]["mean"] == 0.0


def test_files_of_libraries_are_not_read(logger: StructuredLogger, tmp_path: pathlib.Path) -> None:
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "data.h5", "w") as file:
        file["a/b"] = np.ones((300, 2))
        parameters = {"dataset": file["a/b"], "group": file["a"], "file": file}
        failure = failed(logger, lambda: tracing_failure.record(d=file["a/b"]), **parameters)
        logger.log_failure("c", "e", {"dataset": file["a/b"]})
    known = {"summary": "array", "length": 600, "shape": [300, 2], "dtype": "float64"}
    assert failure.parameters["dataset"] == known
    assert "h5py" in failure.parameters["group"] and "h5py" in failure.parameters["file"]
    assert read(logger.output_dir)[-1].parameters["dataset"]["mean"] == 1.0


def test_lazy_arrays_of_xarray_and_dask_are_described_by_their_shape(logger: StructuredLogger) -> None:
    xarray, dask = pytest.importorskip("xarray"), pytest.importorskip("dask.array")
    in_memory = xarray.DataArray(np.array([1.5, 2.0]))
    lazy = xarray.DataArray(dask.ones((5, 2)))
    failure = failed(logger, lambda: None, a=in_memory, b=lazy, c=dask.ones(3), d=xarray.Dataset({"t": ("x", [1, 2])}))
    known = {"summary": "array", "length": 10, "shape": [5, 2], "dtype": "float64"}
    assert (failure.parameters["a"], failure.parameters["b"]) == ([1.5, 2.0], known)
    assert failure.parameters["c"] == {"summary": "array", "length": 3, "shape": [3], "dtype": "float64"}
    assert failure.parameters["d"] == {"sizes": {"x": 2}, "variables": {"t": [1, 2]}}


def test_quantities_of_libraries_have_values_and_units(logger: StructuredLogger) -> None:
    pint, units = pytest.importorskip("pint"), pytest.importorskip("astropy.units")
    length, energy = 1.5 * pint.UnitRegistry().metre, 938.3 * units.MeV
    failure = failed(logger, lambda: tracing_failure.record(l=length, e=energy), l=length, e=energy)
    assert failure.context["trail"][0]["columns"] == {"l": [1.5], "l.unit": ["meter"], "e": [938.3], "e.unit": ["MeV"]}
    assert failure.parameters == {"l": {"value": 1.5, "unit": "meter"}, "e": {"value": 938.3, "unit": "MeV"}}
