"""The recorders of this process, shared by loggers with the same options."""

import atexit
import os
import sys
import threading
from collections.abc import Callable
from typing import Any
from weakref import WeakValueDictionary

from .. import _native

#: Recorders by their options, so that a cell that runs twice makes one recorder. The references are weak: a sweep may
#: make thousands of loggers, and a recorder frees its thread and files with its last logger.
_recorders: WeakValueDictionary[tuple[str, ...], _native.Recorder] = WeakValueDictionary()
#: Recorders that push. They stay until the process ends, which waits for their last push.
_pushing: set[_native.Recorder] = set()
#: Guards additions. It is reentrant, because a signal handler may make a logger meanwhile.
_lock = threading.RLock()


def shared_recorder(options: dict[str, Any]) -> _native.Recorder:
    """Returns the recorder with these options, and makes it if there is none."""
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
        trail_of_successes="trail" in options["successes"],
    )
    with _lock:
        # Another thread may have made it in the meantime.
        existing = _recorders.setdefault(key, new)
    if options["auto_push_failures"]:
        _pushing.add(existing)
    return existing


def _register_worker_exit() -> None:
    """Registers a finalizer. Workers of :mod:`multiprocessing` skip :mod:`atexit` and drop finalizers at start."""
    util = sys.modules.get("multiprocessing.util")
    if util is not None:
        util.register_after_fork(_finish_all, _finish_when_worker_exits)
        # This process may be a worker that has started already.
        _finish_when_worker_exits(_finish_all)


def _finish_when_worker_exits(finish: Callable[[], None]) -> None:
    from multiprocessing.process import parent_process
    from multiprocessing.util import Finalize

    if parent_process() is not None:
        Finalize(None, finish, exitpriority=0)


def _finish_all() -> None:
    _native.wait_for_stacks()
    for recorder in list(_recorders.values()):
        recorder.finish()


def _after_fork_in_child() -> None:
    global _lock
    _lock = threading.RLock()
    _native.after_fork_in_child()
    _register_worker_exit()


# Buffered lines are written when the process ends.
atexit.register(_finish_all)
_register_worker_exit()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_native.before_fork, after_in_parent=_native.after_fork, after_in_child=_after_fork_in_child
    )
