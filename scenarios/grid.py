"""The values that a sweep gives to a setting: a list, a range, or numbers at equal ratios."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from scenarios.merging import parse_overrides
from scenarios.numbers import flatten
from scenarios.problems import Problem, ScenarioError, nearest, shortened, shown

GRID = "--grid"
MOST_VALUES = 1000
_DIGITS = 3  # significant ones of a value between the ends of a logarithmic axis, so that it can be typed
_EXAMPLES = (
    "KEY=VALUES, such as optimizer.lr=0.01,0.1 or model.hidden_layers=2..32/2 or model.init.std=log:0.02:2:9"
)

Scale = Literal["list", "linear", "log"]


@dataclass(frozen=True, slots=True)
class Axis:
    """A setting, and the values that it gets.

    Attributes:
        key: dotted.
        values: at least one, all different, in their order.
        scale: how they were given: one by one, at equal distances, or at equal ratios.
    """

    key: str
    values: tuple[Any, ...]
    scale: Scale = "list"

    def to_record(self) -> dict[str, Any]:
        """The axis for JSON."""
        return {"key": self.key, "values": list(self.values), "scale": self.scale}


def parse_axis(text: str, path: str = GRID) -> Axis:
    """Read an axis such as `model.hidden_layers=1,2,4` or `optimizer.lr=log:0.001:1:7`.

    Args:
        text: the axis.
        path: where it was found, for messages.

    Raises:
        ScenarioError: it is none.
    """
    key, equals, values = text.partition("=")
    if not equals or not key.strip():
        raise ScenarioError([Problem(path, "", f"found {shown(text)}", _EXAMPLES)])
    return axis(key.strip(), values.strip(), path)


def axis(key: str, values: Any, path: str = GRID) -> Axis:
    """The axis of a key.

    Args:
        key: dotted.
        values: a text such as `1,2,4`, `2..32/2` or `log:0.02:2:9`, or a list.
        path: where they were found, for messages.

    Raises:
        ScenarioError: they cannot be used.
    """
    scale: Scale = "list"
    if isinstance(values, list):
        found = values
    elif not isinstance(values, str):
        raise _problem(path, key, f"found {shown(values)}", "a list, or a text such as log:0.02:2:9")
    elif values.startswith("log:"):
        scale, found = "log", _logarithmic(path, key, values)
    elif ".." in values:
        scale, found = "linear", _range(path, key, values)
    else:
        found = [_value(key, part) for part in _parts(values)]
    if not found:
        raise _problem(path, key, "has no values", "at least one")
    if len(found) > MOST_VALUES:
        raise _problem(path, key, f"has {len(found)} values", f"at most {MOST_VALUES}")
    twice = [value for number, value in enumerate(found) if value in found[:number]]
    if twice:
        raise _problem(path, key, f"has the value {shown(twice[0])} twice", "values that differ")
    return Axis(key, tuple(found), scale)


def check_keys(axes: Sequence[Axis], path: str = GRID) -> None:
    """Check that every key is one of a scenario, and is there once.

    Raises:
        ScenarioError: a key is unknown, or is on two axes.
    """
    from scenarios.fields import known_keys  # imports pydantic

    known = [key for key in known_keys() if key not in ("title", "section", "slide", "question")]
    keys = [axis.key for axis in axes]
    problems = [
        Problem(path, key, "unknown key", "", "".join(nearest(key, known)))
        for key in keys
        if key not in known
    ]
    twice = {key for key in keys if keys.count(key) > 1}
    problems += [Problem(path, key, "is given twice", "each key once") for key in sorted(twice)]
    if problems:
        raise ScenarioError(problems)


def _parts(text: str) -> list[str]:
    """The texts between commas; a comma in brackets separates nothing."""
    parts, depth, start = [], 0, 0
    for place, letter in enumerate(text):
        depth += (letter in "[{") - (letter in "]}")
        if letter == "," and depth == 0:
            parts.append(text[start:place])
            start = place + 1
    return [part for part in (*map(str.strip, parts), text[start:].strip()) if part]


def _value(key: str, text: str) -> Any:
    """A value as `--set` reads it."""
    return flatten(parse_overrides([f"{key}={text}"]))[key]


def _range(path: str, key: str, text: str) -> list[float]:
    expected = "FIRST..LAST or FIRST..LAST/STEP, such as 2..32/2"
    found = re.fullmatch(r"\s*(\S+?)\s*\.\.\s*([^/\s]+)\s*(?:/\s*(\S+))?\s*", text)
    if found is None:
        raise _problem(path, key, f"found {shortened(text)}", expected)
    ends = [_number(path, key, part, expected) for part in (found[1], found[2], found[3] or "1")]
    first, last, step = ends
    if not (step > 0 and first <= last):
        raise _problem(
            path,
            key,
            f"found {shortened(text)}",
            "a first value that is not above the last, and a step above 0",
        )
    steps = (last - first) / step
    if steps >= MOST_VALUES:
        raise _problem(path, key, f"found {shortened(text)}", f"at most {MOST_VALUES} values")
    count = math.floor(steps + 1e-9) + 1
    # Rounded, because 0.1 + 2 · 0.1 is 0.30000000000000004.
    return [
        first + number * step if _whole(*ends) else float(f"{first + number * step:.12g}")
        for number in range(count)
    ]


def _logarithmic(path: str, key: str, text: str) -> list[float]:
    expected = "log:FIRST:LAST:COUNT, such as log:0.02:2:9"
    parts = text.split(":")
    if len(parts) != 4:
        raise _problem(path, key, f"found {shortened(text)}", expected)
    first, last = (_number(path, key, part.strip(), expected) for part in parts[1:3])
    count = _number(path, key, parts[3].strip(), expected)
    if not (0 < first < last):
        raise _problem(path, key, f"found {shortened(text)}", "two numbers above 0, the smaller one first")
    if not isinstance(count, int) or not 2 <= count <= MOST_VALUES:
        raise _problem(path, key, f"has {shown(count)} values", f"2 to {MOST_VALUES}")
    between = [first * (last / first) ** (number / (count - 1)) for number in range(1, count - 1)]
    if _whole(first, last):
        return list(dict.fromkeys([first, *map(round, between), last]))
    return [float(first), *(float(f"{value:.{_DIGITS}g}") for value in between), float(last)]


def _number(path: str, key: str, text: str, expected: str) -> float:
    try:
        value = int(text) if re.fullmatch(r"[+-]?\d+", text, re.ASCII) else float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise _problem(path, key, f"found {shortened(text)}", expected)
    return value


def _whole(*values: float) -> bool:
    return all(isinstance(value, int) for value in values)


def _problem(path: str, key: str, message: str, expected: str) -> ScenarioError:
    return ScenarioError([Problem(path, key, message, expected)])
