"""Where code lies: whose it is, and a name of its file that is the same in every run and on every machine."""

import os
import re
import sys
import sysconfig
from pathlib import Path
from types import CodeType
from typing import Any

from . import notebook

#: Files that are remembered.
_KNOWN = 1024
#: What the root of a project holds.
_MARKS = ("pyproject.toml", "setup.py", "setup.cfg", ".git", ".hg", "Cargo.toml")
#: Directories above a file in which its project is looked for.
_LEVELS = 32

#: Where Python's own code lies, and ours.
_PYTHON = tuple({os.path.join(sysconfig.get_path(name), "") for name in ("stdlib", "platstdlib")})
_OURS = os.path.join(os.path.dirname(os.path.dirname(__file__)), "")
_INSTALLED = re.compile(r".*[/\\](?:site|dist)-packages[/\\]")
#: Names that IPython gives to cells, also in a process that does not know them.
_CELL = re.compile(r"<ipython-input-.*|.*[/\\]ipykernel_\d+[/\\]\d+\.py")

_files: dict[str, bool] = {}
_names: dict[str, str] = {}


def is_in_app(file: str) -> bool:
    """Neither Python's own, nor installed, nor ours."""
    known = _files.get(file)
    if known is None:
        if file.startswith("<") and not file.startswith("<ipython-input"):
            known = file in ("<stdin>", "<string>")
        else:
            known = not is_installed(file) and not file.startswith((*_PYTHON, _OURS))
        if len(_files) >= _KNOWN:
            _files.clear()
        _files[file] = known
    return known


def is_ours(file: str) -> bool:
    """Whether it is a file of this package."""
    return file.startswith(_OURS)


def is_of_python(file: str) -> bool:
    """Whether Python itself brings this file."""
    return file.startswith((*_PYTHON, "<frozen ")) and not is_installed(file)


def is_installed(file: str) -> bool:
    return "site-packages" in file or "dist-packages" in file


def stable_name(code: CodeType, module: Any) -> str:
    """The file relative to its project, or to where it is installed; else what its module is called. For a cell, the notebook.

    It does not depend on the directory that the program was started in.
    """
    file = code.co_filename
    if notebook.cell_of(file) is not None:
        return notebook.notebook() or "notebook"
    known = _names.get(file)
    if known is None:
        if len(_names) >= _KNOWN:
            _names.clear()
        known = _names[file] = _stable_name(file, module)
    return known


def _stable_name(file: str, module: Any) -> str:
    if _CELL.fullmatch(file):
        return "notebook"
    if file.startswith("<"):
        return file
    installed = _INSTALLED.match(file)
    if installed:
        return _portable(file[installed.end() :])
    if beginning := next((each for each in _PYTHON if file.startswith(each)), None):
        return _portable(file[len(beginning) :])
    try:
        path = Path(notebook.absolute(file))
    except (OSError, ValueError):
        return os.path.basename(file)
    root = _project(path)
    if root is not None:
        return path.relative_to(root).as_posix()
    return "/".join(path.parts[-_levels(path, module) :])


def _project(path: Path) -> Path | None:
    """The root of the project that a file lies in. A home directory that is one itself does not count."""
    home = os.path.expanduser("~")
    for directory in path.parents[:_LEVELS]:
        if str(directory) == home or directory == directory.parent:
            return None
        if any(os.path.exists(directory / mark) for mark in _MARKS):
            return directory
    return None


def _levels(path: Path, module: Any) -> int:
    """How many parts of its path the name of a module stands for."""
    main = sys.modules.get("__main__")
    if module == "__main__":
        # `python -m package.module`
        module = getattr(getattr(main, "__spec__", None), "name", None)
    levels = module.count(".") + 1 if isinstance(module, str) else 1
    return max(levels + (path.stem == "__init__"), 1 + _packages_around(path))


def _packages_around(path: Path) -> int:
    """How many packages it lies in, one within the other: a script can lie in one as well."""
    around = path.parents[:_LEVELS]
    return next((count for count, each in enumerate(around) if not os.path.exists(each / "__init__.py")), 0)


def _portable(path: str) -> str:
    return path.replace("\\", "/")
