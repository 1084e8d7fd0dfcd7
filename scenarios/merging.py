"""One table on top of another: a scenario on the one it extends, overrides on a scenario."""

import copy
import tomllib
from collections.abc import Sequence
from typing import Any

from scenarios.files import RawTable
from scenarios.numbers import PROSE
from scenarios.problems import Problem, ScenarioError, shown

OVERRIDES = "--set"

# Keys that mean something only beside a certain value of another: who changes that one drops them.
_BELONGS_TO = {
    "model.activation": ("beta",),
    "model.init.scheme": ("std", "gain"),
    "optimizer.name": ("lr", "momentum", "betas", "eps", "radius", "norm"),
}


def inherit(parent: RawTable, child: RawTable) -> RawTable:
    """What `child` states, on top of what it takes from `parent`. The prose is its own."""
    return merge({key: value for key, value in parent.items() if key not in PROSE}, child)


def merge(below: RawTable, above: RawTable) -> RawTable:
    """Two tables as one; where both state a key, `above` holds. Lists are replaced whole."""
    below = copy.deepcopy(below)
    for key, dependents in _BELONGS_TO.items():
        table, _, name = key.rpartition(".")
        old, new = _inner(below, table), _inner(above, table)
        if old is not None and new is not None and name in new and new[name] != old.get(name):
            for dependent in dependents:
                old.pop(dependent, None)
    return _overlay(below, above)


def _inner(table: RawTable, key: str) -> RawTable | None:
    """The table at a dotted key, if there is one."""
    inner: Any = table
    for name in key.split("."):
        inner = inner.get(name) if isinstance(inner, dict) else None
    return inner if isinstance(inner, dict) else None


def _overlay(below: RawTable, above: RawTable) -> RawTable:
    merged = dict(below)
    for name, value in above.items():
        mine: Any = merged.get(name)
        nested = isinstance(value, dict) and isinstance(mine, dict)
        merged[name] = _overlay(mine, value) if nested else value
    return merged


def parse_overrides(overrides: Sequence[str]) -> RawTable:
    """`model.init.std=0.3` and the like as one table.

    A value is read as TOML has it; what is no TOML value is a text, so names need no quotes. Of a key that
    is stated twice the last holds.

    Raises:
        ScenarioError: one has no `=`, no key, or a value whose quotes or brackets don't close.
    """
    table: RawTable = {}
    problems = []
    for override in overrides:
        key, equals, text = override.partition("=")
        names = [name.strip() for name in key.split(".")]
        if not equals or not all(names):
            message = f"found {shown(override)}"
            problems.append(Problem(OVERRIDES, "", message, "KEY=VALUE, such as model.init.std=0.3"))
            continue
        try:
            value = _parse_value(text.strip())
        except (ValueError, RecursionError):
            message = f"found {text.strip()}"
            problems.append(Problem(OVERRIDES, key, message, "a TOML value, such as 0.3, relu or [[1, 3]]"))
            continue
        for name in reversed(names):
            value = {name: value}
        table = _overlay(table, value)
    if problems:
        raise ScenarioError(problems)
    return table


def _parse_value(text: str) -> Any:
    try:
        parsed = tomllib.loads(f"value = {text}")
    except (ValueError, RecursionError):
        if text.startswith(("[", "{", '"', "'")):
            raise
    else:
        if len(parsed) == 1:
            return parsed["value"]
    try:
        return float(text) if text[:1] in {*"+-.0123456789"} else text  # TOML refuses .5 and 1.
    except ValueError:
        return text
