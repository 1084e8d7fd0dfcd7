"""The editor's form, without its screen: which values a scenario has, and what becomes of what was typed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args

if TYPE_CHECKING:
    from scenarios.problems import Problem
    from scenarios.schema import Scenario


@dataclass(frozen=True, slots=True)
class Field:
    """One value of a scenario.

    Attributes:
        key: dotted, as in a file.
        label: before it.
        choices: the names that it takes; empty for something to type.
        where: (key, names): it belongs to a scenario in which that key has one of those names.
        hint: an example of what to type.
    """

    key: str
    label: str
    choices: tuple[str, ...] = ()
    where: tuple[str, tuple[str, ...]] | None = None
    hint: str = ""


def fields() -> tuple[Field, ...]:
    """Every value that the form has, in its order."""
    from scenarios import schema

    return (
        Field("id", "name", hint="of its file, if it is saved"),
        Field("model.hidden_layers", "hidden layers"),
        Field("model.width", "width", hint="nodes in each"),
        Field("model.activation", "activation", get_args(schema.ActivationName)),
        Field("model.beta", "beta", where=("model.activation", ("sigmoid_beta",)), hint="0.05"),
        Field("model.norm", "norm", get_args(schema.NormName)),
        Field("model.gradient", "gradient", get_args(schema.GradientName)),
        Field("model.skip", "skip", hint="1-3 4-7, or nothing"),
        Field("model.init.scheme", "init", ("normal", "xavier", "he", "orthogonal")),
        Field("model.init.std", "std", where=("model.init.scheme", ("normal",))),
        Field("model.init.gain", "gain", where=("model.init.scheme", ("xavier", "he", "orthogonal"))),
        Field("optimizer.name", "optimizer", ("sgd", "adam", "sdagd")),
        Field("optimizer.lr", "lr", where=("optimizer.name", ("sgd", "adam"))),
        Field("optimizer.momentum", "momentum", where=("optimizer.name", ("sgd",))),
        Field("optimizer.betas", "betas", where=("optimizer.name", ("adam",)), hint="0.9 0.999"),
        Field("optimizer.eps", "eps", where=("optimizer.name", ("adam",))),
        Field("optimizer.radius", "radius", where=("optimizer.name", ("sdagd",))),
        Field("optimizer.norm", "norm of g", ("layer", "global"), where=("optimizer.name", ("sdagd",))),
        Field("data.batch_size", "batch"),
        Field("training.loss", "loss", get_args(schema.LossName)),
        Field("training.epochs", "epochs", hint="of each stage"),
        Field("stages", "stages", hint="2: 1 / 2 2: 2, or nothing"),
    )


# What a field says that a choice has just brought in, so that something sensible stands there.
_FIRST = {
    "model.beta": "0.05",
    "model.init.std": "0.05",
    "model.init.gain": "1.0",
    "optimizer.lr": "0.01",
    "optimizer.momentum": "0.0",
    "optimizer.betas": "0.9 0.999",
    "optimizer.eps": "1e-08",
    "optimizer.radius": "0.2",
    "optimizer.norm": "layer",
}


def texts(scenario: "Scenario", name: str) -> dict[str, str]:
    """What stands in each field at first; `name` is the variant's own."""
    values = scenario.numbers()
    shown = {field.key: _text(field.key, values.get(field.key)) for field in fields()}
    return _FIRST | {key: text for key, text in shown.items() if text or key not in _FIRST} | {"id": name}


def applies(field: Field, typed: Mapping[str, str]) -> bool:
    """Whether the field belongs to what was chosen in the others."""
    return field.where is None or typed[field.where[0]] in field.where[1]


def read(base: "Scenario", typed: Mapping[str, str]) -> "Scenario | dict[str, str]":
    """The scenario that the form describes, or what is wrong, by field.

    Args:
        base: what the variant was made of; only the title speaks of it.
        typed: the text of each field.
    """
    from scenarios.loading import OWN_SECTION
    from scenarios.validation import validate
    from scenarios.variants import variant_title

    table: dict[str, Any] = {
        "title": "a variant",
        "section": OWN_SECTION,
        "data": {"name": base.data.name},
    }
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
            wrong.setdefault(_field_of(problem.key), _words(problem))
    if wrong or isinstance(checked, list):
        return wrong
    return checked.model_copy(update={"title": variant_title(base, checked)})


def _field_of(key: str) -> str:
    return key.partition("[")[0]


def _words(problem: "Problem") -> str:
    text = problem.expected or problem.message
    if problem.expected and not problem.message.startswith(("found", "missing")):
        text = f"{problem.message}: {problem.expected}"
    return f"{text}; {problem.suggestion}?" if problem.suggestion else text


def _text(key: str, value: Any) -> str:
    if value is None:
        return ""
    match key:
        case "model.skip":
            return " ".join(f"{source}-{target}" for source, target in value)
        case "optimizer.betas":
            return " ".join(str(beta) for beta in value)
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
    match field.key:
        case "model.skip":
            return [_numbers(pair.replace("-", " "), field.hint) for pair in text.replace(",", " ").split()]
        case "stages":
            return [_stage(part, field.hint) for part in text.split("/")] if text else []
        case "optimizer.betas":
            return [float(_number(beta)) for beta in text.replace(",", " ").split()]
        case "id":
            return text
    if not text:
        return None
    return text if field.choices else _number(text)


def _stage(text: str, hint: str) -> dict[str, list[int]]:
    sub_models, colon, train = text.partition(":")
    if not colon:
        raise ValueError(f"such as {hint}")
    return {"sub_models": _numbers(sub_models, hint), "train": _numbers(train, hint)}


def _numbers(text: str, hint: str) -> list[int]:
    try:
        return [int(number) for number in text.split()]
    except ValueError:
        raise ValueError(f"such as {hint}") from None


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
