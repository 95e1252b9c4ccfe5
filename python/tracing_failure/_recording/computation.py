"""Computations: ``with`` blocks and decorated functions whose parameters and trail go into the record of a failure."""

import functools
import inspect
import sys
from collections.abc import Callable, Coroutine
from contextlib import ExitStack
from contextvars import ContextVar
from types import FrameType, TracebackType
from typing import Any, Self, TypeAlias, TypeVar, cast

from .. import _native
from .._runtime.notebook import display_file
from .._runtime.source_files import is_in_app
from .parameter_names import ParameterNames
from .trail_filter import TrailFilter

_Function = TypeVar("_Function", bound=Callable[..., Any])

#: Called when a computation has ended, with the exception that left it.
EndCallback: TypeAlias = Callable[["Computation", BaseException | None], None]

#: Function, file, line and module.
_Place: TypeAlias = tuple[str, str, int, Any]

#: The computation that began last in this context.
CURRENT: ContextVar["Computation | None"] = ContextVar("tracing_failure_computation", default=None)


def current() -> "Computation | None":
    """The innermost computation that this code runs in.

    >>> import tempfile
    >>> from tracing_failure import StructuredLogger
    >>> logger = StructuredLogger(tempfile.mkdtemp())
    >>> with logger.computation("rg_flow", theoretical_ref="Eq. 1.12"):
    ...     current().name
    'rg_flow'
    >>> current() is None
    True
    """
    return innermost(CURRENT.get())


def innermost(computation: "Computation | None") -> "Computation | None":
    """The computation, or the next one around it that is open. A computation can end in another context."""
    return cast("Computation | None", computation and computation.innermost())


def record(message: str | None = None, /, **values: Any) -> None:
    """Adds a row to the trail of the computation that this code runs in. Outside computations it does nothing.

    It serves code that has no reference to the computation, such as the right-hand side of an equation.

    >>> from tracing_failure import record
    >>> record(residual=1e-3)
    """
    computation = current()
    if computation is not None:
        frame = sys._getframe(1)
        if computation._passes_filter(frame, values):
            computation.record_at(frame, message, values)


class Computation(_native.Computation):
    """One computation: a context manager and a decorator, made by :meth:`StructuredLogger.computation`.

    An exception that leaves it is recorded with its parameters and its trail. The exception still propagates.

    >>> import tempfile, tracing_failure
    >>> logger = tracing_failure.StructuredLogger(tempfile.mkdtemp())
    >>> with logger.computation("newton_root", theoretical_ref="§2.1", x0=0.5) as c:
    ...     for step in range(3):
    ...         c.record(step=step, residual=2.0**-step)
    """

    __slots__ = ("_failure_id", "_on_end", "_parameters", "_run_id", "_trail", "_trail_filter")
    #: The last failure that ``log_failure`` recorded for it.
    _failure_id: str | None
    #: The id of this run, once it was needed.
    _run_id: str | None
    _parameters: dict[str, Any]
    #: Maximum rows of the trail, first and last.
    _trail: tuple[int, int]
    _trail_filter: TrailFilter | None
    _on_end: EndCallback

    def __new__(
        cls,
        name: str,
        theoretical_ref: str,
        parameters: dict[str, Any],
        trail: tuple[int, int],
        trail_filter: TrailFilter | None,
        on_end: EndCallback,
    ) -> Self:
        if cls is Computation and trail_filter is not None:
            cls = cast("type[Self]", FilteredComputation)
        self = super().__new__(cls, name, theoretical_ref, parameters, trail)
        self._parameters = parameters
        self._trail = trail
        self._trail_filter = trail_filter
        self._on_end = on_end
        self._run_id = None
        self._failure_id = None
        return self

    def _passes_filter(self, frame: FrameType, values: dict[str, Any]) -> bool:
        """Returns whether the trail filter lets the module of this frame record."""
        trail_filter = self._trail_filter
        if trail_filter is None:
            return True
        module = frame.f_globals.get("__name__")
        return trail_filter.keeps(module if isinstance(module, str) else "", "DEBUG" if values else "INFO")

    def _is_in_app(self, target: str, file: str) -> bool:
        """Returns whether an event comes from the program and not from a library.

        Code of the program is not installed, is of the package of the computation, or is preferred by the trail filter.
        """
        trail_filter = self._trail_filter
        return (
            is_in_app(file)
            or _top_package(target) == _top_package(self.module or "")
            or (trail_filter is not None and trail_filter.prefers(target))
        )

    def __enter__(self) -> Self:
        frame = sys._getframe(1)
        while frame.f_globals.get("__name__") == "contextlib" and frame.f_back is not None:
            # An ExitStack enters the block.
            frame = frame.f_back
        code = frame.f_code
        self._begin(code.co_qualname, code.co_filename, frame.f_lineno, frame.f_globals.get("__name__"))
        return self

    def _begin(self, function: str, file: str, line: int, module: Any) -> None:
        if function == "<module>":
            function = self.name
        module = module if isinstance(module, str) else None
        if not self.enter(current(), function, display_file(file), line, module):
            raise RuntimeError(f"the computation {self.name!r} has already begun: create a new one for each run")
        # Only a copy would need them, and one of them can refer to this object.
        self._parameters = {}
        CURRENT.set(self)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        outer = cast("Computation | None", self.end())
        # A generator can end in another context than it began in. Another computation may be current there.
        if CURRENT.get() is self:
            CURRENT.set(outer)
        on_end = self._on_end
        try:
            on_end(self, error)
        except RecursionError:
            # The stack is full. That is the failure.
            _native.call_on_new_stack(on_end, (self, error))
        finally:
            self.release()

    def __reduce__(self) -> tuple[Any, ...]:
        """A copy has not begun."""
        return Computation, self._constructor_arguments(self._parameters)

    def _ensure_run_id(self) -> str:
        """Returns the id of this run."""
        if self._run_id is None:
            self._run_id = _native.new_id()
        return self._run_id

    def _for_call(self, parameters: dict[str, Any]) -> "Computation":
        """The computation of one call of the decorated function."""
        parameters = parameters | {n: v for n, v in self._parameters.items() if n not in parameters}
        return Computation(*self._constructor_arguments(parameters))

    def _constructor_arguments(self, parameters: dict[str, Any]) -> tuple[Any, ...]:
        """The arguments of a computation that differs in its parameters only."""
        return self.name, self.theoretical_ref, parameters, self._trail, self._trail_filter, self._on_end

    def __call__(self, function: _Function) -> _Function:
        """Decorates a function: each call is a computation, with the arguments as parameters.

        >>> import tempfile, tracing_failure
        >>> logger = tracing_failure.StructuredLogger(tempfile.mkdtemp())
        >>> @logger.computation("newton_root", theoretical_ref="§2.1")
        ... def root(x0, tol=1e-9):
        ...     tracing_failure.record(residual=x0)
        ...     return x0
        >>> root(0.5)
        0.5
        """
        if isinstance(function, (staticmethod, classmethod)):
            return cast(_Function, type(function)(self(function.__func__)))
        _check_decorated(function)
        wrap = self._wrap_coroutine_function if _is_coroutine_function(function) else self._wrap_function
        return cast(_Function, wrap(function, ParameterNames(function), _definition(function, self.name)))

    def _wrap_function(self, function: Callable[..., Any], names: ParameterNames, place: _Place) -> Callable[..., Any]:
        @functools.wraps(function)
        def run(*args: Any, **kwargs: Any) -> Any:
            computation = self._for_call(names.bind(args, kwargs))
            with _Call(computation, place) as call:
                result = function(*args, **kwargs)
                if not inspect.iscoroutine(result):
                    return result
                # A decorated coroutine function. The coroutine has not run.
                call.is_pending = True
            return _await_inside(computation, result)

        return run

    def _wrap_coroutine_function(
        self, function: Callable[..., Any], names: ParameterNames, place: _Place
    ) -> Callable[..., Any]:
        @functools.wraps(function)
        async def run(*args: Any, **kwargs: Any) -> Any:
            with _Call(self._for_call(names.bind(args, kwargs)), place):
                return await function(*args, **kwargs)

        return run


def _check_decorated(function: Any) -> None:
    if not callable(function):
        raise TypeError(f"{function!r} cannot be called: decorate the function itself")
    if isinstance(function, type):
        raise TypeError(f"{function.__qualname__} is a class: decorate its methods")
    if any(inspect.isgeneratorfunction(each) or inspect.isasyncgenfunction(each) for each in _codes(function)):
        name = getattr(function, "__qualname__", type(function).__qualname__)
        raise TypeError(f"{name} is a generator: use the computation in a `with` block inside it")


def _is_coroutine_function(function: Callable[..., Any]) -> bool:
    return any(map(inspect.iscoroutinefunction, _codes(function)))


def _codes(function: Callable[..., Any]) -> tuple[Any, Any]:
    """The function, and the ``__call__`` of its class: the function may be any callable object."""
    return function, getattr(type(function), "__call__", None)


def _definition(function: Callable[..., Any], name: str) -> _Place:
    """The place where a function is defined."""
    code = function.__code__ if inspect.isfunction(function) else None
    return (
        getattr(function, "__qualname__", name),
        code.co_filename if code else "",
        code.co_firstlineno if code else 0,
        getattr(function, "__module__", None),
    )


async def _await_inside(computation: Computation, coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Awaits a coroutine inside of a computation that has begun."""
    outer = CURRENT.get()
    CURRENT.set(computation)
    try:
        with ExitStack() as stack:
            stack.push(computation)
            return await coroutine
    finally:
        # This is the context that awaits, which can differ from the one that called.
        CURRENT.set(innermost(outer))


class _Call:
    """A call of a decorated function. Its place is the definition of the function, not the caller."""

    __slots__ = ("_computation", "_place", "is_pending")

    def __init__(self, computation: Computation, place: _Place) -> None:
        self._computation = computation
        self._place = place
        #: True if the computation goes on after the function has returned.
        self.is_pending = False

    def __enter__(self) -> Self:
        self._computation._begin(*self._place)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if self.is_pending:
            CURRENT.set(cast("Computation | None", self._computation.parent))
        else:
            self._computation.__exit__(kind, error, tb)


def _top_package(module: str) -> str:
    return module.partition(".")[0]


class FilteredComputation(Computation):
    """A computation of a logger that has a trail filter."""

    __slots__ = ()

    def record(self, message: str | None = None, /, **values: Any) -> None:
        """Adds a row or a breadcrumb if the trail filter lets the module of the caller record."""
        frame = sys._getframe(1)
        if self._passes_filter(frame, values):
            self.record_at(frame, message, values)
