"""The editor's form, without its screen: its fields, and the scenario that they describe.

It is longer than 300 lines because how a value is written and how it is read are side by side.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

from tui_vanish.language import marked

if TYPE_CHECKING:
    from pydantic import BaseModel

    from scenarios.fields import Leaf
    from scenarios.problems import Problem
    from scenarios.schema import Scenario

Kind = Literal["choice", "flag", "text", "number", "numbers", "pairs", "stages"]


@dataclass(frozen=True, slots=True)
class Field:
    """One value of a scenario.

    Attributes:
        key: dotted, as in a file.
        label: shown before the value.
        kind: what the text means; "pairs" are pairs of layers, a "flag" is `yes` or `no`.
        choices: the names that are allowed; empty if the value is typed.
        where: (key, names): the field is shown only while that other key has one of these names.
        hint: an example of what to type.
        first: the text of a value that the scenario does not have.
        takes_fractions: whether a number may have decimals.
    """

    key: str
    label: str
    kind: Kind
    choices: tuple[str, ...] = ()
    where: tuple[str, tuple[str, ...]] | None = None
    hint: str = ""
    first: str = ""
    takes_fractions: bool = False


# In the form, the optimizer comes before the data: it is edited more often.
_ORDER = ("id", "model", "optimizer", "data", "training", "stages")

# The schema does not contain these: examples in the form's notation, ...
_HINTS = {
    "id": marked("also the name of its file"),
    "model.width": marked("units per layer"),
    "model.beta": marked("such as 0.05"),
    "model.dropout": marked("such as 0.1, or empty"),
    "model.blocks": marked("of each stage, or in all"),
    "model.patch": marked("rows and columns; divides 28"),
    "model.forget_bias": marked("such as 1, or empty"),
    "optimizer.betas": marked("such as 0.9 0.999"),
    "training.epochs": marked("per stage"),
    "training.clip_norm": marked("such as 1, or empty"),
    "training.warmup_steps": marked("such as 100, or empty"),
    "training.cosine_to": marked("part of lr at the end, or empty"),
    "training.loss_scale": marked("none, dynamic, or a number"),
}
_NOTATION = {
    "pairs": marked("such as 1-3 4-7, or empty"),
    "stages": marked("such as 2: 1 / 2 2: 2, or empty"),
}
# ... first values for keys without a default, ...
_FIRST = {
    "model.beta": "0.05",
    "model.blocks": "3",
    "model.heads": "4",
    "model.patch": "7",
    "model.init.std": "0.05",
    "model.recurrent.std": "0.05",
    "optimizer.lr": "0.01",
    "optimizer.radius": "0.2",
}
_FLAG = ("no", "yes")
# ... and the rules in `scenarios.conflicts` that beta goes with one activation.
# So does the loss scale with what computes in 16 bits, and keeps the weights in 32.
_WHERE = {
    "model.beta": ("model.activation", ("sigmoid_beta",)),
    "model.forget_bias": ("model.cell", ("lstm",)),
    "training.loss_scale": ("training.precision", ("fp16_mixed", "bf16_mixed")),
}


@cache
def fields(schema: "type[BaseModel] | None" = None) -> tuple[Field, ...]:
    """The form's fields in their order, read from the schema: a new key there appears here.

    Two kinds of keys are left out: the prose, because the program writes a variant's title itself, and a
    choice of only one name, such as the data set.

    Args:
        schema: the tables to read; None means `Scenario`.

    Raises:
        TypeError: the form has no notation for the type of a value.
    """
    from scenarios.fields import leaves
    from scenarios.numbers import PROSE
    from scenarios.schema import Scenario

    found = [
        _field(leaf) for leaf in leaves(schema or Scenario) if leaf.key not in PROSE and len(leaf.names) != 1
    ]
    return tuple(sorted(found, key=_place))


def _place(field: Field) -> int:
    """The position of the field's table in the form; other tables come last."""
    table = field.key.partition(".")[0]
    return _ORDER.index(table) if table in _ORDER else len(_ORDER)


def _field(leaf: "Leaf") -> Field:
    kind: Kind = "choice" if leaf.names else _kind(leaf.field.annotation)
    choices = _FLAG if kind == "flag" else leaf.names
    *_, table, name = ("", *leaf.key.split("."))
    default = None if leaf.field.is_required() else leaf.field.default
    if default is None and leaf.names:
        default = leaf.names[0]
    return Field(
        leaf.key,
        leaf.field.title or (table if leaf.chooses else name).replace("_", " "),
        kind,
        choices,
        _WHERE.get(leaf.key, leaf.only_with),
        _HINTS.get(leaf.key, _NOTATION.get(kind, "")),
        _FIRST.get(leaf.key, _text(kind, default)),
        kind == "number" and _takes_fractions(leaf.field.annotation),
    )


def _takes_fractions(annotation: Any) -> bool:
    return annotation is float or any(_takes_fractions(inner) for inner in get_args(annotation))


def _kind(annotation: Any) -> Kind:
    """The notation for values of this type."""
    from scenarios.schema import Stage

    if annotation in (int, float):
        return "number"
    if annotation is bool:
        return "flag"
    if annotation is str:
        return "text"
    inner = [item for item in get_args(annotation) if item not in (NoneType, Ellipsis)]
    origin = get_origin(annotation)
    if origin is Annotated or (origin in (Union, UnionType) and len(inner) == 1):
        return _kind(inner[0])
    if origin in (Union, UnionType) and float in inner:
        return "number"  # or a name
    if origin is tuple:
        if inner == [Stage]:
            return "stages"
        match {_kind(item) for item in inner}.pop():
            case "number":
                return "numbers"
            case "numbers":
                return "pairs"
    raise TypeError(f"the form has no notation for {annotation}")


def texts(scenario: "Scenario", name: str) -> dict[str, str]:
    """The first text of each field; `name` is the id of the variant."""
    values = scenario.numbers()
    shown = {
        field.key: _text(field.kind, values[field.key]) if field.key in values else field.first
        for field in fields()
    }
    return shown | {"id": name}


def applies(field: Field, typed: Mapping[str, str]) -> bool:
    """Whether the field belongs to what was chosen in the others."""
    if field.where is None:
        return True
    key, names = field.where
    chosen_in = next(each for each in fields() if each.key == key)
    return typed[key] in names and applies(chosen_in, typed)


def read(base: "Scenario", typed: Mapping[str, str]) -> "Scenario | dict[str, str]":
    """The scenario that the form describes, or what is wrong, by field.

    Args:
        base: the scenario that was edited; the title names it, and values without a field come from it.
        typed: the text of each field.
    """
    from scenarios.loading import OWN_SECTION
    from scenarios.validation import validate
    from scenarios.variants import variant_title

    table: dict[str, Any] = {"title": "a variant", "section": OWN_SECTION}
    keys = {field.key for field in fields()}
    for key, value in base.numbers().items():
        if key not in keys:
            _put(table, key, value)
    wrong: dict[str, str] = {}
    for field in fields():
        if not applies(field, typed):
            continue
        try:
            value = _value(field, typed[field.key].strip())
        except ValueError as error:
            wrong[field.key] = str(error)
            continue
        if value is not None:
            _put(table, field.key, value)
    checked = validate(table, "", complete=not wrong)
    if isinstance(checked, list):
        for problem in checked:
            wrong.setdefault(field_of(problem.key), words(problem))
    if wrong or isinstance(checked, list):
        return wrong
    return checked.model_copy(update={"title": variant_title(base, checked)})


def field_of(key: str) -> str:
    """The key of the field in which a problem's key is typed."""
    return key.partition("[")[0]


def words(problem: "Problem") -> str:
    """What is wrong, for the remark next to a field."""
    text = problem.expected or problem.message
    if problem.expected and not problem.message.startswith(("found", "missing")):
        text = f"{problem.message}: {problem.expected}"
    return f"{text}; {problem.suggestion}?" if problem.suggestion else text


def _text(kind: Kind, value: Any) -> str:
    if value is None:
        return ""
    match kind:
        case "flag":
            return _FLAG[bool(value)]
        case "pairs":
            return " ".join(f"{source}-{target}" for source, target in value)
        case "numbers":
            return _list(value)
        case "stages":
            return " / ".join(f"{_list(stage['sub_models'])}: {_list(stage['train'])}" for stage in value)
        case _:
            return str(value)


def _list(numbers: Any) -> str:
    return " ".join(str(number) for number in numbers)


def _value(field: Field, text: str) -> Any:
    """The value that `text` stands for; None for a field that is left empty.

    Raises:
        ValueError: it cannot be read; its text says what was expected.
    """
    match field.kind:
        case "pairs":
            return [_numbers(pair.replace("-", " "), field.hint) for pair in text.replace(",", " ").split()]
        case "stages":
            return [_stage(part, field.hint) for part in text.split("/")] if text else []
        case "numbers":
            return [_number(part) for part in text.replace(",", " ").split()]
        case "text":
            return text
        case "number":
            return _number(text) if text else None
        case "choice":
            return text or None
        case "flag":
            return text == _FLAG[1]


def _stage(text: str, hint: str) -> dict[str, list[int]]:
    sub_models, colon, train = text.partition(":")
    if not colon:
        raise ValueError(hint)
    return {"sub_models": _numbers(sub_models, hint), "train": _numbers(train, hint)}


def _numbers(text: str, hint: str) -> list[int]:
    try:
        return [int(number) for number in text.split()]
    except ValueError:
        raise ValueError(hint) from None


def _number(text: str) -> Any:
    """A number where it is one; else the text, which the schema then refuses in its own words."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _put(table: dict[str, Any], key: str, value: Any) -> None:
    *path, last = key.split(".")
    for name in path:
        table = table.setdefault(name, {})
    table[last] = value
