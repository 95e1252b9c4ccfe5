"""The compiled half of the package: the Rust library, for the Python code. It is no public interface."""

import os
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any, Literal, Self, TypedDict, TypeVar, final, type_check_only

from typing_extensions import disjoint_base

__all__ = [
    "MAX_ENTRIES", "MAX_ERRORS", "MAX_FRAMES", "MAX_ROW_ENTRIES", "SUMMARY_ENDS", "AdviceError", "ArraySummary",
    "Computation", "CorpusTables", "Recorder", "add_resolution",
    "after_fork", "after_fork_in_child", "ask_model", "before_fork", "call_on_new_stack", "category_names",
    "conflict_copies", "diagnose", "find_regions", "format_record", "new_id", "parse_record", "read_record", "record_paths",
    "schema", "stack_owner", "summarize", "value_text", "version", "wait_for_stacks",
]  # fmt: skip

_T = TypeVar("_T")

version: str

#: Maximum entries of a dict or an array. Larger ones are summarised.
MAX_ENTRIES: int
#: Maximum errors of a chain.
MAX_ERRORS: int
#: Maximum frames of a stack.
MAX_FRAMES: int
#: Maximum entries of an array in a row of a trail.
MAX_ROW_ENTRIES: int
#: Entries of a summary at each end of an array.
SUMMARY_ENDS: int

class AdviceError(RuntimeError):
    """The reason why a language model gave no advice."""

@disjoint_base
class Computation:
    """The base of a computation: its place, its parameters and its trail."""

    def __new__(cls, name: str, theoretical_ref: str, parameters: Any, trail: tuple[int, int]) -> Self: ...
    def enter(self, parent: Computation | None, function: str, file: str, line: int | None, module: str | None) -> bool:
        """Begins the computation inside of another one. Returns false if it has begun before."""

    def end(self) -> Computation | None:
        """Ends the computation, and returns the next one around it that is open."""

    def release(self) -> None:
        """Drops the references to computations around it that ended first."""

    def innermost(self) -> Computation | None:
        """This computation, or the next one around it that is open. A computation can end in another context."""

    def record(self, message: str | None = None, /, **values: Any) -> None:
        """Adds a row of numbers to the trail, or a breadcrumb. The callsite is that of the caller."""

    def record_at(self, frame: FrameType, message: str | None, values: dict[str, Any] | None) -> None:
        """Like ``record``, with another frame as the caller."""

    def add_breadcrumb(
        self, level: str, message: str, target: str, in_app: bool, file: str | None = None, line: int | None = None
    ) -> None:
        """Adds a breadcrumb. ``in_app`` is true for one of the program, false for one of a library."""

    @property
    def module(self) -> str | None:
        """The module in which it began."""

    @property
    def name(self) -> str:
        """The name of the computation."""

    @property
    def theoretical_ref(self) -> str:
        """The equation or section that it implements."""

    @property
    def parent(self) -> Computation | None:
        """The computation around this one."""

    @property
    def elapsed_s(self) -> float:
        """Seconds since it began."""

@type_check_only
class ExceptionRecord(TypedDict):
    """The description of an exception for the recorder."""

    error_type: str
    error_message: str
    stack_trace: str
    #: Type, message, data, notes, relation to another error, and the index of that error if it is not the one before.
    errors: list[tuple[str, str, Any, list[str], str | None, int | None]]
    errors_cut: bool
    #: Function, file, line, and whether the file belongs to the program.
    frames: list[tuple[str, str, int | None, bool]]
    #: File, line and module.
    location: tuple[str | None, int | None, str | None]

@final
class Recorder:
    """The Rust library's logger.

    Raises ``OSError`` if the directory cannot be created, and ``ValueError`` if an option is invalid.
    """

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
        trail_of_successes: bool = False,
    ) -> Self: ...
    def record(
        self, error: ExceptionRecord, call: dict[str, Any], outcomes: list[tuple[str, str | None, str | None]]
    ) -> None:
        """Records a failure. Appends its id, and its file or the reason why it is on stderr, to ``outcomes``.

        They are not returned, because a signal handler may raise before the caller has the result. Raises
        ``RuntimeError`` if the recorder panics, and the exception of a signal handler that ran meanwhile.
        """

    def log(
        self, level: str, target: str, message: str, fields: dict[str, Any], within: Computation | None = None
    ) -> None:
        """Writes a line of the runtime log."""

    def log_end(self, computation: Computation, outcome: str, failure_id: str | None = None) -> None:
        """Logs the end of a computation."""

    def flush(self) -> None:
        """Waits until all records and log lines are with the operating system."""

    def finish(self) -> None:
        """Like ``flush``, and pushes the records that are not pushed yet."""

    def stats(self) -> dict[str, int]:
        """Counts of records, log lines and pushes so far."""

@type_check_only
class ColumnData(TypedDict):
    """A column with a value for each run. The buffers are writable."""

    name: str
    role: Literal["fact", "parameter", "digest"]
    #: 64-bit floats, NaN for values that are no numbers. ``None`` if the column has only texts and booleans.
    numbers: bytearray | None
    #: True if one of the numbers is NaN.
    has_nan: bool
    #: One byte for each run, 1 if the value is missing. ``None`` if no value is missing.
    missing: bytearray | None
    #: Indices of 32 bits in ``labels``, -1 for values that are no texts or booleans. ``None`` if there are none.
    codes: bytearray | None
    #: False, true, and the texts.
    labels: list[bool | str]

@final
class CorpusTables:
    """The tables of all computations.

    Raises ``FileNotFoundError`` if a directory does not exist, ``OSError`` if it is unreadable, and ``ValueError`` if
    there are no computations. Methods raise ``KeyError`` for an unknown computation.
    """

    def __new__(cls, dirs: list[str]) -> Self: ...
    @property
    def computations(self) -> list[str]:
        """The names of the computations."""

    @property
    def skipped(self) -> list[str]:
        """The files and lines that were not read, and why."""

    @property
    def notes(self) -> list[str]:
        """Limits of the tables."""

    def summaries(self) -> list[dict[str, Any]]:
        """The number, the outcomes and the durations of the runs of each computation."""

    def columns(self, computation: str) -> list[ColumnData]:
        """The columns of a computation: facts, parameters and digests."""

    def select_sessions(self, sessions: list[str]) -> Self:
        """A corpus with the runs of some sessions."""

    def regions(self, computation: str) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        """The regions in which a computation fails, and the text and the sentence of each. The search runs once."""

    def contains(self, computation: str, conditions: list[dict[str, Any]]) -> bytearray:
        """One byte for each run, 1 if it satisfies all conditions."""

    def risks(self, computation: str, parameters: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The risk of a run with each of these sets of parameters."""

    def nearest(
        self, computation: str, parameters: dict[str, Any], failure_id: str | None = None
    ) -> dict[str, Any]:
        """The success that is nearest to a run, and what differs.

        The parameters in the closing line of the failure with this id replace the given ones.
        """

def find_regions(counter: Any) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """Finds regions in the runs that an object counts, and returns the same as ``CorpusTables.regions``.

    The object has the methods of the counter in ``tracing_failure._corpus``. Raises their exceptions.
    """

@final
class ArraySummary:
    """The summary of an array, as a value."""

def summarize(shape: list[int], memory: Any) -> ArraySummary:
    """Summarises an array, from an object with the buffer protocol that has its entries in row-major order.

    Raises ``TypeError`` if they are neither floating point numbers nor integers.
    """

def value_text(object: Any) -> str:
    """The value of an object as text. It is bounded, unlike ``repr`` of objects with shared parts."""

def category_names() -> list[str]:
    """The names of all categories."""

def conflict_copies(dir: str | os.PathLike[str]) -> list[tuple[Path, Path]]:
    """Conflict copies of records in a directory, each with its original. Raises ``OSError``."""

def record_paths(dir: str | os.PathLike[str]) -> list[Path]:
    """The paths of the records in a directory, oldest first. Raises ``OSError``."""

def read_record(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Reads the record in a file. Raises ``OSError``, or ``ValueError`` if it is invalid."""

def parse_record(text: str) -> dict[str, Any]:
    """Parses a record. Raises ``ValueError`` if it is invalid."""

def format_record(record: dict[str, Any]) -> str:
    """The text of a record, as in its file. Raises ``ValueError`` if the dict is no record."""

def diagnose(record: dict[str, Any]) -> dict[str, Any]:
    """The record with the analysis of its trail and with suggestions.

    Raises ``ValueError`` if the dict is no record.
    """

def add_resolution(dir: str | os.PathLike[str], record: dict[str, Any], fix: str) -> None:
    """Saves the fix of a failure in the directory of its record.

    Raises ``OSError`` if the file cannot be written, and ``ValueError`` if the dict is no record.
    """

def ask_model(
    record: dict[str, Any], path: str | os.PathLike[str] | None, request: dict[str, Any], save: bool
) -> dict[str, Any]:
    """Asks a language model about the record in the file ``path``. ``save`` adds the answer to the file.

    Raises ``AdviceError``, or the exception of the function that is the model.
    """

def new_id() -> str:
    """A new id. Ids sort by the time when they were made."""

def before_fork() -> None:
    """Waits until no thread runs code of this module without the interpreter lock."""

def after_fork() -> None:
    """Lets threads run again in the process that forked."""

def after_fork_in_child() -> None:
    """Resets the state in the new process, which has no other threads."""

def call_on_new_stack(function: Callable[..., _T], arguments: tuple[Any, ...]) -> _T | None:
    """Calls a function on the empty stack of a new thread, without calling Python code before.

    Returns ``None`` if that fails, with a message on stderr.
    """

def wait_for_stacks() -> None:
    """Waits until no new stack is left."""

def stack_owner() -> int | None:
    """The id of the thread whose stack is full, if this thread is the new stack for it."""

def schema() -> str:
    """The JSON Schema of a record."""
