"""Parameters of all types: their values in the record. None raises, hangs or fills memory."""

import argparse
import collections
import contextvars
import dataclasses
import datetime
import enum
import functools
import json
import math
import os
import pathlib
import signal
import socket
import subprocess
import sys
import threading
import types
import uuid
import warnings
import weakref
from array import array
from collections.abc import Callable, Iterator, Mapping
from unittest.mock import MagicMock
from decimal import Decimal
from fractions import Fraction
from typing import Any

import jsonschema
import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.integrate
import scipy.optimize
import scipy.sparse
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from tracing_failure import Failure, StructuredLogger, read

SCHEMA = pathlib.Path(__file__).parents[2] / "io" / "failure.schema.json"


@pytest.fixture
def logger(tmp_path: pathlib.Path) -> StructuredLogger:
    return StructuredLogger(tmp_path / "failures")


@pytest.fixture
def recorded(logger: StructuredLogger) -> Callable[[Any], Any]:
    """Returns the value that a parameter has in its file."""

    def record(value: Any) -> Any:
        path = logger.log_failure("c", "e", {"x": value}, "r")
        assert path is not None
        return strict(path.read_text("utf-8"))["parameters"]["x"]

    return record


def strict(text: str) -> Any:
    def refuse(name: str) -> None:
        raise ValueError(f"no JSON: {name}")

    return json.loads(text, parse_constant=refuse)


def same(a: Any, b: Any) -> bool:
    """Returns whether values and types are equal, with NaN and the signs of zeros."""
    if isinstance(a, float) and isinstance(b, float):
        return math.isnan(a) and math.isnan(b) or a == b and math.copysign(1, a) == math.copysign(1, b)
    if isinstance(a, dict) and isinstance(b, dict):
        return list(a) == list(b) and all(same(a[name], b[name]) for name in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    return type(a) is type(b) and bool(a == b)


class Colour(enum.Enum):
    RED = 1


class Count(int):
    def __int__(self) -> int:
        raise ValueError


class Order(enum.IntEnum):
    SECOND = 2


class Terms(enum.Flag):
    MASS = 1
    DRAG = 2


@dataclasses.dataclass
class Model:
    beta: float
    password: str = "hunter2"
    inner: object = None


@dataclasses.dataclass(frozen=True, slots=True)
class Frozen:
    a: object
    b: object = None


Point = collections.namedtuple("Point", "x y")


class Plain:
    def __init__(self) -> None:
        self.mu = 1.5
        self.token = "t0p"
        self.other = object.__new__(Plain)
        self._hidden = 1


class Slotted:
    __slots__ = ("_hidden", "empty", "x")

    def __init__(self, x: float) -> None:
        self.x = self._hidden = x

    def norm(self) -> float:
        return abs(self.x)


class SlottedMore(Slotted):
    __slots__ = ("__dict__", "y")

    def __init__(self, x: float) -> None:
        super().__init__(x)
        self.y, self.z = [2], 3


class Quantity(np.ndarray[Any, Any]):
    unit = "MeV"


def with_missing_attribute() -> Model:
    model = Model(5.7)
    del model.beta
    return model


PYTHON = [
    (-0.0, -0.0),
    (5e-324, 5e-324),
    (math.nan, "NaN"),
    (-math.inf, "-Infinity"),
    (True, True),
    (Count(3), 3),
    (2**64 - 1, 2**64 - 1),
    (-(2**63), -(2**63)),
    (2**70, "1180591620717411303424"),
    (10**5000, f"{10**5000:#x}"),
    (1 + 2j, {"re": 1.0, "im": 2.0}),
    (Decimal("0.1"), 0.1),
    (Decimal("0.1234567890123456789"), "0.1234567890123456789"),
    (Decimal("1e400"), "1E+400"),
    (Decimal("sNaN"), "NaN"),
    (Decimal("-Infinity"), "-Infinity"),
    (Fraction(1, 3), {"numerator": 1, "denominator": 3}),
    ("\ud800x", "\\ud800x"),
    (b"ab\0", "b'ab\\x00'"),
    (bytearray(b"ab"), "b'ab'"),
    (memoryview(b"ab"), "b'ab'"),
    (memoryview(array("d", [1.5, 2.0])), [1.5, 2.0]),
    (array("i", [1, 2]), [1, 2]),
    ({"b", 2, "a", 1}, [1, 2, "a", "b"]),
    (frozenset({3, 1}), [1, 3]),
    (collections.deque([1, 2]), [1, 2]),
    (collections.UserList([1]), [1]),
    (collections.UserString("a"), "a"),
    (Slotted(1.5), {"x": 1.5}),
    (SlottedMore(1.5), {"x": 1.5, "y": [2], "z": 3}),
    (range(10**12), {"start": 0, "stop": 10**12, "step": 1}),
    (slice(1, None), {"start": 1, "stop": None, "step": None}),
    (Point(1.0, [2]), {"x": 1.0, "y": [2]}),
    (Colour.RED, "RED"),
    (Order.SECOND, "SECOND"),
    (Terms.MASS | Terms.DRAG, "MASS|DRAG"),
    (Terms(0), 0),
    (pathlib.PurePosixPath("/data"), "/data"),
    (uuid.UUID(int=5), "00000000-0000-0000-0000-000000000005"),
    (datetime.datetime(2025, 1, 2, 3, 4), "2025-01-02T03:04:00"),
    (datetime.date(2025, 1, 2), "2025-01-02"),
    (datetime.time(1, 2), "01:02:00"),
    (datetime.timedelta(minutes=5), 300.0),
    (Frozen(1, Frozen(2)), {"a": 1, "b": {"a": 2, "b": None}}),
    (with_missing_attribute(), {"password": "[redacted]", "inner": None}),
    (types.SimpleNamespace(a=1), {"a": 1}),
    (argparse.Namespace(a=1), {"a": 1}),
    (types.MappingProxyType({"a": 1}), {"a": 1}),
    (collections.UserDict(a=1), {"a": 1}),
    (collections.ChainMap({"a": 1}, {"b": 2}), {"b": 2, "a": 1}),
    (collections.defaultdict(list, a=[1]), {"a": [1]}),
    (collections.Counter("aab"), {"a": 2, "b": 1}),
    (math.sin, "math.sin"),
    (functools.partial(math.pow, 2.5, y=1), {"function": "math.pow", "args": [2.5], "keywords": {"y": 1}}),
    (functools.lru_cache(os.path.join), "posixpath.join"),
    (Model, "test_values.Model"),
    (math, "math"),
    (object(), "<object object>"),
    ((n for n in ()), "<generator object <genexpr>>"),
    (Plain(), {"mu": 1.5, "token": "[redacted]", "other": "<test_values.Plain>"}),
]


def kinds(cases: list[tuple[Any, Any]]) -> list[str]:
    return [type(value).__name__ for value, _ in cases]


@pytest.mark.parametrize(("value", "expected"), PYTHON, ids=kinds(PYTHON))
def test_values_of_python_types(recorded: Callable[[Any], Any], value: Any, expected: Any) -> None:
    assert same(recorded(value), expected)


NUMPY = [
    (np.float16(0.5), 0.5),
    (np.float32(0.1), 0.10000000149011612),
    (np.float64(0.1), 0.1),
    (np.longdouble("0.1"), 0.1),
    (np.longdouble("nan"), "NaN"),
    (np.uint64(2**64 - 1), 2**64 - 1),
    (np.bool_(True), True),
    (np.complex64(1j), {"re": 0.0, "im": 1.0}),
    (np.str_("a"), "a"),
    (np.bytes_(b"a"), "b'a'"),
    (np.void(b"ab"), "b'ab'"),
    (np.datetime64("2025-01-02"), "2025-01-02"),
    (np.datetime64("NaT"), None),
    (np.timedelta64(90, "ms"), 0.09),
    (np.timedelta64("NaT"), None),
    (np.timedelta64(2, "Y"), "2 years"),
    (np.dtype("f8"), "float64"),
    (np.float64, "numpy.float64"),
    (np.array(2.5), 2.5),
    (np.empty((2, 0)), [[], []]),
    (np.arange(3, dtype=">i2"), [0, 1, 2]),
    (np.arange(6.0).reshape(2, 3).T, [[0.0, 3.0], [1.0, 4.0], [2.0, 5.0]]),
    (np.arange(4)[::-2], [3, 1]),
    (np.matrix([[1, 2]]), [[1, 2]]),
    (np.array([True, False]), [True, False]),
    (np.array([1 + 2j, 3]), {"re": [1.0, 3.0], "im": [2.0, 0.0]}),
    (np.array(["a", "b"]), ["a", "b"]),
    (np.array(["2025-01-02", "NaT"], dtype="M8[D]"), ["2025-01-02", None]),
    (np.array([1500], dtype="m8[ms]"), [1.5]),
    (np.array([[1], [2, 3]], dtype=object), [[1], [2, 3]]),
    (np.array([(1.5, 2)], dtype=[("x", "f8"), ("n", "i4")]), {"x": [1.5], "n": [2]}),
    (np.array([(1.5, 2)], dtype=[("x", "f8"), ("n", "i4")])[0], {"x": 1.5, "n": 2}),
    (np.ma.masked_array([1, 2], [False, True]), [1, None]),
    (np.ma.masked, None),
    (np.ones(2).view(Quantity), {"value": [1.0, 1.0], "unit": "MeV"}),
]


@pytest.mark.parametrize(("value", "expected"), NUMPY, ids=kinds(NUMPY))
def test_values_of_numpy_types(recorded: Callable[[Any], Any], value: Any, expected: Any) -> None:
    assert same(recorded(value), expected)


@pytest.mark.skipif(np.finfo(np.longdouble).max <= np.finfo(float).max, reason="a long double is a double here")
@pytest.mark.parametrize("make", [lambda x: x, lambda x: np.array([x])])
def test_a_long_double_beyond_the_range_of_a_double_is_text(recorded: Callable[[Any], Any], make: Any) -> None:
    assert recorded(make(np.longdouble("1e4000"))) in ("1e+4000", ["1e+4000"])


TABLES = [
    (pd.DataFrame({"a": [1, 2], "b": ["x", None]}), {"a": [1, 2], "b": ["x", None]}),
    (pd.DataFrame([[1, 2]], columns=["x", "x"]), {"x": [1], "x.1": [2]}),
    (pd.DataFrame([[1]], columns=pd.MultiIndex.from_tuples([("a", "b")])), {"a.b": [1]}),
    (pd.DataFrame([[1]], columns=[0]), {"0": [1]}),
    (pd.Series([1.5, math.nan]), [1.5, "NaN"]),
    (pd.Series([1, 2], index=["a", "b"]), {"a": 1, "b": 2}),
    (pd.Series([1, 2], index=["a", "a"]), [1, 2]),
    (pd.Series([1, None], dtype="Int64"), [1, None]),
    (pd.Series(["a", None], dtype="category"), ["a", None]),
    (pd.Series(pd.to_datetime(["2025-01-02", None], utc=True)), ["2025-01-02T00:00:00+00:00", None]),
    (pd.Index([1, 2]), [1, 2]),
    (pd.MultiIndex.from_tuples([(1, "a")]), [[1, "a"]]),
    (pd.RangeIndex(10**12), {"start": 0, "stop": 10**12, "step": 1}),
    (pd.Timestamp("2025-01-02"), "2025-01-02T00:00:00"),
    (pd.Timedelta("5min"), 300.0),
    (pd.Period("2025-01"), "2025-01"),
    (pd.NaT, None),
    (pd.NA, None),
    (pl.DataFrame({"a": [1, None], "b": ["x", "y"]}), {"a": [1, None], "b": ["x", "y"]}),
    (pl.Series([1.5, None]), [1.5, None]),
]


@pytest.mark.parametrize(("value", "expected"), TABLES, ids=kinds(TABLES))
def test_tables_of_pandas_and_polars(recorded: Callable[[Any], Any], value: Any, expected: Any) -> None:
    assert same(recorded(value), expected)


def summary_of(entries: Any, shape: list[int], **more: Any) -> dict[str, Any]:
    flat = np.asarray(entries).reshape(-1)
    finite = flat[np.isfinite(flat)]
    return {
        "summary": "array",
        "length": flat.size,
        "shape": shape,
        "head": flat[:8].tolist(),
        "tail": flat[-8:].tolist(),
        "min": float(finite.min()),
        "max": float(finite.max()),
        "mean": pytest.approx(float(finite.mean())),
        "non_finite": flat.size - finite.size,
    } | more


@pytest.mark.parametrize(
    "make",
    [
        lambda x: x,
        lambda x: x.astype(">f8"),
        lambda x: x.astype("f4"),
        lambda x: x.astype("f2"),
        lambda x: x.astype(np.longdouble),
        lambda x: x.astype("i4"),
        lambda x: x.astype("u1") % 2 == 0,
        np.asfortranarray,
        lambda x: np.repeat(x, 2, axis=0)[::2],
        lambda x: x[::-1, ::-1],
        lambda x: np.broadcast_to(x[0], x.shape),
        pytest.param(np.asmatrix, marks=pytest.mark.filterwarnings("ignore:the matrix subclass")),
    ],
)
def test_a_large_array_is_summarised_in_row_major_order(recorded: Callable[[Any], Any], make: Any) -> None:
    entries = make(np.arange(600.0).reshape(20, 30))
    assert recorded(entries) == summary_of(entries, [20, 30])


def test_a_read_only_array_is_summarised(recorded: Callable[[Any], Any]) -> None:
    entries = np.arange(300.0)
    entries.flags.writeable = False
    assert recorded(entries) == summary_of(entries, [300])


def test_a_memory_map_is_summarised(recorded: Callable[[Any], Any], tmp_path: pathlib.Path) -> None:
    entries = np.memmap(tmp_path / "entries", dtype="f8", mode="w+", shape=(300,))
    assert recorded(entries) == summary_of(entries, [300])


def test_a_summary_has_the_index_of_the_first_nan(recorded: Callable[[Any], Any]) -> None:
    entries = np.ones((20, 30))
    entries[2, 3] = np.nan
    assert recorded(entries) == summary_of(entries, [20, 30], first_non_finite=63)


@pytest.mark.parametrize("kind", ["f2", "f4", "f8", "g", "i1", "u1", "i4", "i8", "u8", ">f8", ">i4"])
def test_summaries_of_numpy_equal_those_of_the_compiled_half(
    recorded: Callable[[Any], Any], monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    entries = (np.random.default_rng(1).normal(size=(30, 10)) * 50).astype("f8").clip(0, 100).astype(kind)
    if entries.dtype.kind == "f":
        entries[3, 7] = np.nan
    at_once = recorded(entries)
    monkeypatch.setattr("tracing_failure._values.arrays.BLOCKWISE_FROM", 0)
    monkeypatch.setattr("tracing_failure._values.arrays.BLOCK_ENTRIES", 7)
    in_blocks = recorded(entries)
    assert in_blocks.pop("mean") == pytest.approx(at_once.pop("mean"))
    assert in_blocks == at_once


def test_an_array_too_large_for_a_copy_is_summarised_block_by_block(recorded: Callable[[Any], Any]) -> None:
    entries = np.ones((3, 1_500_000), dtype="f4")
    entries[1, 7] = -2.0
    entries[2, 1_000_000] = np.inf
    assert recorded(entries) == summary_of(entries, [3, 1_500_000], first_non_finite=4_000_000)


def test_the_summary_of_a_large_memory_map_has_its_ends(recorded: Callable[[Any], Any], tmp_path: pathlib.Path) -> None:
    entries = np.memmap(tmp_path / "entries", dtype="u1", mode="w+", shape=(5_000_000,))
    assert sorted(recorded(entries[1:])) == ["head", "length", "shape", "summary", "tail"]


@pytest.mark.filterwarnings("ignore:the matrix subclass")
@pytest.mark.parametrize("make", [lambda x: x, np.asfortranarray, np.asmatrix])
def test_the_summary_of_many_texts_has_their_ends(recorded: Callable[[Any], Any], make: Any) -> None:
    texts = make(np.array([str(n) for n in range(300)]).reshape(3, 100))
    summary = recorded(texts)
    assert (summary["shape"], summary["head"][7], summary["tail"][0]) == ([3, 100], "7", "292")


def test_the_summary_of_an_array_larger_than_memory_has_its_ends(recorded: Callable[[Any], Any]) -> None:
    ends = [1.5] * 8
    assert recorded(np.broadcast_to(1.5, (10**6, 10**6))) == {
        "summary": "array", "length": 10**12, "shape": [10**6, 10**6], "head": ends, "tail": ends,
    }  # fmt: skip


def test_a_large_complex_array_is_summarised_by_its_parts(recorded: Callable[[Any], Any]) -> None:
    entries = np.arange(300) * (1 + 2j)
    assert recorded(entries) == {"re": summary_of(entries.real, [300]), "im": summary_of(entries.imag, [300])}


def test_masked_entries_of_a_large_array_are_not_finite(recorded: Callable[[Any], Any]) -> None:
    summary = recorded(np.ma.masked_array(np.arange(300), np.arange(300) == 299))
    assert (summary["max"], summary["non_finite"], summary["first_non_finite"]) == (298.0, 1, 299)


@pytest.mark.parametrize("column", [pd.Series([1, None] * 150, dtype="Int64"), pl.Series([1, None] * 150)])
def test_missing_entries_of_a_long_column_are_not_finite(recorded: Callable[[Any], Any], column: Any) -> None:
    summary = recorded(column)
    assert (summary["length"], summary["mean"], summary["non_finite"]) == (300, 1.0, 150)


def test_omitted_columns_of_a_wide_table_are_counted(recorded: Callable[[Any], Any]) -> None:
    table = recorded(pd.DataFrame(np.ones((1, 1000))))
    assert (len(table), table["…"]) == (256, "[745 entries left out]")


def test_omitted_entries_of_a_large_dict_are_counted(recorded: Callable[[Any], Any]) -> None:
    entries = recorded(dict.fromkeys(range(100_000)))
    assert (len(entries), entries["…"]) == (256, "[99745 entries left out]")


def test_keys_with_equal_text_stay_apart(recorded: Callable[[Any], Any]) -> None:
    assert recorded({1: "a", "1": "b", None: "c", (1, 2): "d"}) == {"1": "a", "'1'": "b", "None": "c", "(1, 2)": "d"}


def test_an_ordered_dict_keeps_its_order(recorded: Callable[[Any], Any]) -> None:
    ordered = collections.OrderedDict(a=1, b=2)
    ordered.move_to_end("a")
    assert list(recorded(ordered)) == ["b", "a"]


def test_secrets_are_redacted_at_any_depth(recorded: Callable[[Any], Any]) -> None:
    secret = {"servers": [{"api_key": "k"}], "model": Model(5.7), "namespace": types.SimpleNamespace(password="p")}
    assert recorded(secret) == {
        "servers": [{"api_key": "[redacted]"}],
        "model": {"beta": 5.7, "password": "[redacted]", "inner": None},
        "namespace": {"password": "[redacted]"},
    }


def test_models_of_attrs_and_pydantic_are_their_attributes(recorded: Callable[[Any], Any]) -> None:
    attrs, pydantic = pytest.importorskip("attrs"), pytest.importorskip("pydantic")
    of_attrs = attrs.make_class("OfAttrs", ["x", "_token"])(1.5, "t")
    of_pydantic = pydantic.create_model("OfPydantic", x=(float, 2.5), password=(str, "p"))()
    assert recorded([of_attrs, of_pydantic]) == [
        {"x": 1.5, "_token": "[redacted]"},
        {"x": 2.5, "password": "[redacted]"},
    ]


def test_numbers_of_sympy_and_mpmath_are_numbers(recorded: Callable[[Any], Any]) -> None:
    sympy, mpmath = pytest.importorskip("sympy"), pytest.importorskip("mpmath")
    third = {"numerator": 1, "denominator": 3}
    assert recorded([sympy.Integer(3), sympy.Rational(1, 3), sympy.Float("0.5"), sympy.oo]) == [
        3,
        third,
        0.5,
        "Infinity",
    ]
    assert recorded([mpmath.mpf("0.5"), mpmath.mpc(1, 2), mpmath.mpf("1e400")]) == [
        0.5,
        {"re": 1.0, "im": 2.0},
        "1.0E+400",
    ]
    assert recorded(mpmath.matrix([[1, 2], [3, 0.5]])) == [[1.0, 2.0], [3.0, 0.5]]
    assert recorded(mpmath.matrix(100, 3)) == {"summary": "array", "shape": [100, 3]}


def test_results_of_scipy_are_their_entries(recorded: Callable[[Any], Any]) -> None:
    result = recorded(scipy.optimize.minimize(lambda x: (x**2).sum(), [1.0, 2.0], method="Nelder-Mead"))
    assert result["success"] is True and len(result["x"]) == 2
    result = recorded(scipy.integrate.solve_ivp(lambda t, y: -y, (0, 1), [1.0]))
    assert result["y"][0][0] == 1.0


def test_a_distribution_is_its_name_and_arguments(recorded: Callable[[Any], Any]) -> None:
    assert recorded(scipy.stats.norm(0, scale=2.5)) == {"distribution": "norm", "args": [0], "keywords": {"scale": 2.5}}
    assert recorded(scipy.stats.norm) == "norm"


@pytest.mark.parametrize("kind", ["csr", "csc", "coo", "lil", "dok", "dia"])
def test_a_sparse_array_is_its_nonzero_entries(recorded: Callable[[Any], Any], kind: str) -> None:
    sparse = scipy.sparse.coo_array(([1.5], ([0], [1])), shape=(1000, 1000)).asformat(kind)
    assert recorded(sparse) == {"sparse": kind, "shape": [1000, 1000], "nnz": 1, "row": [0], "col": [1], "data": [1.5]}


def test_a_tensor_is_its_numbers(recorded: Callable[[Any], Any]) -> None:
    class Tensor:
        shape = (2,)

        def __array__(self, *args: Any, **kwargs: Any) -> Any:
            return np.array([1.5, 2.0])

    assert recorded(Tensor()) == [1.5, 2.0]


def test_an_array_that_cannot_be_loaded_is_its_shape(recorded: Callable[[Any], Any]) -> None:
    class OnDisk:
        shape = (10**6, 10**6)

        def __array__(self, *args: Any, **kwargs: Any) -> Any:
            raise MemoryError

    assert recorded(OnDisk()) == {"summary": "array", "length": 10**12, "shape": [10**6, 10**6]}


def test_a_computed_array_of_a_lazy_type_is_its_numbers(recorded: Callable[[Any], Any]) -> None:
    class DataArray:
        shape = (2,)
        graph = None

        def __dask_graph__(self) -> Any:
            return self.graph

        def __array__(self, *args: Any, **kwargs: Any) -> Any:
            return np.array([1.5, 2.0])

    array = DataArray()
    assert recorded(array) == [1.5, 2.0]
    array.graph = {}
    assert recorded(array) == {"summary": "array", "length": 2, "shape": [2]}


def test_summaries_of_extreme_numbers_raise_no_warnings(recorded: Callable[[Any], Any]) -> None:
    called: list[Any] = []
    before = np.seterrcall(lambda *what: called.append(what))
    try:
        for state in ("raise", "call", "warn"):
            with np.errstate(all=state), warnings.catch_warnings():
                warnings.simplefilter("error")
                assert recorded(np.full(20_000, 1e308))["max"] == 1e308
                assert recorded(np.full(300, np.float32(1e38)) * np.float32(1))["length"] == 300
                assert recorded(np.full(300, np.longdouble("1e4000")))["length"] == 300
                assert recorded(np.ma.masked_array(np.full(300, 1e308), False))["max"] == 1e308
    finally:
        np.seterrcall(before)
    assert not called


def test_nested_shared_lists_end(recorded: Callable[[Any], Any]) -> None:
    shared: Any = []
    for _ in range(40):
        shared = [shared, shared]
    assert len(json.dumps(recorded(shared))) < 50_000_000


def test_a_mock_is_not_called(recorded: Callable[[Any], Any]) -> None:
    mock = MagicMock()
    recorded(mock)
    assert "call.__fspath__()" not in map(str, mock.mock_calls)


def test_an_integer_with_many_digits_is_hexadecimal(recorded: Callable[[Any], Any]) -> None:
    assert recorded(3**20_000).startswith("0x")
    assert recorded(10**4000) == str(10**4000)
    limit = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(640)
    try:
        assert recorded(16**1000) == "0x1" + "0" * 1000
    finally:
        sys.set_int_max_str_digits(limit)


def test_a_generator_is_not_consumed(recorded: Callable[[Any], Any]) -> None:
    generator = iter([1, 2])
    recorded({"numbers": generator, "more": (n for n in generator)})
    assert next(generator) == 1


@pytest.mark.parametrize("make", [threading.Lock, lambda: contextvars.ContextVar("v"), lambda: weakref.ref(Plain)])
def test_a_repr_has_no_address(recorded: Callable[[Any], Any], make: Any) -> None:
    assert " at 0x" not in recorded(make())


def test_files_and_sockets_are_their_repr(recorded: Callable[[Any], Any]) -> None:
    with open(os.devnull) as file, socket.socket() as open_socket:
        assert recorded([file, open_socket])[0].startswith("<_io.TextIOWrapper name=")


def hostile(error: BaseException) -> Any:
    def fail(self: Any, *args: Any, **kwargs: Any) -> Any:
        raise error

    names = ("repr", "str", "getattr", "array", "len", "iter", "eq", "bool", "float", "index", "fspath")
    methods = {f"__{name}__": fail for name in names} | {"__class__": property(fail), "__hash__": object.__hash__}
    return type("Hostile", (), methods)()


ERRORS = [ValueError(), SystemExit(), KeyboardInterrupt(), GeneratorExit(), RecursionError(), MemoryError()]


@pytest.mark.parametrize("error", ERRORS, ids=repr)
def test_an_object_that_raises_becomes_a_note(recorded: Callable[[Any], Any], error: BaseException) -> None:
    # Outside of the assertion, because pytest calls the repr.
    text = recorded(hostile(error))
    assert text == f"<Hostile: its repr raised {type(error).__name__}>"


@pytest.mark.parametrize("error", ERRORS, ids=repr)
def test_keys_that_raise_stay_apart(recorded: Callable[[Any], Any], error: BaseException) -> None:
    entries = recorded({hostile(error): 1, hostile(error): 2})
    assert sorted(entries.values()) == [1, 2]


def test_an_attribute_that_raises_becomes_a_note(recorded: Callable[[Any], Any]) -> None:
    @dataclasses.dataclass
    class Lazy:
        a: int = 1

        def __getattribute__(self, name: str) -> Any:
            if name == "a":
                raise OSError
            return object.__getattribute__(self, name)

    assert recorded(Lazy()) == {"a": "<raised OSError>"}


def test_ctrl_c_is_raised_after_the_record_is_written(tmp_path: pathlib.Path) -> None:
    class Slow:
        def __repr__(self) -> str:
            signal.raise_signal(signal.SIGINT)
            return "".join("slow" for _ in range(1000))

    logger = StructuredLogger(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        logger.log_failure("c", "e", {"x": Slow(), "y": 1.5}, "r")
    [failure] = read(tmp_path)
    assert failure.parameters["y"] == 1.5 and "not_recorded" not in failure.context


def cyclic_values() -> Iterator[Any]:
    of_list: list[Any] = [1]
    of_list.append(of_list)
    yield of_list, [1, "<list: it holds itself>"]
    of_dict: dict[str, Any] = {}
    of_dict["a"] = of_dict
    yield of_dict, {"a": "<dict: it holds itself>"}
    of_model = Model(1.5)
    of_model.inner = [of_model]
    yield of_model, {"beta": 1.5, "password": "[redacted]", "inner": ["<Model: it holds itself>"]}
    of_array = np.empty(1, object)
    of_array[0] = of_array
    yield of_array, ["<ndarray: it holds itself>"]


@pytest.mark.parametrize(("value", "expected"), list(cyclic_values()), ids=["list", "dict", "dataclass", "array"])
def test_an_object_in_itself_becomes_a_note(recorded: Callable[[Any], Any], value: Any, expected: Any) -> None:
    assert recorded(value) == expected


@pytest.mark.parametrize("nest", [lambda x: [x], lambda x: {"a": x}, lambda x: (x, 1), Frozen])
def test_deep_nesting_is_cut(recorded: Callable[[Any], Any], nest: Any) -> None:
    nested: Any = 1
    for _ in range(10_000):
        nested = nest(nested)
    assert ": nested too deeply>" in json.dumps(recorded(nested))


@pytest.mark.parametrize(
    "nest",
    [
        lambda x: [x] * 10,
        lambda x: {"a": x, "b": x},
        lambda x: Frozen(x, x),
        lambda x: {"x" * 9999: "y" * 9999, "a": x},
    ],
)
def test_exponential_growth_is_cut(logger: StructuredLogger, nest: Any) -> None:
    nested: Any = "leaf"
    for _ in range(40):
        nested = nest(nested)
    path = logger.log_failure("c", "e", {"x": [nested] * 200}, "r")
    assert path is not None and path.stat().st_size < 50_000_000


def test_an_infinite_mapping_is_cut(recorded: Callable[[Any], Any]) -> None:
    class Endless(Mapping[int, int]):
        def __getitem__(self, key: int) -> int:
            return key

        def __len__(self) -> int:
            return sys.maxsize

        def __iter__(self) -> Iterator[int]:
            n = 0
            while True:
                yield n
                n += 1

    assert len(recorded(Endless())) == 256


@pytest.mark.parametrize(
    ("entry", "length"),
    [(1.5, 5_000_000), ("a text", 10**6), ({"a": 1, "b": 2}, 10**6), (object(), 10**6), ([1.0] * 10, 10**6)],
    ids=["number", "text", "dict", "object", "list"],
)
def test_the_summary_of_a_long_list_has_its_ends(recorded: Callable[[Any], Any], entry: Any, length: int) -> None:
    summary = recorded([entry] * length)
    assert (summary["length"], len(summary["tail"]), "shape" in summary) == (length, 8, False)


@pytest.mark.parametrize("array", [[1.5] * 300, np.ones(300), (1.5,) * 300])
def test_an_array_as_parameters_becomes_a_value(logger: StructuredLogger, array: Any) -> None:
    path = logger.log_failure("c", "e", array, "r")
    assert path is not None and Failure.from_path(path).parameters["value"]["length"] == 300


def test_converting_parameters_does_not_import_libraries(tmp_path: pathlib.Path) -> None:
    code = (
        "import sys; from tracing_failure import StructuredLogger; from array import array\n"
        f"logger = StructuredLogger({str(tmp_path)!r})\n"
        "logger.log_failure('c', 'e', {'x': {1}, 'y': array('d', [1.5] * 300)}, 'r')\n"
        "print([name for name in ('numpy', 'pandas', 'polars') if name in sys.modules])"
    )
    process = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert process.stdout == "[]\n", process.stderr
    assert Failure.from_path(tmp_path / "latest.json").parameters["y"]["mean"] == 1.5


#: Numbers, texts and containers. A text such as "NaN" is the float in a record.
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30).filter(
    lambda text: text not in ("NaN", "Infinity", "-Infinity")
)
names = texts.filter(lambda name: not any(part in name.lower() for part in ("key", "pass", "token", "secret", "auth")))
scalars = st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | texts
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=6) | st.dictionaries(names, inner, max_size=6), max_leaves=30
)


schema = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text("utf-8")))


@given(parameters=st.dictionaries(names, values, max_size=6))
def test_structures_of_basic_values_are_read_back_unchanged(
    logger: StructuredLogger, parameters: dict[str, Any]
) -> None:
    path = logger.log_failure("c", "e", parameters, "r")
    assert path is not None
    text = path.read_text("utf-8")
    schema.validate(strict(text))
    failure = Failure.from_path(path)
    assert same(failure.parameters, parameters)
    assert failure.to_json() == text


@given(keys=st.dictionaries(scalars | st.tuples(scalars) | st.binary(max_size=3), st.integers(0, 9), max_size=9))
def test_keys_of_any_kind_lose_no_entry(recorded: Callable[[Any], Any], keys: dict[Any, int]) -> None:
    assert len(recorded(keys)) == len(keys)
