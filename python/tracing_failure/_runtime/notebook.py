"""The session, and in IPython the notebook and the cell, that a failure happens in."""

import linecache
import os
import sys
from pathlib import Path
from typing import Any

from .. import _native

#: Suffixes of files that Jupyter opens as notebooks. `JPY_SESSION_NAME` also holds names of consoles, which have none.
_NOTEBOOK_SUFFIXES = (".ipynb", ".md", ".py", ".qmd", ".Rmd")


def working_directory() -> str:
    """The working directory, with a separator at its end."""
    try:
        return os.path.join(os.getcwd(), "")
    except OSError:
        # The directory was deleted.
        return os.sep


#: The working directory at the start of the program.
_START_DIRECTORY = working_directory()


def ipython_shell() -> Any:
    """The running IPython shell, or ``None``."""
    ipython = sys.modules.get("IPython")
    get = getattr(ipython, "get_ipython", None)
    return get() if get is not None else None


_session_id: str | None = None


def current_session_id() -> str:
    """The id of this run: in Jupyter that of the kernel's session, which changes with a restart, otherwise a new id."""
    global _session_id
    if _session_id is None:
        try:
            _session_id = str(ipython_shell().kernel.session.session)
        except AttributeError:
            _session_id = _native.new_id()
    return _session_id


def current_notebook() -> str | None:
    """The file of the running notebook, relative to the start directory if it is below it."""
    shell = ipython_shell()
    name = None
    if shell is not None:
        # VS Code sets the variable in the namespace, Jupyter the one in the environment.
        name = shell.user_ns.get("__vsc_ipynb_file__") or os.environ.get("JPY_SESSION_NAME")
    if not isinstance(name, str) or not name.endswith(_NOTEBOOK_SUFFIXES):
        return None
    path = Path(name)
    try:
        return str(path.relative_to(_START_DIRECTORY)) if path.is_absolute() else name
    except (ValueError, OSError):
        return name


def current_cell_number() -> int | None:
    """The number of the running cell.

    It comes from the history: whether ``execution_count`` is one ahead inside a cell depends on the version of IPython.
    """
    history = getattr(ipython_shell(), "history_manager", None)
    inputs = getattr(history, "input_hist_raw", None)
    return len(inputs) - 1 if inputs is not None and len(inputs) > 1 else None


def cell_number_of(file: str) -> int | None:
    """The number of the cell that was compiled under this file name, or ``None``."""
    shell = ipython_shell()
    cells = getattr(getattr(shell, "compile", None), "_filename_map", None)
    if isinstance(cells, dict):
        return cells.get(file)
    # IPython 7, which Colab uses, has no such map. The cell is then the last one with this text.
    inputs = getattr(getattr(shell, "history_manager", None), "input_hist_parsed", None)
    entry = linecache.cache.get(file, ())
    if not inputs or len(entry) < 4:
        return None
    source = "".join(entry[2]).rstrip("\n")
    return next((number for number in range(len(inputs) - 1, 0, -1) if inputs[number] == source), None)


def display_file(file: str) -> str:
    """The name of a file that a record shows: the same in every kernel and on every machine.

    A cell is ``In[3]``. A file below the start directory is relative to it.
    """
    number = cell_number_of(file)
    if number is not None:
        return f"In[{number}]"
    return file if _START_DIRECTORY == os.sep else file.removeprefix(_START_DIRECTORY)


def absolute_path(file: str) -> str:
    """The absolute path of a file name that is relative to the start directory."""
    return os.path.normpath(os.path.join(_START_DIRECTORY, file))


def display_path(path: Path) -> str:
    """The path of a record, relative to the working directory if it is below it."""
    return str(path).removeprefix(working_directory())
