"""The example notebook about the corpus, executed on the runs of the example `sweep`."""

import copy
import json
import os
import re
import shutil
import socket
import subprocess
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

PROJECT = Path(__file__).parents[2]
#: Executed and stored anew by `UPDATE_NOTEBOOK=1 pytest tests/test_corpus_notebook.py`.
EXAMPLE = PROJECT / "python" / "examples" / "corpus.ipynb"


@pytest.fixture(scope="module")
def sweep(tmp_path_factory):
    """A directory with the runs of the example."""
    if shutil.which("cargo") is None or not EXAMPLE.is_file():
        pytest.skip("needs the sources and a Rust toolchain")
    pytest.importorskip("sklearn", reason="needs scikit-learn")
    directory = tmp_path_factory.mktemp("sweep")
    command = ["cargo", "run", "--quiet", "--example", "sweep", str(directory / "io"), "2000"]
    subprocess.run(command, cwd=PROJECT, check=True, capture_output=True)
    return directory


def test_the_example_notebook_runs(sweep):
    stored = nbformat.read(EXAMPLE, as_version=4)
    notebook = copy.deepcopy(stored)
    place = {"metadata": {"path": str(sweep)}}
    NotebookClient(notebook, kernel_name="python3", record_timing=False, resources=place, timeout=300).execute()
    notebook.metadata.language_info = {"name": "python"}
    if os.environ.get("UPDATE_NOTEBOOK"):
        nbformat.write(notebook, EXAMPLE)
        stored = notebook

    text = json.dumps([cell.get("outputs") for cell in notebook.cells])
    assert "variable is coupling" in text and "lambda &gt; " in text
    assert "image/png" in text and "leaves the region" in text
    rules, model = (float(score) for score in re.findall(r"AUC ([\d.]+)", text))
    assert rules > 0.98 and model > 0.98
    # The stored outputs have the same shape, and no facts of the machine.
    assert [[output.output_type for output in cell.get("outputs", [])] for cell in stored.cells] == [
        [output.output_type for output in cell.get("outputs", [])] for cell in notebook.cells
    ]
    outputs = json.dumps([cell.get("outputs") for cell in stored.cells])
    for secret in (str(Path.home()), "/home/", "/Users/", "site-packages", str(sweep), socket.gethostname() + ":"):
        assert secret not in outputs
