"""The recorders of this process, from their first failure to its end."""

import atexit
import os
import sys
from typing import Any

from . import _native

#: By what they were made with: a cell that is run twice does not set up things twice.
_recorders: dict[tuple[str, ...], _native.Recorder] = {}


def recorder(options: dict[str, Any]) -> _native.Recorder:
    """The recorder of these options; there is one for each set of them."""
    key = (*(repr(value) for value in options.values()),)
    known = _recorders.get(key)
    if known is None:
        known = _native.Recorder(
            options["output_dir"],
            logs=options["logs_dir"],
            session_id=options["session_id"],
            redact=options["redact"],
            areas=list(options["areas"].items()),
            durable=options["durability"] == "disk",
            auto_push=options["auto_push_failures"],
            branch=options["branch"],
            remote=options["remote"],
        )
        if not _recorders:
            _at_the_end()
        _recorders[key] = known
    return known


def _at_the_end() -> None:
    """What waits is written when the process ends."""
    atexit.register(_flush_all)
    _at_the_end_of_a_worker()


def _at_the_end_of_a_worker() -> None:
    """A process of multiprocessing ends without :mod:`atexit`, and forgets at its beginning what else it was to do."""
    util = sys.modules.get("multiprocessing.util")
    if util is not None:
        util.register_after_fork(_flush_all, lambda flush: util.Finalize(None, flush, exitpriority=0))


def _flush_all() -> None:
    for recorder in list(_recorders.values()):
        recorder.flush()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_native.before_fork, after_in_parent=_native.after_fork, after_in_child=_native.after_fork
    )
    os.register_at_fork(after_in_child=_at_the_end_of_a_worker)
