"""Processes: forked, spawned, and many of them in one directory."""

import json
import os
import subprocess
import sys
import textwrap
import threading

import pytest

from tracing_failure import Failure, read

#: Workers that record failures with a logger that was made before they started.
WORKERS = """
    import multiprocessing, os, sys, threading
    from tracing_failure import StructuredLogger, record

    logger = StructuredLogger("io/failures")

    def work(n):
        try:
            with logger.computation("sweep", n=n) as c:
                c.record(step=n)
                raise ValueError(n)
        except ValueError:
            return os.getpid()

    if __name__ == "__main__":
        {before}
        method = multiprocessing.get_context("{method}")
        with method.Pool(4) as pool:
            pids = pool.map(work, range(200), chunksize=5)
            pool.close()
            pool.join()
        print(*sorted(set(pids)))
"""


#: A record with a parameter whose `repr` waits for a lock of the recording thread. Recording gives up after 10 seconds.
LOCKED = """
    import threading
    from tracing_failure import StructuredLogger
    logger = StructuredLogger("io/failures")

    class Model:
        lock = threading.RLock()

        def __repr__(self):
            with self.lock:
                return "model"

        def solve(self):
            with self.lock:
                self.endless()

        def endless(self):
            try:
                self.endless()
            except RecursionError as error:
                logger.log_failure("c", error, {"model": self})
                raise SystemExit

    try:
        Model().solve()
    except SystemExit:
        print("continues")
"""


@pytest.fixture(scope="module", autouse=True)
def locked(tmp_path_factory):
    """Runs during the other tests, because it waits for 10 seconds."""
    directory = tmp_path_factory.mktemp("locked")
    (directory / "program.py").write_text(textwrap.dedent(LOCKED))
    pipe = subprocess.PIPE
    program = subprocess.Popen([sys.executable, "program.py"], cwd=directory, stdout=pipe, stderr=pipe, text=True)
    yield program
    program.kill()
    program.communicate()


#: The beginning of most programs.
LOGGER = """
    from tracing_failure import StructuredLogger
    logger = StructuredLogger("io/failures")
"""

#: A thread that runs as soon as another one releases the interpreter lock. `ran` is then not empty.
WAITING_THREAD = """
    import sys, threading

    ran = []

    def start_waiting_thread():
        waiting, gate = threading.Event(), threading.Lock()

        def wait():
            waiting.set()
            with gate:
                ran.append(True)

        gate.acquire()
        threading.Thread(target=wait).start()
        waiting.wait()
        # Threads now switch only if one releases the interpreter lock itself.
        sys.setswitchinterval(1e6)
        gate.release()
"""


def run(code, cwd, prelude=""):
    (cwd / "program.py").write_text(textwrap.dedent(prelude) + textwrap.dedent(code))
    program = [sys.executable, "-W", "ignore", "program.py"]
    result = subprocess.run(program, cwd=cwd, capture_output=True, text=True, timeout=120, check=False)
    assert result.returncode == 0, result.stderr
    return result.stdout


def lines(dir):
    """The lines of all logs, without those that describe a session."""
    lines = [json.loads(line) for log in dir.iterdir() for line in log.read_text().splitlines()]
    return [line for line in lines if line["message"] != "session"]


#: Threads that record all the time, so that some record while the process forks.
BUSY = """threading.Thread(target=lambda: [work(-1) for _ in range(300)], daemon=True).start()
        threading.Thread(target=lambda: [work(-1) for _ in range(300)], daemon=True).start()"""


@pytest.mark.parametrize(("method", "before"), [("fork", ""), ("fork", BUSY), ("spawn", ""), ("forkserver", "")])
def test_workers_record_all_failures(tmp_path, method, before):
    pids = run(WORKERS.format(method=method, before=before), tmp_path).split()
    failures = [failure for failure in read(tmp_path / "io/failures") if failure.parameters["n"] >= 0]
    assert sorted(failure.parameters["n"] for failure in failures) == list(range(200))
    assert {str(failure.context["process"]["pid"]) for failure in failures} == set(pids)
    assert all(failure.context["trail"][0]["columns"]["step"] for failure in failures)
    if method == "fork":
        assert len({failure.context["session_id"] for failure in failures}) == 1
    ends = [line for line in lines(tmp_path / "io/logs") if line.get("outcome") and line["parameters"]["n"] >= 0]
    assert len(ends) == 200


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_workers_with_their_own_loggers_write_all_lines(tmp_path, method):
    run(
        f"""
        import multiprocessing

        def work(n):
            from tracing_failure import StructuredLogger
            with StructuredLogger("io/failures").computation("sweep", n=n):
                pass

        if __name__ == "__main__":
            with multiprocessing.get_context("{method}").Pool(2) as pool:
                pool.map(work, range(20))
                pool.close()
                pool.join()
        """,
        tmp_path,
    )
    assert sorted(line["parameters"]["n"] for line in lines(tmp_path / "io/logs")) == list(range(20))


def test_the_latest_record_is_the_newest_after_workers_ended(tmp_path):
    run(
        """
        import multiprocessing

        def work():
            for n in range(30):
                logger.log_failure("c", "e", {"n": n})

        if __name__ == "__main__":
            worker = multiprocessing.get_context("fork").Process(target=work)
            worker.start()
            worker.join()
        """,
        tmp_path,
        LOGGER,
    )
    latest = json.loads((tmp_path / "io/failures/latest.json").read_text())
    assert latest["parameters"] == {"n": 29}


def test_a_failure_of_a_worker_is_the_cause_of_one_in_the_parent(tmp_path):
    run(
        """
        import concurrent.futures, multiprocessing

        def work():
            with logger.computation("newton"):
                raise ValueError("x")

        if __name__ == "__main__":
            context = multiprocessing.get_context("fork")
            try:
                with logger.computation("sweep"), concurrent.futures.ProcessPoolExecutor(1, context) as pool:
                    pool.submit(work).result()
            except ValueError:
                pass
        """,
        tmp_path,
        LOGGER,
    )
    inner, outer = read(tmp_path / "io/failures")
    assert (inner.computation, outer.computation) == ("newton", "sweep")
    assert outer.context["caused_by"] == inner.id


def test_a_forked_process_may_end_directly_after_a_record(logger):
    pid = os.fork()
    if pid == 0:
        logger.log_failure("c", "in the child")
        os._exit(0)
    os.waitpid(pid, 0)
    [failure] = read(logger.output_dir)
    assert failure.context["process"]["pid"] == pid


def test_threads_record_concurrently(logger):
    def work(n):
        for m in range(50):
            logger.log_failure("c", "e", {"n": n * 50 + m})

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert sorted(failure.parameters["n"] for failure in read(logger.output_dir)) == list(range(400))


def test_other_threads_run_while_a_record_is_written(tmp_path):
    output = run(
        """
        from tracing_failure import StructuredLogger
        logger = StructuredLogger("io/failures", durability="disk")
        error = ValueError("x")
        logger.log_failure("c", error)

        start_waiting_thread()
        before = len(ran)
        logger.log_failure("c", error)
        print(before, len(ran))
        """,
        tmp_path,
        WAITING_THREAD,
    )
    assert output.strip() == "0 1"


def test_other_threads_run_while_a_record_is_read(tmp_path, logger):
    path = logger.log_failure("c", "e")
    record = json.loads(path.read_text())
    record["parameters"] = {"x": list(range(500_000))}
    path.write_text(json.dumps(record))
    output = run(
        f"""
        from tracing_failure import Failure

        start_waiting_thread()
        before = len(ran)
        failure = Failure.from_path({str(path)!r})
        print(before, len(ran), failure.computation)
        """,
        tmp_path,
        WAITING_THREAD,
    )
    assert output.strip() == "0 1 c"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="counts in /proc")
def test_dropped_loggers_free_their_files_and_threads(tmp_path):
    """Each run of a sweep has a directory."""
    output = run(
        """
        import logging, os, time
        from tracing_failure import StructuredLogger

        def count():
            return len(os.listdir("/proc/self/fd")), len(os.listdir("/proc/self/task"))

        def sweep(runs):
            for run in runs:
                logger = StructuredLogger(f"runs/{run}/failures")
                with logger.computation("newton"):
                    logger.handler().handle(logging.makeLogRecord({"msg": "begins", "levelno": 20}))
                logger.log_failure("newton", "no convergence", {"run": run})

        def settles():
            return all(after - before < 20 for before, after in zip(begun, count()))

        sweep(range(20))
        begun = count()
        sweep(range(20, 220))
        # Threads end by themselves.
        deadline = time.monotonic() + 60
        while not settles() and time.monotonic() < deadline:
            time.sleep(0.1)
        print(settles())
        """,
        tmp_path,
    )
    assert output == "True\n"
    for number in range(220):
        [failure] = read(tmp_path / f"runs/{number}/failures")
        assert failure.parameters == {"run": number}
        assert Failure.from_path(tmp_path / f"runs/{number}/failures/latest.json").id == failure.id
        messages = [line["message"] for line in lines(tmp_path / f"runs/{number}/logs")]
        assert {"begins", "computation closed"} <= set(messages)


def test_a_logger_can_be_dropped_and_made_again(tmp_path):
    output = run(
        """
        from tracing_failure import StructuredLogger
        for n in range(3):
            logger = StructuredLogger("io/failures", session_id="one")
            logger.log_failure("c", "e", {"n": n})
            del logger
        """,
        tmp_path,
    )
    assert output == "" and [failure.parameters["n"] for failure in read(tmp_path / "io/failures")] == [0, 1, 2]
    assert sum(line["level"] == "ERROR" for line in lines(tmp_path / "io/logs")) == 3


def test_a_record_in_a_fork_hook_does_not_wait_for_the_fork(tmp_path):
    """Hooks before a fork run in the reverse order of their registration."""
    run(
        """
        import os
        os.register_at_fork(before=lambda: logger.log_failure("c", "before the fork"))
        from tracing_failure import StructuredLogger
        logger = StructuredLogger("io/failures")
        if os.fork() == 0:
            logger.log_failure("c", "in the child")
            os._exit(0)
        os.wait()
        """,
        tmp_path,
    )
    messages = [failure.error_message for failure in read(tmp_path / "io/failures")]
    assert messages == ["before the fork", "in the child"]


def test_a_fork_and_a_thread_do_not_wait_for_each_other(tmp_path):
    """The hook of `logging` runs after that of this package. A thread with its lock flushes the handler."""
    output = run(
        """
        import logging, logging.config, os, threading
        logging.getLogger().addHandler(logger.handler())
        reached, forking = threading.Event(), threading.Event()

        class Slow(logging.Handler):
            def flush(self):
                reached.set()
                forking.wait(0.5)

        slow = Slow()
        thread = threading.Thread(target=logging.config.dictConfig, args=({"version": 1},))
        thread.start()
        reached.wait()
        if os.fork() == 0:
            logger.log_failure("c", "in the child")
            os._exit(0)
        os.wait()
        forking.set()
        thread.join()
        logger.log_failure("c", "afterwards")
        print("done")
        """,
        tmp_path,
        LOGGER,
    )
    assert output == "done\n"
    assert [failure.error_message for failure in read(tmp_path / "io/failures")] == ["in the child", "afterwards"]


def test_threads_that_make_the_same_logger_write_all_lines(tmp_path):
    for n in range(5):
        run(
            f"""
            import threading
            from tracing_failure import StructuredLogger
            barrier = threading.Barrier(4)

            def work(n):
                barrier.wait()
                logger = StructuredLogger("{n}/failures", session_id="one")
                with logger.computation("c", n=n):
                    pass
                done.release()
                threading.Event().wait()

            done = threading.Semaphore(0)
            for n in range(4):
                threading.Thread(target=work, args=(n,), daemon=True).start()
            for _ in range(4):
                done.acquire()
            """,
            tmp_path,
        )
        assert sorted(line["parameters"]["n"] for line in lines(tmp_path / f"{n}/logs")) == [0, 1, 2, 3]


def test_a_full_stack_is_recorded_from_every_depth(tmp_path):
    """Messages, exceptions and exceptions that leave a computation, at all depths up to the recursion limit."""
    output = run(
        """
        import sys, threading
        from tracing_failure import StructuredLogger, read
        logger = StructuredLogger("io/failures")
        error = ValueError("no convergence")

        def message():
            return logger.log_failure("message", "no convergence", {"n": 1})

        def exception():
            return logger.log_failure("exception", error, {"n": 1})

        def leaves():
            with logger.computation("leaves", n=1):
                raise ValueError("no convergence")

        def at(depth, what):
            return what() if depth <= 0 else at(depth - 1, what)

        def recorded():
            return logger.stats["recorded"]

        def attempt(what):
            for depth in range(800, sys.getrecursionlimit()):
                begun = recorded()
                try:
                    at(depth, what)
                except ValueError:
                    assert what is leaves
                except RecursionError:
                    # No room for the call itself.
                    break
                assert recorded() == begun + 1, depth
            assert depth > 900, depth
            # The thread can record as before.
            assert logger.log_failure("afterwards", "no convergence")

        for what in (message, exception, leaves):
            attempt(what)
        records = list(read(logger.output_dir))
        assert len(records) == recorded()
        print({r.error_message for r in records}, {r.error_type for r in records} == {"Error", "ValueError"})
        # At the last depth there is no stack left to ask for the name of the thread.
        print([r.context["thread"] for r in records if r.context["thread"] != "MainThread"])
        """,
        tmp_path,
    )
    errors, threads = output.splitlines()
    assert errors == "{'no convergence'} True"
    assert threads in ("[]", "['']", "['', '']", "['', '', '']")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits memory")
def test_a_full_stack_is_recorded_with_limited_memory(tmp_path):
    run(
        """
        import resource

        def endless():
            return endless() + 1

        logger.log_failure("c", "first")
        used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + (48 << 20), -1))

        def record():
            try:
                endless()
            except RecursionError as error:
                return logger.log_failure("c", error)

        def at(depth):
            return record() if depth == 0 else at(depth - 1)

        for depth in range(0, 900, 50):
            assert at(depth)
        """,
        tmp_path,
        LOGGER,
    )


def test_an_import_in_a_fork_hook_does_not_block_records(tmp_path):
    """Only the hooks after the fork run. Without the hook before it, a record would wait for a fork that never ends."""
    output = run(
        """
        import os
        os.register_at_fork(before=lambda: __import__("tracing_failure"))
        if os.fork() == 0:
            os._exit(0)
        os.wait()
        from tracing_failure import StructuredLogger, _native
        logger = StructuredLogger("io/failures")
        # Each would wait for a second.
        for _ in range(200):
            logger.log_failure("c", "e")
        print(logger.stats["recorded"])
        """,
        tmp_path,
    )
    assert output == "200\n"


def test_a_lock_of_a_thread_with_a_full_stack_costs_only_the_record(locked):
    output, errors = locked.communicate(timeout=120)
    assert output == "continues\n", errors
