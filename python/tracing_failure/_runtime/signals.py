"""What the handler of a signal raises while a failure is recorded: Ctrl-C, a time that is up. It is the program's, and goes on
when the record is written."""

import functools
import opcode
import signal
from types import CodeType, TracebackType
from typing import Any


def is_from_signal(error: BaseException, traceback: TracebackType | None = None) -> bool:
    """Whether a signal's handler raised it, and not code that a signal has nothing to do with. The traceback is given where
    the error does not have it yet.
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
    """Whether Python's own handler raised it, in which no code of Python's runs: it is no ``raise`` in somebody's code."""
    while tb is not None and tb.tb_next is not None:
        tb = tb.tb_next
    return tb is None or tb.tb_frame.f_code.co_code[tb.tb_lasti] != opcode.opmap["RAISE_VARARGS"]


def _handler_code(handler: Any) -> CodeType | None:
    """The code that a handler consists of, where it is no default."""
    while isinstance(handler, functools.partial):
        handler = handler.func
    if not callable(handler):
        return None
    call_method = next((vars(kind)["__call__"] for kind in type(handler).__mro__ if "__call__" in vars(kind)), None)
    codes = (getattr(each, "__code__", None) for each in (handler, getattr(handler, "__func__", None), call_method))
    return next((code for code in codes if isinstance(code, CodeType)), None)
