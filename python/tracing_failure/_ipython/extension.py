"""``%load_ext tracing_failure``: records every cell that raises, once."""

import ast
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from .._exceptions.chain import is_exit_or_cancellation
from .._exceptions.marks import is_recorded
from .._recording.logger import latest_or_default_logger
from .._runtime.notebook import display_path, working_directory
from .._runtime.terminal import warn_stderr
from .failed_function import arguments_of, failed_frame, function_name, is_parameter, traceback_from_cell

#: Maximum parameters of a cell.
_MAX_PARAMETERS = 64


class _CellWatcher:
    """Records the cells of a shell that raise."""

    def __init__(self, shell: Any) -> None:
        self.shell = shell
        #: The exception that IPython showed last before the cell.
        self.previous_exception = _last_shown_exception()
        #: The default directory of records. A cell may change the working directory before it fails.
        self.directory = working_directory() + "io/failures"

    def before_cell(self, info: Any) -> None:
        self.previous_exception = _last_shown_exception()

    def after_cell(self, result: Any) -> None:
        """Records the exception of a cell unless it is recorded already."""
        error = result.error_in_exec
        shown = _last_shown_exception()
        if error is None and result.error_before_exec is None and shown is not self.previous_exception:
            # Magics such as `%%time` and `%run` show an exception themselves.
            error = shown
        self.previous_exception = shown
        if error is not None and _is_failure(error) and not is_recorded(error):
            self.record(error, getattr(result.info, "raw_cell", "") or "")

    def record(self, error: BaseException, source: str) -> None:
        """Records an exception of a cell with this source."""
        traceback = error.__traceback__
        frame = failed_frame(traceback)
        parameters = {**self.variables_in(source), **arguments_of(frame)}
        parameters = dict(list(parameters.items())[:_MAX_PARAMETERS])
        name = function_name(frame.f_code) if frame is not None else "notebook_cell"
        try:
            # Without the frames of IPython. The class of the exception may override `__setattr__`.
            BaseException.__setattr__(error, "__traceback__", traceback_from_cell(traceback))
            path = latest_or_default_logger(self.directory).log_failure(name, error, parameters)
        except (OSError, ValueError) as trouble:
            return warn_stderr(f"not recorded: {trouble}")
        finally:
            BaseException.__setattr__(error, "__traceback__", traceback)
        if path is not None:
            warn_stderr(f"recorded in {display_path(path)}")

    def variables_in(self, source: str) -> dict[str, Any]:
        """The current values of the variables that a cell names."""
        try:
            names = dict.fromkeys(self.names_in(source))
        except Exception:
            # A custom magic made the source something other than Python.
            return {}
        variables, hidden = self.shell.user_ns, self.shell.user_ns_hidden
        named = {name: variables[name] for name in names if name in variables and name not in hidden}
        return {name: value for name, value in named.items() if is_parameter(name, value)}

    def names_in(self, source: str) -> Iterator[str]:
        """The names in a cell and in the arguments of magics such as `%time`."""
        for node in ast.walk(ast.parse(self.shell.transform_cell(source))):
            match node:
                case ast.Name(id=name):
                    yield name
                case ast.Call(ast.Attribute(attr="run_line_magic" | "run_cell_magic"), [*_, ast.Constant(str(code))]):
                    with suppress(SyntaxError):
                        yield from self.names_in(code)


def _is_failure(error: BaseException) -> bool:
    """Returns false for Ctrl-C, ``exit`` and errors of syntax or usage.

    Other exceptions need not be of the class ``Exception``: those of polars are not.
    """
    from IPython.core.error import UsageError

    return not isinstance(error, (KeyboardInterrupt, SyntaxError, UsageError)) and not is_exit_or_cancellation(error)


def _last_shown_exception() -> BaseException | None:
    """The exception that IPython showed last."""
    return getattr(sys, "last_value", None)


def load_ipython_extension(shell: Any) -> None:
    """``%load_ext tracing_failure``: from now on, a cell that raises leaves a record.

    Its parameters are the variables that the cell names and the arguments of the function that it called. An exception
    that :meth:`StructuredLogger.log_failure` or a computation has recorded is not recorded again.

    Records go to the directory of the :class:`StructuredLogger` that was made last, or else to the directory in the
    environment variable ``TRACING_FAILURE_DIR``, or else to ``io/failures``.
    """
    if getattr(shell, "_tracing_failure_cells", None) is None:
        watcher = shell._tracing_failure_cells = _CellWatcher(shell)
        shell.events.register("pre_run_cell", watcher.before_cell)
        shell.events.register("post_run_cell", watcher.after_cell)


def unload_ipython_extension(shell: Any) -> None:
    """``%unload_ext tracing_failure``: stops recording cells."""
    watcher = getattr(shell, "_tracing_failure_cells", None)
    if watcher is not None:
        shell._tracing_failure_cells = None
        shell.events.unregister("pre_run_cell", watcher.before_cell)
        shell.events.unregister("post_run_cell", watcher.after_cell)
