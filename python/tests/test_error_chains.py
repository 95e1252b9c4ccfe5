"""The error that determines the category: chains, groups and notes."""

import asyncio
import pathlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tracing_failure import Failure, StructuredLogger, read


def singular() -> None:
    np.linalg.inv(np.zeros((2, 2)))


def after_a_missing_key() -> None:
    try:
        {}["cache"]
    except KeyError:
        singular()


def after_a_missing_file() -> None:
    try:
        open("/no/such/file")
    except FileNotFoundError:
        raise FloatingPointError("NaN in the density")


def from_a_singular_matrix() -> None:
    try:
        singular()
    except np.linalg.LinAlgError as error:
        raise RuntimeError("the flow stopped") from error


def without_context() -> None:
    try:
        {}["cache"]
    except KeyError:
        raise RuntimeError("the flow stopped") from None


def only_context() -> None:
    try:
        singular()
    except np.linalg.LinAlgError:
        raise RuntimeError("the flow stopped")


def too_late() -> None:
    async def wait() -> None:
        async with asyncio.timeout(0.01):
            await asyncio.sleep(10)

    asyncio.run(wait())


def in_a_group() -> None:
    raise ExceptionGroup("3 solves failed", [ValueError("x"), np.linalg.LinAlgError("Singular matrix")])


def in_a_group_of_groups() -> None:
    raise ExceptionGroup("outer", [ExceptionGroup("inner", [FloatingPointError("NaN in the density")])])


def with_a_note() -> None:
    error = RuntimeError("the integration failed")
    error.add_note("Required step size is less than spacing between numbers.")
    raise error


def unreadable() -> None:
    class Unreadable(Exception):
        def __str__(self) -> str:
            raise KeyError("x")

    raise Unreadable


@pytest.mark.parametrize(
    ("fail", "category"),
    [
        (after_a_missing_key, "singular_matrix"),
        (after_a_missing_file, "non_finite"),
        (from_a_singular_matrix, "singular_matrix"),
        (without_context, "other"),
        (only_context, "singular_matrix"),
        (too_late, "time_limit"),
        (in_a_group, "singular_matrix"),
        (in_a_group_of_groups, "non_finite"),
        (with_a_note, "step_size_underflow"),
        (unreadable, "other"),
    ],
)
def test_the_failing_error_determines_the_category(
    logger: StructuredLogger, fail: Callable[[], None], category: str
) -> None:
    failure = failed(logger, fail)
    assert failure.category == category
    assert not any("spell" in fix for fix in failure.suggested_fixes)


def failed(logger: StructuredLogger, fail: Callable[[], None]) -> Failure:
    with pytest.raises(BaseException), logger.computation("c", "r"):
        fail()
    return read(logger.output_dir)[-1]


def relations(failure: Failure) -> list[tuple[Any, ...]]:
    keys = ("type", "message", "relation", "related_to")
    return [tuple(error.get(key) for key in keys) for error in failure.context["errors"]]


def test_members_and_notes_are_in_the_record(logger: StructuredLogger) -> None:
    def fail() -> None:
        member = ValueError("first")
        member.add_note("at beta = 5.7")
        member.__cause__ = KeyError("k")
        group = ExceptionGroup("solves", [member, ExceptionGroup("more", [TypeError("second")])])
        group.add_note("a note of the group")
        raise group from OSError("disk")

    failure = failed(logger, fail)
    assert relations(failure) == [
        ("ExceptionGroup", "solves (2 sub-exceptions)", None, None),
        ("ValueError", "first", "member", None),
        ("KeyError", "'k'", None, None),
        ("ExceptionGroup", "more (1 sub-exception)", "member", 0),
        ("TypeError", "second", "member", None),
        ("OSError", "disk", None, 0),
    ]
    errors = failure.context["errors"]
    assert (errors[0]["notes"], errors[1]["notes"]) == (["a note of the group"], ["at beta = 5.7"])
    assert all("data" not in error or "args" not in error["data"] for error in errors if "Group" in error["type"])
    card = failure._repr_html_()
    assert "at beta = 5.7" in card and "with ValueError: first" in card and "a note of the group" in card


def test_a_context_is_described_as_being_handled(logger: StructuredLogger) -> None:
    failure = failed(logger, after_a_missing_key)
    assert relations(failure)[1] == ("KeyError", "'cache'", "context", None)
    assert "while handling KeyError" in failure._repr_html_()


def test_many_members_are_cut(logger: StructuredLogger) -> None:
    def fail() -> None:
        raise ExceptionGroup("many", [ValueError(str(number)) for number in range(1000)])

    failure = failed(logger, fail)
    assert len(failure.context["errors"]) == 32 and failure.context["errors_cut"] is True


def test_the_order_of_failed_tasks_does_not_change_the_fingerprint(logger: StructuredLogger) -> None:
    def group(members: list[Exception]) -> Callable[[], None]:
        def fail() -> None:
            raise ExceptionGroup("unhandled errors in a TaskGroup", members)

        return fail

    one = failed(logger, group([ValueError("x"), OSError("y")]))
    other = failed(logger, group([OSError("y"), ValueError("x"), OSError("z")]))
    assert one.fingerprint == other.fingerprint
    assert failed(logger, group([KeyError("x")])).fingerprint != one.fingerprint


def test_arguments_in_the_wrong_order_are_refused(logger: StructuredLogger, tmp_path: pathlib.Path) -> None:
    error = ValueError("x")
    for arguments in [(error, "c", {}, "r"), ("c", {"beta": 5.7}, error, "r")]:
        with pytest.raises(TypeError, match=r"log_failure\(computation, error, parameters, theoretical_ref\)"):
            logger.log_failure(*arguments)  # type: ignore[arg-type]
    assert len(read(logger.output_dir)) == 0


def test_an_unknown_category_is_reported_once(logger: StructuredLogger, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        logger.log_failure("c", "e", category="my_own")
    output = capsys.readouterr().err
    assert output.count("my_own") == 2 and output.count("singular_matrix") == 1
    failure = read(logger.output_dir)[-1]
    assert (failure.category, failure.context["reason"]) == ("other", "my_own")


def test_the_error_names_a_function_that_returns_no_text() -> None:
    failure = Failure("2025-12-27T04:30:00Z", "c", "r", "E", "m")

    def my_model(question: str) -> Any:
        return None

    with pytest.raises(TypeError, match="my_model returned NoneType"):
        failure.suggest(my_model)
    assert failure.suggestions == []
