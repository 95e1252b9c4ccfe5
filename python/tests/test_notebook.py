"""Real notebooks, executed in real kernels."""

import asyncio
import cProfile
import collections
import concurrent.futures
import contextlib
import copy
import functools
import json
import linecache
import os
import re
import socket
import timeit
import trace
from collections.abc import Callable, Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple, cast
from unittest import mock

import nbformat
import pytest
from jupyter_client.manager import start_new_kernel
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

from tracing_failure import Failure, read
from tracing_failure._ipython.failed_function import failed_frame
from tracing_failure._runtime import notebook as _notebook

#: Executed and stored anew by `UPDATE_NOTEBOOK=1 pytest tests/test_notebook.py`.
EXAMPLE = Path(__file__).parents[2] / "examples" / "notebook.ipynb"


def execute(directory: Path, cells: Iterable[str], env: dict[str, str] | None = None) -> Any:
    """A notebook with these cells, executed in the directory to its end."""
    notebook = new_notebook(cells=[new_code_cell(cell) for cell in cells])
    client(notebook, directory, allow_errors=True).execute(env={**os.environ, **(env or {})})
    return notebook


def client(notebook: Any, directory: Path, **options: Any) -> NotebookClient:
    """A client with long timeouts: on a busy machine, the defaults lose output of cells."""
    waits = {"timeout": 300, "startup_timeout": 300, "iopub_timeout": 60}
    place = {"metadata": {"path": str(directory)}}
    return NotebookClient(notebook, kernel_name="python3", record_timing=False, resources=place, **waits, **options)


def records(directory: Path) -> list[Failure]:
    failures = directory / "io" / "failures"
    return list(read(failures)) if failures.exists() else []


def errors(cell: Any) -> list[str]:
    return [output.ename for output in cell.outputs if output.output_type == "error"]


def stderr(cell: Any) -> str:
    return "".join(output.text for output in cell.outputs if output.get("name") == "stderr")


def stdout(cell: Any) -> str:
    return "".join(output.text for output in cell.outputs if output.get("name") == "stdout")


def brief(failure: Failure) -> tuple[Any, ...]:
    return failure.context["cell_number"], failure.computation, failure.error_type, failure.parameters


SETUP = """\
from tracing_failure import StructuredLogger
from datetime import datetime
import json

# Initialize logger
logger = StructuredLogger(output_dir="io/failures")
"""

FLOW = """\
class ConvergenceError(RuntimeError):
    pass

def compute_rg_flow(initial_couplings, t_range, method):
    raise ConvergenceError("RG flow integration failed to converge")

params = {"initial_couplings": [50.0, 100.0, 150.0], "t_range": [-10, 10], "method": "RK45"}
"""

TRY = """\
try:
    # Your computation
    result = compute_rg_flow(**params)
except Exception as e:
    # Log failure
    logger.log_failure(
        computation="rg_flow_integration",
        error=e,
        parameters=params,
        theoretical_ref="IRH v21.4 Part 1 §1.2"
    )
    raise
"""


def test_a_failure_logged_in_a_cell_is_complete(tmp_path: Path) -> None:
    notebook = execute(tmp_path, [SETUP, FLOW, TRY, SETUP, TRY, "logger.stats['recorded']"])
    first, second = records(tmp_path)

    assert first.path is not None and first.path.name.startswith("rg_flow_")
    assert first.computation == "rg_flow_integration"
    assert first.theoretical_ref == "IRH v21.4 Part 1 §1.2"
    assert first.error_type == "ConvergenceError"
    assert first.error_message == "RG flow integration failed to converge"
    assert first.parameters == {"initial_couplings": [50.0, 100.0, 150.0], "t_range": [-10, 10], "method": "RK45"}
    assert first.stack_trace.startswith("Traceback (most recent call last):\n")
    for line in (
        "    result = compute_rg_flow(**params)\n",
        '    raise ConvergenceError("RG flow integration failed to converge")\n',
        "ConvergenceError: RG flow integration failed to converge\n",
    ):
        assert line in first.stack_trace
    frames = [(frame["function"], frame["file"], frame["line"]) for frame in first.context["frames"]]
    assert frames == [("compute_rg_flow", "In[2]", 5), ("<module>", "In[3]", 3)]

    # The cells have these numbers, and the exception propagates.
    assert [first.context["cell_number"], second.context["cell_number"]] == [3, 5]
    assert [notebook.cells[index].execution_count for index in (2, 4)] == [3, 5]
    assert errors(notebook.cells[2]) == ["ConvergenceError"]
    # The fingerprint does not depend on the number of the cell.
    assert first.fingerprint == second.fingerprint and first.id != second.id
    assert first.context["session_id"] == second.context["session_id"]
    # The cell that makes the logger ran twice, and there is one recorder.
    assert notebook.cells[5].outputs[0].data["text/plain"] == "2"


def test_a_restart_of_the_kernel_starts_a_new_session(tmp_path: Path) -> None:
    manager, kernel = start_new_kernel(kernel_name="python3", cwd=str(tmp_path))
    try:
        for cell in (SETUP, "logger.log_failure('a')", "logger.log_failure('b')"):
            kernel.execute_interactive(cell, timeout=60, output_hook=lambda message: None)
        manager.restart_kernel()
        kernel.wait_for_ready(timeout=60)
        for cell in (SETUP, "logger.log_failure('c')"):
            reply = kernel.execute_interactive(cell, timeout=60, output_hook=lambda message: None)
    finally:
        kernel.stop_channels()
        manager.shutdown_kernel(now=True)
    a, b, c = (failure.context["session_id"] for failure in records(tmp_path))
    assert a == b != c == reply["header"]["session"]


def test_the_record_has_the_name_of_the_notebook(tmp_path: Path) -> None:
    name = tmp_path / "flows" / "rg.ipynb"
    cells = [
        SETUP,
        "logger.log_failure('of Jupyter')",
        "import os; os.environ['JPY_SESSION_NAME'] = os.path.abspath('Console 1'); logger.log_failure('of a console')",
        "__vsc_ipynb_file__ = os.path.abspath('vs.ipynb'); logger.log_failure('of VS Code')",
        "os.chdir('/'); logger.log_failure('elsewhere')",
        "__vsc_ipynb_file__ = '/other/place.ipynb'; logger.log_failure('not below')",
        "StructuredLogger('io/failures', notebook='named').log_failure('with an option')",
    ]
    cells[-1] = cells[-1].replace("'io/failures'", repr(str(tmp_path / "io" / "failures")))
    execute(tmp_path, cells, {"JPY_SESSION_NAME": str(name)})
    assert {failure.computation: failure.context.get("notebook") for failure in records(tmp_path)} == {
        "of Jupyter": os.path.join("flows", "rg.ipynb"),
        "of a console": None,
        "of VS Code": "vs.ipynb",
        "elsewhere": "vs.ipynb",
        "not below": "/other/place.ipynb",
        "with an option": "named",
    }


class Cell(NamedTuple):
    """A cell, and its records: computation, type of the error, and parameters."""

    source: str
    recorded: list[tuple[str, str, dict[str, Any]]]


CELLS = [
    Cell("%load_ext tracing_failure", []),
    Cell("%load_ext tracing_failure\nimport asyncio, math, tracing_failure\nfrom math import sin\nbeta = 5.7", []),
    Cell("tracing_failure.load_ipython_extension(get_ipython())", []),
    Cell("math; sin; beta / 0", [("notebook_cell", "ZeroDivisionError", {"beta": 5.7})]),
    # The same cell again.
    Cell("math; sin; beta / 0", [("notebook_cell", "ZeroDivisionError", {"beta": 5.7})]),
    # `%debug` finds the traceback as it was.
    Cell("import sys\nassert sys.last_value.__traceback__ is sys.last_traceback", []),
    Cell("def solve(x, *, rtol=1e-6):\n    return x / 0\nsolve(beta)",
         [("solve", "ZeroDivisionError", {"beta": 5.7, "x": 5.7, "rtol": 1e-6})]),
    Cell("[(lambda: solve(b))() for b in (2, 3)]", [("solve", "ZeroDivisionError", {"x": 2, "rtol": 1e-6})]),
    Cell("class Flow:\n    def run(self, t):\n        raise ValueError(t)\nFlow().run(3)",
         [("Flow.run", "ValueError", {"t": 3})]),
    Cell("%time solve(beta)", [("solve", "ZeroDivisionError", {"beta": 5.7, "x": 5.7, "rtol": 1e-6})]),
    Cell("%%time\nsolve(beta)", [("solve", "ZeroDivisionError", {"beta": 5.7, "x": 5.7, "rtol": 1e-6})]),
    Cell("await asyncio.sleep(0)\nbeta / 0", [("notebook_cell", "ZeroDivisionError", {"beta": 5.7})]),
    Cell("async def later(n):\n    await asyncio.sleep(0)\n    raise OSError(n)\nawait later(1)",
         [("later", "OSError", {"n": 1})]),
    Cell("!true\nlines = !echo hello\nraise ValueError(lines[0])",
         [("notebook_cell", "ValueError", {"lines": ["hello"]})]),
    Cell("%%writefile program.py\ndef main(n):\n    raise OSError(n)\nmain(7)", []),
    Cell("%run program.py", [("main", "OSError", {"n": 7})]),
    Cell("raise ExceptionGroup('several', [ValueError(1), TypeError(2)])", [("notebook_cell", "ExceptionGroup", {})]),
    Cell("get_ipython().run_cell('beta / 0', store_history=False);",
         [("notebook_cell", "ZeroDivisionError", {"beta": 5.7})]),
    # The last shown exception is from the previous cell.
    Cell("beta", []),
    # These are no failures of a computation.
    Cell("def (", []),
    Cell("return 1", []),
    Cell("%no_such_magic", []),
    Cell("raise KeyboardInterrupt", []),
    Cell("raise SystemExit", []),
    Cell("raise SystemExit(3)", [("notebook_cell", "SystemExit", {})]),
    Cell("try:\n    1 / 0\nexcept ZeroDivisionError:\n    pass", []),
    # Failures that are recorded already.
    Cell("from tracing_failure import StructuredLogger\nlogger = StructuredLogger()\n"
         "try:\n    beta / 0\nexcept Exception as e:\n    logger.log_failure('logged', e, {'x': 1})\n    raise",
         [("logged", "ZeroDivisionError", {"x": 1})]),
    Cell("with logger.computation('inside', rtol=1e-3) as c:\n    beta / 0",
         [("inside", "ZeroDivisionError", {"rtol": 1e-3})]),
    Cell("try:\n    with logger.computation('inside'):\n        beta / 0\n"
         "except Exception as e:\n    raise RuntimeError('in other words') from e",
         [("inside", "ZeroDivisionError", {})]),
    Cell("with logger.computation('interrupted'):\n    raise KeyboardInterrupt",
         [("interrupted", "KeyboardInterrupt", {})]),
    Cell("async def task(n):\n    with logger.computation('task', n=n):\n        beta / 0\n"
         "async with asyncio.TaskGroup() as group:\n    group.create_task(task(1))\n    group.create_task(task(2))",
         [("task", "ZeroDivisionError", {"n": 1}), ("task", "ZeroDivisionError", {"n": 2})]),
    # A group with a member that is not recorded.
    Cell("try:\n    with logger.computation('task'):\n        beta / 0\n"
         "except Exception as e:\n    raise ExceptionGroup('two', [e, ValueError()])",
         [("task", "ZeroDivisionError", {}), ("notebook_cell", "ExceptionGroup", {"beta": 5.7})]),
    # Another failure, while the recorded one was handled.
    Cell("try:\n    beta / 0\nexcept Exception as e:\n    logger.log_failure('logged', e)\n    raise KeyError(beta)",
         [("logged", "ZeroDivisionError", {}), ("notebook_cell", "KeyError", {"beta": 5.7})]),
    Cell("%reload_ext tracing_failure", []),
    Cell("solve(1)", [("solve", "ZeroDivisionError", {"x": 1, "rtol": 1e-6})]),
    Cell("%unload_ext tracing_failure", []),
    Cell("%unload_ext tracing_failure\nbeta / 0", []),
]  # fmt: skip


@pytest.fixture(scope="module")
def extension(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, list[Failure]]:
    directory = tmp_path_factory.mktemp("extension")
    notebook = execute(directory, [cell.source for cell in CELLS])
    return notebook, records(directory)


def test_every_cell_that_raises_is_recorded_once(extension: tuple[Any, list[Failure]]) -> None:
    _, failures = extension
    assert [brief(failure) for failure in failures] == [
        (number, *recorded) for number, cell in enumerate(CELLS, 1) for recorded in cell.recorded
    ]


def test_the_path_of_the_record_follows_the_traceback(extension: tuple[Any, list[Failure]]) -> None:
    notebook, failures = extension
    for cell in notebook.cells:
        for failure in failures:
            if failure.context["cell_number"] == cell.execution_count and failure.computation in ("solve", "Flow.run"):
                path = os.path.join("io", "failures", failure.path.name if failure.path else "")
                assert stderr(cell) == f"tracing-failure: recorded in {path}\n"
                assert cell.outputs[-1].output_type == "stream"
    logged = next(cell for cell in notebook.cells if "'logged', e, {" in cell.source)
    assert stderr(logged) == ""


def test_the_stack_begins_at_the_cell(extension: tuple[Any, list[Failure]]) -> None:
    notebook, failures = extension
    failure = next(failure for failure in failures if failure.computation == "solve")
    first, second, third, *_ = failure.stack_trace.splitlines()
    assert first == "Traceback (most recent call last):"
    assert ", line 3, in <" in second and third == "    solve(beta)"
    assert [frame["file"] for frame in failure.context["frames"]] == ["In[7]", "In[7]"]
    assert failure.context["location"]["line"] == 2


def test_a_failure_names_the_recorded_one_that_was_handled(extension: tuple[Any, list[Failure]]) -> None:
    _, failures = extension
    first = next(each for each in failures if each.computation == "logged" and not each.parameters)
    second = next(each for each in failures if each.error_type == "KeyError")
    assert second.context["caused_by"] == first.id


def test_all_cells_have_one_session(extension: tuple[Any, list[Failure]]) -> None:
    _, failures = extension
    assert len({failure.context["session_id"] for failure in failures}) == 1


def test_a_cell_of_an_older_ipython_is_found_by_its_text(monkeypatch: pytest.MonkeyPatch) -> None:
    history = SimpleNamespace(input_hist_parsed=["", "f()", "g()", "f()"])
    monkeypatch.setattr(_notebook, "ipython_shell", lambda: SimpleNamespace(compile=object(), history_manager=history))
    monkeypatch.setitem(linecache.cache, "cell.py", (4, None, ["f()\n"], "cell.py"))
    assert _notebook.display_file("cell.py") == "In[3]"
    assert _notebook.display_file("other.py") == "other.py"


def test_records_go_to_the_latest_logger_or_the_start_directory(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    notebook = execute(
        tmp_path,
        [
            "%load_ext tracing_failure\nimport os",
            "1 + 1",
            "os.listdir()",
            # Without a logger, records go to the directory in which the extension was loaded.
            "os.chdir('elsewhere')\n1 / 0",
            "2 / 0",
            # The package is imported later, and a logger made.
            "import tracing_failure\nlogger = tracing_failure.StructuredLogger('other')",
            "3 / 0",
        ],
    )
    assert [each.context["cell_number"] for each in records(tmp_path)] == [4, 5]
    assert [each.context["cell_number"] for each in read(tmp_path / "elsewhere" / "other")] == [7]
    # No directory is created before a failure.
    assert notebook.cells[2].outputs[0].data["text/plain"] == "['elsewhere']"
    assert f"recorded in {tmp_path / 'io' / 'failures'}" in stderr(notebook.cells[3])
    assert "recorded in other/general_" in stderr(notebook.cells[6])


def test_a_record_of_a_cell_without_a_directory_is_on_stderr(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    notebook = execute(
        tmp_path,
        ["%load_ext tracing_failure\nbeta = 5.7", "1 / (beta - 5.7)", "2 + 2"],
        {"TRACING_FAILURE_DIR": "file/below"},
    )
    assert errors(notebook.cells[1]) == ["ZeroDivisionError"]
    # The kernel writes to the same stderr, and the cell that gets its text is random.
    line = next(line for line in capfd.readouterr().err.splitlines() if line.startswith("{"))
    failure = Failure.from_json(line)
    assert (failure.error_type, failure.parameters["beta"]) == ("ZeroDivisionError", 5.7)
    assert "file/below" in stderr(notebook.cells[1])
    assert notebook.cells[2].outputs[0].data["text/plain"] == "4"


def test_base_exceptions_are_recorded(tmp_path: Path) -> None:
    execute(
        tmp_path,
        [
            "%load_ext tracing_failure\nimport sys, asyncio\nclass PanicException(BaseException): pass",
            "raise PanicException('index out of bounds')",
            "sys.exit('no convergence')",
            "sys.exit(0)",
            "raise KeyboardInterrupt",
            "raise asyncio.CancelledError",
            "raise GeneratorExit",
            "eval('1 +')",
        ],
    )
    assert [(each.context["cell_number"], each.error_type, each.error_message) for each in records(tmp_path)] == [
        (2, "PanicException", "index out of bounds"), (3, "SystemExit", "no convergence"),
    ]  # fmt: skip


def test_the_failed_function_is_not_its_runner(tmp_path: Path) -> None:
    pytest.importorskip("nest_asyncio")
    execute(
        tmp_path,
        [
            "%load_ext tracing_failure\nimport asyncio, nest_asyncio\nnest_asyncio.apply()",
            "async def relax(beta):\n    raise ValueError('x')",
            "asyncio.run(relax(5.7))",
        ],
    )
    [failure] = records(tmp_path)
    assert (failure.computation, failure.parameters["beta"]) == ("relax", 5.7)


def solve(*args: Any, **kwargs: Any) -> Any:
    raise ValueError("no convergence")


async def solve_later() -> None:
    solve()


def called(run: Callable[[Callable[..., Any]], Any]) -> str:
    """The function that a cell has called, by the traceback of what ran it."""
    with pytest.raises(ValueError, match="no convergence") as caught:
        run(solve)
    frame = failed_frame(caught.tb.tb_next)
    return frame.f_code.co_qualname if frame is not None else ""


@pytest.mark.parametrize(
    "package",
    ["nest_asyncio", "nest_asyncio2", "ipywidgets", "ipykernel", "IPython", "tornado", "traitlets", "trio", "anyio",
     "joblib", "tenacity", "greenlet", "decorator", "wrapt", "jupyter_client"],
)  # fmt: skip
def test_a_package_that_runs_functions_is_not_the_failed_function(package: str) -> None:
    def running(file: str) -> Callable[..., Any]:
        names = {"__name__": f"{package}.core"}
        exec(compile("def run(function): return function()", file, "exec"), names)
        return cast("Callable[..., Any]", names["run"])

    assert called(running(f"/env/lib/site-packages/{package}/core.py")) == "solve"
    # A file of the program with this name has.
    assert called(running(f"/home/me/{package}.py")) == "run"


RUNNERS: dict[str, Callable[[Callable[..., Any]], Any]] = {
    "asyncio": lambda solve: asyncio.run(solve_later()),
    "concurrent": lambda solve: concurrent.futures.ThreadPoolExecutor().submit(solve).result(),
    "contextlib": lambda solve: contextlib.contextmanager(solve)().__enter__(),
    "cProfile": lambda solve: cProfile.Profile().runcall(solve),
    "functools": lambda solve: functools.singledispatch(solve)(1),
    "timeit": lambda solve: timeit.timeit(solve, number=1),
    "trace": lambda solve: trace.Trace(count=False, trace=False).runfunc(solve),
    "unittest": lambda solve: mock.patch.dict({"a": 1})(solve)(),
}


@pytest.mark.parametrize("run", RUNNERS.values(), ids=RUNNERS)
def test_a_runner_of_the_standard_library_is_not_the_failed_function(run: Callable[[Callable[..., Any]], Any]) -> None:
    assert called(run) in ("solve", "solve_later")


FROZEN = """\
import dataclasses
@dataclasses.dataclass(frozen=True)
class Diverged(Exception):
    norm: float
def flow(norm):
    raise Diverged(norm)
"""


def test_cells_may_fail_in_magics_and_widgets(tmp_path: Path) -> None:
    notebook = execute(
        tmp_path,
        [
            "1 / 0",
            # It is not this cell that failed.
            "%load_ext tracing_failure",
            FROZEN,
            "flow(1e13)",
            "login = 4711",
            "%prun 1 / 0",
            "%%timeit -n 1 -r 1\nflow(1e14)",
            "from concurrent.futures import ThreadPoolExecutor\nThreadPoolExecutor(1).submit(flow, 1e15).result()",
            "odd = type('Odd', (), {'__module__': None})()",
            "odd; 2 / 0",
            "%%writefile solve.py\ndef solve(mu):\n    return 1 / (mu - 3)\nsolve(3)",
            "import runpy\nrunpy.run_path('solve.py')",
        ],
    )
    cells = [(each.context["cell_number"], each.computation, each.parameters) for each in records(tmp_path)]
    assert [each[:2] for each in cells] == [
        (4, "flow"), (6, "notebook_cell"), (7, "flow"), (8, "flow"), (10, "notebook_cell"), (12, "solve"),
    ]  # fmt: skip
    assert cells[0][2] == {"norm": 1e13} and "login" not in json.dumps(cells)
    assert not any("Error in callback" in stderr(cell) + stdout(cell) for cell in notebook.cells)


VALUES = """\
%load_ext tracing_failure
import numpy as np, pandas as pd, tracing_failure
from functools import lru_cache, partial
from numpy import linspace, sin
from os import environ
# %% Secrets, a large array, and what is no value.
class Kind: pass
@lru_cache
def known(): pass
logger = tracing_failure.StructuredLogger()
password = "hunter2"
model = {"api_key": "sk-123", "x": np.float64(1.5)}
method = model.get
field = np.zeros((64, 64))
_private = 1
password, model, field, _private, logger, Kind, known, method, np, pd, linspace, sin, partial, environ
In, Out, exit, get_ipython, print, nowhere
# %% Objects that raise wherever one looks, or that have every attribute.
class Bad:
    def __repr__(self): raise RuntimeError
    def __getattr__(self, name): raise RuntimeError
    @property
    def __class__(self): raise RuntimeError
class Open(dict):
    def __getattr__(self, name): return Open()
bad, anything, n = Bad(), Open(a=1), 3
bad, anything; n / 0
# %%
class Frame:
    asked = 0
    def __array__(self, *args, **kwargs):
        Frame.asked += 1
        return np.zeros(3)
frame = Frame()
# %% It is not named.
n / 0
# %%
print(Frame.asked)
# %%
f"{frame}"; n / 0
# %%
print(Frame.asked)
# %% More than anybody reads.
PLENTY; n / 0
# %%
class Broken(Exception):
    def __str__(self): raise RuntimeError("no")
raise Broken(1)
# %%
import sys
sys.setrecursionlimit(400)
def deep(n): return deep(n + 1)
deep(0)
""".replace("PLENTY", "; ".join(f"p{number} = {number}" for number in range(200)))


def test_parameters_are_the_values_that_a_cell_names(tmp_path: Path) -> None:
    notebook = execute(tmp_path, re.split(r"# %%.*\n", VALUES))
    by_cell = {failure.context["cell_number"]: failure for failure in records(tmp_path)}
    assert sorted(by_cell) == [2, 3, 5, 7, 9, 10, 11]

    parameters = by_cell[2].parameters
    assert list(parameters) == ["password", "model", "field"]
    assert parameters["password"] == "[redacted]"
    assert parameters["model"] == {"api_key": "[redacted]", "x": 1.5}
    assert parameters["field"]["summary"] == "array" and parameters["field"]["shape"] == [64, 64]

    assert by_cell[3].parameters == {"bad": "<Bad: its repr raised RuntimeError>", "anything": {"a": 1}, "n": 3}
    assert by_cell[5].parameters == {"n": 3} and stdout(notebook.cells[5]) == "0\n"
    assert by_cell[7].parameters == {"frame": [0.0, 0.0, 0.0], "n": 3} and stdout(notebook.cells[7]) == "1\n"
    assert len(by_cell[9].parameters) == 64
    # IPython itself stumbles over this one.
    assert by_cell[10].error_type in ("Broken", "RuntimeError")
    assert (by_cell[11].error_type, by_cell[11].computation) == ("RecursionError", "deep")


def test_a_reloaded_module_has_its_new_lines(tmp_path: Path) -> None:
    (tmp_path / "physics.py").write_text("def mass(beta):\n    raise ValueError('old')\n")
    cells = [
        "%load_ext tracing_failure\n%load_ext autoreload\n%autoreload 2\nimport physics",
        "physics.mass(5.7)",
        "%%writefile physics.py\ndef mass(beta):\n    return beta / 0\n",
        "physics.mass(5.7)",
    ]
    execute(tmp_path, cells, {"PYTHONDONTWRITEBYTECODE": "1"})
    old, new = records(tmp_path)
    assert [each.computation for each in (old, new)] == ["mass", "mass"]
    assert "raise ValueError('old')" in old.stack_trace
    assert "    return beta / 0\n" in new.stack_trace
    assert new.context["location"] == {"file": "physics.py", "line": 2, "module": "physics"}


def test_a_cell_shows_the_card(tmp_path: Path) -> None:
    notebook = execute(tmp_path, [SETUP, "logger.log_failure('f', ValueError('<b>'))\nimport tracing_failure",
                                  "tracing_failure.read()[-1]", "tracing_failure.read()"])  # fmt: skip
    card, table = (notebook.cells[index].outputs[0].data["text/html"] for index in (2, 3))
    assert "&lt;b&gt;" in card and "In" not in card and "[2]" in card
    assert "&lt;b&gt;" in table


def test_the_example_notebook_runs(tmp_path: Path) -> None:
    stored = nbformat.read(EXAMPLE, as_version=4)
    notebook = copy.deepcopy(stored)
    # Only cells with the tag `raises-exception` may raise.
    client(notebook, tmp_path).execute()
    notebook.metadata.language_info = {"name": "python"}
    if os.environ.get("UPDATE_NOTEBOOK"):
        nbformat.write(notebook, EXAMPLE)
        stored = notebook

    expected = [cell.id for cell in notebook.cells if "raises-exception" in cell.metadata.get("tags", [])]
    assert [cell.id for cell in notebook.cells if cell.cell_type == "code" and errors(cell)] == expected
    assert collections.Counter(failure.computation for failure in records(tmp_path)) == {
        "rg_flow_integration": 35,
        "newton_root": 1,
        "entropy": 1,
        "observable_free_energy": 1,
    }
    # The outputs have no facts of the machine.
    outputs = json.dumps([cell.get("outputs") for cell in stored.cells])
    for secret in (str(Path.home()), "/home/", "/Users/", "site-packages", str(tmp_path), socket.gethostname() + ":"):
        assert secret not in outputs
