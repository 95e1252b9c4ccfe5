"""``%load_ext tracing_failure``: every cell that raises is recorded, once."""

import ast
import sys
import types
from typing import Any

from . import _notebook
from ._logger import StructuredLogger, _tell, default_logger
from ._marks import has_record

#: Variables that are taken for a cell's parameters, at most.
_PARAMETERS = 64
_NO_PARAMETERS: tuple[type, ...] = (
    types.ModuleType, types.FunctionType, types.BuiltinFunctionType, type, StructuredLogger,
)  # fmt: skip


class _Cells:
    """Watches the cells of a shell."""

    def __init__(self, ip: Any) -> None:
        self.ip = ip
        self.shown: BaseException | None = None

    def before(self, info: Any) -> None:
        self.shown = _shown()

    def after(self, result: Any) -> None:
        error = result.error_in_exec
        if error is None and result.error_before_exec is None and _shown() is not self.shown:
            # `%%time` and its like show an exception themselves.
            error = _shown()
        # Ctrl-C, `exit` and a mistake in the syntax are no failures of a computation.
        if isinstance(error, Exception) and not isinstance(error, SyntaxError) and not has_record(error):
            self.record(error, getattr(result.info, "raw_cell", "") or "")

    def record(self, error: Exception, source: str) -> None:
        parameters = self.named_in(source)
        path = default_logger().log_failure(_computation(error), error, parameters)
        if path is not None:
            _tell(f"recorded in {_relative(path)}")

    def named_in(self, source: str) -> dict[str, Any]:
        """The variables that a cell names, as they are now."""
        try:
            tree = ast.parse(self.ip.transform_cell(source))
        except (SyntaxError, ValueError):
            return {}
        names = dict.fromkeys(node.id for node in ast.walk(tree) if isinstance(node, ast.Name))
        values = {name: self.ip.user_ns[name] for name in names if name in self.ip.user_ns and not name.startswith("_")}
        wanted = {name: value for name, value in values.items() if not isinstance(value, _NO_PARAMETERS)}
        return dict(list(wanted.items())[:_PARAMETERS])


def _shown() -> BaseException | None:
    """The last exception that IPython has shown."""
    return getattr(sys, "last_value", None)


def _computation(error: Exception) -> str:
    """What failed, where nobody has said so: the function that the cell called."""
    tb = error.__traceback__
    while tb is not None and _notebook.cell_of(tb.tb_frame.f_code.co_filename) is None:
        tb = tb.tb_next
    called = tb.tb_next if tb is not None and tb.tb_frame.f_code.co_name == "<module>" else tb
    name = called.tb_frame.f_code.co_name if called is not None else ""
    return name if name.isidentifier() else "notebook_cell"


def _relative(path: Any) -> str:
    from pathlib import Path

    try:
        return str(path.relative_to(Path.cwd()))
    except (ValueError, OSError):
        return str(path)


def load_ipython_extension(ip: Any) -> None:
    """``%load_ext tracing_failure``: from now on, a cell that raises leaves a record, with the variables that it names as
    parameters. What was recorded by :meth:`StructuredLogger.log_failure` or inside of a computation is not recorded again.

    Records go where the :class:`StructuredLogger` that was made last writes, else to ``io/failures``.
    """
    if getattr(ip, "_tracing_failure_cells", None) is None:
        cells = ip._tracing_failure_cells = _Cells(ip)
        ip.events.register("pre_run_cell", cells.before)
        ip.events.register("post_run_cell", cells.after)


def unload_ipython_extension(ip: Any) -> None:
    """``%unload_ext tracing_failure``: cells are not recorded any more."""
    cells = getattr(ip, "_tracing_failure_cells", None)
    if cells is not None:
        ip._tracing_failure_cells = None
        ip.events.unregister("pre_run_cell", cells.before)
        ip.events.unregister("post_run_cell", cells.after)
