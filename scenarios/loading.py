"""From a name to a scenario: find the file, merge it with its parent, apply overrides, validate."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from scenarios.files import RawTable, known_files, read
from scenarios.index import built_in
from scenarios.merging import OVERRIDES, inherit, merge, parse_overrides
from scenarios.problems import Problem, ScenarioError, UnknownScenario, nearest, shown

if TYPE_CHECKING:
    from scenarios.schema import Scenario

OWN_SECTION = "Your own"


def load(
    id_or_path: str | Path, overrides: Sequence[str] = (), *, user_dir: Path | None = None
) -> "Scenario":
    """Load one complete scenario.

    Args:
        id_or_path: the id of a built-in scenario or of a file in `user_dir`, or the path of a file.
        overrides: such as `model.init.std=0.3`; see scenarios.merging.parse_overrides.
        user_dir: the user's own scenario files.

    Raises:
        UnknownScenario: there is no such scenario or file.
        ScenarioError: the scenario is invalid; holds every problem.
    """
    from scenarios.validation import validate  # imports pydantic

    path = _locate(id_or_path, user_dir)
    table, complete, problems = _stacked(path)
    checked = validate(table, str(path), complete=complete)
    if not problems and overrides and not isinstance(checked, list):
        checked = validate(_overridden(table, overrides), OVERRIDES)
    if isinstance(checked, list):
        problems += checked
    if problems or isinstance(checked, list):
        raise ScenarioError(problems)
    return checked


def _locate(id_or_path: str | Path, user_dir: Path | None) -> Path:
    """Find the file. A text is an id unless it contains a folder, ends in .toml or names a file."""
    if isinstance(id_or_path, Path):
        return id_or_path
    known = {name: entry.path for name, entry in built_in().items()}
    if user_dir is not None:
        known = known_files(user_dir) | known
    if id_or_path in known:
        return known[id_or_path]
    path = Path(id_or_path)
    if path.name == id_or_path and path.suffix != ".toml" and not os.path.isfile(path):
        raise UnknownScenario(id_or_path, nearest(id_or_path, known, count=3, cutoff=0.5))
    return path


def _stacked(path: Path) -> tuple[RawTable, bool, list[Problem]]:
    """The file's table merged over its parent's, whether the parent was readable, and the problems so far."""
    stated = read(path)
    problems = []
    if "id" in stated:
        problems.append(Problem(str(path), "id", "unknown key: the id of a scenario is the name of its file"))
    table = {"title": path.stem, "section": OWN_SECTION} | stated | {"id": path.stem}
    name = table.pop("extends", None)
    if name is None:
        return table, True, problems
    parent = _parent(path, name)
    if isinstance(parent, Problem):
        return table, False, [parent, *problems]
    return inherit(parent, table), True, problems


def _parent(path: Path, name: object) -> RawTable | Problem:
    """The table that the file at `path` extends: a built-in scenario, or a file in the same folder."""
    file, key = str(path), "extends"
    if not isinstance(name, str):
        return Problem(file, key, f"found {shown(name)}", "a scenario's id, such as depth-7")
    known = known_files(path.parent)
    known |= {other: entry.path for other, entry in built_in().items()}
    if name not in known:
        return Problem(file, key, f"there is no scenario {shown(name)}", "", "".join(nearest(name, known)))
    if known[name] == path:
        return Problem(file, key, "the file extends itself", "another scenario's id")
    try:
        parent = read(known[name])
    except ScenarioError as error:
        return Problem(file, key, f"cannot read the parent: {error}")
    grandparent = parent.get(key)
    if grandparent == path.stem:
        return Problem(file, key, f"{name} extends this file in turn", "a scenario without `extends`")
    if grandparent is not None:
        message = f"{name} itself extends {shown(grandparent)}"
        return Problem(file, key, message, "a scenario without `extends`", str(grandparent))
    return parent


def _overridden(table: RawTable, overrides: Sequence[str]) -> RawTable:
    changes = parse_overrides(overrides)
    reserved = [key for key in ("id", "extends") if key in changes]
    if reserved:
        expected = "a key of the scenario, such as model.init.std"
        raise ScenarioError([Problem(OVERRIDES, key, "cannot be set", expected) for key in reserved])
    return merge(table, changes)
