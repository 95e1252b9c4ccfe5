"""``StructuredLogger``: its options, and the files that it writes."""

import json
import os
import pickle
import subprocess
import sys
import textwrap
from collections.abc import Mapping

import pytest

import tracing_failure
from tracing_failure import Failure, StructuredLogger


def run(code, cwd, **environment):
    """Runs code in a new process."""
    program = [sys.executable, "-c", textwrap.dedent(code)]
    return subprocess.run(
        program, cwd=cwd, env=os.environ | environment, capture_output=True, text=True, timeout=60, check=False
    )


def names(logger):
    return sorted(path.name for path in logger.output_dir.iterdir())


def test_a_script_that_logs_a_failure_leaves_a_complete_record(tmp_path):
    result = run(
        """
        def compute_rg_flow(**params):
            raise ArithmeticError("RG flow integration failed to converge")

        params = {"initial_couplings": [50.0, 100.0, 150.0], "t_range": (-10, 10), "method": "RK45"}

        from tracing_failure import StructuredLogger
        logger = StructuredLogger(output_dir="io/failures")
        try:
            result = compute_rg_flow(**params)
        except Exception as e:
            logger.log_failure(computation="rg_flow_integration", error=e, parameters=params,
                               theoretical_ref="IRH v21.4 Part 1 §1.2")
            raise
        """,
        tmp_path,
    )
    assert "ArithmeticError: RG flow integration failed to converge" in result.stderr
    [failure] = tracing_failure.read(tmp_path / "io/failures")
    record = json.loads((tmp_path / "io/failures/latest.json").read_text())
    assert list(record) == [
        "timestamp", "computation", "theoretical_ref", "error_type", "error_message", "parameters", "stack_trace",
        "context", "suggested_fixes",
    ]  # fmt: skip
    assert failure.path.name.startswith("rg_flow_")
    assert failure.computation == "rg_flow_integration"
    assert failure.theoretical_ref == "IRH v21.4 Part 1 §1.2"
    assert failure.error_type == "ArithmeticError"
    assert failure.parameters == {"initial_couplings": [50.0, 100.0, 150.0], "t_range": [-10, 10], "method": "RK45"}
    assert failure.context["location"]["line"] == 3


def test_the_error_is_a_message_or_the_handled_exception(logger):
    message = Failure.from_path(logger.log_failure("observable_mass", "no plateau"))
    assert (message.error_type, message.error_message) == ("Error", "no plateau")
    assert "test_logger.py" in message.context["location"]["file"]
    try:
        {}["beta"]
    except KeyError:
        handled = Failure.from_path(logger.log_failure("observable_mass"))
    assert (handled.error_type, handled.error_message) == ("KeyError", "'beta'")


def test_arguments_of_other_types_become_text(logger):
    class Broken:
        def __str__(self):
            raise RuntimeError

    failure = Failure.from_path(logger.log_failure(None, 7, theoretical_ref=Broken()))
    assert (failure.computation, failure.error_message, failure.theoretical_ref) == ("", "7", "<Broken>")


def test_the_context_has_the_entries_of_the_caller(logger):
    context = {"beam": 3, "trail": "text", "notebook": "flow.ipynb", "cell_number": 15}
    failure = Failure.from_path(logger.log_failure("c", "e", context=context))
    assert failure.context["beam"] == 3
    assert failure.context["trail_"] == "text"
    assert (failure.context["notebook"], failure.context["cell_number"]) == ("flow.ipynb", 15)


def test_the_options_of_a_logger_take_effect(tmp_path):
    logger = StructuredLogger(
        tmp_path / "records",
        session_id="night-7",
        context={"machine": "bench"},
        redact=["site"],
        areas={"lattice": ["wilson"]},
        durability="disk",
    )
    path = logger.log_failure("wilson_loop", "e", {"site": "cellar"}, category="stagnation")
    failure = Failure.from_path(path)
    assert path.name.startswith("lattice_")
    assert failure.parameters == {"site": "[redacted]"}
    assert (failure.context["machine"], failure.context["session_id"], failure.category) == (
        "bench",
        "night-7",
        "stagnation",
    )
    assert not (tmp_path / "logs").exists(), "only a directory with the name `failures` has a log next to it"


@pytest.mark.parametrize(
    ("option", "error"),
    [
        ({"durability": "forever"}, "durability must be 'process' or 'disk', not 'forever'"),
        ({"redact": "site"}, r"redact must be a list of names: write \['site'\]"),
        ({"successes": "trail"}, r"successes must be a list of names: write \['trail'\]"),
        ({"successes": ["arguments"]}, "successes can have 'trail', not 'arguments'"),
        ({"areas": {"lattice": "wilson"}}, r"areas\['lattice'\] must be a list of names: write \['wilson'\]"),
    ],
)
def test_an_invalid_option_is_refused(tmp_path, option, error):
    with pytest.raises((ValueError, TypeError), match=error):
        StructuredLogger(tmp_path / "failures", **option)


def test_a_directory_that_cannot_be_created_is_an_error_at_once():
    with pytest.raises(OSError, match="/dev/null/failures"):
        StructuredLogger("/dev/null/failures")


def test_a_record_that_cannot_be_written_is_on_stderr(tmp_path):
    result = run(
        """
        import os, shutil
        from tracing_failure import StructuredLogger
        logger = StructuredLogger("io/failures")
        shutil.rmtree("io/failures")
        open("io/failures", "w").close()
        try:
            1 / 0
        except ZeroDivisionError as error:
            assert logger.log_failure("c", error, {"x": 1}) is None
            assert logger.stats["diverted"] == 1
            raise
        """,
        tmp_path,
    )
    assert result.stderr.rstrip().endswith("ZeroDivisionError: division by zero")
    lines = [line for line in result.stderr.splitlines() if line.startswith("{")]
    assert json.loads(lines[0])["parameters"] == {"x": 1}
    assert "the record is on stderr" in result.stderr


def test_loggers_with_the_same_options_share_a_recorder(tmp_path):
    first, second = StructuredLogger(tmp_path / "failures"), StructuredLogger(tmp_path / "failures")
    assert first.session_id == second.session_id
    assert first.handler() is second.handler()
    first.log_failure("c", "e")
    assert second.stats["recorded"] == 1


def test_a_pickled_logger_writes_to_the_same_place_in_the_same_session(logger, tmp_path):
    result = run(
        f"""
        import pickle
        logger = pickle.loads({pickle.dumps(logger)!r})
        print(logger.log_failure("c", "e"))
        """,
        tmp_path,
    )
    failure = Failure.from_path(result.stdout.strip())
    assert failure.path.parent == logger.output_dir
    assert failure.context["session_id"] == logger.session_id


def test_records_survive_a_killed_process(tmp_path):
    result = run(
        """
        import os, signal
        from tracing_failure import StructuredLogger
        logger = StructuredLogger("io/failures")
        for n in range(20):
            logger.log_failure("c", "e", {"n": n})
        os.kill(os.getpid(), signal.SIGKILL)
        """,
        tmp_path,
    )
    assert result.returncode == -9
    failures = tracing_failure.read(tmp_path / "io/failures")
    assert [failure.parameters["n"] for failure in failures] == list(range(20))


def test_a_bug_in_the_description_leaves_a_minimal_record(logger, monkeypatch):
    def broken(*_, **__):
        raise LookupError("a bug")

    monkeypatch.setattr("tracing_failure._recording.reporter.describe_exception", broken)
    failure = Failure.from_path(logger.log_failure("c", ValueError("x"), {"n": 1}))
    assert (failure.error_type, failure.parameters) == ("ValueError", {"n": 1})
    assert failure.context["not_recorded"] == "LookupError"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"context": 7}, {"value": 7}),
        ({"context": {"cell_number": "x", "notebook": 3}}, {"cell_number_": "x", "notebook_": 3}),
        ({"context": {"cell_number": 2**70}}, {"cell_number_": str(2**70)}),
        ({"category": "bad luck"}, {"category": "other", "reason": "bad luck"}),
    ],
)
def test_an_invalid_argument_is_recorded_unchanged(logger, arguments, expected):
    try:
        1 / 0
    except ZeroDivisionError as error:
        failure = Failure.from_path(logger.log_failure("c", error, {"n": 1}, **arguments))
    assert (failure.error_message, failure.parameters) == ("division by zero", {"n": 1})
    assert "1 / 0" in failure.stack_trace
    assert expected.items() <= failure.context.items()


class Odd(Exception):
    """It has the attribute of this package, and its ``__class__`` raises."""

    __tracing_failure__ = [1, 2]

    @property
    def __class__(self):
        raise ValueError("no class")


class Hostile(Exception):
    def __str__(self):
        raise KeyboardInterrupt

    def __setattr__(self, name, value):
        raise SystemExit

    @property
    def __dict__(self):
        raise SystemExit


class NamedByNumbers(Exception):
    args = None

    def __init__(self):
        self.__dict__[7] = "seven"


class Nameless(type):
    """A metaclass that overrides the names of classes."""

    def __getattribute__(cls, name):
        if name in ("__name__", "__qualname__", "__module__"):
            raise RuntimeError
        return type.__getattribute__(cls, name)


class OfNameless(Exception, metaclass=Nameless):
    pass


class OfNoModule(Exception):
    __module__ = None


@pytest.mark.parametrize("name", ["Odd", "Hostile", "NamedByNumbers", "OfNameless", "OfNoModule"])
def test_an_unusual_exception_is_recorded_and_propagates(logger, name):
    kind, raised = globals()[name], None
    try:
        with logger.computation("c", n=1):
            raise kind
    except BaseException as error:
        raised = type(error)
    assert raised is kind
    [failure] = tracing_failure.read(logger.output_dir)
    assert (failure.error_type, failure.parameters) == (name, {"n": 1})
    assert failure.error_message == ("<its str raised KeyboardInterrupt>" if kind is Hostile else "")
    assert "    raise kind\n" in failure.stack_trace
    assert failure.context["errors"][0]["type"] == (name if name == "OfNoModule" else f"{__name__}.{name}")
    assert "not_recorded" not in failure.context


def test_a_minimal_record_marks_its_exception(logger):
    class Broken(Mapping):
        def __getitem__(self, key):
            raise OSError

        __iter__ = __len__ = __getitem__

    with pytest.raises(ValueError), logger.computation("c", n=1):
        try:
            raise ValueError("no convergence")
        except ValueError as error:
            logger.log_failure("c", error, context=Broken())
            raise
    [failure] = tracing_failure.read(logger.output_dir)
    assert (failure.error_message, failure.context["not_recorded"]) == ("no convergence", "TypeError")


def test_a_parameter_that_records_itself_ends(logger):
    class Number:
        def __repr__(self):
            logger.log_failure("inner", "e", {"p": self})
            return "n"

    failure = Failure.from_path(logger.log_failure("outer", "e", {"p": Number()}))
    assert failure.parameters == {"p": "n"}
    assert len(tracing_failure.read(logger.output_dir)) == 3


def test_nested_groups_are_recorded(logger):
    error = ValueError("x")
    for _ in range(3000):
        error = ExceptionGroup("g", [error])
    failure = Failure.from_path(logger.log_failure("c", error))
    assert failure.error_type == "ExceptionGroup"


def test_a_resolution_is_saved_in_the_directory_of_the_record(logger, tmp_path, monkeypatch):
    logger.log_failure("c", "e")
    monkeypatch.chdir(logger.output_dir.parent)
    [failure] = tracing_failure.read("failures")
    monkeypatch.chdir(tmp_path)
    failure.resolve("started nearer")
    assert (logger.output_dir / "resolutions.jsonl").exists()
    assert not (tmp_path / "failures").exists()


def test_loggers_with_different_contexts_share_a_recorder(tmp_path):
    loggers = [StructuredLogger(tmp_path / "failures", context={"n": n}) for n in range(2)]
    assert loggers[0].handler() is loggers[1].handler()
    contexts = [Failure.from_path(logger.log_failure("c", "e")).context["n"] for logger in loggers]
    assert contexts == [0, 1]


def test_lone_surrogates_are_escaped(logger):
    name = b"caf\xe9.h5".decode("utf-8", "surrogateescape")
    with pytest.raises(FileNotFoundError), logger.computation(name, theoretical_ref=name, **{name: name}) as c:
        c.record(name, x=1)
        c.record(name)
        open(name)
    failure = tracing_failure.read(logger.output_dir)[-1]
    assert failure.error_type == "FileNotFoundError"
    assert "caf" in failure.error_message and "caf" in failure.stack_trace and failure.context["trail"]


def test_an_error_on_a_full_stack_is_recorded(logger):
    paths = []

    def dive():
        try:
            dive()
        except RecursionError as error:
            if not paths:
                paths.append(logger.log_failure("c", error))
            raise

    with pytest.raises(RecursionError):
        dive()
    failure = Failure.from_path(paths[0])
    assert failure.error_type == "RecursionError"
    assert "maximum recursion depth exceeded" in failure.error_message
    assert sys.getrecursionlimit() < 10_000


def test_a_resolution_is_the_first_suggestion_of_the_next_failure(logger):
    failure = Failure.from_path(logger.log_failure("c", "no convergence"))
    failure.resolve("started nearer")
    later = Failure.from_path(logger.log_failure("c", "no convergence"))
    assert later.suggested_fixes[0] == "started nearer"
    with pytest.raises(ValueError, match="no directory"):
        Failure.from_json(failure.to_json()).resolve("x")


def test_every_record_conforms_to_the_schema(logger):
    jsonschema = pytest.importorskip("jsonschema")
    with pytest.raises(ValueError, match="x"), logger.computation("rg_flow", theoretical_ref="Eq. 1", x0=1) as c:
        c.record(step=1, residual=float("nan"), state=[1.0, 2.0])
        c.record("note")
        raise ValueError("x")
    logger.log_failure("c", OSError(2, "no such file", "data.h5"), {"a": {1, 2}})
    for path in logger.output_dir.glob("*.json"):
        jsonschema.validate(json.loads(path.read_text()), tracing_failure.schema())


def test_a_computation_that_fills_the_stack_is_recorded(logger):
    def dive():
        return dive()

    def down(n):
        if n == 0:
            with logger.computation("c", depth=n):
                dive()
        down(n - 1)

    for depth in (900, 940, 960):
        with pytest.raises(RecursionError):
            down(depth)
    with pytest.raises(RecursionError), logger.computation("outer"):
        dive()
    failures = list(tracing_failure.read(logger.output_dir))
    assert failures[-1].computation == "outer"
    assert {failure.error_type for failure in failures} == {"RecursionError"}
    assert tracing_failure.current() is None


def test_failures_are_recorded_while_the_interpreter_shuts_down(tmp_path):
    result = run(
        """
        import atexit, _thread, time
        from tracing_failure import StructuredLogger
        logger = StructuredLogger("io/failures")

        class Solver:
            def __del__(self):
                logger.log_failure("last", "during shutdown")

        solver = Solver()
        atexit.register(logger.log_failure, "ended", "without a calling Python function")
        _thread.start_new_thread(logger.log_failure, ("thread", "in a thread"))
        while logger.stats["recorded"] == 0:
            time.sleep(0.01)
        """,
        tmp_path,
    )
    assert result.stderr == ""
    failures = tracing_failure.read(tmp_path / "io/failures")
    assert [failure.computation for failure in failures] == ["thread", "ended", "last"]


def test_without_stderr_no_warning_is_on_stdout(tmp_path):
    result = run(
        """
        import sys
        sys.stderr = None
        from tracing_failure import StructuredLogger
        logger = StructuredLogger("io/failures")

        class Recording:
            def __repr__(self):
                logger.log_failure("c", "e", {"x": self})
                return "x"

        logger.log_failure("c", "e", {"x": Recording()})
        """,
        tmp_path,
    )
    assert (result.stdout, result.stderr) == ("", "")
