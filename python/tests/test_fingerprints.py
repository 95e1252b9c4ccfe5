"""Fingerprints do not depend on working directory, place of installation or machine."""

import os
import pathlib
import shutil
import subprocess
import sys
from typing import Any

import pytest

from tracing_failure import read

SCRIPT = """
import os, sys, math, json
from tracing_failure import StructuredLogger
logger = StructuredLogger(os.environ["RECORDS"])

@logger.computation("flow", theoretical_ref="r")
def flow(x):
    return math.sqrt(x)

def main():
    builtin = logger.computation("builtin", "r")(math.sqrt)
    library = logger.computation("library", "r")(json.loads)
    for computation in (flow, builtin, library):
        try:
            computation(-1.0 if computation.__name__ != "loads" else "{")
        except ValueError:
            pass

main()
"""


def run(*command: Any, cwd: pathlib.Path, records: pathlib.Path) -> list[Any]:
    environment = os.environ | {"RECORDS": str(records)}
    command = [sys.executable, *command]
    process = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=120)
    assert process.returncode == 0, process.stderr
    return list(read(records))


@pytest.mark.parametrize("marker", ["pyproject.toml", None])
def test_a_script_has_one_fingerprint_from_any_directory(tmp_path: pathlib.Path, marker: str | None) -> None:
    project = tmp_path / "project"
    (project / "runs").mkdir(parents=True)
    (project / "runs" / "script.py").write_text(SCRIPT)
    if marker is not None:
        (project / marker).touch()
    found = [
        run("script.py", cwd=project / "runs", records=tmp_path / "1"),
        run("runs/script.py", cwd=project, records=tmp_path / "2"),
        run(project / "runs" / "script.py", cwd=pathlib.Path("/"), records=tmp_path / "3"),
    ]
    shutil.copytree(project, tmp_path / "elsewhere")
    found.append(run("script.py", cwd=tmp_path / "elsewhere" / "runs", records=tmp_path / "4"))
    fingerprints = {tuple(failure.fingerprint for failure in failures) for failures in found}
    assert len(fingerprints) == 1 and len(found[0]) == 3
    expected = "runs/script.py" if marker else "script.py"
    for failure in found[0]:
        assert failure.context["location"]["file"] == expected


def test_a_script_in_a_package_has_one_fingerprint_for_all_ways_to_run_it(tmp_path: pathlib.Path) -> None:
    package = tmp_path / "solver" / "flows"
    package.mkdir(parents=True)
    for directory in (package, package.parent):
        (directory / "__init__.py").touch()
    (package / "script.py").write_text(SCRIPT)
    found = [
        run("script.py", cwd=package, records=tmp_path / "1"),
        run("-m", "solver.flows.script", cwd=tmp_path, records=tmp_path / "2"),
        run("-c", "import solver.flows.script", cwd=tmp_path, records=tmp_path / "3"),
    ]
    assert len({tuple(failure.fingerprint for failure in failures) for failures in found}) == 1
    for failures in found:
        assert {failure.context["location"]["file"] for failure in failures} == {"solver/flows/script.py"}


def test_the_location_of_a_module_is_its_import_path(tmp_path: pathlib.Path) -> None:
    package = tmp_path / "lib" / "solver"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "newton.py").write_text("def step():\n    raise ValueError('no root')\n")
    script = tmp_path / "script.py"
    script.write_text(
        "import os, sys\nsys.path.insert(0, 'lib')\nfrom solver.newton import step\n"
        "from tracing_failure import StructuredLogger\n"
        "try:\n    with StructuredLogger(os.environ['RECORDS']).computation('c', 'r'):\n        step()\n"
        "except ValueError: pass\n"
    )
    [failure] = run("script.py", cwd=tmp_path, records=tmp_path / "records")
    assert failure.context["location"] == {"file": "solver/newton.py", "line": 2, "module": "solver.newton"}


def test_the_location_of_a_compiled_function_is_its_caller(tmp_path: pathlib.Path) -> None:
    (tmp_path / "script.py").write_text(SCRIPT)
    failures = run("script.py", cwd=tmp_path, records=tmp_path / "records")
    lines = SCRIPT.splitlines()
    for failure in failures:
        location = failure.context["location"]
        assert location["file"] == "script.py"
        expected_line = "return math.sqrt(x)" if failure.computation == "flow" else "computation(-1.0"
        assert expected_line in lines[location["line"] - 1]
        assert not any("tracing_failure" in frame["file"] for frame in failure.context["frames"])


def test_a_notebook_has_one_fingerprint_in_all_programs(tmp_path: pathlib.Path) -> None:
    code = """
import json, os
from IPython.core.interactiveshell import InteractiveShell
from tracing_failure import StructuredLogger
shell = InteractiveShell.instance()
shell.user_ns["logger"] = StructuredLogger(os.environ["RECORDS"])
if os.environ.get("NUMBER"):
    shell.run_cell("1", store_history=True)
shell.run_cell("def f(x):\\n    with logger.computation('c', 'r'):\\n        return 1 / x\\nf(0)", store_history=True)
"""
    found = []
    sessions = [{}, {"JPY_SESSION_NAME": "flow.ipynb"}, {"JPY_SESSION_NAME": "/a/b.ipynb", "NUMBER": "1"}]
    for number, session in enumerate(sessions):
        directories = {"RECORDS": str(tmp_path / str(number)), "IPYTHONDIR": str(tmp_path / "ipython")}
        environment = os.environ | directories | session
        command = [sys.executable, "-c", code]
        process = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
        [failure] = read(tmp_path / str(number))
        found.append(failure.fingerprint)
        assert failure.context.get("notebook") == session.get("JPY_SESSION_NAME"), process.stderr
    assert len(set(found)) == 1
