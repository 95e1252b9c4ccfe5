"""Files of source code: which of them belong to the program, and names that are the same on every machine."""

import os
import re
import sys
import sysconfig
from pathlib import Path
from types import CodeType
from typing import Any

from .notebook import absolute_path, cell_number_of, current_notebook

#: Maximum files in each cache.
_MAX_CACHED_FILES = 1024
#: Files and directories that mark the root of a project.
_PROJECT_MARKERS = ("pyproject.toml", "setup.py", "setup.cfg", ".git", ".hg", "Cargo.toml")
#: Maximum directories above a file that are searched for the root of its project.
_MAX_PARENTS = 32

#: Directories of Python's standard library and of this package.
_STDLIB_DIRS = tuple({os.path.join(sysconfig.get_path(name), "") for name in ("stdlib", "platstdlib")})
_PACKAGE_DIR = os.path.join(os.path.dirname(os.path.dirname(__file__)), "")
_INSTALLED_DIR = re.compile(r".*[/\\](?:site|dist)-packages[/\\]")
#: File names of IPython cells, also those of another process.
_CELL_FILE = re.compile(r"<ipython-input-.*|.*[/\\]ipykernel_\d+[/\\]\d+\.py")

_in_app_cache: dict[str, bool] = {}
_name_cache: dict[str, str] = {}


def is_in_app(file: str) -> bool:
    """Returns whether a file belongs to the program: not to Python, an installed package or this package."""
    known = _in_app_cache.get(file)
    if known is None:
        if file.startswith("<") and not file.startswith("<ipython-input"):
            known = file in ("<stdin>", "<string>")
        else:
            known = not is_installed(file) and not file.startswith((*_STDLIB_DIRS, _PACKAGE_DIR))
        if len(_in_app_cache) >= _MAX_CACHED_FILES:
            _in_app_cache.clear()
        _in_app_cache[file] = known
    return known


def is_package_file(file: str) -> bool:
    """Returns whether a file belongs to this package."""
    return file.startswith(_PACKAGE_DIR)


def is_stdlib(file: str) -> bool:
    """Returns whether a file belongs to Python's standard library."""
    return file.startswith((*_STDLIB_DIRS, "<frozen ")) and not is_installed(file)


def is_installed(file: str) -> bool:
    """Returns whether a file belongs to an installed package."""
    return "site-packages" in file or "dist-packages" in file


def stable_file_name(code: CodeType, module: Any) -> str:
    """A name of the code's file that does not depend on the machine or on the working directory.

    It is relative to the project or to the directory of installed packages. A file outside of both is named after its
    module, and a cell after its notebook.
    """
    file = code.co_filename
    if cell_number_of(file) is not None:
        return current_notebook() or "notebook"
    known = _name_cache.get(file)
    if known is None:
        if len(_name_cache) >= _MAX_CACHED_FILES:
            _name_cache.clear()
        known = _name_cache[file] = _stable_name(file, module)
    return known


def _stable_name(file: str, module: Any) -> str:
    if _CELL_FILE.fullmatch(file):
        return "notebook"
    if file.startswith("<"):
        return file
    installed = _INSTALLED_DIR.match(file)
    if installed:
        return _with_slashes(file[installed.end() :])
    if stdlib_dir := next((each for each in _STDLIB_DIRS if file.startswith(each)), None):
        return _with_slashes(file[len(stdlib_dir) :])
    try:
        path = Path(absolute_path(file))
    except (OSError, ValueError):
        return os.path.basename(file)
    root = _project_root(path)
    if root is not None:
        return path.relative_to(root).as_posix()
    return "/".join(path.parts[-_module_depth(path, module) :])


def _project_root(path: Path) -> Path | None:
    """The root of a file's project. The home directory is no project, even if it has a marker."""
    home = os.path.expanduser("~")
    for directory in path.parents[:_MAX_PARENTS]:
        if str(directory) == home or directory == directory.parent:
            return None
        if any(os.path.exists(directory / marker) for marker in _PROJECT_MARKERS):
            return directory
    return None


def _module_depth(path: Path, module: Any) -> int:
    """The number of parts at the end of a path that the name of the module represents."""
    main = sys.modules.get("__main__")
    if module == "__main__":
        # `python -m package.module`
        module = getattr(getattr(main, "__spec__", None), "name", None)
    levels = module.count(".") + 1 if isinstance(module, str) else 1
    return max(levels + (path.stem == "__init__"), 1 + _package_depth(path))


def _package_depth(path: Path) -> int:
    """The number of nested packages around a file, which may be a script in a package."""
    parents = path.parents[:_MAX_PARENTS]
    return next((count for count, each in enumerate(parents) if not os.path.exists(each / "__init__.py")), 0)


def _with_slashes(path: str) -> str:
    return path.replace("\\", "/")
