"""The scenarios: a catalogue of TOML files, what a file may contain, and how it is read.

Importing this package is cheap: pydantic is imported when the first scenario is checked, torch never.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from scenarios.files import toml_files
from scenarios.index import Entry, built_in
from scenarios.loading import OWN_SECTION, load
from scenarios.problems import Problem, ScenarioError, UnknownScenario

if TYPE_CHECKING:
    from scenarios.schema import Scenario

__all__ = ["Entry", "Problem", "ScenarioError", "UnknownScenario", "differences", "entries", "load"]


def entries(user_dir: Path | None = None) -> tuple[Entry, ...]:
    """The catalogue in its order, then the `*.toml` files of `user_dir` by name.

    Never raises because of problems in the user's files: an entry holds its problems.
    """
    return (*built_in().values(), *(_users(user_dir) if user_dir is not None else ()))


def differences(a: "Scenario", b: "Scenario") -> tuple[tuple[str, Any, Any], ...]:
    """The settings in which two scenarios differ: (dotted key, a's value, b's value).

    A value is None if its scenario does not have the key. Ids and prose are not compared.
    """
    left, right = a.numbers(), b.numbers()
    both = ((key, left.get(key), right.get(key)) for key in dict.fromkeys((*left, *right)))
    return tuple((key, ours, theirs) for key, ours, theirs in both if ours != theirs)


def _users(user_dir: Path) -> list[Entry]:
    try:
        paths = toml_files(user_dir)
    except FileNotFoundError:
        return []
    except OSError as error:
        problem = Problem(
            str(user_dir), "", f"cannot be read: {error.strerror}", "a folder of scenario files"
        )
        return [Entry(user_dir.name, user_dir.name, OWN_SECTION, user_dir, False, False, (problem,))]
    return [_user_entry(path) for path in paths]


def _user_entry(path: Path) -> Entry:
    problems: list[Problem] = []
    if path.stem in built_in():
        expected = "a file name that is not the id of a built-in scenario"
        problems.append(Problem(str(path), "", f"{path.stem} is the id of a built-in scenario", expected))
    title, section = path.stem, OWN_SECTION
    try:
        scenario = load(path)
    except ScenarioError as error:
        problems += error.problems
    else:
        title, section = scenario.title, scenario.section
    return Entry(path.stem, title, section, path, False, False, tuple(problems))
