"""``auto_push_failures=True``: records are pushed automatically."""

import subprocess
import sys
import textwrap

import pytest


def git(cwd, *args):
    result = subprocess.run(["git", *args], cwd=cwd, capture_output=True, text=True, check=True)
    return result.stdout.strip()


@pytest.fixture
def clone(tmp_path):
    git(tmp_path, "init", "--quiet", "--bare", "remote.git")
    git(tmp_path, "clone", "--quiet", "remote.git", "clone")
    clone = tmp_path / "clone"
    git(clone, "config", "user.name", "A")
    git(clone, "config", "user.email", "a@example.org")
    (clone / "notes.txt").write_text("notes")
    git(clone, "add", "notes.txt")
    git(clone, "commit", "--quiet", "-m", "begin")
    git(clone, "push", "--quiet", "origin", "HEAD:main")
    return clone


@pytest.mark.parametrize("branch", [None, "failures"])
def test_records_are_pushed_before_the_program_ends(clone, branch):
    program = f"""
        from tracing_failure import StructuredLogger
        logger = StructuredLogger(output_dir="io/failures", auto_push_failures=True, branch={branch!r})
        for n in range(3):
            logger.log_failure("rg_flow", "no convergence", {{"n": n}}, "Eq. 1.12")
    """
    (clone / "unsaved.txt").write_text("not to be committed")
    git(clone, "checkout", "--quiet", "-B", "main")
    git(clone, "branch", "--quiet", "--set-upstream-to=origin/main")
    program = [sys.executable, "-c", textwrap.dedent(program)]
    result = subprocess.run(program, cwd=clone, capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 0, result.stderr
    files = git(clone.parent / "remote.git", "ls-tree", "-r", "--name-only", branch or "main").splitlines()
    assert sum(file.startswith("io/failures/rg_flow_") for file in files) == 3, result.stderr
    assert not any("latest.json" in file or "unsaved" in file for file in files)


def test_records_of_dropped_loggers_are_pushed(clone):
    program = """
        from tracing_failure import StructuredLogger
        for n in range(3):
            logger = StructuredLogger(f"runs/{n}", auto_push_failures=True)
            logger.log_failure("rg_flow", "no convergence", {"n": n})
    """
    git(clone, "checkout", "--quiet", "-B", "main")
    git(clone, "branch", "--quiet", "--set-upstream-to=origin/main")
    program = [sys.executable, "-c", textwrap.dedent(program)]
    result = subprocess.run(program, cwd=clone, capture_output=True, text=True, timeout=60, check=False)
    files = git(clone.parent / "remote.git", "ls-tree", "-r", "--name-only", "main").splitlines()
    assert sum("/rg_flow_" in file for file in files) == 3, result.stderr


def test_a_failed_push_is_reported_and_costs_no_record(clone, tmp_path):
    git(clone, "remote", "set-url", "origin", str(tmp_path / "missing.git"))
    program = """
        from tracing_failure import StructuredLogger
        logger = StructuredLogger(output_dir="io/failures", auto_push_failures=True)
        print(logger.log_failure("rg_flow", "no convergence"))
        logger.flush()
        print(logger.stats["pushes_failed"])
    """
    program = [sys.executable, "-c", textwrap.dedent(program)]
    result = subprocess.run(program, cwd=clone, capture_output=True, text=True, timeout=60, check=False)
    path, failed = result.stdout.split()
    assert path.endswith(".json") and failed == "1"
    assert "automatic push" in result.stderr
