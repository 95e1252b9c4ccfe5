"""The names of the parameters of a decorated function."""

import inspect
import sys
from collections.abc import Callable
from typing import Any


class ParameterNames:
    """Names the arguments of calls of a function."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._positional: list[str] = []
        self._defaults: dict[str, Any] = {}
        self._var_positional: str | None = None
        #: Positional-only parameters. A keyword argument may have the same name.
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
        """The arguments of a call by name, with defaults and without ``self`` or ``cls``."""
        arguments = {**self._defaults, **dict(zip(self._positional, args))}
        arguments |= {f"{name}_" if name in self._positional_only else name: value for name, value in kwargs.items()}
        rest = args[len(self._positional) :]
        if rest:
            arguments[self._var_positional or "args"] = rest
        skipped = self._positional[:1] if self._is_method and self._positional[:1] in (["self"], ["cls"]) else []
        return {n: v for n, v in arguments.items() if v is not inspect.Parameter.empty and n not in skipped}


def _signature(function: Callable[..., Any]) -> inspect.Signature:
    if sys.version_info >= (3, 14):
        import annotationlib

        # An annotation may name something that is not defined yet.
        return inspect.signature(function, annotation_format=annotationlib.Format.FORWARDREF)
    return inspect.signature(function)
