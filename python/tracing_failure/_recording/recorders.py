"""The recorders of this process."""

import atexit
import os
import sys
import threading
from collections.abc import Callable
from typing import Any
from weakref import WeakValueDictionary

from .. import _native

#: By what they were made with: a cell that is run twice does not set up things twice. One that no logger has any more is
#: given back, with its thread and its files: a sweep may have a logger for each of many thousand runs.
_recorders: WeakValueDictionary[tuple[str, ...], _native.Recorder] = WeakValueDictionary()
#: Those that push: what they are about to push is waited for at the end.
_pushing: set[_native.Recorder] = set()
#: Held while one is entered; a signal's handler may enter another one then.
_lock = threading.RLock()


def shared_recorder(options: dict[str, Any]) -> _native.Recorder:
    """The recorder of these options; there is one at a time for each set of them."""
    key = (*(repr(value) for value in options.values()),)
    existing = _recorders.get(key)
    if existing is not None:
        return existing
    new = _native.Recorder(
        options["output_dir"],
        logs=options["logs_dir"],
        session_id=options["session_id"],
        redact=options["redact"],
        areas=list(options["areas"].items()),
        durable=options["durability"] == "disk",
        auto_push=options["auto_push_failures"],
        branch=options["branch"],
        remote=options["remote"],
        without_dir=options["without_dir"],
    )
    with _lock:
        # Another thread may have made it meanwhile.
        existing = _recorders.setdefault(key, new)
    if options["auto_push_failures"]:
        _pushing.add(existing)
    return existing


def _register_worker_exit() -> None:
    """A process of multiprocessing ends without :mod:`atexit`, and forgets at its beginning what else it was to do."""
    util = sys.modules.get("multiprocessing.util")
    if util is not None:
        util.register_after_fork(_finish_all, _finish_when_worker_exits)
        # This may be one that has begun.
        _finish_when_worker_exits(_finish_all)


def _finish_when_worker_exits(finish: Callable[[], None]) -> None:
    from multiprocessing.process import parent_process
    from multiprocessing.util import Finalize

    if parent_process() is not None:
        Finalize(None, finish, exitpriority=0)


def _finish_all() -> None:
    _native.wait_for_stacks()
    for shared_recorder in list(_recorders.values()):
        shared_recorder.finish()


def _after_fork_in_child() -> None:
    global _lock
    _lock = threading.RLock()
    _native.after_fork_in_child()
    _register_worker_exit()


# What waits is written when the process ends.
atexit.register(_finish_all)
_register_worker_exit()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_native.before_fork, after_in_parent=_native.after_fork, after_in_child=_after_fork_in_child
    )
