"""The filter of trail and breadcrumbs."""

import logging
import types

import pytest

import tracing_failure
from tracing_failure import StructuredLogger, read


def module(name: str) -> types.ModuleType:
    """A module of another name that records."""
    made = types.ModuleType(name)
    exec(
        "import tracing_failure\n"
        "def report(c):\n"
        "    c.record(x=1.0)\n"
        "    c.record('a text')\n"
        "def report_here():\n"
        "    tracing_failure.record(y=2.0)\n",
        made.__dict__,
    )
    return made


def context(logger: StructuredLogger) -> dict:
    return read(logger.output_dir)[-1].context


def test_a_filter_selects_by_module_and_logger(tmp_path):
    logger = StructuredLogger(tmp_path / "failures", trail_filter="info,my_solver=debug,h5py=off")
    loggers = [logging.getLogger(name) for name in ("my_solver.newton", "h5py.attrs", "elsewhere")]
    for each in loggers:
        each.addHandler(logger.handler())
        each.setLevel(logging.DEBUG)
    try:
        with pytest.raises(ValueError), logger.computation("c") as c:
            for name in ("my_solver.newton", "h5py", "other"):
                module(name).report(c)
                module(name).report_here()
            for each in loggers:
                each.warning("from %s", each.name)
            raise ValueError
    finally:
        for each in loggers:
            each.removeHandler(logger.handler())
    trail, breadcrumbs = context(logger)["trail"], context(logger)["breadcrumbs"]
    assert [entry["columns"] for entry in trail] == [{"x": [1.0]}, {"y": [2.0]}]
    assert all(entry["location"]["module"] == "my_solver.newton" for entry in trail)
    messages = [crumb["message"] for crumb in breadcrumbs]
    assert messages == ["a text", "a text", "from my_solver.newton", "from elsewhere"]


def test_without_a_filter_all_rows_are_recorded(tmp_path):
    logger = StructuredLogger(tmp_path)
    with pytest.raises(ValueError), logger.computation("c") as c:
        module("h5py").report(c)
        raise ValueError
    assert len(context(logger)["trail"]) == 1


def test_a_filter_that_only_turns_targets_off_passes_others(tmp_path):
    logger = StructuredLogger(tmp_path, trail_filter="h5py=off")
    with pytest.raises(ValueError), logger.computation("c") as c:
        module("h5py").report(c)
        module("solver").report(c)
        raise ValueError
    assert [entry["location"]["module"] for entry in context(logger)["trail"]] == ["solver"]


@pytest.mark.parametrize("wrong", ["solver=loud", "a[span]=debug", "=debug", "a=b=c"])
def test_an_invalid_filter_is_refused(tmp_path, wrong):
    with pytest.raises(ValueError, match="trail_filter: .*expected 'level', 'target' or 'target=level'"):
        StructuredLogger(tmp_path, trail_filter=wrong)


def test_a_pickled_logger_has_its_filter(tmp_path):
    import pickle

    logger = pickle.loads(pickle.dumps(StructuredLogger(tmp_path, trail_filter="off")))
    with pytest.raises(ValueError), logger.computation("c") as c:
        c.record(x=1.0)
        tracing_failure.record(x=1.0)
        raise ValueError
    assert context(logger).get("trail", []) == []
