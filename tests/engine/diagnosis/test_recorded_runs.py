"""The verdicts on whole runs of the slides' scenarios: full data, seed 42, thinned by tools/thin_logs.py."""

import gzip
from dataclasses import dataclass
from pathlib import Path

import pytest

from engine.diagnosis import Diagnosis
from engine.protocol.spec import RunSpec
from tests.engine.lab import number, of_kind
from vanish_recorder.protocol.codec import from_line
from vanish_recorder.protocol.events import RunEvent, RunStarted, Sample, VerdictChanged

RECORDINGS = Path(__file__).parent.parent / "recordings"


@dataclass(frozen=True)
class Truth:
    """What is known of a run.

    Attributes:
        first: the kinds that begin within its first ten steps.
        last: those that hold at its end.
        never: kinds that don't come up at all.
        ends: the epochs in which each kind that ends may do so for good.
    """

    first: frozenset[str]
    last: frozenset[str]
    never: frozenset[str]
    ends: dict[str, range]


def truth(first: str, last: str, never: str, **ends: range) -> Truth:
    return Truth(frozenset(first.split()), frozenset(last.split()), frozenset(never.split()), ends)


LOST = "vanishing forward_collapse immovable"
NO_GOOD = "healthy learning exploding"
PLATEAU = "vanishing forward_collapse"

TRUTHS = {
    "depth-3": truth(
        "vanishing",
        "vanishing learning",  # it is gone only in the last sample
        "forward_collapse immovable exploding dead",
        stuck=range(50, 96),
    ),
    "depth-5": truth(LOST, f"{LOST} stuck", NO_GOOD),
    "depth-7": truth(LOST, f"{LOST} stuck", NO_GOOD),
    "momentum": truth(LOST, f"{LOST} stuck", NO_GOOD),
    "sigmoid-beta": truth(LOST, f"{LOST} stuck", NO_GOOD),
    "init-std-1": truth(
        "saturated", "saturated learning", "vanishing exploding forward_collapse stuck healthy"
    ),
    "init-std-10": truth(
        "exploding saturated", "exploding saturated stuck immovable", "vanishing healthy learning"
    ),
    "relu": truth(
        "vanishing signal_shrinks",
        "dead learning",
        "forward_collapse exploding immovable",
        stuck=range(8, 31),  # from epoch 7 on more than a fifth are right, though the loss hardly moves
        vanishing=range(20, 31),
        signal_shrinks=range(20, 31),
    ),
    "relu-lr-05": truth(
        "vanishing signal_shrinks",
        "learning healthy",
        "forward_collapse exploding immovable stuck",  # 21 % are right after three epochs
        vanishing=range(3, 10),
        signal_shrinks=range(3, 10),
        dead=range(7, 31),
    ),
    "relu-he": truth("healthy", "healthy learning", "vanishing exploding dead stuck signal_shrinks"),
    "batchnorm": truth("healthy", "healthy learning", "vanishing exploding stuck saturated forward_collapse"),
    "adam": truth(
        PLATEAU,
        "saturated learning",
        "immovable exploding",
        vanishing=range(1, 2),
        forward_collapse=range(1, 2),
        stuck=range(4, 8),
        healthy=range(5, 10),
    ),
    "customnorm": truth(
        PLATEAU,
        "learning healthy",
        "exploding immovable saturated",
        vanishing=range(30, 50),
        forward_collapse=range(30, 50),
        stuck=range(30, 50),
    ),
    "layernorm": truth(
        PLATEAU,
        "learning healthy",
        "exploding immovable saturated",
        vanishing=range(30, 50),
        forward_collapse=range(30, 50),
        stuck=range(30, 50),
    ),
    "skip": truth(
        "vanishing",
        "vanishing learning",
        "forward_collapse exploding immovable",
        stuck=range(8, 21),  # 23 and 25 % are right in epochs 8 and 9
    ),
    "sigmoid-beta-works": truth(
        PLATEAU,
        "exploding saturated learning",
        "immovable dead",
        vanishing=range(10, 20),
        forward_collapse=range(10, 20),
        stuck=range(10, 20),
        healthy=range(20, 30),
    ),
    "linear-exploding": truth("exploding non_finite", "exploding non_finite", "vanishing healthy learning"),
    "linear-vanishing": truth(
        "vanishing signal_shrinks immovable",
        "vanishing signal_shrinks immovable stuck",
        f"forward_collapse {NO_GOOD}",
    ),
}


def recording(scenario: str) -> list[RunEvent]:
    lines = gzip.decompress((RECORDINGS / f"{scenario}.jsonl.gz").read_bytes()).splitlines()
    return [event for line in lines if (event := from_line(line)) is not None]


def diagnosed(scenario: str) -> list[VerdictChanged]:
    events = recording(scenario)
    diagnosis = Diagnosis(RunSpec.of(of_kind(events, RunStarted)[0].scenario))
    return [verdict for event in events for verdict in diagnosis.follow(event)]


def beginning(scenario: str, kind: str) -> VerdictChanged:
    return next(each for each in diagnosed(scenario) if (each.kind, each.state) == (kind, "began"))


# At the first step: a quantity, and between what it is in each of the hidden layers.
FIRST_STEP = {
    "relu": ("grad_norm", 2e-3, 3.2e-3),
    "linear-exploding": ("grad_norm", 4e7, 1e8),
    "linear-vanishing": ("grad_norm", 1.4e-7, 1.8e-7),
    "init-std-1": ("saturated", 0.45, 0.7),
    "init-std-10": ("saturated", 0.94, 1.0),
}


@pytest.mark.parametrize("scenario", FIRST_STEP)
def test_the_first_step_of_a_recording_is_what_is_known_of_it(scenario: str) -> None:
    quantity, low, high = FIRST_STEP[scenario]
    layers = of_kind(recording(scenario), Sample)[0].layers[:-1]
    assert [layer.name for layer in layers if not low <= getattr(layer, quantity) <= high] == []


def test_adam_begins_with_next_to_no_gradient_at_layer_1() -> None:
    assert number(beginning("adam", "vanishing").evidence["grad_norm"]) == pytest.approx(2e-6, rel=0.1)


def test_a_fifth_to_a_third_of_a_layer_of_relu_dies() -> None:
    dead = beginning("relu", "dead").evidence["dead"]
    most = max(
        number(layer.dead) for sample in of_kind(recording("relu"), Sample) for layer in sample.layers[:-1]
    )
    assert 0.2 <= number(dead) <= most <= 0.33


def test_every_recording_has_a_truth_to_be_held_against() -> None:
    names = {path.name.removesuffix(".jsonl.gz") for path in RECORDINGS.glob("*.jsonl.gz")}
    assert names == {*TRUTHS, "staged"}


@pytest.mark.parametrize("scenario", TRUTHS)
def test_the_verdicts_tell_what_is_known_of_the_run(scenario: str) -> None:
    expected, verdicts = TRUTHS[scenario], diagnosed(scenario)
    open_: dict[str, VerdictChanged] = {}
    ended: dict[str, int] = {}
    for verdict in verdicts:
        if verdict.state == "began":
            open_[verdict.kind] = verdict
        else:
            del open_[verdict.kind]
            ended[verdict.kind] = verdict.epoch
    began = [verdict for verdict in verdicts if verdict.state == "began"]
    assert {verdict.kind for verdict in began if verdict.step <= 10} == expected.first
    assert set(open_) == expected.last
    over = {kind: epoch for kind, epoch in ended.items() if kind not in open_}
    assert over.keys() == expected.ends.keys()
    assert [kind for kind, epoch in over.items() if epoch not in expected.ends[kind]] == []
    assert not expected.never & {verdict.kind for verdict in began}


# Verdicts that end and begin again, because the runs change: Adam's layers saturate, recover and saturate
# again, and the loss of init-std-10 falls, rests, falls and rests.
AGAIN = {"adam": {"saturated"}, "init-std-10": {"stuck"}}


@pytest.mark.parametrize("scenario", [*TRUTHS, "staged"])
def test_no_verdict_flickers(scenario: str) -> None:
    said = diagnosed(scenario)
    began = [(verdict.stage, verdict.kind) for verdict in said if verdict.state == "began"]
    assert max(map(began.count, began), default=0) <= 2
    ended = {(verdict.kind, verdict.step) for verdict in said if verdict.state == "ended"}
    afresh = [
        (verdict.stage, verdict.kind)
        for verdict in said
        if verdict.state == "began" and (verdict.kind, verdict.step) not in ended  # otherwise it is renewed
    ]
    assert {kind for stage, kind in afresh if afresh.count((stage, kind)) > 1} <= AGAIN.get(scenario, set())


@pytest.mark.parametrize(
    ("scenario", "factor"),
    [
        ("depth-3", 7.2),
        ("depth-5", 7.2),
        ("depth-7", 7.2),
        ("relu", 2.5),
        ("customnorm", 2.5),
        ("layernorm", 2.5),
        ("linear-vanishing", 10.0),
    ],
)
def test_vanishing_names_the_first_layer_the_first_step_and_the_factor(scenario: str, factor: float) -> None:
    verdict = beginning(scenario, "vanishing")
    assert (verdict.layer, verdict.since_step) == ("layer1", 1)
    assert 1 / number(verdict.evidence["factor"]) == pytest.approx(factor, rel=0.05)
    assert f"1/{1 / number(verdict.evidence['factor']):.2g} of the gradient" in verdict.text


@pytest.mark.parametrize(("scenario", "factor"), [("linear-exploding", 10.0), ("init-std-10", 3.2)])
def test_exploding_names_the_first_layer_and_the_factor(scenario: str, factor: float) -> None:
    verdict = beginning(scenario, "exploding")
    assert (verdict.layer, verdict.since_step) == ("layer1", 1)
    assert number(verdict.evidence["factor"]) == pytest.approx(factor, rel=0.1)


def test_the_layers_of_depth_7_that_can_hardly_move_are_named_with_their_share() -> None:
    evidence = beginning("depth-7", "immovable").evidence
    shares = [number(evidence[f"unmoved_layer{n}"]) for n in (1, 2, 3)]
    assert shares == pytest.approx([0.99, 0.92, 0.52], abs=0.02)
    assert "unmoved_layer4" not in evidence


def test_the_logits_of_the_exploding_linear_net_are_the_first_that_are_not_finite() -> None:
    verdict = beginning("linear-exploding", "non_finite")
    assert (verdict.layer, verdict.since_step) == ("output", 2)


def test_the_layers_that_starve_beside_the_skip_connections_are_named() -> None:
    verdict = beginning("skip", "vanishing")
    assert verdict.text.startswith(
        "Little gradient reaches layers 2-3 and 5-6: layer 2 gets 1/53 of what layer 7 gets."
    )
    output = number(verdict.evidence["grad_norm_of_output"])
    assert output / number(verdict.evidence["grad_norm"]) == pytest.approx(700, rel=0.2)


def test_exploding_and_saturated_come_last_and_near_the_input_where_beta_works() -> None:
    for kind in ("exploding", "saturated"):
        verdict = beginning("sigmoid-beta-works", kind)
        assert verdict.layer == "layer1"
        assert verdict.epoch > 20


def test_adams_plateau_is_saturated() -> None:
    verdicts = diagnosed("adam")
    saturated, stuck = (
        next(each for each in verdicts if each.kind == kind) for kind in ("saturated", "stuck")
    )
    unstuck = next(each for each in verdicts if (each.kind, each.state) == ("stuck", "ended"))
    assert saturated.epoch < stuck.epoch < unstuck.epoch < 10


def test_frozen_layers_are_called_frozen_and_nothing_else() -> None:
    held: dict[str, VerdictChanged] = {}
    frozen_stages: set[int] = set()
    for verdict in diagnosed("staged"):
        if verdict.state == "ended":
            del held[verdict.kind]
            continue
        held[verdict.kind] = verdict
        if verdict.kind == "frozen":
            frozen_stages.add(verdict.stage)
        assert verdict.stage > 1  # 20 % are right after three epochs, and more and more
        if verdict.stage in (2, 4, 6):
            assert verdict.kind in {"frozen", "forward_collapse", "stuck"}
        elif verdict.stage in (3, 5, 7):
            assert verdict.kind in {"vanishing", "forward_collapse", "immovable", "stuck"}
    assert frozen_stages == {2, 4, 6}
    assert set(held) == {"vanishing", "forward_collapse", "immovable", "stuck"}
