"""An exception that a signal handler raises during recording propagates to the program."""

import enum
import json
import subprocess
import sys
import textwrap

import pytest
from child import Child

from tracing_failure import StructuredLogger, read

#: A program that repeats an action until a signal arrives.
PROGRAM = """
    import random, signal
    import numpy as np
    from tracing_failure import StructuredLogger
    logger = StructuredLogger("io/failures")

    class TimeIsUp({kind}):
        pass

    class Shown:
        def __repr__(self):
            return "shown"

    fired = False

    def handler(*_):
        global fired
        fired = True
        raise TimeIsUp

    signal.signal(signal.SIGALRM, handler)

    @logger.computation("quick")
    def quick(x):
        return x

    def work_until_signal(c):
        while not fired:
            {work}

    swallowed = 0
    with logger.computation("long") as c:
        # Modules are imported first: Python discards exceptions in the middle of an import.
        {work}
        for _ in range(60):
            fired = False
            try:
                signal.setitimer(signal.ITIMER_REAL, random.uniform(0.0005, 0.003))
                work_until_signal(c)
                swallowed += 1
            except TimeIsUp:
                pass
    print(swallowed)
"""

WORK = {
    "a computation": "quick(1)",
    "a computation with a number of NumPy": "quick(np.float32(1.5))",
    "a computation with an array": "quick(np.ones(1000))",
    "a computation with objects that have a repr": "quick([Shown()] * 50)",
    "a row of the trail": "c.record(x=np.float32(1.5))",
    "a failure": "logger.log_failure('c', ValueError('x'), {'x': np.ones(3)})",
    "a message": "logger.log_failure('c', 'no convergence')",
}


@pytest.fixture(scope="module")
def child():
    child = Child("")
    yield child
    child.close()


def run(program, directory):
    command = [sys.executable, "-c", textwrap.dedent(program)]
    return subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.skipif(sys.platform == "win32", reason="sets a timer")
@pytest.mark.parametrize("kind", ["Exception", "SystemExit"])
@pytest.mark.parametrize("work", WORK.values(), ids=WORK)
def test_an_exception_of_a_signal_handler_propagates(child, tmp_path, kind, work):
    swallowed = child.run(textwrap.dedent(PROGRAM.format(kind=kind, work=work)), tmp_path)
    # Python discards the exception if the signal arrives in a destructor.
    assert swallowed in ("0\n", "1\n")


@pytest.mark.skipif(sys.platform == "win32", reason="raises a signal")
def test_a_record_is_complete_before_the_exception_of_a_handler_propagates(tmp_path):
    program = """
        import signal
        from tracing_failure import StructuredLogger
        logger = StructuredLogger("io/failures")

        class TimeIsUp(Exception):
            pass

        def handler(*_):
            raise TimeIsUp

        signal.signal(signal.SIGUSR1, handler)
        pending = [True]

        class Slow(Exception):
            def __str__(self):
                if pending:
                    pending.clear()
                    signal.raise_signal(signal.SIGUSR1)
                return "slow"

        try:
            logger.log_failure("c", Slow(), {"n": 1})
        except TimeIsUp:
            print("time is up")
    """
    result = run(program, tmp_path)
    assert (result.stdout, result.stderr) == ("time is up\n", "")
    [failure] = read(tmp_path / "io/failures")
    assert (failure.error_message, failure.parameters) == ("slow", {"n": 1})
    assert failure.stack_trace == "Slow: slow\n"
    assert "not_recorded" not in failure.context


@pytest.mark.skipif(sys.platform == "win32", reason="raises a signal")
@pytest.mark.parametrize("call", ["c.record(x=1.0)", "c.record('begins')", "c.record(Slow())"])
def test_an_exception_of_a_signal_handler_leaves_record(child, tmp_path, call):
    """The signal arrives in the Python code that finds the location, or in ``str`` of a message."""
    program = f"""
        import signal
        import tracing_failure._runtime.notebook as notebook
        from tracing_failure import StructuredLogger
        logger = StructuredLogger("io/failures")

        class TimeIsUp(Exception):
            pass

        def handler(*_):
            raise TimeIsUp

        class Slow:
            def __str__(self):
                signal.raise_signal(signal.SIGUSR1)
                return "slow"

        def display_file(file):
            signal.raise_signal(signal.SIGUSR1)
            return file

        signal.signal(signal.SIGUSR1, handler)
        with logger.computation("c") as c:
            notebook.display_file = display_file
            try:
                {call}
            except TimeIsUp:
                print("time is up")
    """
    assert child.run(textwrap.dedent(program), tmp_path) == "time is up\n"


@pytest.mark.skipif(sys.platform == "win32", reason="sets a timer")
def test_a_signal_handler_may_make_a_logger(tmp_path):
    program = """
        import itertools, random, signal
        from tracing_failure import StructuredLogger
        numbers = itertools.count()

        def make(*_):
            StructuredLogger("io/failures", session_id=str(next(numbers)))

        signal.signal(signal.SIGALRM, make)
        for _ in range(1000):
            signal.setitimer(signal.ITIMER_REAL, random.uniform(0.00005, 0.0004))
            make()
        print("done")
    """
    result = run(program, tmp_path)
    assert result.stdout == "done\n", result.stderr


class Kind(enum.Enum):
    NEWTON = 1


def test_an_error_in_an_enum_lookup_is_not_from_a_signal(logger: StructuredLogger) -> None:
    """`signal.SIG_DFL` is an enum as well."""

    class Solver:
        def __repr__(self) -> str:
            return Kind(7).name

    class Diverged(Exception):
        def __str__(self) -> str:
            return Kind(7).name

    with pytest.raises(Diverged), logger.computation("c", solver=Solver()) as c:
        c.record(solver=Solver())
        raise Diverged
    [failure] = read(logger.output_dir)
    assert failure.parameters == {"solver": "<Solver: its repr raised ValueError>"}
    assert failure.error_message == "<its str raised ValueError>"


@pytest.mark.skipif(sys.platform == "win32", reason="raises a signal")
@pytest.mark.parametrize("handler", ["Handler()", "Handler().handle", "functools.partial(handle, 7)", "handle"])
def test_a_computation_that_a_signal_ends_is_recorded_and_closed(tmp_path, handler):
    program = f"""
        import functools, signal
        from tracing_failure import StructuredLogger
        logger = StructuredLogger("io/failures")

        class TimeIsUp(Exception):
            pass

        def handle(*_):
            raise TimeIsUp

        class Handler:
            def __call__(self, *_):
                raise TimeIsUp

            handle = __call__

        signal.signal(signal.SIGUSR1, {handler})

        class Slow(Exception):
            def __str__(self):
                signal.raise_signal(signal.SIGUSR1)
                return "slow"

        try:
            with logger.computation("c", n=1):
                raise Slow
        except TimeIsUp:
            print("time is up")
    """
    result = run(program, tmp_path)
    assert (result.stdout, result.stderr) == ("time is up\n", "")
    [failure] = read(tmp_path / "io/failures")
    assert (failure.error_type, failure.parameters) == ("Slow", {"n": 1})
    [log] = (tmp_path / "io/logs").glob("computations_*")
    assert [json.loads(line)["message"] for line in log.read_text().splitlines()][-1] == "computation closed"


def test_an_error_without_a_signal_is_not_raised(logger: StructuredLogger) -> None:
    class Broken:
        def __repr__(self) -> str:
            raise TimeoutError("x")

    path = logger.log_failure("c", "e", {"x": Broken()})
    assert path is not None and read(path)[0].parameters == {"x": "<Broken: its repr raised TimeoutError>"}
