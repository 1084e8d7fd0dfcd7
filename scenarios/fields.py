"""The schema by dotted keys, with a description in words of what each key accepts."""

from collections.abc import Iterator
from typing import Any, Literal, NamedTuple, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from scenarios.schema import Scenario

Location = tuple[int | str, ...]


class Place(NamedTuple):
    """The place in the schema of one of pydantic's locations.

    Attributes:
        key: dotted, items of a list counted from 1.
        field: the field there, if the schema has one.
        siblings: the names that the same table may hold.
        union: the field, if any, for which the table is one of several choices.
        tag: the name that selects this choice.
    """

    key: str
    field: FieldInfo | None
    siblings: tuple[str, ...]
    union: FieldInfo | None
    tag: str


def find(location: Location) -> Place:
    """Find the place of one of pydantic's locations."""
    table: type[BaseModel] | None = Scenario
    container: type[BaseModel] = Scenario
    field: FieldInfo | None = None
    union: FieldInfo | None = None
    key = tag = ""
    for part in location:
        if isinstance(part, int):
            key += f"[{part + 1}]"
        elif table is None and field is not None and field.discriminator:
            union, tag, table = field, part, members(field)[part]  # pydantic adds the choice it took
        else:
            key += f".{part}" if key else part
            container = table or container
            field = container.model_fields.get(part)
            table = _table(field)
    return Place(key, field, _stateable(container), union, tag)


class Leaf(NamedTuple):
    """A key that holds a value or a list.

    Attributes:
        key: dotted.
        field: the schema's entry; if several tables of a union have the key, the entry of the first one.
        names: the names that are allowed; empty if the value is not a name.
        only_with: (key, names): this key exists only while that other key has one of these names.
        chooses: whether the value chooses a table of a union.
    """

    key: str
    field: FieldInfo
    names: tuple[str, ...] = ()
    only_with: tuple[str, tuple[str, ...]] | None = None
    chooses: bool = False


def leaves(table: type[BaseModel] = Scenario, prefix: str = "") -> Iterator[Leaf]:
    """Every key under `table` that holds a value or a list, in the schema's order; `stages` is one key."""
    for name, field in table.model_fields.items():
        key, inner = prefix + name, _table(field)
        if field.discriminator:
            yield from _leaves_of_choice(key, field)
        elif inner is None or get_origin(field.annotation) is tuple:
            yield Leaf(key, field, names(field.annotation))
        else:
            yield from leaves(inner, f"{key}.")


def known_keys() -> tuple[str, ...]:
    """Every dotted key that a file or `--set` may state; `stages` is one key."""
    return tuple(leaf.key for leaf in leaves() if leaf.key != "id")


def defaults() -> dict[str, Any]:
    """The default values, by dotted key."""
    return {leaf.key: leaf.field.default for leaf in leaves() if not leaf.field.is_required()}


def members(field: FieldInfo) -> dict[str, type[BaseModel]]:
    """The tables of a union, by the name that selects each."""
    return {
        name: member
        for member in get_args(field.annotation)
        for name in names(member.model_fields[str(field.discriminator)].annotation)
    }


def names(annotation: Any) -> tuple[str, ...]:
    """The names that a field accepts; empty if it accepts something else."""
    return get_args(annotation) if get_origin(annotation) is Literal else ()


def expected(field: FieldInfo | None) -> str:
    """What a field accepts, in words."""
    if field is None:
        return ""
    if field.description:
        return field.description
    if choices := names(field.annotation):
        return one_of(choices)
    if field.discriminator or _table(field):
        return "a table"
    if field.annotation is str:
        return "a text in quotes"
    number = "a whole number" if field.annotation is int else "a number"
    bounds = {
        bound: getattr(item, bound)
        for item in field.metadata
        for bound in ("gt", "ge", "lt", "le")
        if hasattr(item, bound)
    }
    match bounds:
        case {"ge": low, "le": high}:
            return f"{number} from {low} to {high}"
        case {"gt": low, "le": high}:
            return f"{number} above {low}, at most {high}"
        case {"ge": low, "lt": high}:
            return f"{number} from {low} to below {high}"
        case _:
            return number


def one_of(choices: tuple[str, ...]) -> str:
    """Names as a choice, in words."""
    return choices[0] if len(choices) == 1 else f"one of {', '.join(choices)}"


def _stateable(table: type[BaseModel]) -> tuple[str, ...]:
    """The keys that a file may state in a table; the top level has `extends`, and not `id`."""
    fields = tuple(table.model_fields)
    return (*(name for name in fields if name != "id"), "extends") if table is Scenario else fields


def _table(field: FieldInfo | None) -> type[BaseModel] | None:
    """The table type of a field, or of the items of its list; None for other types."""
    if field is None:
        return None
    annotation = field.annotation
    if get_origin(annotation) is tuple:
        annotation = get_args(annotation)[0]
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None


def _leaves_of_choice(key: str, union: FieldInfo) -> Iterator[Leaf]:
    """The leaves of all tables of a union, each key once, with the names that choose its tables."""
    first: dict[str, Leaf] = {}
    chosen_by: dict[str, list[str]] = {}
    tables = members(union)
    for name, table in tables.items():
        for leaf in leaves(table, f"{key}."):
            first.setdefault(leaf.key, leaf)
            chosen_by.setdefault(leaf.key, []).append(name)
    tag = f"{key}.{union.discriminator}"
    for leaf in first.values():
        if leaf.key == tag:
            yield leaf._replace(names=tuple(tables), chooses=True)
        elif len(chosen_by[leaf.key]) == len(tables) or leaf.only_with is not None:
            yield leaf
        else:
            yield leaf._replace(only_with=(tag, tuple(chosen_by[leaf.key])))
