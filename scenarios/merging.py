"""Merge one table over another: a scenario over the one it extends, overrides over a scenario."""

import copy
from collections.abc import Sequence
from typing import Any

from scenarios.files import DEEPEST, RawTable, TooComplexError, parse
from scenarios.numbers import PROSE
from scenarios.problems import Problem, ScenarioError, shortened, shown

OVERRIDES = "--set"

_UNSAID = {"model.kind": "mlp"}  # what a table means that does not say it
# Keys that are valid only for certain values of another key: changing that key drops them.
_BELONGS_TO = {
    "model.kind": (
        *("hidden_layers", "width", "activation", "beta", "norm", "dropout", "gradient", "skip"),
        *("blocks", "residual", "cell", "recurrent", "forget_bias"),
        *("heads", "patch", "mlp_ratio", "norm_place"),
    ),
    "model.activation": ("beta",),
    "model.init.scheme": ("std", "gain"),
    "model.recurrent.scheme": ("std", "gain"),
    "model.cell": ("forget_bias",),
    "optimizer.name": ("lr", "momentum", "betas", "eps", "weight_decay", "alpha", "radius", "norm"),
}


def inherit(parent: RawTable, child: RawTable) -> RawTable:
    """Merge `child` over `parent`. The child does not inherit the prose."""
    return merge({key: value for key, value in parent.items() if key not in PROSE}, child)


def merge(below: RawTable, above: RawTable) -> RawTable:
    """Merge two tables; if both have a key, `above` wins. Lists are replaced as a whole."""
    below = copy.deepcopy(below)
    for key, dependents in _BELONGS_TO.items():
        table, _, name = key.rpartition(".")
        old, new = _inner(below, table), _inner(above, table)
        if old is None or new is None or name not in new:
            continue
        if new[name] != old.get(name, _UNSAID.get(key)):
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
    """Read overrides such as `model.init.std=0.3` into one table.

    A value is read as TOML. If it is not valid TOML, it is a text, so names need no quotes. If a key is
    given twice, the last value wins.

    Raises:
        ScenarioError: an override has no `=`, no key or one with too many dots, or a value with unclosed
            quotes or brackets.
    """
    table: RawTable = {}
    problems = []
    for override in overrides:
        key, equals, text = override.partition("=")
        names = [name.strip() for name in key.split(".")]
        if len(names) > DEEPEST:
            message = f"has {len(names)} names with dots between them"
            problems.append(Problem(OVERRIDES, key, message, "a key such as model.init.std"))
            continue
        if not equals or not all(names):
            message = f"found {shown(override)}"
            problems.append(Problem(OVERRIDES, "", message, "KEY=VALUE, such as model.init.std=0.3"))
            continue
        try:
            value = _parse_value(text.strip())
        except (ValueError, TooComplexError):
            message = f"found {shortened(text.strip())}"
            problems.append(Problem(OVERRIDES, key, message, "a value such as 0.3, relu or [[1, 3]]"))
            continue
        for name in reversed(names):
            value = {name: value}
        table = _overlay(table, value)
    if problems:
        raise ScenarioError(problems)
    return table


def _parse_value(text: str) -> Any:
    try:
        parsed = parse(f"value = {text}")
    except (ValueError, TooComplexError):
        if text.startswith(("[", "{", '"', "'")):
            raise
    else:
        if len(parsed) == 1:
            return parsed["value"]
    try:
        return float(text) if text[:1] in {*"+-.0123456789"} else text  # TOML refuses .5 and 1.
    except ValueError:
        return text
