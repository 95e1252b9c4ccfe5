"""The function of a cell that failed, and the values that are its parameters."""

import os
from types import CodeType, FrameType, TracebackType
from typing import Any

from .._runtime.notebook import cell_number_of
from .._runtime.source_files import is_installed, is_package_file, is_stdlib

#: Modules of the standard library that call functions of a cell.
_RUNNERS = frozenset({
    "asyncio", "bdb", "cProfile", "concurrent", "contextlib", "functools", "pdb", "profile", "runpy", "threading",
    "timeit", "trace", "unittest",
})  # fmt: skip

#: Installed packages that call functions of a cell: event loops, widgets, retries.
_INSTALLED_RUNNERS = frozenset({
    "IPython", "anyio", "decorator", "greenlet", "ipykernel", "ipywidgets", "joblib", "jupyter_client", "nest_asyncio",
    "nest_asyncio2", "tenacity", "tornado", "traitlets", "trio", "wrapt", "tracing_failure",
})  # fmt: skip


def traceback_from_cell(tb: TracebackType | None) -> TracebackType | None:
    """The traceback from the line of the cell on, or all of it if no cell is in it."""
    cell = tb
    while cell is not None and cell_number_of(cell.tb_frame.f_code.co_filename) is None:
        cell = cell.tb_next
    return cell or tb


def failed_frame(tb: TracebackType | None) -> FrameType | None:
    """The frame of the function that the cell called, also through `%time` or `%run`."""
    while tb is not None:
        # The names of lambdas, comprehensions and cells are no identifiers.
        if tb.tb_frame.f_code.co_name.isidentifier() and not _is_runner(tb.tb_frame):
            return tb.tb_frame
        tb = tb.tb_next
    return None


def _is_runner(frame: FrameType) -> bool:
    package = str(frame.f_globals.get("__name__")).partition(".")[0]
    file = frame.f_code.co_filename
    if package in _INSTALLED_RUNNERS:
        return is_installed(file) or is_package_file(file)
    # `timeit` and `%timeit` compile code under these file names.
    return file.startswith(("<magic-", "<timeit-")) or package in _RUNNERS and is_stdlib(file)


def function_name(code: CodeType) -> str:
    """The qualified name of a function, without the names of enclosing functions."""
    return code.co_qualname.rpartition("<locals>.")[2]


def arguments_of(frame: FrameType | None) -> dict[str, Any]:
    """The current values of a function's arguments."""
    if frame is None:
        return {}
    code, values = frame.f_code, frame.f_locals
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    return {
        name: values[name] for name in names if name in values and name != "self" and is_parameter(name, values[name])
    }


def is_parameter(name: str, value: Any) -> bool:
    """Returns false for modules, functions, classes, objects of this package and the environment."""
    try:
        if name.startswith("_") or type(value).__module__.startswith("tracing_failure.") or value is os.environ:
            return False
        return not isinstance(getattr(value, "__name__", None), str)
    except Exception:
        return True
