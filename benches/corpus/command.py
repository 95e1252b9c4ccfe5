"""Calls the command `failures`, the only place that knows its arguments.

As a program, it runs a command and writes its wall time and its peak memory into a file.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass


@dataclass
class Finished:
    """The output of a process, its wall time in seconds, and its peak memory in MiB."""

    output: str
    seconds: float
    memory: float


def run(arguments):
    """Runs a command and measures it.

    A small process starts the command: the peak memory of a process includes that of its parent at the start.
    """
    with tempfile.NamedTemporaryFile(mode="r") as usage:
        command = [sys.executable, "-S", __file__, usage.name, *map(str, arguments)]
        finished = subprocess.run(command, stdout=subprocess.PIPE, text=True)
        if finished.returncode != 0:
            raise SystemExit(f"`{' '.join(map(str, arguments[:2]))} …` ended with exit code {finished.returncode}")
        return Finished(finished.stdout, *json.load(usage))


def measure(usage, arguments):
    started = time.monotonic()
    process = subprocess.Popen(arguments)
    _, status, resources = os.wait4(process.pid, 0)
    with open(usage, "w", encoding="utf-8") as file:
        json.dump([time.monotonic() - started, resources.ru_maxrss / 1024], file)
    return os.waitstatus_to_exitcode(status)


def regions(binary, directory, computation):
    finished = run([binary, "regions", computation, "--json", "--from", str(directory)])
    return json.loads(finished.output), finished


def risks(binary, directory, computation, batch):
    """Returns one answer for each line of the file `batch`, which has the parameters of one run in each line."""
    finished = run([binary, "risk", computation, "--json", "--from", str(directory), "--batch", str(batch)])
    return [json.loads(line) for line in finished.output.splitlines()]


def export(binary, directory, target):
    return run([binary, "export", str(target), "--from", str(directory)])


def runs(binary, directory):
    return run([binary, "runs", "--json", "--from", str(directory)])


if __name__ == "__main__":
    code = measure(sys.argv[1], sys.argv[2:])
    sys.exit(code if code >= 0 else 128 - code)
