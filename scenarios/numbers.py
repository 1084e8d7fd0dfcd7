"""The settings of a scenario that decide its numbers, as a flat table."""

from collections.abc import Mapping
from typing import Any

PROSE = frozenset({"title", "section", "slide", "question", "watch_for", "lesson"})


def numbers(scenario: dict[str, Any]) -> dict[str, Any]:
    """The settings that decide the numbers, by dotted key: all of a resolved scenario but id and prose."""
    return flatten({key: value for key, value in scenario.items() if key not in PROSE and key != "id"})


def flatten(table: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Flatten nested tables into one with dotted keys; lists stay whole."""
    flat: dict[str, Any] = {}
    for key, value in table.items():
        if isinstance(value, dict):
            flat |= flatten(value, f"{prefix}{key}.")
        else:
            flat[prefix + key] = value
    return flat


def nested(flat: Mapping[str, Any]) -> dict[str, Any]:
    """The tables that `flatten` has made flat."""
    table: dict[str, Any] = {}
    for key, value in flat.items():
        *path, last = key.split(".")
        inner = table
        for name in path:
            inner = inner.setdefault(name, {})
        inner[last] = value
    return table
