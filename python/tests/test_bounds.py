"""Every traversal of user objects ends, and lets signals through.

The tests run in another process, because a hang in native code cannot be interrupted.
"""

import json
import pathlib
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from child import Child

#: Runs code, and returns the last line that it prints, as JSON.
Run = Callable[..., Any]

PRELUDE = """
import collections, dataclasses, faulthandler, functools, itertools, json, random, sys, types
from tracing_failure import Failure, StructuredLogger, read
logger = StructuredLogger("failures")

def recorded(value, error="e"):
    path = logger.log_failure("c", error, {"x": value}, "r")
    return json.loads(path.read_text("utf-8"))

@dataclasses.dataclass
class Node:
    next: object = None

class Plain:
    def __init__(self, next=None):
        self.next = next

Pair = collections.namedtuple("Pair", "a b")

class Slots:
    # A class as attrs generates it.
    __slots__ = ("a", "b")
    __attrs_attrs__ = tuple(types.SimpleNamespace(name=name) for name in __slots__)
    def __init__(self, a, b):
        self.a, self.b = a, b
    def __repr__(self):
        return f"Slots({self.a!r}, {self.b!r})"

def objects(*entries):
    import numpy
    array = numpy.empty(len(entries), dtype=object)
    array[:] = entries
    return array
"""


@pytest.fixture(scope="module")
def child() -> Iterator[Child]:
    child = Child(PRELUDE)
    yield child
    child.close()


@pytest.fixture
def run(child: Child, tmp_path: pathlib.Path) -> Run:
    return lambda code, seconds=60: json.loads(child.run(code, tmp_path, seconds).splitlines()[-1])


def test_a_hang_is_reported(child: Child, tmp_path: pathlib.Path) -> None:
    assert child.run("print(5)", tmp_path) == "5\n"
    with pytest.raises(AssertionError, match="it hangs after 0.5 s\n(?s:.*)File \"<case>\", line 2"):
        child.run("import re\nre.match('(a*)*b', 'a' * 64)", tmp_path, 0.5)
    with pytest.raises(AssertionError, match="the process has ended"):
        child.run("import os; os._exit(3)", tmp_path)
    with pytest.raises(AssertionError, match="ZeroDivisionError"):
        child.run("1 / 0", tmp_path)
    assert child.run("print(5)", tmp_path) == "5\n"


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("a = []; a.append(a)", ["<list: it holds itself>"]),
        ("a = []; a += [a, a]", ["<list: it holds itself>", "<list: it holds itself>"]),
        ("a = []; a.append((a,))", [["<list: it holds itself>"]]),
        ("a = []; b = [a]; c = [b]; a.append(c)", [[["<list: it holds itself>"]]]),
        ("a = {}; a['b'] = [a]", {"b": ["<dict: it holds itself>"]}),
        ("a = Node(); a.next = [a]", {"next": ["<Node: it holds itself>"]}),
        ("a = Plain(); a.next = [a]", {"next": ["<Plain: it holds itself>"]}),
        ("b = []; a = Pair(b, 1); b.append(a)", {"a": ["<Pair: it holds itself>"], "b": 1}),
        ("a = collections.deque(); a.append(a)", ["<deque: it holds itself>"]),
        ("a = collections.UserList(); a.append(a)", ["<UserList: it holds itself>"]),
        ("a = types.SimpleNamespace(); a.next = a", {"next": "<SimpleNamespace: it holds itself>"}),
        ("b = []; a = frozenset([Pair('b', Plain(b))]); b.append(a)", None),
    ],
)
def test_a_cycle_becomes_a_note(run: Run, code: str, expected: Any) -> None:
    value = run(code + "\nprint(json.dumps(recorded(a)['parameters']['x']))")
    assert expected is None or value == expected


def test_a_cycle_of_any_length_ends(run: Run) -> None:
    code = """
nests = {
    "list": lambda x, step: [x],
    "dict": lambda x, step: {"a": x},
    "mixed": lambda x, step: (x,) if step % 2 else [x],
}
texts = []
for kind, nest in nests.items():
    for length in (1, 2, 3, 7, 40):
        first = last = {} if kind == "dict" else []
        for step in range(length - 1):
            last = nest(last, step)
        first.update(a=last) if kind == "dict" else first.append(last)
        texts.append(str(recorded(first)["parameters"]))
print(json.dumps(texts))
"""
    for text in run(code):
        assert "it holds itself" in text or "nested too deeply" in text


@pytest.mark.parametrize("place", ["trail", "argument", "attribute", "context", "log", "computation"])
def test_a_cycle_ends_in_every_argument(run: Run, place: str) -> None:
    code = f"""
import logging
a = []; a.append(a)
place = {place!r}
error = ValueError(a, 1) if place == "argument" else ValueError("v")
if place == "attribute": error.state = a
if place == "context":
    logger.log_failure("c", error, {{}}, "r", context={{"a": a}})
elif place == "log":
    logging.getLogger("solver").addHandler(logger.handler())
    logging.getLogger("solver").warning("w", extra={{"a": a}})
try:
    with logger.computation("c", "r", **({{"a": a}} if place == "computation" else {{}})) as c:
        c.record(a=a if place == "trail" else 1)
        raise error
except ValueError:
    pass
print(json.dumps(len(read("failures"))))
"""
    assert run(code) >= 1


@pytest.mark.parametrize(
    "grow",
    [
        "{'a': x, 'b': x, 'c': x}",
        "[x, x, x]",
        "(x, [x], x)",
        "Node([x, x, x])",
        "Pair([x, x], x)",
        "Plain({'a': [x], 'b': (x, x)})",
        "collections.deque([x, x, x])",
        "functools.partial(print, x, x, x)",
        "Slots(x, [x, x])",
        "types.MappingProxyType({'a': x, 'b': x, 'c': x})",
        "{1: x, 2: x, 3: x}.values()",
        "ValueError(x, x, x)",
        "tuple[x, x, x]",
        "objects(x, x, x)",
    ],
)
def test_repetitions_of_a_shared_object_are_limited(run: Run, grow: str) -> None:
    code = f"""
x = {{"leaf": 1}}
for _ in range(40):
    x = {grow}
recorded(x, ValueError(x, 1))
import os
print(max(entry.stat().st_size for entry in os.scandir("failures")))
"""
    assert run(code) < 1_000_000


def test_a_small_shared_object_is_repeated(run: Run) -> None:
    code = """
shared = {"beta": [5.7, {"mass": 0.1}]}
matrix = [[float(i + j) for i in range(40)] for j in range(40)]
print(json.dumps(recorded({"all": [shared] * 100, "a": matrix, "b": matrix})["parameters"]["x"]))
"""
    value = run(code)
    assert value["all"] == [{"beta": [5.7, {"mass": 0.1}]}] * 100
    assert value["a"] == value["b"] and value["b"]["mean"] == 39.0


def test_random_graphs_end(run: Run) -> None:
    """Objects of all kinds that refer to each other at random: cycles, shared parts, and both."""
    code = """
def graph(seed):
    pick = random.Random(seed)
    nodes = []
    for _ in range(pick.randrange(1, 30)):
        nodes.append(pick.choice([list, dict, Node, Plain, collections.deque, types.SimpleNamespace])())
    for node in nodes:
        for key in range(pick.randrange(4)):
            target = pick.choice(nodes)
            target = pick.choice([target, (target,), Pair(target, key), {"t": target}, [target] * 3, 1.5])
            if hasattr(node, "append"):
                node.append(target)
            elif isinstance(node, dict):
                node[key] = target
            else:
                node.next = target
    return nodes[0]

for seed in range(150):
    recorded(graph(seed), ValueError(graph(seed), 1))
import os
print(max(entry.stat().st_size for entry in os.scandir("failures")))
"""
    assert run(code, 300) < 3_000_000


@pytest.mark.parametrize(
    "make",
    [
        "type('Endless', (collections.UserList,), {'__iter__': lambda self: itertools.count()})([1])",
        "type('Endless', (set,), {'__iter__': lambda self: itertools.count()})([1])",
        "type('Endless', (list,), {'__iter__': lambda self: itertools.count()})([1])",
        "type('Endless', (Pair,), {'__iter__': lambda self: itertools.count(), '_fields': itertools.count()})(1, 2)",
        "type('Endless', (), {'__array__': None, 'shape': itertools.count()})()",
        "type('Endless', (), {'__struct_fields__': ('a',), 'a': itertools.count()})()",
        "itertools.count()",
        "(n for n in itertools.count())",
        "map(str, itertools.count())",
        "dict.fromkeys(range(10**6)).keys()",
        "dict.fromkeys(range(10**6)).values()",
        "collections.deque(range(10**7))",
        "1 << 10**8",
        "{'x' * 10**7: 1}",
        "type('Large', (), {'__repr__': lambda self: 'x' * 10**8})()",
    ],
)
def test_infinite_and_huge_objects_are_cut(run: Run, make: str) -> None:
    code = f"import os\nrecorded({make})\nprint(max(entry.stat().st_size for entry in os.scandir('failures')))"
    assert run(code) < 200_000


def test_slow_reprs_have_a_time_limit(run: Run) -> None:
    code = """
import time
class Slow:
    def __repr__(self):
        time.sleep(0.5)
        return "slow"
value = recorded([Slow() for _ in range(250)])["parameters"]["x"]
print(json.dumps(json.dumps(value)))
"""
    value = run(code)
    assert "slow" in value and "<Slow: no room is left>" in value


def test_a_group_of_shared_groups_ends(run: Run) -> None:
    code = """
group = ValueError("leaf")
for level in range(40):
    group = ExceptionGroup(f"level {level}", [group, group])
try:
    with logger.computation("c", "r"):
        raise group
except ExceptionGroup:
    pass
[failure] = read("failures")
print(json.dumps([failure.error_type, "level 39" in failure.stack_trace, len(failure.to_json())]))
"""
    kind, has_message, size = run(code)
    assert (kind, has_message) == ("ExceptionGroup", True) and size < 200_000


def test_an_infinite_chain_ends(run: Run) -> None:
    code = """
class Endless(Exception):
    @property
    def __cause__(self):
        return Endless("another")

a, b = ValueError("a"), KeyError("b")
a.__cause__, b.__cause__ = b, a
c = ValueError("c")
c.__context__, b.__context__ = a, c
for error in (a, b, c, Endless("first"), ExceptionGroup("g", [a, Endless("m")])):
    try:
        with logger.computation("c", "r"):
            raise error
    except Exception:
        pass
print(json.dumps([failure.error_message for failure in read("failures")]))
"""
    assert run(code) == ["a", "'b'", "c", "first", "g (2 sub-exceptions)"]


def test_a_record_with_a_cycle_is_shown_and_an_infinite_one_refused(run: Run) -> None:
    code = """
a = []; a.append(a)
failure = Failure("2025-12-27T04:30:00Z", "c", "r", "E", "m", {"a": a, "b": {1, 2}, "beta": 5.7})
assert "it holds itself" in failure.to_json()
assert "5.7" in failure._repr_html_()
shared = {}
for _ in range(40):
    shared = {"a": shared, "b": shared, "c": shared}
failure.parameters = {"shared": shared, "beta": 5.7}
assert "5.7" in failure._repr_html_()
try:
    failure.to_json()
except ValueError as error:
    print(json.dumps(str(error)))
"""
    assert "too large" in run(code, 300)


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="needs signals")
def test_ctrl_c_interrupts_long_native_code(tmp_path: pathlib.Path) -> None:
    code = PRELUDE + """
import threading
shared = {"leaf": 1}
for _ in range(40):
    shared = {"a": shared, "b": shared, "c": shared}
failure = Failure("2025-12-27T04:30:00Z", "c", "r", "E", "m", {"shared": shared})
print("begun", flush=True)
try:
    while True:
        try:
            failure.to_json()
        except ValueError:
            pass
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""
    program = subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    try:
        assert program.stdout is not None and program.stdout.readline() == "begun\n"
        time.sleep(0.3)
        program.send_signal(signal.SIGINT)
        assert program.communicate(timeout=30)[0] == "interrupted\n"
    finally:
        program.kill()
        program.wait()
