"""Computations: what a ``with`` block or a decorated function was given, and what it goes through."""

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
from .trail_filter import TrailFilter

_Function = TypeVar("_Function", bound=Callable[..., Any])

#: Called when a computation has ended, with the exception that left it.
EndCallback: TypeAlias = Callable[["Computation", BaseException | None], None]

#: The computation that was begun last in this context.
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
    """The computation, or the next one around it that has not ended: it can end in another context than it began in."""
    return cast("Computation | None", computation and computation.innermost())


def record(message: str | None = None, /, **values: Any) -> None:
    """Keeps numbers of the computation that this code runs in, for its trail; outside of computations it does nothing.

    For code that does not have the computation in hand, such as the right-hand side of an equation.

    >>> from tracing_failure import record
    >>> record(residual=1e-3)
    """
    computation = current()
    if computation is not None:
        frame = sys._getframe(1)
        if computation._passes_filter(frame, values):
            computation.record_at(frame, message, values)


class Computation(_native.Computation):
    """One computation, as :meth:`StructuredLogger.computation` makes it: a context manager, and a decorator.

    An exception that leaves it is recorded with its parameters and its trail, and goes on.

    >>> import tempfile, tracing_failure
    >>> logger = tracing_failure.StructuredLogger(tempfile.mkdtemp())
    >>> with logger.computation("newton_root", theoretical_ref="§2.1", x0=0.5) as c:
    ...     for step in range(3):
    ...         c.record(step=step, residual=2.0**-step)
    """

    __slots__ = ("_failure_id", "_on_end", "_parameters", "_run_id", "_trail", "_trail_filter")
    #: The last failure that was recorded for it by a call of ``log_failure``.
    _failure_id: str | None
    #: The id of this run, where it was asked for.
    _run_id: str | None
    _parameters: dict[str, Any]
    #: Rows of the trail that are kept, first and last.
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
        """Whether the logger's trail filter lets the module of this frame record."""
        trail_filter = self._trail_filter
        if trail_filter is None:
            return True
        module = frame.f_globals.get("__name__")
        return trail_filter.keeps(module if isinstance(module, str) else "", "DEBUG" if values else "INFO")

    def _is_in_app(self, target: str, file: str) -> bool:
        """Whether an event is of the program that computes, and not of a library: its code is not installed, or of the same
        package as the computation, or the trail filter asks for more of it than of others.
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
            # It is an ExitStack that enters.
            frame = frame.f_back
        code = frame.f_code
        self._begin(code.co_qualname, code.co_filename, frame.f_lineno, frame.f_globals.get("__name__"))
        return self

    def _begin(self, function: str, file: str, line: int, module: Any) -> None:
        if function == "<module>":
            function = self.name
        module = module if isinstance(module, str) else None
        if not self.enter(current(), function, display_file(file), line, module):
            raise RuntimeError(f"the computation {self.name!r} has begun already: make a new one for each run")
        # Only another run would need them, and an object among them can hold this one.
        self._parameters = {}
        CURRENT.set(self)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        outer = cast("Computation | None", self.end())
        # Not where it ends elsewhere than it began, as a generator can: another one may be current there.
        if CURRENT.get() is self:
            CURRENT.set(outer)
        on_end = self._on_end
        try:
            on_end(self, error)
        except RecursionError:
            # This stack is full, which is the failure itself.
            _native.call_on_new_stack(on_end, (self, error))
        finally:
            self.release()

    def __reduce__(self) -> tuple[Any, ...]:
        """A copy has yet to begin."""
        return Computation, self._constructor_arguments(self._parameters)

    def _ensure_run_id(self) -> str:
        """The id of this run."""
        if self._run_id is None:
            self._run_id = _native.new_id()
        return self._run_id

    def _for_call(self, parameters: dict[str, Any]) -> "Computation":
        parameters = parameters | {n: v for n, v in self._parameters.items() if n not in parameters}
        return Computation(*self._constructor_arguments(parameters))

    def _constructor_arguments(self, parameters: dict[str, Any]) -> tuple[Any, ...]:
        """The arguments that make the same computation, with these parameters."""
        return self.name, self.theoretical_ref, parameters, self._trail, self._trail_filter, self._on_end

    def __call__(self, function: _Function) -> _Function:
        """Makes every call of a function a computation of its own, with the arguments as parameters.

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
        if not callable(function):
            raise TypeError(f"{function!r} cannot be called: decorate the function itself")
        if isinstance(function, type):
            raise TypeError(f"{function.__qualname__} is a class: decorate its methods")
        call = getattr(type(function), "__call__", None)
        if any(inspect.isgeneratorfunction(each) or inspect.isasyncgenfunction(each) for each in (function, call)):
            name = getattr(function, "__qualname__", type(function).__qualname__)
            raise TypeError(f"{name} is a generator: open the computation inside of it, with `with`")
        arguments = _ParameterNames(function)
        code = function.__code__ if inspect.isfunction(function) else None
        place = (
            getattr(function, "__qualname__", self.name),
            code.co_filename if code else "",
            code.co_firstlineno if code else 0,
            getattr(function, "__module__", None),
        )

        if inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(call):

            @functools.wraps(function)
            async def run_later(*args: Any, **kwargs: Any) -> Any:
                with _Call(self._for_call(arguments.bind(args, kwargs)), place):
                    return await function(*args, **kwargs)

            return cast(_Function, run_later)

        @functools.wraps(function)
        def run(*args: Any, **kwargs: Any) -> Any:
            computation = self._for_call(arguments.bind(args, kwargs))
            with _Call(computation, place) as call_scope:
                result = function(*args, **kwargs)
                if not inspect.iscoroutine(result):
                    return result
                # A coroutine function that stands behind another decorator: it has yet to run.
                call_scope.is_pending = True
            return _await_inside(computation, result)

        return cast(_Function, run)


async def _await_inside(computation: Computation, coroutine: Coroutine[Any, Any, Any]) -> Any:
    outer = CURRENT.get()
    CURRENT.set(computation)
    try:
        with ExitStack() as ends:
            ends.push(computation)
            return await coroutine
    finally:
        # Not where it was called, but where it is awaited.
        CURRENT.set(innermost(outer))


class _Call:
    """A call of a decorated function: it stands where the function stands, not where it is called."""

    __slots__ = ("_computation", "_place", "is_pending")

    def __init__(self, computation: Computation, place: tuple[str, str, int, Any]) -> None:
        self._computation = computation
        self._place = place
        #: Whether it is not done when the function has returned.
        self.is_pending = False

    def __enter__(self) -> Self:
        self._computation._begin(*self._place)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        if self.is_pending:
            CURRENT.set(cast("Computation | None", self._computation.parent))
        else:
            self._computation.__exit__(kind, error, tb)


class _ParameterNames:
    """The names of a function's arguments."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._positional: list[str] = []
        self._defaults: dict[str, Any] = {}
        self._var_positional: str | None = None
        #: Those whose name may be another keyword argument's as well.
        self._positional_only: set[str] = set()
        self._is_method = "." in getattr(function, "__qualname__", "").rpartition("<locals>.")[2]
        try:
            parameters = _signature(function).parameters.values()
        except Exception:
            parameters = {}.values()
        for parameter in parameters:
            if parameter.kind is parameter.VAR_POSITIONAL:
                self._var_positional = parameter.name
            elif parameter.kind is not parameter.VAR_KEYWORD:
                self._defaults[parameter.name] = parameter.default
                if parameter.kind is not parameter.KEYWORD_ONLY:
                    self._positional.append(parameter.name)
                if parameter.kind is parameter.POSITIONAL_ONLY:
                    self._positional_only.add(parameter.name)

    def bind(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        bind = {**self._defaults, **dict(zip(self._positional, args))}
        bind |= {f"{name}_" if name in self._positional_only else name: value for name, value in kwargs.items()}
        rest = args[len(self._positional) :]
        if rest:
            bind[self._var_positional or "args"] = rest
        skipped = self._positional[:1] if self._is_method and self._positional[:1] in (["self"], ["cls"]) else []
        return {n: v for n, v in bind.items() if v is not inspect.Parameter.empty and n not in skipped}


def _top_package(module: str) -> str:
    return module.partition(".")[0]


def _signature(function: Callable[..., Any]) -> inspect.Signature:
    if sys.version_info >= (3, 14):
        import annotationlib

        # Annotations can name what is not there yet.
        return inspect.signature(function, annotation_format=annotationlib.Format.FORWARDREF)
    return inspect.signature(function)


class FilteredComputation(Computation):
    """A computation of a logger that has a trail filter."""

    __slots__ = ()

    def record(self, message: str | None = None, /, **values: Any) -> None:
        frame = sys._getframe(1)
        if self._passes_filter(frame, values):
            self.record_at(frame, message, values)
