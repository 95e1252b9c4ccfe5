"""The corpus: frames, regions, risk and nearest successes of all computations."""

import math
import pickle
import subprocess
import sys

import numpy
import pandas
import polars
import pytest

import tracing_failure
from tracing_failure import Corpus, StructuredLogger, corpus

NAN = math.nan
NAME = "observable_mass"


def record_runs(io, session, runs):
    """Records runs, each with its parameters, and whether it fails."""
    logger = StructuredLogger(io / "failures", session_id=session)
    for fails, parameters in runs:
        try:
            with logger.computation(NAME, theoretical_ref="Eq. 1.12", **parameters):
                if fails:
                    raise ValueError("no plateau")
        except ValueError:
            pass
    logger.flush()


@pytest.fixture
def mixed(tmp_path):
    """Values of all types, missing ones, and NaN."""
    record_runs(tmp_path / "io", "a", [
        (False, {"beta": 5.5, "method": "RK45", "dense": True, "seed": 1, "tol": 1e-3}),
        (False, {"beta": NAN, "method": "BDF", "dense": False, "seed": 2, "tol": "auto", "opts": {"rtol": 1e-6}}),
        (True, {"method": "RK45", "seed": 3, "tol": True, "outcome": 7}),
        (True, {"beta": math.inf, "dense": True, "seed": NAN}),
    ])  # fmt: skip
    return corpus(tmp_path / "io")


@pytest.fixture(scope="module")
def sweep(tmp_path_factory):
    """Six sessions in which runs with `mu > 40` and the method RK4 fail."""
    io = tmp_path_factory.mktemp("sweep") / "io"
    for session in range(6):
        runs = [
            {"mu": step + session / 8, "method": method, "theta": (step * 7 + session) % 11}
            for step in range(60)
            for method in ("RK4", "BDF")
        ]
        record_runs(io, f"s{session}", [(run["mu"] > 40 and run["method"] == "RK4", run) for run in runs])
    return corpus(io)


def test_a_frame_of_pandas_has_facts_and_parameters(mixed):
    frame = mixed.frame(NAME)
    assert list(frame["outcome"]) == ["ok", "ok", "failed", "failed"]
    assert list(frame["session"]) == ["a"] * 4
    assert frame["error_type"].astype(object)[2:].tolist() == ["ValueError"] * 2
    assert frame["failure_id"].notna().tolist() == [False, False, True, True]
    assert frame["category"].notna().tolist() == [False, False, True, True]
    assert (frame["duration_s"] >= 0).all() and frame["duration_s"].dtype == "float64"
    assert str(frame["ended"].dtype) == "datetime64[us, UTC]"
    assert (pandas.Timestamp.now("UTC") - frame["ended"]).dt.total_seconds().between(0, 600).all()
    assert str(frame["method"].dtype) == "category" and frame["method"].astype(object)[1] == "BDF"
    # A parameter with the name of a fact.
    assert frame["outcome_"][2] == 7 and frame["outcome_"].isna().tolist() == [True, True, False, True]
    assert frame["opts.rtol"][1] == 1e-6


def test_missing_values_of_pandas_differ_from_nan(mixed):
    frame = mixed.frame(NAME, library="pandas")
    assert str(frame["beta"].dtype) == "Float64" and frame["beta"][2] is pandas.NA
    assert frame["beta"].isna().tolist() == [False, False, True, False]
    assert math.isnan(frame["beta"][1]) and frame["beta"][3] == math.inf
    # Without missing values, the column is an ordinary one.
    assert frame["seed"].dtype == "float64" and math.isnan(frame["seed"][3])
    assert str(frame["dense"].dtype) == "boolean" and frame["dense"][2] is pandas.NA
    assert list(frame["tol"][:3]) == [1e-3, "auto", True] and frame["tol"][3] is None


def test_columns_of_pandas_are_writable(mixed):
    frame = mixed.frame(NAME)
    frame.loc[0, "seed"] = 17.0
    frame.loc[0, "beta"] = 18.0
    assert frame["seed"][0] == 17 and frame["beta"][0] == 18
    assert mixed.frame(NAME)["seed"][0] == 1


def test_a_frame_of_polars_has_nulls_for_missing_values(mixed):
    frame = mixed.frame(NAME, library="polars")
    beta = frame["beta"].to_list()
    assert beta[0] == 5.5 and math.isnan(beta[1]) and beta[2:] == [None, math.inf]
    assert frame["dense"].to_list() == [True, False, None, True]
    assert frame["method"].to_list() == ["RK45", "BDF", "RK45", None]
    assert frame["tol"].to_list() == [1e-3, None, None, None]
    assert frame["tol.text"].to_list() == [None, "auto", "true", None]
    assert frame["outcome"].to_list() == ["ok", "ok", "failed", "failed"]
    assert frame["ended"].dtype == polars.Datetime("us", "UTC") and frame["ended"].null_count() == 0
    assert set(frame.columns) == {*mixed.frame(NAME).columns, "tol.text"}


def test_a_frame_of_polars_needs_no_numpy(mixed, monkeypatch):
    expected = mixed.frame(NAME, library="polars")
    monkeypatch.setitem(sys.modules, "numpy", None)
    assert mixed.frame(NAME, library="polars").equals(expected)


def test_parameters_are_known_before_a_run(mixed):
    assert mixed.parameters() == ["beta", "method", "dense", "seed", "tol", "opts.rtol", "outcome_"]


def test_a_frame_can_become_features(sweep):
    frame = sweep.frame()
    assert frame.shape[0] == 720 and sweep.computations == [NAME]
    assert frame["mu"].to_numpy().dtype == numpy.float64
    assert (frame["outcome"] == "failed").sum() == sum(frame["mu"].gt(40) & (frame["method"] == "RK4"))


def test_regions_are_rules_with_counts(sweep):
    regions = sweep.regions()
    assert [str(rule) for rule in regions.rules] == ["mu > 40 and method is RK4"]
    (rule,) = regions.rules
    assert rule.rate == 1 and rule.failed == regions.failed and rule.held_out["failed"] > 10
    assert {condition["parameter"] for condition in rule.conditions} == {"mu", "method"}
    assert set(rule.nearest_success["differs"]) <= {"mu", "method"}
    assert regions.runs == 720 and len(regions) == 1
    assert list(sweep.contains(rule)) == list(sweep.frame()["outcome"] == "failed")
    assert regions.to_dict()["rules"][0]["conditions"] == rule.conditions
    assert repr(regions).splitlines()[0] == f"{rule.failed} of 720 runs of {NAME} fail ({rule.failed / 720:.1%})"
    html = regions._repr_html_()
    assert "mu &gt; 40 and method is RK4" in html and "<script" not in html


def test_a_rule_is_found_again_in_other_sessions(sweep):
    training, test = sweep.of_sessions(["s0", "s1", "s2", "s3"]), sweep.of_sessions(["s4", "s5"])
    assert len(training.frame()) == 480 and set(test.frame()["session"]) == {"s4", "s5"}
    (rule,) = training.regions().rules
    assert (test.contains(rule) == (test.frame()["outcome"] == "failed")).all()


def test_the_risk_is_that_of_the_rule_or_of_neighbours(sweep):
    high = sweep.risk(NAME, mu=50, method="RK4", theta=3)
    assert high.by == "rule" and high.risk > 0.98 and high.failed == high.runs and float(high) == high.risk
    low = sweep.regions().risk(mu=10, method="RK4", theta=3)
    assert low.by == "neighbours" and low.risk < 0.05 and low.runs >= 20
    assert [risk.by for risk in sweep.risks(None, [{"mu": 50, "method": "RK4"}, {"mu": 50, "method": "BDF"}])] == [
        "rule",
        "neighbours",
    ]
    assert sweep.risk(mu=5, thet=1).notes[0] == "No known run has a parameter thet."


def test_the_nearest_success_of_parameters(sweep):
    comparison = sweep.nearest({"mu": 45.0, "method": "RK4", "theta": 3})
    assert comparison["region"]["runs"] > 0
    assert comparison["nearest_success"]["differs"]
    assert comparison["change"]["parameter"] in ("mu", "method")


def test_the_nearest_success_of_a_record_uses_its_closing_line(tmp_path):
    runs = [(mu > 40, {"mu": mu}) for mu in range(60)]
    record_runs(tmp_path / "io", "a", runs)
    failure = tracing_failure.read(tmp_path / "io" / "failures")[-1]
    failure.parameters = {"mu": 0.0}
    comparison = corpus(tmp_path / "io").nearest(failure)
    assert comparison["parameters"] == {"mu": 59.0}
    assert comparison["nearest_success"]["parameters"] == {"mu": 40.0}


def test_a_plot_shows_the_region(sweep):
    import matplotlib

    matplotlib.use("agg")
    axes = sweep.regions().plot()
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("mu", "duration_s")
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["ok", "failed", "region"]
    assert sweep.regions().plot(y="theta").get_ylabel() == "theta"


def test_a_plot_without_matplotlib_is_an_image(sweep, monkeypatch):
    import xml.etree.ElementTree as xml

    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    image = xml.fromstring(sweep.regions().plot(y="theta")._repr_svg_())
    circles = image.findall("{*}circle")
    assert len(circles) == 720 and len({circle.get("fill") for circle in circles}) == 2
    (rectangle,) = image.findall("{*}rect")
    assert float(rectangle.get("x")) > 300 and float(rectangle.get("width")) > 50


def test_errors_name_the_directory_or_the_computation(mixed, sweep, tmp_path):
    with pytest.raises(FileNotFoundError, match="no/such/io"):
        corpus("no/such/io")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="empty.*run an instrumented program"):
        corpus(tmp_path / "empty")
    with pytest.raises(KeyError, match=f"no computation 'flow': the directories contain {NAME}"):
        sweep.regions("flow")
    with pytest.raises(ValueError, match="library must be 'pandas' or 'polars', not 'numpy'"):
        sweep.frame(library="numpy")
    with pytest.raises(KeyError, match="no column 'nu'"):
        sweep.regions().plot(x="nu")
    assert sweep.frame("mass").shape == sweep.frame(NAME).shape


def test_half_a_line_is_skipped_with_a_warning(tmp_path):
    record_runs(tmp_path / "io", "a", [(False, {"mu": 1.0})])
    (log,) = (tmp_path / "io" / "logs").glob("computations_*.jsonl")
    log.write_text(log.read_text() + '{"message":"computation closed","computation":\n')
    with pytest.warns(UserWarning, match=f"skipped: .*{log.name}:"):
        runs = corpus(tmp_path / "io")
    assert len(runs.frame()) == 1 and len(runs.skipped) == 1


def test_reading_can_be_interrupted(tmp_path):
    record_runs(tmp_path / "io", "a", [(False, {"mu": 1.0})])
    program = f"""
import signal, tracing_failure
signal.signal(signal.SIGALRM, signal.default_int_handler)
signal.setitimer(signal.ITIMER_REAL, 0.05)
try:
    while True:
        tracing_failure.corpus({str(tmp_path / "io")!r})
except KeyboardInterrupt:
    print("interrupted")
"""
    output = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, cwd=tmp_path)
    assert output.stdout == "interrupted\n", output.stderr


@pytest.mark.parametrize("successes", [[], ["trail"]])
def test_the_trail_of_successes_has_digests(tmp_path, successes):
    logger = StructuredLogger(tmp_path / "io" / "failures", successes=successes)
    logger = pickle.loads(pickle.dumps(logger))
    for factor in (0.5, 0.25):
        with logger.computation(NAME, factor=factor) as c:
            for step in range(11):
                c.record("newton step", residual=factor**step, method="RK45", flag=True, password=17)
                c.record(step=step)
    logger.flush()
    frame = corpus(tmp_path / "io").frame()
    if not successes:
        assert not [name for name in frame if "newton" in name]
        return
    assert frame["newton step.residual.rate"].tolist() == pytest.approx([0.5, 0.25])
    assert frame["newton step.residual.last"].tolist() == [0.5**10, 0.25**10]
    assert not [name for name in frame if "method" in name or "flag" in name or "password" in name]
    # A series without a message has its place as name.
    (place,) = [name for name in frame if name.endswith(".step.last")]
    assert "test_corpus.py:" in place and frame[place].tolist() == [10, 10]


def test_the_corpus_describes_itself(sweep, mixed):
    assert repr(mixed) == f"{NAME}: 2 of 4 runs fail"
    assert f"<td style='text-align:left'>{NAME}</td>" in mixed._repr_html_()
    assert isinstance(mixed, Corpus)
