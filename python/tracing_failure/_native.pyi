"""The compiled half of the package: the Rust library behind the Python code. Nothing of it is for users."""

import os
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any, Self, TypedDict, TypeVar, final, type_check_only

from typing_extensions import disjoint_base

__all__ = [
    "AdviceError", "Computation", "Recorder", "ArraySummary", "ask_model", "after_fork", "after_fork_in_child", "before_fork",
    "value_text", "category_names", "conflict_copies", "diagnose", "parse_record", "stack_owner", "new_id", "call_on_new_stack", "record_paths", "read_record", "add_resolution", "schema", "summarize", "format_record", "version",
    "wait_for_stacks",
]  # fmt: skip

_T = TypeVar("_T")

version: str

class AdviceError(RuntimeError):
    """Why a language model gave no advice."""

@disjoint_base
class Computation:
    """The part of a computation that is quick."""

    def __new__(cls, name: str, theoretical_ref: str, parameters: Any, trail: tuple[int, int]) -> Self: ...
    def enter(
        self, parent: Computation | None, function: str, file: str, line: int | None, module: str | None
    ) -> bool:
        """Begins, inside of another one; says whether it had not begun before."""

    def end(self) -> Computation | None:
        """Ends, and returns what is current then."""

    def release(self) -> None:
        """Lets go of those around it that had ended before it did."""

    def innermost(self) -> Computation | None:
        """This one, or the next one around it that has not ended: it can end in another context than it began in."""

    def record(self, message: str | None = None, /, **values: Any) -> None:
        """Keeps numbers that the computation goes through: a row of its trail, at the place that calls."""

    def record_at(self, frame: FrameType, message: str | None, values: dict[str, Any] | None) -> None:
        """The same for a caller further up."""

    def add_breadcrumb(
        self, level: str, message: str, target: str, is_own: bool, file: str | None = None, line: int | None = None
    ) -> None:
        """Keeps a text that was logged while it ran, of the program itself or of a library."""

    @property
    def module(self) -> str | None:
        """The module that it began in."""

    @property
    def name(self) -> str: ...
    @property
    def theoretical_ref(self) -> str: ...
    @property
    def parent(self) -> Computation | None: ...
    @property
    def elapsed_s(self) -> float:
        """Seconds since it was entered."""

@type_check_only
class ExceptionRecord(TypedDict):
    """An exception as the recorder takes it."""

    error_type: str
    error_message: str
    stack_trace: str
    #: Type, message, data, notes, how it is related to another error, and the index of that one if it is not the one before.
    errors: list[tuple[str, str, Any, list[str], str | None, int | None]]
    errors_cut: bool
    #: Function, file, line, and whether it is the user's own code.
    frames: list[tuple[str, str, int | None, bool]]
    #: File, line and module.
    location: tuple[str | None, int | None, str | None]

@final
class Recorder:
    """The Rust library's logger."""

    def __new__(
        cls,
        failures: str | os.PathLike[str],
        *,
        logs: str | os.PathLike[str] | None,
        session_id: str,
        redact: list[str],
        areas: list[tuple[str, list[str]]],
        durable: bool,
        auto_push: bool,
        branch: str | None,
        remote: str | None,
        without_dir: bool = False,
    ) -> Self: ...
    def record(
        self, error: ExceptionRecord, call: dict[str, Any], outcomes: list[tuple[str, str | None, str | None]]
    ) -> None:
        """Records a failure, and appends its id, and its file or why it is not in the store: whoever calls may be
        interrupted before they have a result."""

    def log(
        self, level: str, target: str, message: str, fields: dict[str, Any], within: Computation | None = None
    ) -> None:
        """Writes a line of the runtime log."""

    def log_end(self, computation: Computation, outcome: str, failure_id: str | None = None) -> None:
        """Writes the runtime log's line of a computation that ends."""

    def flush(self) -> None:
        """Returns when all that was written is with the operating system."""

    def finish(self) -> None:
        """The same, and what waits to be pushed is pushed."""

    def stats(self) -> dict[str, int]:
        """What it has done so far."""

@final
class ArraySummary:
    """An array that was summarised."""

def summarize(shape: list[int], memory: Any) -> ArraySummary:
    """An array's entries in row-major order, from any object that lends its memory."""

def value_text(object: Any) -> str:
    """The object as the text of a value: with what is shared in it, this is short where its ``repr`` has no end."""

def category_names() -> list[str]:
    """The names of all categories."""

def conflict_copies(dir: str | os.PathLike[str]) -> list[tuple[Path, Path]]: ...
def record_paths(dir: str | os.PathLike[str]) -> list[Path]:
    """Paths of the records in a directory, oldest first."""

def read_record(path: str | os.PathLike[str]) -> dict[str, Any]:
    """The record in a file."""

def parse_record(text: str) -> dict[str, Any]:
    """The record in a text."""

def format_record(record: dict[str, Any]) -> str:
    """The text of a record, as its file has it."""

def diagnose(record: dict[str, Any]) -> dict[str, Any]:
    """The record with what its trail shows, and what the rules say to it."""

def add_resolution(dir: str | os.PathLike[str], record: dict[str, Any], fix: str) -> None:
    """Notes in the directory what fixed a failure."""

def ask_model(
    record: dict[str, Any], path: str | os.PathLike[str] | None, request: dict[str, Any], save: bool
) -> dict[str, Any]:
    """What a language model says to a record; ``path`` is its file, and ``save`` adds the answer to it."""

def new_id() -> str:
    """A new id, which comes after those that were made before."""

def before_fork() -> None:
    """Waits until no thread is at work here."""

def after_fork() -> None:
    """Lets them work on in the process that forked."""

def after_fork_in_child() -> None:
    """Forgets them in the new process, which does not have them."""

def call_on_new_stack(function: Callable[..., _T], arguments: tuple[Any, ...]) -> _T | None:
    """Calls a function on a stack that is empty; no Python code of its own is needed for it. Where that cannot be, stderr
    says so."""

def wait_for_stacks() -> None:
    """Waits until there is no such stack any more."""

def stack_owner() -> int | None:
    """The thread whose stack is full, where this is another stack for it."""

def schema() -> str:
    """The JSON Schema of a record."""
