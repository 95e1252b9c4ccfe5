"""The registration of callsites in a trail: by threads, by destructors, and while a failure is recorded."""

import sys
import textwrap
import threading

import pytest
from child import Child

from tracing_failure import read
from tracing_failure._runtime import notebook

#: The garbage collector starts while names are compared: encoding a name with a lone surrogate makes objects.
COLLECTION = """
    import gc
    from tracing_failure import StructuredLogger

    class Garbage:
        def __init__(self):
            self.cycle = self

        def __del__(self):
            c.record(inner=1.0)

    class Number:
        def __init__(self, allocations):
            self.allocations = allocations

        def __repr__(self):
            gc.collect()
            gc.set_threshold(0)
            Garbage()
            gc.set_threshold(gc.get_count()[0] + self.allocations)
            return "n"

    with StructuredLogger("failures").computation("c") as c:
        for allocations in range(30):
            c.record(**{"\\ud800x" + str(0): Number(allocations)})
            gc.set_threshold(0)
    print("done")
"""


def test_a_destructor_may_record_while_a_callsite_is_looked_up(tmp_path):
    child = Child("")
    try:
        assert child.run(textwrap.dedent(COLLECTION), tmp_path, 20) == "done\n"
    finally:
        child.close()


def test_a_callsite_has_its_columns_in_a_record_written_during_its_registration(logger, monkeypatch):
    display_file = notebook.display_file
    nested = iter([True])

    def record_meanwhile(file):
        if next(nested, False):
            step(2.0)
            logger.log_failure("c", "no convergence")
        return display_file(file)

    def step(residual):
        c.record("newton step", residual=residual)

    with logger.computation("c") as c:
        monkeypatch.setattr(notebook, "display_file", record_meanwhile)
        step(1.0)
    [entry] = read(logger.output_dir)[-1].context["trail"]
    assert (entry["message"], entry["columns"]) == ("newton step", {"residual": [2.0]})
    assert entry["location"]["file"].endswith("test_callsites.py")


def test_threads_register_a_callsite_once(logger):
    def record_with_new_names(c, barrier):
        barrier.wait()
        for n in range(3):
            c.record(**{"step" + str(0): n})

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(50):
            barrier = threading.Barrier(4)
            with pytest.raises(ValueError), logger.computation("c") as c:
                threads = [threading.Thread(target=record_with_new_names, args=(c, barrier)) for _ in range(4)]
                [thread.start() for thread in threads]
                [thread.join() for thread in threads]
                raise ValueError
    finally:
        sys.setswitchinterval(interval)
    for failure in read(logger.output_dir):
        [entry] = failure.context["trail"]
        assert entry["seen"] == 12
