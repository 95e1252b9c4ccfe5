"""The card of a failure: complete, bounded and free of foreign markup for any record."""

import datetime
import math
import os
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracing_failure import Failure

TAGS = set("div strong span table tr td svg polyline circle ol li details summary pre".split())
ATTRIBUTES = set("style width height viewbox role fill stroke points cx cy r".split())
ATTRIBUTES |= {"stroke-width", "stroke-linejoin", "stroke-linecap"}
HOSTILE = "\"'<script>alert(1)</script></style></div><img src=x onerror=alert(2)>&amp;`"


class Page(HTMLParser):
    """The text and the elements of a page. Checks that elements are closed in their order."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.text = ""
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.feed(html)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS
        assert {name for name, _ in attrs} <= ATTRIBUTES
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)

    handle_decl = handle_pi = unknown_decl = handle_comment

    def points(self) -> list[list[tuple[float, float]]]:
        """The lines of all plots."""
        texts = (attrs["points"].split() for tag, attrs in self.elements if tag == "polyline")
        return [[(float(x), float(y)) for x, y in (point.split(",") for point in points)] for points in texts]

    def count(self, tag: str) -> int:
        return sum(name == tag for name, _ in self.elements)


def card(**entries: Any) -> Page:
    """The card of a record with these entries."""
    record = {
        "timestamp": "2025-12-27T04:30:00.000Z",
        "computation": "rg_flow_integration",
        "theoretical_ref": "IRH v21.4 Part 1 §1.2, Eq. 1.12",
        "error_type": "ConvergenceError",
        "error_message": "no convergence",
    }
    failure = Failure(**{**record, **entries})
    html = failure._repr_html_()
    assert len(html) < 200_000
    return Page(html)


def trail(**columns: Any) -> dict[str, Any]:
    """A context with a trail of one callsite."""
    return {"trail": [{"seen": max(map(len, columns.values())), "columns": columns}]}


def test_the_card_has_all_parts_of_a_record() -> None:
    page = card(
        parameters={"initial_couplings": [50.0, 100.0, 150.0], "method": "RK45"},
        stack_trace='File "flow.py", line 3\n    raise',
        context={
            "category": "max_iterations", "notebook": "flow.ipynb", "cell_number": 15,
            "errors": [{"type": "ConvergenceError", "message": "…"}, {"type": "OSError", "message": "disk"}],
            "suggestions": [{"fix": "halve the step", "confidence": "high", "source": "Hairer & Wanner"}],
            **trail(norm=[187.0, 1e5, 9.3e13]),
        },
        suggested_fixes=["halve the step", "end before the pole"],
    )  # fmt: skip
    for text in (
        "rg_flow_integration failed, by IRH v21.4 Part 1 §1.2, Eq. 1.12",
        "ConvergenceError: no convergence",
        "from OSError: disk",
        "initial_couplings[50.0, 100.0, 150.0]",
        "methodRK45",
        "norm: 187 → 9.3e+13",
        "187 to 9.3e+13, log scale, 3 values",
        "halve the step (high confidence · Hairer & Wanner)",
        "end before the pole",
        'File "flow.py", line 3\n    raise',
        "2025-12-27 04:30:00 · max_iterations · flow.ipynb [15]",
    ):
        assert text in page.text
    assert page.count("li") == 2


def test_the_card_has_the_file_and_outside_of_notebooks_the_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = {"location": {"file": "flow.py", "line": 7}}
    failure = Failure("2025-12-27T04:30:00.000Z", "f", "", "E", "m", context=context)
    path = tmp_path / "general.json"
    path.write_text(failure.to_json())
    page = Page(Failure.from_path(path)._repr_html_())
    assert f"flow.py:7 · {path}" in page.text
    monkeypatch.chdir(tmp_path.parent)
    page = Page(Failure.from_path(path)._repr_html_())
    assert f"flow.py:7 · {tmp_path.name}{os.sep}general.json" in page.text


def test_missing_parts_are_left_out() -> None:
    page = card(theoretical_ref="", error_message="")
    assert page.text == "rg_flow_integration failedConvergenceError2025-12-27 04:30:00"


def test_a_large_array_is_shown_as_its_summary() -> None:
    summary = {"summary": "array", "shape": [64, 64], "min": -1.5, "max": 2.0, "mean": 0.1, "non_finite": 3}
    assert "fieldarray of 64 × 64: min -1.5, max 2, mean 0.1, 3 not finite" in card(parameters={"field": summary}).text
    assert "fieldarray of 9" in card(parameters={"field": {"summary": "array", "length": 9, "shape": 5}}).text


def test_long_parts_are_cut_and_counted() -> None:
    page = card(
        error_message="x" * 100_000,
        parameters={f"p{number}": HOSTILE * 9 for number in range(200)},
        stack_trace=HOSTILE * 10_000,
        context={
            "errors": [{"type": HOSTILE * 99, "message": HOSTILE * 99}] * 50,
            **trail(**{f"{HOSTILE * 9}{number}": [1.0, math.nan] * 10_000 for number in range(20)}),
        },
        suggested_fixes=[HOSTILE * 99] * 50,
    )
    assert "x" * 900 + "x" in page.text and "x" * 1001 not in page.text
    for text in ("and 160 more", "and 45 more", "and 12 more", "and 42 more"):
        assert text in page.text
    assert [page.count(tag) for tag in ("tr", "svg", "li")] == [40, 8, 8] and page.text.count("from ") == 4
    page = card(parameters={"n" * 1000: "v" * 1000})
    assert "n" * 80 not in page.text and "v" * 160 not in page.text and "n" * 79 + "…" + "v" * 159 + "…" in page.text


def test_a_plot_of_a_wide_range_is_logarithmic() -> None:
    (straight,) = card(context=trail(norm=[1.0, 10.0, 100.0, 1000.0])).points()
    steps = [after[1] - before[1] for before, after in zip(straight[1:], straight[2:])]
    assert max(steps) - min(steps) < 0.2
    assert "log scale" not in card(context=trail(norm=[1.0, 10.0, 50.0])).text
    assert "log scale" not in card(context=trail(norm=[0.0, 10.0, 5000.0])).text


def test_series_are_named_after_their_spans() -> None:
    levels = [
        {"spans": ["cycle", "level"], "span_fields": {"depth": depth}, "columns": {"r": [1.0, 0.5]}}
        for depth in (1, 2)
    ]
    page = card(context={"trail": levels})
    assert "r in level depth=1: 1 → 0.5" in page.text and "r in level depth=2: 1 → 0.5" in page.text


def test_the_last_of_mixed_series_is_plotted() -> None:
    """Newton iterations of 20 time steps."""
    steps = [step for step in range(20) for _ in range(5)]
    entry = {
        "seen": 500, "head": 8, "span_columns": ["step"],
        "columns": {"residual": [10.0 - row % 5 for row in range(100)], "step": steps},
    }  # fmt: skip
    page = card(context={"trail": [entry]})
    assert "residual: 10 → 6" in page.text and "5 of 500 values" in page.text and page.count("svg") == 1
    assert [len(line) - 1 for line in page.points()] == [5]


def test_fields_with_many_values_do_not_separate_series() -> None:
    """A field that differs in each row does not separate series."""
    entry = {
        "seen": 500, "head": 8, "span_columns": ["t", "level"],
        "columns": {"residual": [float(row) for row in range(40)], "t": list(range(40)), "level": [1, 2] * 20},
    }  # fmt: skip
    page = card(context={"trail": [entry]})
    assert "residual: 1 → 39" in page.text and "20 of 500 values" in page.text
    assert [len(line) - 1 for line in page.points()] == [4, 16]


@pytest.mark.parametrize("named", [["missing"], "text", [5], ["level"], None, {}])
def test_span_columns_of_another_program_may_be_invalid(named: Any) -> None:
    entry = {"span_columns": named, "columns": {"x": [1, 2, 3], "level": [1, 2], "y": None}}
    assert "x: 1 → 3" in card(context={"trail": [entry]}).text


@pytest.mark.parametrize(("matched_by", "relation"), [("payload", "from"), ("unknown", "possibly from")])
def test_panics_of_other_threads_are_shown(matched_by: str, relation: str) -> None:
    location = {"file": "src/sweep.rs", "line": 17}
    panic = {"message": "plaquette 17 is NaN", "thread": "worker-3", "location": location}
    page = card(context={"panic_origin": {"matched_by": matched_by, "raised": [panic, {"message": "bare"}] * 3}})
    assert f"{relation} a panic of thread worker-3 at src/sweep.rs:17: plaquette 17 is NaN" in page.text
    assert f"{relation} a panic: bare" in page.text and "and 2 more" in page.text
    if matched_by == "payload":
        assert "possibly" not in page.text


def test_numbers_that_are_not_finite_interrupt_the_line_and_are_marked() -> None:
    page = card(context=trail(residual=[1.0, 0.5, math.nan, 0.2, math.inf, 0.1]))
    assert [len(line) - 1 for line in page.points()] == [2, 1, 1]
    # Two marks, and the end of the line.
    assert page.count("circle") == 3
    page = card(context=trail(residual=[math.nan, math.nan]))
    assert "residual: nan → nan" in page.text and "nothing finite" in page.text and page.points() == []
    assert page.count("circle") == 2


def test_dropped_values_interrupt_the_line() -> None:
    entry = {"seen": 900, "dropped": 894, "head": 2, "columns": {"t": [0.0, 1.0, 5.0, 6.0, 7.0, 8.0]}}
    page = card(context={"trail": [entry]})
    assert [len(line) - 1 for line in page.points()] == [2, 4]
    assert "6 of 900 values" in page.text


EXTREME = [[1e308, -1e308], [1e-300, 1e300], [5e-324, 1e308], [2, 2], [10**400, 1], [None, 1, 2], [True, False]]


@pytest.mark.parametrize("values", EXTREME)
def test_a_plot_of_extreme_numbers_stays_within_its_bounds(values: list[Any]) -> None:
    page = card(context=trail(x=values))
    assert page.count("svg") == 1
    for line in page.points():
        assert all(0 <= x <= 240 and 0 <= y <= 56 for x, y in line)


def test_a_plot_covers_the_whole_range_of_floats() -> None:
    (line,) = card(context=trail(x=[1e308, -1e308])).points()
    assert [y for _, y in line[1:]] == [5, 51]


@pytest.mark.parametrize("values", [["a", "b"], [1.0], [], None, "text", [1.0, "a"], {"a": 1}, [[1, 2], [3, 4]]])
def test_other_columns_have_no_plot(values: Any) -> None:
    page = card(context={"trail": [{"columns": {"x": values, "good": [1, 2]}}]})
    assert page.count("svg") == 1 and "good: 1 → 2" in page.text


@pytest.mark.parametrize("context", [None, [], 5, {"location": 5, "category": None, "errors": {}, "trail": "text"}])
def test_an_invalid_context_is_left_out(context: Any) -> None:
    assert card(context=context).text.endswith("no convergence2025-12-27 04:30:00")


def test_parameters_and_suggestions_may_have_any_type() -> None:
    assert "[1, 2]" in card(parameters=[1, 2]).text
    assert "times[0.5, " in card(parameters={"times": [0.5, datetime.timedelta(1)]}).text
    page = card(context={"suggestions": [{"fix": ["a list"]}, None]}, suggested_fixes=[None, "halve the step", 5])
    assert "halve the step" in page.text and page.count("li") == 1


def test_texts_of_a_record_are_escaped() -> None:
    texts = ("timestamp", "computation", "theoretical_ref", "error_type", "error_message", "stack_trace")
    page = card(
        **dict.fromkeys(texts, HOSTILE),
        parameters={HOSTILE: HOSTILE, "nested": {HOSTILE: [HOSTILE]}},
        context={
            "category": HOSTILE, "notebook": HOSTILE, "cell_number": HOSTILE,
            "errors": [{}, {"type": HOSTILE, "message": HOSTILE}],
            "suggestions": [{"fix": HOSTILE, "confidence": HOSTILE, "source": HOSTILE}],
            "trail": [
                {"seen": 5, "columns": {HOSTILE: [1, 2]}},
                {"spans": ["<b>"], "span_fields": {"<i>": "<u>"}, "columns": {"x": [1, 2]}},
            ],
            "panic_origin": {
                "matched_by": HOSTILE,
                "raised": [{"message": HOSTILE, "thread": HOSTILE, "location": {"file": HOSTILE, "line": HOSTILE}}],
            },
        },
        suggested_fixes=[HOSTILE],
    )  # fmt: skip
    # The time is cut to 19 characters.
    assert page.text.count(HOSTILE) == 22


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.just(HOSTILE),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
entries = st.fixed_dictionaries(
    {"columns": st.dictionaries(st.text(max_size=2), anything | st.lists(st.integers(0, 1), min_size=5, max_size=5))},
    optional={"span_columns": anything | st.lists(st.text(max_size=2)), "spans": anything, "span_fields": anything},
)
panics = st.fixed_dictionaries({}, optional=dict.fromkeys(("message", "thread", "location"), anything))
shaped = st.fixed_dictionaries(
    {},
    optional={
        "trail": anything | st.lists(entries),
        "panic_origin": anything | st.fixed_dictionaries({"raised": st.lists(anything | panics)}),
        **dict.fromkeys(("errors", "suggestions", "location", "notebook", "cell_number", "category"), anything),
    },
)  # fmt: skip


@settings(max_examples=200)
@given(
    texts=st.fixed_dictionaries(
        {}, optional={name: anything for name in Failure.__dataclass_fields__ if name not in ("context", "parameters")}
    ),
    parameters=anything,
    context=anything | shaped,
)
def test_any_record_has_a_card(texts: dict[str, Any], parameters: Any, context: Any) -> None:
    page = card(**texts, parameters=parameters, context=context)
    # A part that cannot be shown does not remove another one.
    assert str(texts.get("computation", "rg_flow_integration") or "")[:400] in page.text


class Broken:
    def __str__(self) -> str:
        raise RuntimeError("no text")

    __repr__ = __str__


def test_a_value_that_cannot_be_shown_removes_only_its_part() -> None:
    page = card(parameters={"x": Broken()}, error_message=Broken(), suggested_fixes=["halve the step"])
    assert "rg_flow_integration failed" in page.text and "halve the step" in page.text
