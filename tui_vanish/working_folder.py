"""Keeps Python from importing modules of the working folder, which is the user's.

People start the program inside their own projects, which often have an `engine.py`, a `scenarios/` or a
`random.py`. `python -m` and an empty entry of PYTHONPATH put that folder before everything else.

This module is imported before all others, so it imports only what Python itself has loaded already.
"""

import os
import sys

TYPE_CHECKING = False  # that of `typing` would have to be imported
if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType

OURS = ("tui_vanish", "engine", "scenarios", "vanish_recorder")
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# What the program imports besides itself and Python's own modules.
_NEEDED = ("numpy", "platformdirs", "plotext", "pydantic", "rich", "textual", "torch", "torchvision")
_LIBRARIES = ("site-packages", "dist-packages", "lib-dynload")


class _OwnPackages:
    """Finds the packages of the program beside this one, wherever else there are packages of these names."""

    @staticmethod
    def find_spec(
        name: str, path: "Sequence[str] | None" = None, target: "ModuleType | None" = None
    ) -> "ModuleSpec | None":
        """Find a module; None if it is not one of our packages."""
        if name not in OURS:
            return None
        by_path = next(finder for finder in sys.meta_path if getattr(finder, "__name__", "") == "PathFinder")
        return by_path.find_spec(name, [ROOT], target)


def leave_out() -> str:
    """Remove the working folder from the places to import from, unless the program itself is there.

    Returns:
        What has been imported from there already, and what to do, in one line; empty if nothing has.
    """
    if not any(finder is _OwnPackages for finder in sys.meta_path):
        sys.meta_path.insert(0, _OwnPackages)
    sys.path[:] = [entry for entry in sys.path if not is_the_users(entry)]
    return _imported_already()


def is_the_users(entry: str) -> bool:
    """Whether an entry of `sys.path` is the working folder, and not a folder of Python's or of ours."""
    try:
        place, here = os.path.realpath(entry), os.path.realpath("")
    except OSError:  # the working folder was removed
        return entry in ("", ".")
    is_pythons = place == os.path.dirname(os.path.realpath(os.__file__)) or place.endswith(_LIBRARIES)
    return place == here and place != os.path.realpath(ROOT) and not is_pythons


def shadows() -> list[str]:
    """Files and folders of the working folder that have the name of a module that the program imports."""
    if not is_the_users(""):
        return []
    known, found = _known(), []
    try:
        with os.scandir() as listing:
            for item in listing:
                name, dot, kind = item.name.partition(".")
                is_package = not dot and os.path.exists(os.path.join(item.name, "__init__.py"))
                if name in known and (is_package or kind == "py" or kind.endswith(("so", "pyc"))):
                    found.append(f"{item.name}/" if is_package else item.name)
    except OSError:  # it cannot be read, so nothing can be imported from it either
        return []
    return sorted(found)


def _known() -> set[str]:
    return {*sys.stdlib_module_names, *OURS, *_NEEDED}


def _imported_already() -> str:
    """Which module Python took from the working folder before this program could prevent it."""
    if not is_the_users(""):
        return ""
    for name in sorted(_known() & sys.modules.keys()):
        file = getattr(sys.modules[name], "__file__", None)
        if isinstance(file, str) and is_the_users(os.path.dirname(file)):
            return (
                f"{os.path.basename(file)} in this folder takes the place of Python's own module {name}:"
                " start vanish-tui in another folder, or rename the file"
            )
    return ""
