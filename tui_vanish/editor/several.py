"""Several values in a field of the editor's form: each combination is a variant."""

import re
from collections.abc import Mapping
from dataclasses import replace
from math import prod
from typing import TYPE_CHECKING

from tui_vanish.editor import form
from tui_vanish.language import tr

# Half of the world writes 1,5 for 1.5, so it is no list.
_DECIMAL_COMMA = re.compile(r"([+-]?\d+),(\d+)")

if TYPE_CHECKING:
    from scenarios.branches import Branch
    from scenarios.grid import Axis
    from scenarios.schema import Scenario


def read_all(
    base: "Scenario", typed: Mapping[str, str], most: int
) -> "Scenario | list[Branch] | dict[str, str]":
    """What the form describes: a scenario, or a variant for each combination of several values in a field.

    Several values are written as for a sweep: `0.01, 0.1`, `2..8/2` or `log:0.01:1:5`.

    Args:
        base: the scenario that was edited.
        typed: the text of each field.
        most: how many variants there may be.

    Returns:
        The scenario, or two variants or more, or what is wrong, by field.
    """
    from scenarios.branches import branches
    from scenarios.problems import ScenarioError
    from scenarios.variants import variant_title

    axes, wrong = _axes(typed)
    first = {axis.key: str(axis.values[0]) for axis in axes}
    checked = form.read(base, {**typed, **first})
    if wrong or isinstance(checked, dict):
        return (checked if isinstance(checked, dict) else {}) | wrong
    if not axes:
        return checked
    count = prod(len(axis.values) for axis in axes)
    if count > most:
        return {
            axes[-1].key: tr(
                "{number} variants, but at most {most} are compared; vanish-tui sweep trains more",
                number=count,
                most=most,
            )
        }
    try:
        made = branches(checked, axes)
    except ScenarioError as error:
        return {form.field_of(problem.key): form.words(problem) for problem in reversed(error.problems)}
    return [
        replace(each, scenario=each.scenario.model_copy(update={"title": variant_title(base, each.scenario)}))
        for each in made
    ]


def _axes(typed: Mapping[str, str]) -> "tuple[list[Axis], dict[str, str]]":
    """The fields that have several values, and what is wrong with their texts."""
    from scenarios.grid import axis
    from scenarios.problems import ScenarioError

    axes, wrong = [], {}
    for field in form.fields():
        text = typed[field.key].strip()
        several = "," in text or ".." in text or text.startswith("log:")
        if field.kind != "number" or not several or not form.applies(field, typed):
            continue
        if field.takes_fractions and (found_comma := _DECIMAL_COMMA.fullmatch(text)):
            before, after = found_comma.groups()
            wrong[field.key] = tr(
                "write {before}.{after} for one value, or {before}, {after} with a space for two",
                before=before,
                after=after,
            )
            continue
        try:
            found = axis(field.key, text)
        except ScenarioError as error:
            wrong[field.key] = form.words(error.problems[0])
        else:
            axes.append(found)
    return axes, wrong
