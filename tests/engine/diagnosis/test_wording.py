"""The verdicts' sentences: one for each finding, every number in its style, suggestions that exist."""

import string
import tomllib
from pathlib import Path
from typing import Any

import pytest

import engine
import scenarios
from engine.diagnosis import wording
from engine.diagnosis.network import Network
from engine.protocol.spec import RunSpec
from tests.engine.lab import course
from vanish_recorder.diagnosis.finding import Finding
from vanish_recorder.protocol.verdicts import SEVERITY, WATCHED_ONLY

SENTENCES: dict[str, Any] = tomllib.loads(
    (Path(engine.__file__).parent / "assets" / "verdicts.toml").read_text(encoding="utf-8")
)
LAYERS = RunSpec.of(course(7).resolved()).layers
KINDS = [kind for kind in SEVERITY if kind not in WATCHED_ONLY]
PROBLEMS = KINDS[: KINDS.index("frozen")]


def test_every_kind_has_its_sentences() -> None:
    assert SENTENCES.keys() == {*KINDS, "any"}
    assert all("plain" in SENTENCES[kind] for kind in KINDS if kind != "stuck")


def test_every_activation_and_every_problem_has_something_to_try() -> None:
    for kind in PROBLEMS:
        for cause in ("sigmoid", "sigmoid_beta", "tanh", "relu", "identity", "normalised", "saturated", ""):
            finding = Finding(kind, cause=cause)  # type: ignore[arg-type]
            assert 2 <= len(wording.suggestions(finding, Network(depth=7), besides="batchnorm")) <= 3


def test_what_to_try_is_in_the_catalogue() -> None:
    known = {entry.id for entry in scenarios.entries()}
    named = {name for kind in KINDS for names in SENTENCES[kind].get("try", {}).values() for name in names}
    assert named <= known


def test_a_run_is_not_told_to_try_itself() -> None:
    vanishing = Finding("vanishing", cause="sigmoid")
    assert "adam" in wording.suggestions(vanishing, Network(), besides="depth-7")
    assert "adam" not in wording.suggestions(vanishing, Network(), besides="adam")


def test_every_cause_ends_a_sentence() -> None:
    for kind in KINDS:
        for cause in SENTENCES[kind].get("causes", {}).values():
            assert not cause.endswith(".")
        for name, sentence in SENTENCES[kind].items():
            if isinstance(sentence, str):
                assert sentence.endswith("."), (kind, name)


def test_the_styles_that_sentences_name_are_there() -> None:
    styles = {
        (kind, style)
        for kind in KINDS
        for sentence in (*SENTENCES[kind].values(), *SENTENCES[kind].get("causes", {}).values())
        if isinstance(sentence, str)
        for _, name, style, _ in string.Formatter().parse(sentence)
        if name and style
    }
    assert {style for _, style in styles} == {"factor", "part", "times", "percent", "loss", "count"}


@pytest.mark.parametrize(
    ("ratio", "part"),
    [
        (7.2e-6, "7.2e-6"),
        (1 / 53, "1/53"),
        (9.8e-4, "9.8e-4"),
        (1e-6, "1e-6"),
        (0.7, "0.7"),
    ],
)
def test_parts_are_written_as_people_read_them(ratio: float, part: str) -> None:
    evidence: dict[str, float | None] = {"factor": 0.5, "ratio": ratio}
    finding = Finding("vanishing", layer="layer1", reference="layer7", evidence=evidence)
    assert f"layer 1 gets {part} of what layer 7 gets" in wording.began(finding, LAYERS)


@pytest.mark.parametrize(
    ("factor", "times"), [(10.0, "10"), (3.21, "3.2"), (1630.0, "1600"), (9.83e5, "9.8e5"), (1e7, "1e7")]
)
def test_multiples_are_written_as_people_read_them(factor: float, times: str) -> None:
    evidence: dict[str, float | None] = {"factor": 2.0, "ratio": factor}
    finding = Finding("exploding", layer="layer1", reference="layer7", evidence=evidence)
    assert f"layer 1 gets {times} times what" in wording.began(finding, LAYERS)


@pytest.mark.parametrize(
    ("numbers", "names"),
    [
        ((2,), "Layer 2"),
        ((1, 2, 3), "Layers 1-3"),
        ((2, 3, 5, 6), "Layers 2-3 and 5-6"),
        ((1, 3, 7), "Layers 1, 3 and 7"),
    ],
)
def test_layers_are_named_in_ranges(numbers: tuple[int, ...], names: str) -> None:
    layers = tuple(f"layer{number}" for number in numbers)
    assert wording.began(Finding("frozen", layers=layers), LAYERS).startswith(f"{names}: frozen")
    assert wording.began(Finding("frozen", layers=(*layers, "output")), LAYERS).startswith(
        f"{names} and the output layer: frozen"
    )


def test_many_numbers_are_given_as_a_range() -> None:
    def immovable(*shares: float) -> str:
        names = tuple(f"layer{number}" for number in range(1, len(shares) + 1))
        evidence: dict[str, float | None] = {
            f"unmoved_{name}": share for name, share in zip(names, shares, strict=True)
        }
        finding = Finding("immovable", layer="layer1", layers=names, evidence=evidence)
        return wording.began(finding, LAYERS)

    assert "98 %, 91 % and 51 % of the weights" in immovable(0.98, 0.91, 0.51)
    assert "51 % to 98 % of the weights" in immovable(0.91, 0.98, 0.51, 0.7)
