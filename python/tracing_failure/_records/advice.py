"""Advice of a language model about a failure."""

import os
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any, Literal, TypeAlias

from .. import _native
from .._runtime.notebook import working_directory
from .._runtime.terminal import escape_controls

#: A protocol of servers, or a function from the question to the answer.
Provider: TypeAlias = Literal["gemini", "openai"] | Callable[[str], str]


@dataclass(frozen=True)
class Fix:
    """A change that a model proposes: the change, its location, the reason, and possibly code."""

    change: str
    location: str | None
    reason: str
    code: str | None


@dataclass(frozen=True)
class Advice:
    """The answer of a model. ``tokens`` is set if the server counts them. ``is_cached`` is true for a cached answer."""

    root_cause: str
    fixes: list[Fix]
    confidence: str
    provider: str
    model: str
    tokens: int | None
    is_cached: bool

    def __str__(self) -> str:
        fixes = "\n".join(f"{number}. {_fix_text(fix)}" for number, fix in enumerate(self.fixes, 1))
        text = f"{self.root_cause}\n{fixes}\n({self.confidence} confidence, {self.model} by {self.provider})"
        return escape_controls(text)

    def _repr_html_(self) -> str:
        fixes = "".join(f"<li>{escape(_fix_text(fix))}{_fix_code(fix)}</li>" for fix in self.fixes)
        source = f"{self.confidence} confidence, {self.model} by {self.provider}"
        return f"<p>{escape(self.root_cause)}</p><ol>{fixes}</ol><p><small>{escape(source)}</small></p>"


def _fix_text(fix: Fix) -> str:
    where = f" ({fix.location})" if fix.location else ""
    return f"{fix.change}{where}: {fix.reason}"


def _fix_code(fix: Fix) -> str:
    return f"<pre>{escape(fix.code)}</pre>" if fix.code else ""


def ask(
    record: dict[str, Any],
    file: Path | None,
    provider: Provider | None,
    model: str | None,
    base_url: str | None,
    save: bool,
    fresh: bool,
    redact: bool,
) -> tuple[Advice, list[dict[str, Any]]]:
    """Asks about the record in ``file``, and returns the answer and its suggestions in the form of a record."""
    if save and file is None:
        raise ValueError("this failure has no file to save to: read it with tracing_failure.read or Failure.from_path")
    if provider is None and base_url is None:
        provider = _colab_model()
    request = _function_request(provider, model) if callable(provider) else _server_request(provider, model, base_url)
    # The cache goes by name, and lambdas share one.
    request |= {"fresh": fresh or "<lambda>" in (request["model"] or ""), "redact": redact}
    answer = _native.ask_model(record, file, request, save)
    if cache_error := answer.pop("cache_error"):
        warnings.warn(f"the answer is not cached: {cache_error}", RuntimeWarning, stacklevel=3)
    suggestions = answer.pop("suggestions")
    return Advice(**{**answer, "fixes": [Fix(*fix) for fix in answer["fixes"]]}), suggestions


def _function_request(function: Callable[[str], str], model: str | None) -> dict[str, Any]:
    name = getattr(function, "__qualname__", type(function).__qualname__)
    module = getattr(function, "__module__", None)
    return {"function": function, "provider": module, "model": model or name, "base_url": None}


def _server_request(provider: str | None, model: str | None, base_url: str | None) -> dict[str, Any]:
    if provider not in ("gemini", "openai", None):
        raise ValueError(f"the provider must be 'gemini', 'openai' or a function, not {provider!r}")
    return {"function": None, "provider": provider, "model": model, "base_url": base_url}


#: Variables that choose a provider.
_PROVIDER_VARIABLES = ("FAILURES_PROVIDER", "FAILURES_MODEL", "FAILURES_BASE_URL", "GEMINI_API_KEY", "OPENAI_API_KEY")


def _colab_model() -> Callable[[str], str] | None:
    """The model of the Colab runtime, which needs no key. ``None`` outside Colab or if a provider is configured."""
    here = Path(working_directory())
    has_file = any((directory / "failures.toml").exists() for directory in (here, *here.parents))
    if has_file or any(os.environ.get(name) for name in _PROVIDER_VARIABLES):
        return None
    try:
        from google.colab import ai  # type: ignore[import-not-found, unused-ignore]
    except ImportError:
        return None

    def colab(question: str) -> str:
        return str(ai.generate_text(question))

    return colab
