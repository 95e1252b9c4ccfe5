"""Where a failure happens: the session, and in IPython the notebook and the cell."""

import linecache
import os
import sys
from pathlib import Path
from typing import Any

from .. import _native

#: Endings of what Jupyter opens as a notebook. It gives consoles a name in the same variable.
_NOTEBOOKS = (".ipynb", ".md", ".py", ".qmd", ".Rmd")


def working_directory() -> str:
    """With a separator at its end."""
    try:
        return os.path.join(os.getcwd(), "")
    except OSError:
        # It was deleted.
        return os.sep


#: Where the program was started.
_STARTED_IN = working_directory()


def shell() -> Any:
    """The running IPython, if there is one."""
    ipython = sys.modules.get("IPython")
    get = getattr(ipython, "get_ipython", None)
    return get() if get is not None else None


_session: str | None = None


def session_id() -> str:
    """The id of this run: that of the kernel's session, which a restart renews, else a new one."""
    global _session
    if _session is None:
        try:
            _session = str(shell().kernel.session.session)
        except AttributeError:
            _session = _native.new_id()
    return _session


def notebook() -> str | None:
    """The notebook that runs this code: relative to the working directory where it lies in it."""
    ip = shell()
    name = None
    if ip is not None:
        # VS Code's variable, and Jupyter's.
        name = ip.user_ns.get("__vsc_ipynb_file__") or os.environ.get("JPY_SESSION_NAME")
    if not isinstance(name, str) or not name.endswith(_NOTEBOOKS):
        return None
    path = Path(name)
    try:
        return str(path.relative_to(_STARTED_IN)) if path.is_absolute() else name
    except (ValueError, OSError):
        return name


def cell_number() -> int | None:
    """The number of the cell that runs. ``execution_count`` is one ahead inside of a cell, or not, by the version of
    IPython; the history is not.
    """
    history = getattr(shell(), "history_manager", None)
    inputs = getattr(history, "input_hist_raw", None)
    return len(inputs) - 1 if inputs is not None and len(inputs) > 1 else None


def cell_of(file: str) -> int | None:
    """The number of the cell that was compiled under this name."""
    ip = shell()
    cells = getattr(getattr(ip, "compile", None), "_filename_map", None)
    if isinstance(cells, dict):
        return cells.get(file)
    # Colab's IPython 7 does not keep it: it is the last cell with this text.
    inputs = getattr(getattr(ip, "history_manager", None), "input_hist_parsed", None)
    entry = linecache.cache.get(file, ())
    if not inputs or len(entry) < 4:
        return None
    source = "".join(entry[2]).rstrip("\n")
    return next((number for number in range(len(inputs) - 1, 0, -1) if inputs[number] == source), None)


def shown_file(file: str) -> str:
    """A file as people know it: ``In[3]`` for a cell, whose own name changes from kernel to kernel. What lies below the
    directory that the program was started in is relative to it: the same on every machine.
    """
    number = cell_of(file)
    if number is not None:
        return f"In[{number}]"
    return file if _STARTED_IN == os.sep else file.removeprefix(_STARTED_IN)


def absolute(file: str) -> str:
    """A file by its whole name, wherever the program has gone since it was started."""
    return os.path.normpath(os.path.join(_STARTED_IN, file))


def shown_path(path: Path) -> str:
    """The path of a record, from the working directory where it lies below."""
    return str(path).removeprefix(working_directory())
