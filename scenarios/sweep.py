"""A sweep: one scenario, the settings that vary, and a run for each combination of their values."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from scenarios.grid import GRID, Axis, check_keys
from scenarios.merging import merge, parse_overrides
from scenarios.numbers import nested
from scenarios.problems import MOST_PROBLEMS, Problem, ScenarioError, shown
from scenarios.schema import Scenario
from scenarios.validation import validate
from scenarios.variants import variant_title

MOST_CELLS = 10_000


@dataclass(frozen=True, slots=True)
class Cell:
    """One run of a sweep.

    Attributes:
        number: from 1, in the order of the axes' values; the last axis and then the seeds change fastest.
        values: of the axes, by key.
        seed: of all its randomness.
        scenario: what it trains.
    """

    number: int
    values: Mapping[str, Any]
    seed: int
    scenario: Scenario


@dataclass(frozen=True, slots=True)
class Sweep:
    """What a sweep trains.

    Attributes:
        name: a short one for lists and folders.
        title: what it is, in a few words.
        base: the scenario with the settings that do not vary.
        axes: the settings that vary; at least one.
        seeds: how many runs each combination gets.
        seed: of the first of them; the others count up from it.
        question: what it answers; may be empty.
    """

    name: str
    title: str
    base: Scenario
    axes: tuple[Axis, ...]
    seeds: int = 1
    seed: int = 42
    question: str = ""

    @property
    def size(self) -> int:
        """The number of its runs."""
        return math.prod(len(axis.values) for axis in self.axes) * self.seeds

    def cells(self) -> list[Cell]:
        """Every run, checked.

        Raises:
            ScenarioError: a combination of values is no valid scenario; holds the first problems.
        """
        return list(self._checked())

    def _checked(self) -> Iterator[Cell]:
        table = self.base.resolved()
        problems: dict[tuple[str, str], Problem] = {}
        number = 0
        for values in product(*(axis.values for axis in self.axes)):
            changes = dict(zip((axis.key for axis in self.axes), values, strict=True))
            found = validate(merge(table, nested(changes)), GRID)
            if isinstance(found, list):
                # A wrong value is wrong in all its combinations, and its neighbours often are, too.
                for problem in found:
                    problems.setdefault((problem.key, problem.expected), problem)
                if len(problems) >= MOST_PROBLEMS:
                    break
                continue
            scenario = found.model_copy(update={"title": variant_title(self.base, found)})
            for offset in range(self.seeds):
                number += 1
                yield Cell(number, changes, self.seed + offset, scenario)
        if problems:
            raise ScenarioError(list(problems.values()))

    def to_record(self) -> dict[str, Any]:
        """The sweep for JSON; `from_record` reads it back."""
        return {
            "name": self.name,
            "title": self.title,
            "question": self.question,
            "base": self.base.resolved(),
            "grid": [axis.to_record() for axis in self.axes],
            "seeds": self.seeds,
            "seed": self.seed,
        }


def sweep_of(
    name: str,
    base: Scenario,
    axes: Sequence[Axis],
    *,
    seeds: int = 1,
    seed: int = 42,
    title: str = "",
    question: str = "",
    path: str = GRID,
) -> Sweep:
    """A sweep whose keys and size are checked; its combinations are checked by `Sweep.cells`.

    Raises:
        ScenarioError: there is no axis, a key is unknown or given twice, or there are too many runs.
    """
    if not axes:
        raise ScenarioError(
            [Problem(path, "", "nothing varies", "--grid KEY=VALUES, such as --grid optimizer.lr=0.01,0.1")]
        )
    check_keys(axes, path)
    made = Sweep(name, title or _title(base, axes), base, tuple(axes), seeds, seed, question)
    if made.size > MOST_CELLS:
        raise ScenarioError([Problem(path, "", f"would train {made.size} runs", f"at most {MOST_CELLS}")])
    return made


def from_record(record: Mapping[str, Any]) -> Sweep:
    """Read a sweep back that `Sweep.to_record` has written.

    Raises:
        KeyError, TypeError, ValueError: it is damaged.
        ScenarioError: this version cannot train it.
    """
    base = validate(record["base"], "base")
    if isinstance(base, list):
        raise ScenarioError(base)
    axes = []
    for entry in record["grid"]:
        key, values, scale = entry["key"], entry["values"], entry["scale"]
        if not isinstance(key, str) or not isinstance(values, list) or scale not in ("list", "linear", "log"):
            raise TypeError(f"not an axis: {shown(entry)}")
        axes.append(Axis(key, tuple(map(_frozen, values)), scale))
    texts = [record[key] for key in ("name", "title", "question")]
    counts = [record[key] for key in ("seeds", "seed")]
    if not all(isinstance(text, str) for text in texts) or not all(type(count) is int for count in counts):
        raise TypeError("not a sweep")
    if counts[0] < 1 or counts[1] < 0:
        raise ValueError("not a number of seeds")
    name, title, question = texts
    return sweep_of(name, base, axes, seeds=counts[0], seed=counts[1], title=title, question=question)


def with_settings(base: Scenario, overrides: Sequence[str]) -> Scenario:
    """The scenario with `--set` values.

    Raises:
        ScenarioError: they cannot be used.
    """
    if not overrides:
        return base
    found = validate(merge(base.resolved(), parse_overrides(overrides)), "--set")
    if isinstance(found, list):
        raise ScenarioError(found)
    return found


def _title(base: Scenario, axes: Sequence[Axis]) -> str:
    return f"{base.id}: {' × '.join(axis.key.rpartition('.')[2].replace('_', ' ') for axis in axes)}"


def _frozen(value: Any) -> Any:
    """A value as it was before it was JSON; only finite numbers, names and lists can be a setting."""
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("a value is not finite")
    return value
