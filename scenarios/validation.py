"""From a raw table to a Scenario, or to all of its problems in readable words."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Annotated, Any

from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from scenarios.conflicts import conflicts
from scenarios.fields import Location, Place, defaults, expected, find, known_keys, members, names, one_of
from scenarios.numbers import flatten
from scenarios.problems import MOST_PROBLEMS, Problem, nearest, shown
from scenarios.schema import CONFIG, Scenario


def validate(table: Mapping[str, Any], path: str, *, complete: bool = True) -> Scenario | list[Problem]:
    """The scenario that `table` describes, or its problems: all, or `MOST_PROBLEMS` + 1 if there are more.

    Args:
        table: as tomllib returns it, with an `id`.
        path: for the problems.
        complete: whether a missing key is a problem; false if the parent could not be read.
    """
    try:
        return Scenario.model_validate(table)
    except ValidationError as error:
        explained = (
            problem
            for detail in error.errors(include_url=False, include_context=False)
            if detail["type"] != "conflict"
            for problem in _explain(detail["loc"], detail["type"], detail["input"], path, complete)
        )
        found = list(islice(explained, MOST_PROBLEMS + 1))
    if len(found) > MOST_PROBLEMS:
        return found
    bad = {problem.key.partition("[")[0] for problem in found}
    values = defaults() | flatten(dict(table))
    sound = {key: value for key, value in values.items() if key not in bad}
    found += [Problem(path, *conflict) for conflict in islice(conflicts(sound), MOST_PROBLEMS + 1)]
    return found[: MOST_PROBLEMS + 1]


def _explain(location: Location, kind: str, value: object, path: str, complete: bool) -> Iterator[Problem]:
    """Explain one of pydantic's errors; a bad name hides the rest of its table, so check that as well."""
    place = find(location)
    if kind in ("union_tag_invalid", "union_tag_not_found") and place.field and isinstance(value, dict):
        yield from _bad_tag(place.key, place.field, value, path, complete)
    elif kind == "extra_forbidden":
        yield _unknown(place, path)
    elif kind == "missing":
        # A parent's keys may complete a table, but never an item of a list.
        if complete or any(isinstance(part, int) for part in location):
            yield Problem(path, place.key, "missing", expected(place.field))
    elif kind == "unprintable":
        yield Problem(path, place.key, "found control characters", "plain text")
    else:
        yield _wrong(place.key, place.field, value, path)


def _wrong(key: str, field: FieldInfo | None, value: object, path: str) -> Problem:
    suggestion = ""
    if field is not None and isinstance(value, str):
        suggestion = "".join(nearest(value, names(field.annotation)))
    return Problem(path, key, f"found {shown(value)}", expected(field), suggestion)


def _unknown(place: Place, path: str) -> Problem:
    """A key that its table does not have: misspelt, in the wrong table, or of another choice of the table."""
    name = place.key.rpartition(".")[2]
    if place.union is not None:
        discriminator = str(place.union.discriminator)
        fitting = [tag for tag, other in members(place.union).items() if name in other.model_fields]
        if fitting:
            message = f'cannot be used with {discriminator} = "{place.tag}"'
            return Problem(path, place.key, message, f"{discriminator} = {_either(fitting)}")
    for sibling in nearest(name, place.siblings):
        return Problem(path, place.key, "unknown key", "", place.key.removesuffix(name) + sibling)
    known = known_keys()
    tables = dict.fromkeys(key.rpartition(".")[0] for key in known)
    elsewhere = {key.rpartition(".")[2]: key for key in reversed((*known, *tables))}  # the first of a name
    for other in nearest(name, elsewhere, cutoff=0.8):
        return Problem(path, place.key, "unknown key", "", elsewhere[other])
    return Problem(path, place.key, "unknown key", one_of(place.siblings))


def _bad_tag(
    key: str, field: FieldInfo, table: dict[str, Any], path: str, complete: bool
) -> Iterator[Problem]:
    """The name that selects one of several tables is missing or unknown; other keys may be wrong as well."""
    discriminator = str(field.discriminator)
    choices = members(field)
    tag = table.get(discriminator)
    close = nearest(tag, choices) if isinstance(tag, str) else []
    if complete or discriminator in table:
        message = f"found {shown(tag)}" if discriminator in table else "missing"
        yield Problem(path, f"{key}.{discriminator}", message, one_of(tuple(choices)), "".join(close))
    meant = close[0] if close else ""
    candidates = [choices[meant]] if meant else list(dict.fromkeys(choices.values()))
    for name, value in table.items():
        holders = [member for member in candidates if name in member.model_fields]
        if name == discriminator:
            continue
        if not holders:
            siblings = tuple(dict.fromkeys(key for member in candidates for key in member.model_fields))
            union = field if meant else None
            yield _unknown(Place(f"{key}.{name}", None, siblings, union, meant), path)
            continue
        inner = holders[0].model_fields[name]
        bounded: Any = Annotated[inner.annotation, inner]
        try:
            TypeAdapter(bounded, config=CONFIG).validate_python(value)
        except ValidationError:
            yield _wrong(f"{key}.{name}", inner, value, path)


def _either(names: list[str]) -> str:
    return " or ".join(f'"{name}"' for name in names)
