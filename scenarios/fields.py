"""The schema as a person addresses it: by dotted keys, with what each takes in words."""

from collections.abc import Iterator
from typing import Any, Literal, NamedTuple, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from scenarios.schema import Scenario

Location = tuple[int | str, ...]


class Place(NamedTuple):
    """Where one of pydantic's locations is in the schema.

    Attributes:
        key: dotted, items of a list counted from 1.
        field: what stands there, if the schema knows it.
        siblings: what the table that it stands in may hold.
        union: the field that the table is one choice of, if it is.
        tag: the name that chose it.
    """

    key: str
    field: FieldInfo | None
    siblings: tuple[str, ...]
    union: FieldInfo | None
    tag: str


def find(location: Location) -> Place:
    """The place that one of pydantic's locations means."""
    table: type[BaseModel] | None = Scenario
    container: type[BaseModel] = Scenario
    field: FieldInfo | None = None
    union: FieldInfo | None = None
    key = tag = ""
    for part in location:
        if isinstance(part, int):
            key += f"[{part + 1}]"
        elif table is None and field is not None and field.discriminator:
            union, tag, table = field, part, members(field)[part]  # pydantic tells the choice it took
        else:
            key += f".{part}" if key else part
            container = table or container
            field = container.model_fields.get(part)
            table = _table(field)
    return Place(key, field, _stateable(container), union, tag)


def known_keys() -> tuple[str, ...]:
    """Every dotted key that a file or `--set` may state, stages as a whole."""
    return tuple(key for key, _ in _leaves(Scenario) if key != "id")


def defaults() -> dict[str, Any]:
    """What holds where a file states nothing, by dotted key."""
    return {key: field.default for key, field in _leaves(Scenario) if not field.is_required()}


def members(field: FieldInfo) -> dict[str, type[BaseModel]]:
    """The tables of a union by the name that chooses each."""
    return {
        name: member
        for member in get_args(field.annotation)
        for name in names(member.model_fields[str(field.discriminator)].annotation)
    }


def names(annotation: Any) -> tuple[str, ...]:
    """The names that a field takes; none if it takes something else."""
    return get_args(annotation) if get_origin(annotation) is Literal else ()


def expected(field: FieldInfo | None) -> str:
    """What a field takes, in words."""
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
    """What a file may hold in a table; in the whole, `extends` and no `id`."""
    fields = tuple(table.model_fields)
    return (*(name for name in fields if name != "id"), "extends") if table is Scenario else fields


def _table(field: FieldInfo | None) -> type[BaseModel] | None:
    """The table that a field is, or that the items of its list are."""
    if field is None:
        return None
    annotation = field.annotation
    if get_origin(annotation) is tuple:
        annotation = get_args(annotation)[0]
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None


def _leaves(table: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Every dotted key under `table` that holds a value or a list, in the schema's order."""
    seen = set()
    for name, field in table.model_fields.items():
        key = prefix + name
        inner = members(field).values() if field.discriminator else [_table(field)]
        for member in inner:
            if member is None or get_origin(field.annotation) is tuple:
                yield key, field
            else:
                for leaf in _leaves(member, f"{key}."):
                    if leaf[0] not in seen:
                        yield leaf
                    seen.add(leaf[0])
