"""A process that runs the code of several tests. It starts once, and again after a test that hangs in native code."""

import json
import queue
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

#: The code of the process. A request is a line with a directory and code; the answer is the output and the traceback.
SERVER = """
import contextlib, faulthandler, io, json, os, sys, traceback
faulthandler.enable()
prelude = compile(json.loads(sys.stdin.readline()), "<prelude>", "exec")
answers = sys.stdout
for line in sys.stdin:
    directory, code = json.loads(line)
    os.chdir(directory)
    printed, trouble = io.StringIO(), None
    try:
        names = {"__name__": "__main__"}
        with contextlib.redirect_stdout(printed):
            exec(prelude, names)
            exec(compile(code, "<case>", "exec"), names)
    except BaseException:
        trouble = traceback.format_exc()
    print(json.dumps([printed.getvalue(), trouble]), file=answers, flush=True)
"""


class Child:
    """Runs pieces of code, each after the prelude and in its own directory."""

    def __init__(self, prelude: str) -> None:
        self._prelude = prelude
        self._process: subprocess.Popen[str] | None = None

    def run(self, code: str, directory: Path, seconds: float = 60) -> str:
        """Returns the output of the code. If it hangs, the process ends with a traceback; the next run starts one."""
        if self._process is None:
            self._start()
        process = self._process
        assert process is not None and process.stdin is not None
        process.stdin.write(json.dumps([str(directory), code]) + "\n")
        process.stdin.flush()
        try:
            answer = self._answers.get(timeout=seconds)
        except queue.Empty:
            raise AssertionError(f"it hangs after {seconds} s\n{self._end()}") from None
        if answer is None:
            raise AssertionError(f"the process has ended\n{self._end()}")
        printed, trouble = json.loads(answer)
        assert trouble is None, trouble
        return str(printed)

    def close(self) -> None:
        if self._process is not None:
            self._end()

    def _start(self) -> None:
        self._stderr = tempfile.TemporaryFile("w+")
        command = [sys.executable, "-c", SERVER]
        pipe = subprocess.PIPE
        process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=self._stderr, text=True)
        assert process.stdin is not None and process.stdout is not None
        answers: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        lines = process.stdout

        def listen() -> None:
            for line in lines:
                answers.put(line)
            answers.put(None)

        threading.Thread(target=listen, daemon=True).start()
        process.stdin.write(json.dumps(self._prelude) + "\n")
        self._process, self._answers = process, answers

    def _end(self) -> str:
        """Ends the process, and returns its stderr, which has a traceback."""
        process, self._process = self._process, None
        assert process is not None
        process.send_signal(getattr(signal, "SIGABRT", signal.SIGTERM))
        process.wait()
        self._stderr.seek(0)
        with self._stderr:
            return self._stderr.read()
