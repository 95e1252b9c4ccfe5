"""``%load_ext tracing_failure``: records every cell that raises, once."""

import ast
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from types import CodeType, FrameType, TracebackType
from typing import Any

from .._exceptions.chain import is_exit_or_cancellation
from .._exceptions.marks import is_recorded
from .._recording.logger import latest_or_default_logger
from .._runtime.notebook import cell_number_of, display_path, working_directory
from .._runtime.source_files import is_installed, is_package_file, is_stdlib
from .._runtime.terminal import warn_stderr

#: Maximum parameters of a cell.
_MAX_PARAMETERS = 64


class _CellWatcher:
    """Records the cells of a shell that raise."""

    def __init__(self, shell: Any) -> None:
        self.shell = shell
        #: The exception that was shown last before the cell.
        self.shown_before = _last_shown_exception()
        #: The default directory of records. A cell may change the working directory before it fails.
        self.directory = working_directory() + "io/failures"

    def before(self, info: Any) -> None:
        self.shown_before = _last_shown_exception()

    def after(self, result: Any) -> None:
        error = result.error_in_exec
        if error is None and result.error_before_exec is None and _last_shown_exception() is not self.shown_before:
            # Magics such as `%%time` and `%run` show an exception themselves.
            error = _last_shown_exception()
        self.shown_before = _last_shown_exception()
        if error is not None and _is_failure(error) and not is_recorded(error):
            self.record(error, getattr(result.info, "raw_cell", "") or "")

    def record(self, error: BaseException, source: str) -> None:
        traceback = error.__traceback__
        frame = _failed_frame(traceback)
        parameters = {**self.named_in(source), **_arguments(frame)}
        parameters = dict(list(parameters.items())[:_MAX_PARAMETERS])
        name = _function_name(frame.f_code) if frame is not None else "notebook_cell"
        try:
            # Without the frames of IPython. The class of the exception may override `__setattr__`.
            BaseException.__setattr__(error, "__traceback__", _traceback_from_cell(traceback))
            path = latest_or_default_logger(self.directory).log_failure(name, error, parameters)
        except (OSError, ValueError) as trouble:
            return warn_stderr(f"not recorded: {trouble}")
        finally:
            BaseException.__setattr__(error, "__traceback__", traceback)
        if path is not None:
            warn_stderr(f"recorded in {display_path(path)}")

    def named_in(self, source: str) -> dict[str, Any]:
        """The current values of the variables that a cell names."""
        try:
            names = dict.fromkeys(self.names(source))
        except Exception:
            # A custom magic made the source something other than Python.
            return {}
        variables, hidden = self.shell.user_ns, self.shell.user_ns_hidden
        named = {name: variables[name] for name in names if name in variables and name not in hidden}
        return {name: value for name, value in named.items() if _is_parameter(name, value)}

    def names(self, source: str) -> Iterator[str]:
        """The names in a cell and in the arguments of magics such as `%time`."""
        for node in ast.walk(ast.parse(self.shell.transform_cell(source))):
            match node:
                case ast.Name(id=name):
                    yield name
                case ast.Call(ast.Attribute(attr="run_line_magic" | "run_cell_magic"), [*_, ast.Constant(str(code))]):
                    with suppress(SyntaxError):
                        yield from self.names(code)


def _is_failure(error: BaseException) -> bool:
    """Returns false for Ctrl-C, ``exit`` and errors of syntax or usage.

    Other exceptions need not be of the class ``Exception``: those of polars are not.
    """
    from IPython.core.error import UsageError

    return not isinstance(error, (KeyboardInterrupt, SyntaxError, UsageError)) and not is_exit_or_cancellation(error)


def _last_shown_exception() -> BaseException | None:
    """The exception that IPython showed last."""
    return getattr(sys, "last_value", None)


def _traceback_from_cell(tb: TracebackType | None) -> TracebackType | None:
    """The traceback from the line of the cell on, or all of it if no cell is in it."""
    cell = tb
    while cell is not None and cell_number_of(cell.tb_frame.f_code.co_filename) is None:
        cell = cell.tb_next
    return cell or tb


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


def _failed_frame(tb: TracebackType | None) -> FrameType | None:
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
    # `timeit` and `%timeit` compile code under file names of their own.
    if package in _INSTALLED_RUNNERS:
        return is_installed(file) or is_package_file(file)
    return file.startswith(("<magic-", "<timeit-")) or package in _RUNNERS and is_stdlib(file)


def _function_name(code: CodeType) -> str:
    return code.co_qualname.rpartition("<locals>.")[2]


def _arguments(frame: FrameType | None) -> dict[str, Any]:
    """The current values of a function's arguments."""
    if frame is None:
        return {}
    code, values = frame.f_code, frame.f_locals
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    return {
        name: values[name] for name in names if name in values and name != "self" and _is_parameter(name, values[name])
    }


def _is_parameter(name: str, value: Any) -> bool:
    """Returns false for modules, functions, classes, objects of this package and the environment."""
    try:
        if name.startswith("_") or type(value).__module__.startswith("tracing_failure.") or value is os.environ:
            return False
        return not isinstance(getattr(value, "__name__", None), str)
    except Exception:
        return True


def load_ipython_extension(shell: Any) -> None:
    """``%load_ext tracing_failure``: from now on, a cell that raises leaves a record.

    Its parameters are the variables that the cell names and the arguments of the function that it called. An exception
    that :meth:`StructuredLogger.log_failure` or a computation has recorded is not recorded again.

    Records go to the directory of the :class:`StructuredLogger` that was made last, or else to the directory in the
    environment variable ``TRACING_FAILURE_DIR``, or else to ``io/failures``.
    """
    if getattr(shell, "_tracing_failure_cells", None) is None:
        cells = shell._tracing_failure_cells = _CellWatcher(shell)
        shell.events.register("pre_run_cell", cells.before)
        shell.events.register("post_run_cell", cells.after)


def unload_ipython_extension(shell: Any) -> None:
    """``%unload_ext tracing_failure``: stops recording cells."""
    cells = getattr(shell, "_tracing_failure_cells", None)
    if cells is not None:
        shell._tracing_failure_cells = None
        shell.events.unregister("pre_run_cell", cells.before)
        shell.events.unregister("post_run_cell", cells.after)
