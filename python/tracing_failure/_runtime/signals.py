"""Recognises exceptions that signal handlers raise while a failure is recorded, such as Ctrl-C or a timeout.

They belong to the program. The recorder raises them again when the record is written.
"""

import functools
import opcode
import signal
from types import CodeType, TracebackType
from typing import Any


def is_from_signal(error: BaseException, traceback: TracebackType | None = None) -> bool:
    """Returns whether a signal handler raised the exception.

    The traceback is passed separately if the exception does not have it yet.
    """
    tb = traceback or error.__traceback__
    if issubclass(type(error), KeyboardInterrupt) and _is_from_keyboard(tb):
        return True
    codes = {code for number in signal.valid_signals() if (code := _handler_code(signal.getsignal(number))) is not None}
    while codes and tb is not None:
        if tb.tb_frame.f_code in codes:
            return True
        tb = tb.tb_next
    return False


def _is_from_keyboard(tb: TracebackType | None) -> bool:
    """Returns whether Python's default handler raised it: from native code, not from a ``raise`` statement."""
    while tb is not None and tb.tb_next is not None:
        tb = tb.tb_next
    return tb is None or tb.tb_frame.f_code.co_code[tb.tb_lasti] != opcode.opmap["RAISE_VARARGS"]


def _handler_code(handler: Any) -> CodeType | None:
    """The code of a handler, or ``None`` for a default handler."""
    while isinstance(handler, functools.partial):
        handler = handler.func
    if not callable(handler):
        return None
    call_method = next((vars(kind)["__call__"] for kind in type(handler).__mro__ if "__call__" in vars(kind)), None)
    codes = (getattr(each, "__code__", None) for each in (handler, getattr(handler, "__func__", None), call_method))
    return next((code for code in codes if isinstance(code, CodeType)), None)
