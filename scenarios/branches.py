"""Variants of one scenario for a comparison: one for each combination of several values."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any

from scenarios.grid import Axis, check_keys
from scenarios.merging import merge
from scenarios.numbers import nested
from scenarios.problems import MOST_PROBLEMS, Problem, ScenarioError
from scenarios.schema import Scenario
from scenarios.validation import validate
from scenarios.variants import toml_value, variant_title

SWEEP = "--sweep"
MOST = 64  # runs train in lockstep, all in memory
_LONGEST_ID = 64


@dataclass(frozen=True, slots=True)
class Branch:
    """One variant.

    Attributes:
        label: what a comparison calls it, such as `lr=0.1`.
        scenario: what it trains.
    """

    label: str
    scenario: Scenario


def branches(base: Scenario, axes: Sequence[Axis], path: str = SWEEP) -> list[Branch]:
    """A variant for each combination of the values, in their order; the last axis changes fastest.

    Args:
        base: the scenario with the settings that do not vary.
        axes: the settings that vary, with their values.
        path: where they were found, for messages.

    Raises:
        ScenarioError: a key is unknown, there are too many combinations, or one of them is no valid scenario.
    """
    check_keys(axes, path)
    count = prod(len(axis.values) for axis in axes)
    if count > MOST:
        found = f"would compare {count} variants"
        raise ScenarioError([Problem(path, "", found, f"at most {MOST}; vanish-tui sweep trains more")])
    table = base.resolved()
    made: list[Branch] = []
    problems: dict[tuple[str, str], Problem] = {}
    for values in product(*(axis.values for axis in axes)):
        changes = dict(zip((axis.key for axis in axes), values, strict=True))
        scenario = validate(merge(table, nested(changes)), path)
        if isinstance(scenario, list):
            for problem in scenario:
                problems.setdefault((problem.key, problem.message), problem)
            continue
        label = " ".join(f"{key.rpartition('.')[2]}={_word(value)}" for key, value in changes.items())
        update = {"id": _id(base.id, label, len(made) + 1), "title": variant_title(base, scenario)}
        made.append(Branch(label, scenario.model_copy(update=update)))
    if problems:
        raise ScenarioError(list(problems.values())[:MOST_PROBLEMS])
    return made


def _id(base: str, label: str, number: int) -> str:
    """An id for a variant: its values if there is room for them, else its number."""
    name = f"{base}-{re.sub(r'[^A-Za-z0-9._-]+', '-', label).strip('-')}"
    return name if len(name) <= _LONGEST_ID else f"{base[: _LONGEST_ID - 4]}-{number}"


def _word(value: Any) -> str:
    return value if isinstance(value, str) else toml_value(value)
