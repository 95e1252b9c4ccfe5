"""``with logger.computation(…)`` and the decorator: parameters, trail and exceptions."""

import _thread
import asyncio
import contextlib
import copy
import functools
import gc
import inspect
import json
import pickle
import subprocess
import sys
import textwrap
import threading
import weakref

import jsonschema
import numpy
import pytest

import tracing_failure
from tracing_failure import StructuredLogger, current, read, record


def fail(logger, steps=3, **parameters):
    with pytest.raises(ArithmeticError), logger.computation("newton", theoretical_ref="§2.1", **parameters) as c:
        for step in range(steps):
            c.record("newton step", step=step, residual=2.0**-step)
        raise ArithmeticError("no convergence")
    return read(logger.output_dir)[-1]


def test_parameters_and_trail_are_in_the_record(logger):
    failure = fail(logger, x0=0.5, name="f")
    assert (failure.computation, failure.theoretical_ref) == ("newton", "§2.1")
    assert failure.parameters == {"x0": 0.5, "name": "f"}
    [trail] = failure.context["trail"]
    assert trail["message"] == "newton step"
    assert trail["columns"] == {"step": [0, 1, 2], "residual": [1.0, 0.5, 0.25]}
    assert len(trail["elapsed_s"]) == 3 and trail["elapsed_s"] == sorted(trail["elapsed_s"])
    assert trail["location"]["file"].endswith("test_computation.py")
    assert failure.context["elapsed_s"] >= trail["elapsed_s"][-1]


def test_a_long_trail_keeps_its_ends_and_is_analysed(logger):
    failure = fail(logger, steps=1000)
    [trail] = failure.context["trail"]
    assert (trail["seen"], trail["dropped"], trail["head"]) == (1000, 744, 8)
    assert trail["columns"]["step"] == [*range(8), *range(752, 1000)]
    behaviours = {series["column"]: series["behaviour"] for series in failure.context["convergence"]}
    assert behaviours["residual"] == "geometric_decay"


@pytest.mark.parametrize(
    ("trail", "steps"),
    [
        ((2, 3), [0, 1, 7, 8, 9]),
        ((0, 4), [6, 7, 8, 9]),
        ((4, 0), [0, 1, 2, 3]),
        ((10, 0), list(range(10))),
        ([0, 10**9], list(range(10))),
    ],
)
def test_a_logger_limits_the_rows_of_trails(tmp_path, trail, steps):
    failure = fail(StructuredLogger(tmp_path, trail=trail), steps=10)
    [trail] = failure.context["trail"]
    assert (trail["seen"], trail["dropped"], trail["columns"]["step"]) == (10, 10 - len(steps), steps)
    jsonschema.validate(json.loads(failure.to_json()), tracing_failure.schema())


def test_a_logger_without_trails_keeps_no_rows_and_breadcrumbs(tmp_path):
    logger = StructuredLogger(tmp_path, trail=(0, 0))
    with pytest.raises(ValueError), logger.computation("c") as c:
        c.record("begins")
        raise ValueError(fail(logger))
    assert all("trail" not in failure.context and "breadcrumbs" not in failure.context for failure in read(tmp_path))


@pytest.mark.parametrize("trail", [(8,), (-1, 8), (1, 2, 3), 8, None, (1.5, 2), "ab"])
def test_an_invalid_trail_limit_is_refused(tmp_path, trail):
    with pytest.raises(ValueError, match="such as \\(8, 248\\), not"):
        StructuredLogger(tmp_path, trail=trail)


def test_callsites_columns_and_texts_of_a_trail_are_limited(logger):
    code = "\n".join(f"c.record(x{n}=n)" for n in range(100))
    with pytest.raises(ValueError), logger.computation("c") as c:
        exec(code, {"c": c, "n": 1.5})
        for n in range(100):
            c.record(f"message {n}")
        raise ValueError
    context = read(logger.output_dir)[-1].context
    *trails, unplaced = context["trail"]
    assert [list(trail["columns"]) for trail in trails] == [[f"x{n}"] for n in range(4, 100)]
    assert (unplaced["seen"], unplaced["dropped"], unplaced["columns"]) == (4, 4, {})
    assert [crumb["message"] for crumb in context["breadcrumbs"]] == [f"message {n}" for n in range(68, 100)]
    with pytest.raises(ValueError), logger.computation("c") as c:
        c.record(**{f"x{n}": n for n in range(100)})
        raise ValueError
    trail = read(logger.output_dir)[-1].context["trail"][0]
    assert (len(trail["columns"]), trail["omitted_columns"]) == (64, 36)


def test_all_arguments_without_a_column_are_counted(logger):
    with pytest.raises(ValueError), logger.computation("c") as c:
        c.record(**{f"x{n}": complex(n, 1) for n in range(70)})
        raise ValueError
    [entry] = read(logger.output_dir)[-1].context["trail"]
    assert list(entry["columns"]) == [f"x{n}.{part}" for n in range(32) for part in ("re", "im")]
    assert entry["omitted_columns"] == 38


def test_texts_and_arrays_stay_with_their_rows(logger):
    with pytest.raises(ValueError), logger.computation("c") as c:
        for n in range(2000):
            c.record(state=f"step {n}", point=[n, n + 0.5], z=complex(n, -n), none=None)
        raise ValueError
    [trail] = read(logger.output_dir)[-1].context["trail"]
    steps = [*range(8), *range(1752, 2000)]
    assert trail["columns"] == {
        "state": [f"step {n}" for n in steps],
        "point": [[n, n + 0.5] for n in steps],
        "z.re": [float(n) for n in steps],
        "z.im": [float(-n) for n in steps],
        "none": [None] * len(steps),
    }


def test_a_success_leaves_no_record(logger):
    with logger.computation("newton") as c:
        c.record(residual=1.0)
    assert len(read(logger.output_dir)) == 0


def test_each_callsite_has_its_own_entry(logger):
    with pytest.raises(ValueError, match="x"), logger.computation("c") as c:
        for n in range(3):
            c.record(residual=n)
            c.record(residual=-n)
            c.record(**{"residual": n, "step": n})
        raise ValueError("x")
    trails = read(logger.output_dir)[-1].context["trail"]
    assert [trail["columns"] for trail in trails] == [
        {"residual": [0, 1, 2]},
        {"residual": [0, -1, -2]},
        {"residual": [0, 1, 2], "step": [0, 1, 2]},
    ]


def test_a_row_takes_numbers_of_all_types_and_short_texts(logger):
    class Broken:
        def __float__(self):
            raise RuntimeError

        __repr__ = __float__

    with pytest.raises(ValueError, match="x"), logger.computation("c") as c:
        c.record(
            a=numpy.float32(0.5), b=numpy.int64(3), c=True, d=None, e="ok", f=numpy.ones(3), g=numpy.ones(1000),
            h=float("inf"), i=2**70, j="x" * 1000, k=Broken(), l=[[1]],
        )  # fmt: skip
        raise ValueError("x")
    columns = read(logger.output_dir)[-1].context["trail"][0]["columns"]
    row = {name: values[0] for name, values in columns.items()}
    assert row["j"].startswith("xxx") and len(row.pop("j")) < 80
    assert row == {
        "a": 0.5, "b": 3, "c": True, "d": None, "e": "ok", "f": [1.0, 1.0, 1.0], "g": "[1000 entries]",
        "h": float("inf"), "i": str(2**70), "k": "<Broken: its repr raised RuntimeError>", "l": "[1 entries]",
    }  # fmt: skip


def test_a_message_without_numbers_is_a_breadcrumb(logger):
    with pytest.raises(ValueError, match="x"), logger.computation("c") as c:
        c.record("switched to the implicit method")
        raise ValueError("x")
    [breadcrumb] = read(logger.output_dir)[-1].context["breadcrumbs"]
    assert (breadcrumb["level"], breadcrumb["message"]) == ("INFO", "switched to the implicit method")


def test_record_adds_to_the_current_computation(logger):
    record(lost=1)
    with pytest.raises(ValueError, match="x"), logger.computation("c"):
        record("rhs", t=1.0)
        assert current().name == "c"
        raise ValueError("x")
    assert current() is None
    [trail] = read(logger.output_dir)[-1].context["trail"]
    assert (trail["message"], trail["columns"]) == ("rhs", {"t": [1.0]})
    assert trail["location"]["file"].endswith("test_computation.py")


def test_an_inner_failure_is_the_cause_of_the_outer_one(logger):
    with pytest.raises(ValueError, match="x"), logger.computation("sweep", theoretical_ref="§1", beta=5.7, x0=1):
        with logger.computation("newton", theoretical_ref="§2", x0=0.5):
            raise ValueError("x")
    inner, outer = read(logger.output_dir)
    assert (inner.computation, outer.computation) == ("newton", "sweep")
    assert outer.context["caused_by"] == inner.id
    assert inner.parameters == {"x0": 0.5, "beta": 5.7}
    assert [span["fields"]["computation"] for span in inner.context["spans"]] == ["newton", "sweep"]
    assert inner.context["spans"][0]["name"] == "test_an_inner_failure_is_the_cause_of_the_outer_one"


def test_an_error_that_was_logged_inside_is_recorded_once(logger):
    with pytest.raises(ValueError, match="x"), logger.computation("newton") as c:
        c.record(residual=1.0)
        try:
            raise ValueError("x")
        except ValueError as error:
            logger.log_failure("newton", error, {"n": 1}, "§2")
            raise
    [failure] = read(logger.output_dir)
    assert failure.parameters == {"n": 1}
    assert failure.context["trail"][0]["columns"] == {"residual": [1.0]}


def test_an_exception_that_leaves_two_runs_is_recorded_twice(logger):
    error = ValueError("x")
    for _ in range(2):
        with pytest.raises(ValueError, match="x"), logger.computation("newton"):
            raise error
    first, second = read(logger.output_dir)
    assert second.context["caused_by"] == first.id


def test_an_exception_through_a_recursive_computation_is_recorded_once(logger):
    @logger.computation("bisect")
    def bisect(n):
        if n == 0:
            raise ValueError("x")
        bisect(n - 1)

    with pytest.raises(ValueError, match="x"):
        bisect(5)
    [failure] = read(logger.output_dir)
    assert len(failure.context["spans"]) == 6


def test_the_first_member_is_the_cause_of_a_group(logger):
    errors = []
    for n in range(2):
        with pytest.raises(ValueError) as raised, logger.computation("newton"):
            raise ValueError(n)
        errors.append(raised.value)
    with pytest.raises(ExceptionGroup), logger.computation("sweep"):
        raise ExceptionGroup("two of them", errors)
    first, _, group = read(logger.output_dir)
    assert group.context["caused_by"] == first.id


def test_the_first_error_is_the_cause_of_one_raised_from_it(logger):
    with pytest.raises(RuntimeError), logger.computation("sweep"):
        try:
            with logger.computation("newton"):
                raise ValueError("x")
        except ValueError as error:
            raise RuntimeError("the sweep ends") from error
    inner, outer = read(logger.output_dir)
    assert outer.error_message == "the sweep ends"
    assert outer.context["caused_by"] == inner.id


def test_parameters_have_the_values_of_the_start(logger):
    state = numpy.zeros(3)
    with pytest.raises(ValueError, match="x"), logger.computation("c", y0=state):
        state += 1.0
        raise ValueError("x")
    assert read(logger.output_dir)[-1].parameters == {"y0": [0.0, 0.0, 0.0]}


def test_arguments_of_a_decorated_function_are_parameters(logger):
    @logger.computation("root", theoretical_ref="§2.1", method="secant")
    def root(f, x0, *more, tol=1e-9, **options):
        """Finds a root."""
        record(x=x0)
        raise ArithmeticError("no convergence")

    assert (root.__name__, root.__doc__) == ("root", "Finds a root.")
    assert str(inspect.signature(root)) == "(f, x0, *more, tol=1e-09, **options)"
    for x0 in (1.0, 2.0):
        with pytest.raises(ArithmeticError):
            root("f", x0, 7, maxiter=50)
    first, second = read(logger.output_dir)
    assert first.parameters == {
        "f": "f", "x0": 1.0, "tol": 1e-9, "maxiter": 50, "more": [7], "method": "secant",
    }  # fmt: skip
    assert second.context["trail"][0]["columns"] == {"x": [2.0]}
    assert first.context["spans"][0]["name"].endswith("root")
    assert first.fingerprint == second.fingerprint


def test_a_secret_is_redacted_in_the_trail(logger):
    with pytest.raises(ValueError, match="x"), logger.computation("c") as c:
        for _ in range(2):
            c.record(api_key="hunter2", residual=1.0)
        raise ValueError("x")
    columns = read(logger.output_dir)[-1].context["trail"][0]["columns"]
    assert columns == {"api_key": ["[redacted]"] * 2, "residual": [1.0, 1.0]}


def test_closing_a_generator_elsewhere_does_not_change_the_current_computation(logger):
    def generator():
        with logger.computation("inner"):
            yield

    open_in_outer = generator()
    with logger.computation("outer") as outer:
        next(open_in_outer)
        with logger.computation("next") as later:
            open_in_outer.close()
            assert current() is later
        assert current() is outer
    assert current() is None


def test_an_argument_overrides_a_parameter_of_the_decorator(logger):
    @logger.computation("c", x=99, lattice=32)
    def solve(x, self=1):
        raise ValueError("x")

    with pytest.raises(ValueError, match="x"):
        solve(5)
    assert read(logger.output_dir)[-1].parameters == {"x": 5, "self": 1, "lattice": 32}


def test_static_and_class_methods_can_be_decorated(logger):
    class Solver:
        @logger.computation("c")
        @staticmethod
        def plain(n):
            return n

        @staticmethod
        @logger.computation("c")
        def inner(n):
            return n

        @logger.computation("c")
        @classmethod
        def of_class(cls, n):
            return cls, n

    assert (Solver().plain(1), Solver.inner(2), Solver.of_class(3)) == (1, 2, (Solver, 3))
    with pytest.raises(TypeError, match="cannot be called"):
        logger.computation("c")(7)


def test_a_failure_logged_inside_has_the_parameters_of_its_computation(logger):
    with logger.computation("c", x0=1):
        logger.log_failure("c", "no convergence")
    assert read(logger.output_dir)[-1].parameters == {"x0": 1}


def test_self_is_no_parameter_of_a_decorated_method(logger):
    class Solver:
        @logger.computation("solve")
        def solve(self, n):
            raise ValueError(n)

    with pytest.raises(ValueError, match="3"):
        Solver().solve(3)
    assert read(logger.output_dir)[-1].parameters == {"n": 3}


def test_wrong_arguments_of_a_decorated_function_raise_type_error(logger):
    @logger.computation("solve")
    def solve(n):
        return n

    with pytest.raises(TypeError, match="missing 1 required"):
        solve()
    assert solve(3) == 3


def test_each_call_of_a_coroutine_function_is_a_computation(logger):
    @logger.computation("wave")
    async def wave(n):
        for step in range(3):
            record(step=step, n=n)
            await asyncio.sleep(0)
        raise ValueError(n)

    async def both():
        return await asyncio.gather(wave(1), wave(2), return_exceptions=True)

    asyncio.run(both())
    failures = sorted(read(logger.output_dir), key=lambda failure: failure.parameters["n"])
    assert [failure.context["trail"][0]["columns"]["n"] for failure in failures] == [[1, 1, 1], [2, 2, 2]]


def test_decorating_a_generator_is_refused(logger):
    with pytest.raises(TypeError, match="use the computation in a `with` block"):

        @logger.computation("c")
        def numbers():
            yield 1


def test_cancellation_and_exit_are_not_failures(logger):
    async def cancelled():
        with logger.computation("c"):
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(cancelled())
    with pytest.raises(SystemExit), logger.computation("c"):
        raise SystemExit
    with pytest.raises(GeneratorExit), logger.computation("c"):
        raise GeneratorExit
    assert len(read(logger.output_dir)) == 0


def test_a_group_is_a_cancellation_if_all_members_are(logger):
    cancelled = asyncio.CancelledError()
    for members in [[cancelled], [cancelled, BaseExceptionGroup("b", [cancelled, GeneratorExit()])]]:
        with pytest.raises(BaseExceptionGroup), logger.computation("c"):
            raise BaseExceptionGroup("a", members)
    assert not read(logger.output_dir)
    with pytest.raises(BaseExceptionGroup), logger.computation("c"):
        raise BaseExceptionGroup("a", [cancelled, ValueError("no convergence")])
    assert len(read(logger.output_dir)) == 1


def test_a_deeply_nested_group_is_a_failure(logger):
    group = ExceptionGroup("g", [ValueError("no convergence")])
    for _ in range(3000):
        group = ExceptionGroup("g", [group])
    with pytest.raises(ExceptionGroup), logger.computation("c"):
        raise group
    assert len(read(logger.output_dir)) == 1


def test_computations_with_different_references_are_recorded_each(logger):
    with pytest.raises(ValueError), logger.computation("solve", "Eq. 1", grid=1), logger.computation("solve", "Eq. 2"):
        raise ValueError("no convergence")
    inner, outer = read(logger.output_dir)
    assert (inner.theoretical_ref, outer.theoretical_ref) == ("Eq. 2", "Eq. 1")
    assert outer.context["caused_by"] == inner.id


def test_an_ended_computation_does_not_keep_objects_alive(logger):
    class Solver:
        def run(self):
            with logger.computation("outer", solver=self), logger.computation("inner", solver=self) as self.inner:
                self.inner.record(x=1.5)

    solver = Solver()
    solver.run()
    reference = weakref.ref(solver)
    del solver
    gc.collect()
    assert reference() is None


def test_a_row_without_a_python_caller_is_recorded(logger):
    with pytest.raises(ValueError), logger.computation("c") as c:
        finished = _thread.allocate_lock()
        finished.acquire()

        class Releases(float):
            def __del__(self):
                finished.release()

        _thread.start_new_thread(c.record, (), {"x": Releases(1.0)})
        assert finished.acquire(timeout=20)
        raise ValueError
    assert read(logger.output_dir)[-1].context["trail"][0]["columns"] == {"x": [1.0]}


def test_an_error_that_leaves_several_computations_is_recorded_for_each(logger):
    async def consumer(i, upstream):
        with logger.computation("consumer", i=i):
            await upstream

    async def program():
        upstream = asyncio.get_running_loop().create_future()
        tasks = [asyncio.create_task(consumer(i, upstream)) for i in range(5)]
        await asyncio.sleep(0)
        upstream.set_exception(ValueError("upstream"))
        await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(program())
    assert sorted(failure.parameters["i"] for failure in read(logger.output_dir)) == list(range(5))


def test_ended_computations_of_a_chain_of_tasks_are_freed(logger):
    """Each begins inside of the one before it, and goes on when that has ended."""

    class Data:
        pass

    alive = weakref.WeakSet()

    async def step(n, last):
        data = Data()
        alive.add(data)
        with logger.computation("step", data=data, n=n) as c:
            del data
            if n == 2000:
                last.set_result((c, sum(1 for _ in around(c))))
                return
            asyncio.create_task(step(n + 1, last))
            await asyncio.sleep(0)

    def around(c):
        while c is not None:
            yield c
            c = c.parent

    async def program():
        last = asyncio.get_running_loop().create_future()
        asyncio.create_task(step(0, last))
        return await last

    _, length = asyncio.run(program())
    assert length <= 3
    gc.collect()
    assert len(alive) <= 1


def test_many_nested_computations_are_freed_without_recursion(tmp_path):
    code = """
        import contextvars
        from tracing_failure import StructuredLogger
        logger = StructuredLogger("io/failures")
        contextvars.copy_context().run(lambda: [logger.computation("c").__enter__() for _ in range(20_000)])
        print("done")
    """
    program = [sys.executable, "-c", textwrap.dedent(code)]
    assert subprocess.run(program, cwd=tmp_path, capture_output=True, text=True).stdout == "done\n"


def test_a_task_knows_the_computations_around_it_after_the_inner_one_ended(logger):
    async def child(begun, go_on):
        with logger.computation("child", "Eq. 3"):
            begun.set_result(None)
            await go_on
            raise ValueError("no convergence")

    async def program():
        begun, go_on = (asyncio.get_running_loop().create_future() for _ in range(2))
        with logger.computation("outer", grid=64):
            with logger.computation("middle", tolerance=1e-6):
                task = asyncio.create_task(child(begun, go_on))
                await begun
            go_on.set_result(None)
            await asyncio.gather(task, return_exceptions=True)

    asyncio.run(program())
    [failure] = read(logger.output_dir)
    assert failure.parameters == {"tolerance": 1e-6, "grid": 64}
    assert [span["fields"]["computation"] for span in failure.context["spans"]] == ["child", "middle", "outer"]


def test_a_coroutine_behind_another_decorator_is_a_computation(logger):
    def plain(function):
        @functools.wraps(function)
        def wrapper(*args):
            return function(*args)

        return wrapper

    @logger.computation("newton", tolerance=1e-6)
    @plain
    async def newton(x):
        await asyncio.sleep(0)
        record(x=x)
        if x > 1:
            raise ValueError("no convergence")
        return x

    async def program():
        with logger.computation("outer"):
            coroutine = newton(0.5)
            assert current().name == "outer"
            with logger.computation("inside"):
                assert await coroutine == 0.5 and current().name == "inside"
        assert current() is None
        await newton(1.5)

    with pytest.raises(ValueError):
        asyncio.run(program())
    [failure] = read(logger.output_dir)
    assert failure.parameters == {"tolerance": 1e-6} | failure.parameters
    assert failure.context["trail"][0]["columns"] == {"x": [1.5]}


@pytest.mark.parametrize("copy", [copy.copy, copy.deepcopy, lambda c: pickle.loads(pickle.dumps(c))])
def test_a_copy_of_a_computation_has_not_begun(logger, copy):
    computation = logger.computation("newton", "Eq. 3", x0=0.5)
    with computation:
        pass
    with pytest.raises(ValueError), copy(logger.computation("newton", "Eq. 3", x0=0.5)):
        raise ValueError
    with copy(computation):
        assert current().name == "newton"
    [failure] = read(logger.output_dir)
    assert (failure.theoretical_ref, failure.parameters) == ("Eq. 3", {"x0": 0.5})


def test_decorating_a_class_is_refused(logger):
    with pytest.raises(TypeError, match="Solver is a class: decorate its methods"):

        @logger.computation("c")
        class Solver:
            pass


def test_a_keyword_with_the_name_of_a_positional_parameter_stays_apart(logger):
    @logger.computation("c")
    def flow(t, /, **options):
        raise ValueError

    with pytest.raises(ValueError):
        flow(1.5, t="RK45")
    assert read(logger.output_dir)[-1].parameters == {"t": 1.5, "t_": "RK45"}


@pytest.mark.skipif(sys.version_info < (3, 14), reason="annotations are evaluated when they are written")
def test_annotations_may_be_undefined(logger):
    @logger.computation("c")
    def flow(t: Later):  # noqa: F821
        raise ValueError

    with pytest.raises(ValueError):
        flow(1.5)
    assert read(logger.output_dir)[-1].parameters == {"t": 1.5}


def test_a_computation_in_an_exit_stack_has_the_location_of_its_caller(logger):
    with pytest.raises(ValueError), contextlib.ExitStack() as stack:
        stack.enter_context(logger.computation("c"))
        raise ValueError
    assert read(logger.output_dir)[-1].context["spans"][0]["file"].endswith("test_computation.py")


def test_an_interrupted_computation_is_recorded(logger):
    with pytest.raises(KeyboardInterrupt), logger.computation("c") as c:
        c.record(residual=1.0)
        raise KeyboardInterrupt
    failure = read(logger.output_dir)[-1]
    assert (failure.error_type, failure.category) == ("KeyboardInterrupt", "interrupted")
    assert failure.context["trail"]


def test_a_computation_runs_once(logger):
    c = logger.computation("c")
    with c:
        pass
    with pytest.raises(RuntimeError, match="create a new one for each run"), c:
        pass


def test_each_thread_has_its_own_current_computation(logger):
    def work(n):
        with pytest.raises(ValueError, match=str(n)), logger.computation("c", n=n):
            for step in range(500):
                record(step=step, n=n)
            raise ValueError(n)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    failures = list(read(logger.output_dir))
    assert sorted(failure.parameters["n"] for failure in failures) == list(range(8))
    for failure in failures:
        [trail] = failure.context["trail"]
        assert trail["seen"] == 500 and set(trail["columns"]["n"]) == {failure.parameters["n"]}


def test_threads_can_record_into_one_computation(logger):
    with pytest.raises(ValueError, match="x"), logger.computation("c") as c:

        def work(n):
            for step in range(1000):
                c.record(step=step, thread=n)

        threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        raise ValueError("x")
    [trail] = read(logger.output_dir)[-1].context["trail"]
    assert trail["seen"] == 4000


def test_a_repr_may_record_into_the_same_computation(logger):
    class Number:
        def __repr__(self):
            c.record(inner=1)
            return "n"

    with pytest.raises(ValueError, match="x"), logger.computation("c") as c:
        c.record(outer=Number())
        raise ValueError("x")
    assert len(read(logger.output_dir)[-1].context["trail"]) == 2


def test_the_end_of_a_computation_is_in_the_log(logger):
    import json

    fail(logger, x0=0.5)
    with logger.computation("newton", theoretical_ref="§2.1", x0=1.5):
        pass
    logger.flush()
    [log] = logger.output_dir.with_name("logs").glob("computations_*")
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    ends = [line for line in lines if line["message"] == "computation closed"]
    assert [line["outcome"] for line in ends] == ["failed", "ok"]
    assert ends[0]["failure_id"] == read(logger.output_dir)[-1].id
    assert ends[1]["parameters"] == {"x0": 1.5}
    assert {line["session_id"] for line in lines} == {logger.session_id}


def test_a_logged_failure_is_the_outcome_of_its_computation(logger):
    import json

    with logger.computation("outer", theoretical_ref="§1"):
        with logger.computation("newton", theoretical_ref="§2.1", computation="an argument"):
            logger.log_failure("newton", ValueError("no root"), {}, "§2.1")
    logger.flush()
    [log] = logger.output_dir.with_name("logs").glob("computations_*")
    ends = [line for line in map(json.loads, log.read_text().splitlines()) if line.get("outcome")]
    assert [(line["computation"], line["outcome"]) for line in ends] == [("newton", "failed"), ("outer", "ok")]
    [record] = read(logger.output_dir)
    assert ends[0]["failure_id"] == record.id
    assert ends[0]["parameters"] == {"computation": "an argument"}
    assert record.context["spans"][0]["fields"] == {
        "computation": "newton",
        "theoretical_ref": "§2.1",
        "computation_": "an argument",
    }


def test_the_examples_in_docstrings_run():
    import doctest
    import importlib
    import pkgutil

    names = [module.name for module in pkgutil.walk_packages(tracing_failure.__path__, "tracing_failure.")]
    results = [doctest.testmod(importlib.import_module(name)) for name in ("tracing_failure", *names)]
    assert sum(result.attempted for result in results) > 40
    assert not any(result.failed for result in results)
