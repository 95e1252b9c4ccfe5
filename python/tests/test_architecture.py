"""The imports of the package: their direction, and no cycle between files."""

import ast
import importlib
import re
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import tracing_failure

PACKAGE = Path(tracing_failure.__file__).parent
RUST = PACKAGE.parent / "src"

#: The subpackages that each part of the package may import. Every part may import itself and the compiled half.
DIRECTIONS: dict[str, set[str]] = {
    "__init__": {"_corpus", "_ipython", "_recording", "_records", "spark"},
    "spark": {"_corpus"},
    "_corpus": {"_records"},
    "_ipython": {"_recording", "_exceptions", "_runtime"},
    "_recording": {"_exceptions", "_runtime"},
    "_records": {"_runtime"},
    "_values": {"_exceptions", "_runtime"},
    "_exceptions": {"_runtime"},
    "_runtime": set(),
    "_native": set(),
}

#: The functions that the compiled half calls. It imports their modules by name at run time.
CALLBACKS = {
    "_runtime.notebook": "display_file",
    "_runtime.signals": "is_from_signal",
    "_values.convert": "simplify",
    "_values.trail_value": "trail_value",
}


def modules(package: Path) -> dict[str, Path]:
    """The files of a package by the names of their modules. The stub represents the compiled half."""
    files = {path.relative_to(package).with_suffix(""): path for path in sorted(package.rglob("*.py*"))}
    return {".".join(name.parts): path for name, path in files.items() if path.suffix in (".py", ".pyi")}


def imports(name: str, known: dict[str, Path], package: str = "tracing_failure") -> set[str]:
    """The modules that a module imports, including imports in functions and for type checking."""
    found = set()
    for node in ast.walk(ast.parse(known[name].read_text())):
        if isinstance(node, ast.Import):
            targets = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = ".".join([package, *name.split(".")][: -node.level]) if node.level else ""
            module = ".".join(filter(None, [base, node.module]))
            targets = [f"{module}.{alias.name}" for alias in node.names]
        else:
            continue
        found |= {target.removeprefix(f"{package}.") for target in targets if target.startswith(f"{package}.")}
    return {module for target in found if (module := resolve(target, known)) is not None}


def resolve(target: str, known: dict[str, Path]) -> str | None:
    """The module with a dotted name, or the module that has an attribute with this name."""
    candidates = (target, f"{target}.__init__", target.rpartition(".")[0], f"{target.rpartition('.')[0]}.__init__")
    return next((candidate for candidate in candidates if candidate in known), None)


def cycle(package: Path) -> list[str]:
    known = modules(package)
    try:
        TopologicalSorter({name: imports(name, known) for name in known}).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_no_cycle_between_files():
    assert cycle(PACKAGE) == []


@pytest.mark.parametrize("planted", [
    "from .b import y",
    "from . import b",
    "import tracing_failure._x.b",
    "def f():\n    from .b import y",
    "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from tracing_failure._x import b",
])  # fmt: skip
def test_a_planted_cycle_is_found(tmp_path, planted):
    (tmp_path / "_x").mkdir()
    (tmp_path / "_x" / "__init__.py").write_text("")
    (tmp_path / "_x" / "a.py").write_text(planted)
    (tmp_path / "_x" / "b.py").write_text("from .._x.a import f")
    assert set(cycle(tmp_path)) == {"_x.a", "_x.b"}


def test_imports_follow_the_direction_of_the_subpackages():
    known = modules(PACKAGE)
    wrong = []
    for name in known:
        part = name.partition(".")[0]
        allowed = {part, "_native", *DIRECTIONS[part]}
        wrong += [f"{name} imports {other}" for other in imports(name, known) if other.partition(".")[0] not in allowed]
    assert wrong == []


def test_the_directions_have_no_cycle():
    TopologicalSorter(DIRECTIONS).prepare()


@pytest.mark.skipif(not RUST.is_dir(), reason="needs the sources of the compiled half")
def test_the_compiled_half_calls_only_the_documented_functions():
    sources = "\n".join(path.read_text() for path in RUST.glob("*.rs"))
    called = set(re.findall(r'\.import\("tracing_failure\.([\w.]+)"\)', sources))
    assert called == set(CALLBACKS)
    for module, function in CALLBACKS.items():
        assert f'getattr("{function}")' in sources
        assert callable(getattr(importlib.import_module(f"tracing_failure.{module}"), function))
