"""Descriptions of exceptions: stack traces, chains, frames and locations."""

import dataclasses
import re
import subprocess
import sys
import textwrap
import traceback
from types import SimpleNamespace

import pytest

from tracing_failure import Failure, read
from tracing_failure._exceptions.description import describe_exception


def raised(function, *args):
    try:
        function(*args)
    except BaseException as error:
        return error
    raise AssertionError("nothing was raised")


def plain():
    values = [1.0, 2.0]
    return 3.0 * (values[0] / (values[1] - 2.0)) + 1.0


def from_another():
    try:
        plain()
    except ZeroDivisionError as error:
        raise ValueError("no convergence") from error


def while_handling():
    try:
        from_another()
    except ValueError:
        raise KeyError("beta")


def with_a_suppressed_context():
    try:
        plain()
    except ZeroDivisionError:
        raise ValueError("hidden") from None


def deep(n):
    return n if n == 0 else deep(n - 1) / 0


def endless():
    return endless()


def mutual(n):
    return other(n)


def other(n):
    if n == 0:
        raise OverflowError("too large")
    return mutual(n - 1)


def with_a_note():
    error = ValueError("x")
    error.add_note("while the flow was integrated")
    raise error


def misspelt():
    return pritn  # noqa: F821


def attribute():
    return SimpleNamespace(residual=1).residul


def syntax():
    compile("x = = 1", "input", "exec")


def group():
    raise ExceptionGroup("two of them", [ValueError("a"), raised(plain)])


def cause_is_a_group():
    try:
        group()
    except ExceptionGroup as error:
        raise RuntimeError("all failed") from error


def circle():
    first, second = ValueError("first"), ValueError("second")
    first.__cause__, second.__cause__ = second, first
    raise first


def context_in_a_circle():
    first, second = ValueError("first"), ValueError("second")
    first.__context__, second.__context__ = second, first
    raise first


def cause_was_never_raised():
    raise ValueError("x") from KeyError("never raised")


def empty():
    raise ValueError


def of_several_lines():
    raise ValueError("first\nsecond")


class Local(Exception):
    def __str__(self):
        return "local"


class Broken(Exception):
    def __str__(self):
        raise RuntimeError("no text")


class Nameless(Exception):
    __module__ = None


def local():
    raise Local


def broken():
    raise Broken


def multiline():
    return max(
        1.0,
        1.0
        / 0.0,
    )


@pytest.mark.parametrize(
    "function",
    [
        plain, from_another, while_handling, with_a_suppressed_context, lambda: deep(3), lambda: deep(10),
        lambda: mutual(40), endless, with_a_note, misspelt, attribute, syntax, group, cause_is_a_group, circle,
        context_in_a_circle, cause_was_never_raised, empty, of_several_lines, local, broken, multiline,
        lambda: int("x"), lambda: exec("1/0"), lambda: open("/no/such"), lambda: b"\xff".decode(),
        lambda: __import__("no_such_module"), lambda: sys.exit(3), lambda: [].pop(), lambda: sorted(key=1),
    ],
)  # fmt: skip
def test_the_stack_trace_equals_that_of_python(function):
    error = raised(function)
    expected = "".join(traceback.format_exception(error))
    assert describe_exception(error)["stack_trace"] == expected
    # The lines are now in the cache.
    assert describe_exception(error)["stack_trace"] == expected


def test_the_chain_starts_with_the_outermost_error(logger):
    failure = Failure.from_path(logger.log_failure("c", raised(while_handling)))
    errors = failure.context["errors"]
    assert [error["type"] for error in errors] == ["KeyError", "ValueError", "ZeroDivisionError"]
    assert [error["message"] for error in errors[:2]] == ["'beta'", "no convergence"]
    assert errors[2]["message"].endswith("division by zero")


def test_a_suppressed_context_is_not_recorded(logger):
    failure = Failure.from_path(logger.log_failure("c", raised(with_a_suppressed_context)))
    assert len(failure.context["errors"]) == 1


def test_a_cyclic_chain_ends(logger):
    failure = Failure.from_path(logger.log_failure("c", raised(context_in_a_circle)))
    assert [error["message"] for error in failure.context["errors"]] == ["first", "second"]
    assert failure.context["errors_cut"]


def test_a_long_chain_is_cut(logger):
    error = ValueError(0)
    for n in range(1, 100):
        outer = ValueError(n)
        outer.__cause__ = error
        error = outer
    failure = Failure.from_path(logger.log_failure("c", error))
    assert len(failure.context["errors"]) == 32
    assert failure.context["errors_cut"]


def test_attributes_of_an_error_are_its_data(logger):
    class ConvergenceError(Exception):
        def __init__(self, iterations, residual):
            super().__init__(f"no convergence within {iterations} iterations")
            self.iterations = iterations
            self.residual = residual
            self._private = 1
            self.api_key = "hunter2"

    def data(error):
        return Failure.from_path(logger.log_failure("c", error)).context["errors"][0].get("data")

    assert data(ConvergenceError(50, 1e-3)) == {"iterations": 50, "residual": 1e-3, "api_key": "[redacted]"}
    assert data(FileNotFoundError(2, "no such file", "data.h5")) == {"errno": 2, "filename": "data.h5"}
    assert data(ValueError("x", 3)) == {"args": ["x", 3]}
    assert data(ValueError("x")) is None


def test_a_type_that_is_not_built_in_has_its_full_name(logger):
    failure = Failure.from_path(logger.log_failure("c", raised(local)))
    assert failure.error_type == "Local"
    assert failure.context["errors"][0]["type"] == f"{__name__}.Local"
    assert Failure.from_path(logger.log_failure("c", raised(lambda: Broken().args[0]))).error_type == "IndexError"
    nameless = Failure.from_path(logger.log_failure("c", Nameless("x")))
    assert nameless.error_type == "Nameless"


def test_an_error_without_a_text_is_recorded(logger):
    failure = Failure.from_path(logger.log_failure("c", raised(broken)))
    assert failure.error_message == "<its str raised RuntimeError>"


def test_frames_are_innermost_first_and_mark_the_program(logger):
    import json

    failure = Failure.from_path(logger.log_failure("c", raised(json.loads, "{")))
    frames = failure.context["frames"]
    assert [frame["in_app"] for frame in frames if frame["function"] == "raised"] == [True]
    assert frames[0]["file"].endswith("decoder.py") and not frames[0]["in_app"]
    # The location is the last line of the program.
    assert failure.context["location"]["file"].endswith("test_exceptions.py")


def test_callers_beyond_the_traceback_are_frames(logger):
    def solve():
        with logger.computation("c"):
            plain()

    def sweep():
        solve()

    with pytest.raises(ZeroDivisionError):
        sweep()
    failure = read(logger.output_dir)[-1]
    functions = [frame["function"].rpartition(".")[2] for frame in failure.context["frames"]]
    assert functions[:4] == ["plain", "solve", "sweep", "test_callers_beyond_the_traceback_are_frames"]
    assert "sweep" not in failure.stack_trace
    assert all(frame["in_app"] for frame in failure.context["frames"])


def test_a_deep_stack_keeps_both_ends(logger):
    failure = Failure.from_path(logger.log_failure("c", raised(endless)))
    frames = failure.context["frames"]
    assert (frames[0]["function"], frames[63]["function"]) == ("endless", "raised")
    assert "Previous line repeated" in failure.stack_trace


def test_the_stack_trace_of_a_group_has_its_members(logger):
    failure = Failure.from_path(logger.log_failure("c", raised(group)))
    assert failure.error_type == "ExceptionGroup"
    assert re.search("ZeroDivisionError: .*division by zero", failure.stack_trace)


def test_the_fingerprint_does_not_depend_on_the_directory_of_the_program(tmp_path):
    import subprocess

    fingerprints = set()
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "solve.py").write_text(
            "from tracing_failure import Failure, StructuredLogger\n"
            "try: 1 / 0\n"
            "except ZeroDivisionError as e:\n"
            "    print(Failure.from_path(StructuredLogger('f').log_failure('c', e)).fingerprint)\n"
        )
        result = subprocess.run([sys.executable, "solve.py"], cwd=tmp_path / name, capture_output=True, text=True)
        fingerprints.add(result.stdout)
    assert len(fingerprints) == 1 and fingerprints != {""}


def test_failures_during_an_import_of_asyncio_are_recorded(tmp_path):
    program = """
        import sys, threading
        from tracing_failure import StructuredLogger, read
        logger = StructuredLogger("io/failures")
        thread = threading.Thread(target=lambda: __import__("asyncio"))
        thread.start()
        raised = 0
        while thread.is_alive():
            try:
                with logger.computation("c"):
                    raise ValueError("x")
            except ValueError:
                raised += 1
        print(raised == len(read("io/failures")))
    """
    program = [sys.executable, "-c", textwrap.dedent(program)]
    result = subprocess.run(program, cwd=tmp_path, capture_output=True, text=True)
    assert result.stdout == "True\n", result.stderr


class Quits(SystemExit):
    @property
    def code(self):
        raise ValueError("no code")


class AsksItself(Exception):
    def __getattr__(self, name):
        return getattr(self.response, name)


class KeysOnly(Exception):
    def __getattr__(self, name):
        raise KeyError(name)


@dataclasses.dataclass(frozen=True)
class Frozen(Exception):
    x: int


@pytest.mark.parametrize(("kind", "value"), [(Quits, 3), (AsksItself, "x"), (KeysOnly, "x"), (Frozen, 1)])
def test_an_exception_that_overrides_attributes_is_recorded_once_in_full(logger, kind, value):
    with pytest.raises(kind), logger.computation("c"):
        try:
            raise kind(value)
        except BaseException:
            logger.log_failure("c")
            raise
    [failure] = read(logger.output_dir)
    assert failure.error_type == kind.__name__
    assert "raise kind(value)\n" in failure.stack_trace and "not_recorded" not in failure.context
