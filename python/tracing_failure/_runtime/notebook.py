"""Where a failure happens: the session, and in IPython the notebook and the cell."""

import linecache
import os
import sys
from pathlib import Path
from typing import Any

from .. import _native

#: Endings of what Jupyter opens as a notebook. It gives consoles a name in the same variable.
_NOTEBOOK_SUFFIXES = (".ipynb", ".md", ".py", ".qmd", ".Rmd")


def working_directory() -> str:
    """With a separator at its end."""
    try:
        return os.path.join(os.getcwd(), "")
    except OSError:
        # It was deleted.
        return os.sep


#: Where the program was started.
_START_DIRECTORY = working_directory()


def ipython_shell() -> Any:
    """The running IPython, if there is one."""
    ipython = sys.modules.get("IPython")
    get = getattr(ipython, "get_ipython", None)
    return get() if get is not None else None


_session_id: str | None = None


def current_session_id() -> str:
    """The id of this run: that of the kernel's session, which a restart renews, else a new one."""
    global _session_id
    if _session_id is None:
        try:
            _session_id = str(ipython_shell().kernel.session.session)
        except AttributeError:
            _session_id = _native.new_id()
    return _session_id


def current_notebook() -> str | None:
    """The notebook that runs this code: relative to the working directory where it lies in it."""
    shell = ipython_shell()
    name = None
    if shell is not None:
        # VS Code's variable, and Jupyter's.
        name = shell.user_ns.get("__vsc_ipynb_file__") or os.environ.get("JPY_SESSION_NAME")
    if not isinstance(name, str) or not name.endswith(_NOTEBOOK_SUFFIXES):
        return None
    path = Path(name)
    try:
        return str(path.relative_to(_START_DIRECTORY)) if path.is_absolute() else name
    except (ValueError, OSError):
        return name


def current_cell_number() -> int | None:
    """The number of the cell that runs. ``execution_count`` is one ahead inside of a cell, or not, by the version of
    IPython; the history is not.
    """
    history = getattr(ipython_shell(), "history_manager", None)
    inputs = getattr(history, "input_hist_raw", None)
    return len(inputs) - 1 if inputs is not None and len(inputs) > 1 else None


def cell_number_of(file: str) -> int | None:
    """The number of the cell that was compiled under this name."""
    shell = ipython_shell()
    cells = getattr(getattr(shell, "compile", None), "_filename_map", None)
    if isinstance(cells, dict):
        return cells.get(file)
    # Colab's IPython 7 does not keep it: it is the last cell with this text.
    inputs = getattr(getattr(shell, "history_manager", None), "input_hist_parsed", None)
    entry = linecache.cache.get(file, ())
    if not inputs or len(entry) < 4:
        return None
    source = "".join(entry[2]).rstrip("\n")
    return next((number for number in range(len(inputs) - 1, 0, -1) if inputs[number] == source), None)


def display_file(file: str) -> str:
    """A file as people know it: ``In[3]`` for a cell, whose own name changes from kernel to kernel. What lies below the
    directory that the program was started in is relative to it: the same on every machine.
    """
    number = cell_number_of(file)
    if number is not None:
        return f"In[{number}]"
    return file if _START_DIRECTORY == os.sep else file.removeprefix(_START_DIRECTORY)


def absolute_path(file: str) -> str:
    """A file by its whole name, wherever the program has gone since it was started."""
    return os.path.normpath(os.path.join(_START_DIRECTORY, file))


def display_path(path: Path) -> str:
    """The path of a record, from the working directory where it lies below."""
    return str(path).removeprefix(working_directory())
