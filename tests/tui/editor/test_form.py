"""The form's fields and notation, without a screen."""

from dataclasses import replace
from itertools import groupby
from typing import Annotated, Literal

import pytest
from pydantic import Field

import scenarios
from scenarios.schema import (
    Adam,
    AdamW,
    Cnn,
    Data,
    Mlp,
    RmsProp,
    Scenario,
    Sdagd,
    Sgd,
    Stage,
    Table,
    Training,
)
from tui_vanish.editor import form

ALL = tuple(entry.id for entry in scenarios.entries())


def typed(**changes: str) -> dict[str, str]:
    """The form of depth-7 with some fields changed; a dot in a key is a double underscore here."""
    texts = form.texts(scenarios.load("depth-7"), "mine")
    return texts | {key.replace("__", "."): text for key, text in changes.items()}


def problems(**changes: str) -> dict[str, str]:
    read = form.read(scenarios.load("depth-7"), typed(**changes))
    assert isinstance(read, dict)
    return read


@pytest.mark.parametrize("scenario_id", ALL)
def test_an_unchanged_form_reads_back_as_the_scenario(scenario_id: str) -> None:
    scenario = scenarios.load(scenario_id)
    read = form.read(scenario, form.texts(scenario, "mine"))
    assert not isinstance(read, dict)
    assert read.numbers() == scenario.numbers()
    assert (read.id, read.title) == ("mine", scenario.title)


def test_every_value_of_a_scenario_file_has_a_field() -> None:
    from scenarios.fields import known_keys
    from scenarios.numbers import PROSE

    missing = set(known_keys()) - PROSE - {field.key for field in form.fields()}
    assert missing == {"data.name"}  # there is one data set


class _Model(Mlp):
    leak: float = Field(default=0.1, ge=0, lt=1)
    residual_every: int | None = Field(default=None, ge=1)
    pooling: Literal["mean", "max"] = "max"
    pairs: tuple[tuple[int, int], ...] = ((1, 2), (3, 4))
    only_one: Literal["so"] = "so"


class _Lion(Table):
    name: Literal["lion"]
    sign: float = Field(gt=0, title="sign of g")
    decays: tuple[float, float] = (0.9, 0.99)


class _Extended(Table):
    id: str = Field(title="name")
    model: _Model
    data: Data
    optimizer: Annotated[Sgd | Adam | Sdagd | AdamW | RmsProp | _Lion, Field(discriminator="name")]
    training: Training
    stages: tuple[Stage, ...] = ()
    noise: float = 0.5


def test_a_new_key_of_the_schema_gets_a_field_automatically() -> None:
    fields = form.fields(_Extended)
    known = {replace(field, where=None) for field in form.fields()}  # here is only one kind of network
    new = [field for field in fields if replace(field, where=None) not in known]
    lion = ("optimizer.name", ("lion",))
    assert new == [
        form.Field("model.leak", "leak", "number", first="0.1", takes_fractions=True),
        form.Field("model.residual_every", "residual every", "number"),
        form.Field("model.pooling", "pooling", "choice", ("mean", "max"), first="max"),
        form.Field("model.pairs", "pairs", "pairs", hint="such as 1-3 4-7, or empty", first="1-2 3-4"),
        form.Field(
            "optimizer.name",
            "optimizer",
            "choice",
            ("sgd", "adam", "sdagd", "adamw", "rmsprop", "lion"),
            first="sgd",
        ),
        form.Field("optimizer.sign", "sign of g", "number", where=lion, takes_fractions=True),
        form.Field("optimizer.decays", "decays", "numbers", where=lion, first="0.9 0.99"),
        form.Field("noise", "noise", "number", first="0.5", takes_fractions=True),
    ]
    tables = [key for key, _ in groupby(field.key.partition(".")[0] for field in fields)]
    assert tables == ["id", "model", "optimizer", "data", "training", "stages", "noise"]


def test_a_field_of_another_kind_of_network_is_hidden_with_all_that_it_decides() -> None:
    def shown(**changes: str) -> set[str]:
        typed = form.texts(scenarios.load("depth-7"), "variant") | {
            key.replace("__", "."): text for key, text in changes.items()
        }
        return {field.key for field in form.fields() if form.applies(field, typed)}

    assert not {"model.cell", "model.recurrent.scheme", "model.recurrent.std", "model.forget_bias"} & shown()
    recurrent = shown(model__kind="rnn")
    assert {"model.cell", "model.recurrent.scheme", "model.recurrent.std"} <= recurrent
    assert not {"model.hidden_layers", "model.forget_bias", "model.recurrent.gain"} & recurrent
    assert "model.forget_bias" in shown(model__kind="rnn", model__cell="lstm")
    assert "model.recurrent.gain" in shown(model__kind="rnn", model__recurrent__scheme="orthogonal")


def test_the_form_describes_another_kind_of_network() -> None:
    base = scenarios.load("depth-7")
    chosen = {"model.kind": "cnn", "model.activation": "relu", "model.residual": "yes"}
    typed = form.texts(base, "variant") | chosen
    variant = form.read(base, typed)
    assert isinstance(variant, Scenario)
    assert variant.model == Cnn(
        kind="cnn", blocks=3, width=128, activation="relu", residual=True, init=base.mlp.init
    )
    again = form.read(variant, form.texts(variant, "again"))
    assert isinstance(again, Scenario)
    assert again.model == variant.model


def test_a_type_without_a_notation_in_the_form_is_refused() -> None:
    class Switched(Table):
        switch: bytes = b""

    with pytest.raises(TypeError, match="the form has no notation for <class 'bytes'>"):
        form.fields(Switched)


def test_errors_are_shown_at_their_fields_in_the_words_of_the_schema() -> None:
    found = problems(model__hidden_layers="0", optimizer__lr="fast", data__batch_size="")
    assert found == {
        "model.hidden_layers": "a whole number from 1 to 256",
        "optimizer.lr": "a number above 0, at most 1000",
        "data.batch_size": "a whole number from 1 to 60000",
    }


@pytest.mark.parametrize(
    ("key", "text", "words"),
    [
        ("model__skip", "1-9", "an earlier and a later layer, from 1 to 7"),
        ("model__skip", "a-b", "such as 1-3 4-7"),
        ("stages", "2 2", "such as 2: 1 / 2 2: 2"),
        ("stages", "2: 1 / 2 2: 2", "all 7 hidden layers in the last stage"),
        ("optimizer__betas", "0.9 x", "two numbers from 0 to below 1"),
        ("id", "a b", "a file name"),
        ("model__init__std", "nan", "a number above 0"),
    ],
)
def test_a_text_that_cannot_be_read_or_is_invalid_is_reported_at_its_field(
    key: str, text: str, words: str
) -> None:
    other = {"optimizer__name": "adam"} if key == "optimizer__betas" else {}
    found = problems(**{key: text}, **other)
    assert list(found) == [key.replace("__", ".")]
    assert words in next(iter(found.values()))


def test_half_a_pair_is_reported_at_its_field_even_if_another_field_cannot_be_read() -> None:
    assert problems(model__skip="1", stages="x") == {
        **problems(model__skip="1"),
        "stages": "such as 2: 1 / 2 2: 2, or empty",
    }


def test_a_choice_shows_its_own_fields_and_hides_the_others() -> None:
    shown = {field.key for field in form.fields() if form.applies(field, typed(optimizer__name="sdagd"))}
    assert {"optimizer.radius", "optimizer.norm"} <= shown
    assert not {"optimizer.lr", "optimizer.momentum", "optimizer.betas"} & shown
    for changes in ({"optimizer__name": "sdagd"}, {"optimizer__name": "adam"}, {"model__init__scheme": "he"}):
        assert not isinstance(form.read(scenarios.load("depth-7"), typed(**changes)), dict)
    beta = form.read(scenarios.load("depth-7"), typed(model__activation="sigmoid_beta"))
    assert not isinstance(beta, dict)
    assert beta.mlp.beta == 0.05
