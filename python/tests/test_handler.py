"""Python's ``logging`` in the runtime log."""

import json
import logging
import warnings

import numpy
import pytest

from tracing_failure import StructuredLogger, read


@pytest.fixture
def solver(logger):
    solver = logging.getLogger("solver")
    solver.setLevel(logging.DEBUG)
    solver.propagate = False
    solver.addHandler(logger.handler())
    yield solver
    solver.handlers.clear()


def lines(logger):
    """The events, then the closing lines of computations."""
    logger.flush()
    logs = sorted(logger.output_dir.with_name("logs").iterdir(), reverse=True)
    lines = [json.loads(line) for log in logs for line in log.read_text().splitlines()]
    return [line for line in lines if line["message"] != "session"]


def test_a_record_is_a_line_with_its_extra_as_fields(logger, solver):
    solver.warning("residual %.1e", 1e-3, extra={"step": 3, "state": numpy.ones(2), "api_key": "hunter2"})
    [line] = lines(logger)
    timestamp = line.pop("timestamp")
    assert timestamp.endswith("Z")
    assert line == {
        "level": "WARN", "target": "solver", "message": "residual 1.0e-03",
        "fields": {"step": 3, "state": [1.0, 1.0], "api_key": "[redacted]"}, "spans": [],
        "session_id": logger.session_id,
    }  # fmt: skip


def test_levels_of_logging_become_levels_of_the_log(logger, solver):
    for level in (5, 10, 20, 30, 40, 50):
        solver.setLevel(1)
        solver.log(level, "x")
    assert [line["level"] for line in lines(logger)] == ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "ERROR"]


def test_computations_around_a_log_record_are_its_spans(logger, solver):
    with logger.computation("newton", theoretical_ref="§2", x0=0.5):
        solver.info("begins")
    [span] = lines(logger)[0]["spans"]
    assert span["fields"] == {"computation": "newton", "theoretical_ref": "§2", "x0": 0.5}


def test_a_logged_exception_has_fields(logger, solver):
    try:
        1 / 0
    except ZeroDivisionError:
        solver.exception("it failed")
    assert lines(logger)[0]["fields"] == {"error_type": "ZeroDivisionError", "error": "division by zero"}


def test_a_wrong_format_is_handled_as_logging_does(logger, capsys):
    logger.handler().handle(logging.makeLogRecord({"msg": "%d", "args": ("x",)}))
    assert "Logging error" in capsys.readouterr().err


def test_log_records_before_a_failure_are_breadcrumbs(logger, solver):
    with pytest.raises(ValueError, match="x"), logger.computation("c"):
        solver.debug("too detailed")
        solver.warning("step rejected")
        raise ValueError("x")
    [breadcrumb] = read(logger.output_dir)[-1].context["breadcrumbs"]
    assert (breadcrumb["level"], breadcrumb["message"]) == ("WARN", "step rejected")
    assert breadcrumb["location"]["file"].endswith("test_handler.py")


def test_warnings_of_numpy_are_breadcrumbs(logger):
    logging.captureWarnings(True)
    logging.getLogger("py.warnings").addHandler(logger.handler())
    try:
        with pytest.raises(ValueError, match="x"), warnings.catch_warnings(), logger.computation("c"):
            warnings.simplefilter("always")
            numpy.exp(numpy.float64(1000.0))
            raise ValueError("x")
    finally:
        logging.captureWarnings(False)
        logging.getLogger("py.warnings").handlers.clear()
    [breadcrumb] = read(logger.output_dir)[-1].context["breadcrumbs"]
    assert "overflow encountered in exp" in breadcrumb["message"]


def test_adding_the_handler_twice_logs_once(logger, solver):
    solver.addHandler(logger.handler())
    solver.info("once")
    assert len(lines(logger)) == 1


def test_without_a_log_nothing_is_written(tmp_path):
    from tracing_failure import StructuredLogger

    logger = StructuredLogger(tmp_path / "records")
    solver = logging.getLogger("silent")
    solver.addHandler(logger.handler())
    solver.error("x")
    logger.flush()
    assert [path.name for path in tmp_path.iterdir()] == ["records"]
    solver.handlers.clear()


def test_loggers_with_one_log_share_a_handler(logger):
    other = StructuredLogger(logger.output_dir, notebook="flow.ipynb", context={"machine": "bench"}, trail=(1, 1))
    assert other.handler() is logger.handler()


def test_unusual_log_records_are_written(logger, solver):
    with logger.computation("c"):
        solver.handle(logging.makeLogRecord({"msg": "x", "levelno": 30, "lineno": -1, "pathname": "generated"}))
    try:
        1 / 0
    except ZeroDivisionError:
        solver.exception("it failed", extra={"error": 0.25})
    first, last, _ = lines(logger)
    assert first["message"] == "x"
    assert last["fields"] == {"error_type": "ZeroDivisionError", "error": 0.25}
