"""Sweep files: TOML with a base scenario and a grid. Some are part of the program."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scenarios.files import RawTable, read, toml_files
from scenarios.grid import axis
from scenarios.loading import load
from scenarios.numbers import flatten
from scenarios.problems import Problem, ScenarioError, nearest, shown
from scenarios.sweep import Sweep, sweep_of, with_settings
from scenarios.variants import toml_value

_BUILT_IN = Path(__file__).parent / "sweeps"
_KEYS = ("title", "question", "base", "set", "grid", "epochs", "seeds", "large")
_LARGE_KEYS = ("grid", "epochs", "seeds")
_MOST_SEEDS = 1000


def built_in_sweeps() -> dict[str, Path]:
    """The sweeps that are part of the program, by name."""
    return {path.stem: path for path in toml_files(_BUILT_IN)}


def is_sweep_file(path: Path) -> bool:
    """Whether the file has a table `grid`, which no scenario has. A file that cannot be read has none."""
    try:
        return "grid" in read(path)
    except ScenarioError:
        return False


def load_sweep(path: Path, *, large: bool = False, seed: int = 42, user_dir: Path | None = None) -> Sweep:
    """Load a sweep file.

    Args:
        path: of the file.
        large: load its larger form: the table `large` replaces axes of the grid, epochs and seeds.
        seed: of the first run of each combination.
        user_dir: the user's own scenario files, which `base` may name.

    Raises:
        ScenarioError: it is invalid; holds the problems.
    """
    table, file = read(path), str(path)
    if problems := list(_misused(table, file)):
        raise ScenarioError(problems)
    grid = flatten(table["grid"])
    if large:
        if "large" not in table:
            expected = "a table [large] with epochs, seeds or the values of grid"
            raise ScenarioError([Problem(file, "large", "missing", expected)])
        table = table | table["large"]
        grid |= flatten(table["large"].get("grid", {}))
    name = table["base"]
    base = load(path.parent / name if name.endswith(".toml") else name, user_dir=user_dir)
    changes = [f"{key}={toml_value(value)}" for key, value in flatten(table.get("set", {})).items()]
    if "epochs" in table:
        changes.append(f"training.epochs={table['epochs']}")
    base = with_settings(base, changes)
    axes = [axis(key, values, file) for key, values in grid.items()]
    return sweep_of(
        f"{path.stem}-large" if large else path.stem,
        base,
        axes,
        seeds=table.get("seeds", 1),
        seed=seed,
        title=table.get("title", ""),
        question=" ".join(table.get("question", "").split()),
        path=file,
    )


def _misused(table: RawTable, file: str) -> list[Problem]:
    """What is wrong with the file itself; its base and its grid are checked by what reads them."""
    problems = _misused_keys(table, file, "", _KEYS)
    missing = [key for key in ("base", "grid") if key not in table]
    problems += [Problem(file, key, "missing", _WANTED[key][1]) for key in missing]
    if isinstance(large := table.get("large"), dict):
        problems += _misused_keys(large, file, "large.", _LARGE_KEYS)
    return problems


_WANTED: dict[str, tuple[type, str]] = {
    "title": (str, "a text in quotes"),
    "question": (str, "a text in quotes"),
    "base": (str, "the id of a scenario, such as depth-7"),
    "set": (dict, "a table, such as [set]"),
    "grid": (dict, "a table, such as [grid]"),
    "epochs": (int, "a whole number"),
    "seeds": (int, f"a whole number from 1 to {_MOST_SEEDS}"),
    "large": (dict, "a table, such as [large]"),
}


def _misused_keys(table: Mapping[str, Any], file: str, prefix: str, known: tuple[str, ...]) -> list[Problem]:
    """Keys that are unknown, or have a value of another kind."""
    problems = []
    for key, value in table.items():
        name = f"{prefix}{key}"
        if key not in known:
            guess = nearest(key, known)
            expected = "" if guess else f"one of {', '.join(known)}"
            problems.append(Problem(file, name, "unknown key", expected, "".join(guess)))
            continue
        kind, expected = _WANTED[key]
        if not isinstance(value, kind) or isinstance(value, bool):
            problems.append(Problem(file, name, f"found {shown(value)}", expected))
        elif isinstance(value, str) and not value.replace("\n", " ").isprintable():
            problems.append(Problem(file, name, "found control characters", "plain text"))
        elif key == "seeds" and not 1 <= table[key] <= _MOST_SEEDS:
            problems.append(Problem(file, name, f"found {shown(value)}", expected))
    return problems
