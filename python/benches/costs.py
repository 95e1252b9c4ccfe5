"""The costs of the package, compared with a logger in pure Python, as Markdown tables.

``benches/run python`` in the root of the repository writes them into the book.

Compared functions are measured in turns, since the speed of a file system changes from minute to minute. Times are
medians.
"""

import datetime
import json
import os
import statistics
import tempfile
import time
import traceback
import uuid
from pathlib import Path

from tracing_failure import StructuredLogger, record

PARAMETERS = {
    "initial_couplings": [50.0, 100.0, 150.0], "t_range": (-10.0, 10.0), "method": "RK45", "rtol": 1e-6, "atol": 1e-9,
}  # fmt: skip


class PythonLogger:
    """Writes the same record with :mod:`json` and an atomic rename.

    Category, fingerprint and suggestions come from ``template``, a record of tracing-failure.
    """

    def __init__(self, dir, template, indent):
        self.dir, self.template, self.indent = dir, template, indent
        dir.mkdir()

    def log_failure(self, computation, error, parameters, theoretical_ref):
        now = datetime.datetime.now(datetime.timezone.utc)
        id = str(uuid.uuid4())
        record = {
            "timestamp": now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "computation": computation,
            "theoretical_ref": theoretical_ref,
            "error_type": type(error).__name__,
            "error_message": str(error),
            "parameters": parameters,
            "stack_trace": "".join(traceback.format_exception(error)),
            "context": {**self.template["context"], "id": id, "errors": self.chain(error), "frames": self.frames(error)},
            "suggested_fixes": self.template["suggested_fixes"],
        }
        path = self.dir / f"rg_flow_{now:%Y%m%dT%H%M%S.%f}Z_{id}.json"
        temporary = f"{path}.tmp"
        with open(temporary, "w") as file:
            json.dump(record, file, indent=self.indent, allow_nan=False)
        os.replace(temporary, path)

    def chain(self, error):
        errors = []
        while error is not None:
            errors.append({"type": type(error).__qualname__, "message": str(error)})
            error = error.__cause__ or error.__context__
        return errors

    def frames(self, error):
        walk = traceback.walk_tb(error.__traceback__)
        frames = [
            {"function": frame.f_code.co_qualname, "file": frame.f_code.co_filename, "line": line, "in_app": True}
            for frame, line in walk
        ]
        return frames[::-1]


def step(x, depth):
    if depth > 0:
        return step(x, depth - 1)
    return (1.0 / (x - 1.0)) + 2.0


def fail():
    """Returns an error with a cause and seven frames."""
    try:
        try:
            step(1.0, 4)
        except ZeroDivisionError as error:
            raise ArithmeticError("no convergence after 500 iterations, residual 1e-3") from error
    except ArithmeticError as error:
        return error


def medians(functions, argument, rounds, calls):
    """Microseconds of each function per call. The functions take turns, each with ``calls`` calls in a row."""
    times = {name: [] for name in functions}
    for _ in range(rounds):
        for name, function in functions.items():
            arguments = [argument() for _ in range(calls)]
            started = time.perf_counter()
            for each in arguments:
                function(each)
            times[name].append((time.perf_counter() - started) / calls * 1e6)
    return {name: statistics.median(values) for name, values in times.items()}


def print_failure_costs(dir):
    """Prints the cost of a failure, alone and in a burst."""
    # A directory with the name `failures` would have a runtime log. The other loggers have none.
    recorder = StructuredLogger(dir / "records")

    def reporting_to(logger):
        return lambda error: logger.log_failure(
            computation="rg_flow_integration", error=error, parameters=PARAMETERS, theoretical_ref="IRH §1.2"
        )

    template = json.loads(reporting_to(recorder)(fail()).read_text())
    indented, compact = PythonLogger(dir / "indented", template, 2), PythonLogger(dir / "compact", template, None)
    content = b"x" * reporting_to(recorder)(fail()).stat().st_size

    def write_file(_):
        path = f"{dir}/{uuid.uuid4()}.json"
        with open(path + ".tmp", "wb") as file:
            file.write(content)
        os.replace(path + ".tmp", path)

    loggers = {
        "tracing_failure": reporting_to(recorder),
        "pure Python, `json.dump` with indentation": reporting_to(indented),
        "pure Python, `json.dump` on one line": reporting_to(compact),
        "a file of as many bytes, written and renamed": write_file,
    }
    alone, burst = medians(loggers, fail, 1000, 1), medians(loggers, fail, 40, 50)
    print(f"| one failure, {len(content)} bytes | µs, alone | ratio | µs, 50 in a row | ratio |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for name in loggers:
        columns = [f"{times[name]:.0f} | {times[name] / times['tracing_failure']:.1f}" for times in (alone, burst)]
        print(f"| {name} | {' | '.join(columns)} |")
    recorder.flush()


def print_healthy_costs(dir):
    """Prints the costs of computations that do not fail."""
    logger = StructuredLogger(dir / "failures", logs_dir=None)

    def block(_):
        with logger.computation("newton", theoretical_ref="§2.1", x0=0.5, tol=1e-9):
            pass

    @logger.computation("newton", theoretical_ref="§2.1")
    def decorated(x0, tol=1e-9):
        pass

    def plain(x0, tol=1e-9):
        pass

    rows = []
    with logger.computation("c") as c:
        operations = {
            "`with logger.computation(…)`, two parameters": block,
            "a decorated function": decorated,
            "a plain function": plain,
            "`c.record(step=…, residual=…)`": lambda x: c.record(step=3, residual=x),
            "`tracing_failure.record(…)`": lambda x: record(step=3, residual=x),
            "a dict appended to a list": lambda x: rows.append({"step": 3, "residual": x, "t": time.perf_counter()}),
        }
        times = medians(operations, lambda: 0.5, 400, 100)
    print("\n| without a failure | µs |\n| --- | ---: |")
    for name, value in times.items():
        print(f"| {name} | {value:.2f} |")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as dir:
        print_failure_costs(Path(dir))
        print_healthy_costs(Path(dir))
