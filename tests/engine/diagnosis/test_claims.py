"""What a verdict says holds for the numbers in it; it does not flicker; its cures fit the network.

This file is longer than 300 lines because it holds a claim for every sentence, and the made-up networks that
all of its tests share.
"""

import gzip
import math
import random
import re
import string
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

import scenarios
from engine.diagnosis import Diagnosis, wording
from engine.diagnosis.cures import CURES
from engine.diagnosis.network import Network
from engine.protocol.spec import RunSpec
from tests.engine.diagnosis.test_wording import KINDS, SENTENCES
from tests.engine.lab import course, of_kind
from tests.engine.made_up_runs import MadeUpRun
from vanish_recorder.diagnosis.finding import Finding
from vanish_recorder.protocol.codec import from_line
from vanish_recorder.protocol.events import LayerSample, RunStarted, VerdictChanged

RECORDINGS = Path(__file__).parent.parent / "recordings"
Numbers = Mapping[str, float]

# For each sentence that contains numbers: what it claims of them, as they are printed.
CLAIMS: dict[tuple[str, str], Callable[[Numbers], bool]] = {
    ("non_finite", "plain"): lambda n: n["first_bad_step"] >= 1,
    ("non_finite", "unseen"): lambda n: n["first_bad_step"] >= 1,
    ("exploding", "plain"): lambda n: n["factor"] > 1 and n["ratio"] >= 9.9,
    ("exploding", "overstepping"): lambda n: n["update_ratio"] >= 0.05 and n["loss"] > n["first_loss"],
    ("exploding", "upset"): lambda n: n["update_ratio"] >= 0.05 and n["loss"] >= 0.98 * n["guessing"],
    ("exploding", "diverged"): lambda n: n["update_ratio"] >= 0.2 and n["at_step"] <= n["first_bad_step"],
    ("exploding", "outputs"): lambda n: min(n["first_loss"] / 2, n["loss"]) >= 4.9 * n["guessing"],
    ("vanishing", "plain"): lambda n: n["factor"] < 1 and n["ratio"] <= 0.11,
    ("vanishing", "passed_by"): lambda n: n["ratio"] <= 0.11,
    ("forward_collapse", "plain"): lambda n: n["spread"] <= 0.0041 and n["spread_of_first"] > n["spread"],
    ("forward_collapse", "alone"): lambda n: n["spread"] <= 0.0041,
    ("dead", "plain"): lambda n: 0.15 <= n["dead"] <= 0.9,
    ("dead", "silent"): lambda n: n["dead"] >= 0.85,
    ("dead", "turns"): lambda n: n["dead"] >= 0.35,
    ("skipped_steps", "plain"): lambda n: n["share"] >= 0.1 and n["skipped"] >= 8,
    ("skipped_steps", "falling"): lambda n: n["scale"] < 1 < n["scale_at_first"],
    ("underflow", "plain"): lambda n: 1 >= n["underflow"] >= n["least"] >= 0.84,
    ("underflow", "scaled"): lambda n: 1 >= n["underflow"] >= n["least"] >= 0.84 and n["scale"] >= 1,
    ("immovable", "half"): lambda n: n["each"] >= 0.4 and n["spacing"] > 4e-4,
    ("immovable", "plain"): lambda n: n["each"] >= 0.4,  # the smallest of its parts
    ("saturated", "plain"): lambda n: n["saturated"] >= 0.4,
    ("saturated", "beta"): lambda n: n["saturated"] >= 0.4 and n["beta"] > 0,
    ("stuck", "guessing"): lambda n: (
        _close(n["train_loss"], n["guessing"], 0.031) and n["train_accuracy"] <= 0.25
    ),
    ("stuck", "above"): lambda n: n["train_loss"] > n["guessing"] and n["train_accuracy"] <= 0.25,
    ("stuck", "standstill"): lambda n: (
        n["train_accuracy"] < 0.4 and n["loss_before"] - n["train_loss"] <= 0.05 * math.log(10)
    ),
    ("signal_shrinks", "plain"): lambda n: n["factor"] < 1 and n["ratio"] <= 0.11,
    ("signal_shrinks", "alike"): lambda n: n["factor"] < 1 and n["ratio"] <= 0.11,
    ("learning", "plain"): lambda n: n["train_loss"] < n["guessing"],
    ("learning", "above"): lambda n: n["train_accuracy"] >= 0.4 and n["train_loss"] >= 0.98 * n["guessing"],
    ("healthy", "plain"): lambda n: 1 <= n["ratio"] <= 20,
}
CAUSES: dict[tuple[str, str], Callable[[Numbers], bool]] = {
    ("exploding", "beta"): lambda n: n["beta"] > 0 and n["without_beta"] < min(1.06, n["factor"]),
    ("exploding", "drifted"): lambda n: n["ratio_at_first"] < math.sqrt(n["ratio"]) * 1.1,
    ("vanishing", "saturated"): lambda n: n["saturated"] >= 0.5,
    ("vanishing", "saturated_since"): lambda n: n["saturated"] >= 0.5,
    ("vanishing", "drifted"): lambda n: n["ratio_at_first"] > math.sqrt(n["ratio"]) * 0.9,
}
WITHOUT_NUMBERS = {
    ("non_finite", "activation"),
    ("non_finite", "gradient"),
    ("vanishing", "nothing"),
    ("forward_collapse", "equal"),
    ("frozen", "plain"),
    ("healthy", "single"),
}


def _close(a: float, b: float, part: float) -> bool:
    return abs(a / b - 1) <= part


def sentences() -> Iterator[tuple[str, str, str]]:
    """(kind, variant, sentence) of every sentence that begins a verdict."""
    for kind in KINDS:
        for variant, text in SENTENCES[kind].items():
            if isinstance(text, str) and variant != "ended":
                yield kind, variant, text


def numbers_in(template: str, text: str) -> dict[str, float] | None:
    """The numbers in a text that was made from the template, by name; None if it was made from another."""
    pattern, styles = "", {}
    for literal, name, style, _ in string.Formatter().parse(template):
        pattern += re.escape(literal)
        if name and name not in styles:
            styles[name] = style
            pattern += f"(?P<{name}>.*?)"
        elif name:
            pattern += f"(?P={name})"
    found = re.fullmatch(pattern, text, re.IGNORECASE)
    if found is None:
        return None
    return {name: _number(found[name]) for name, style in styles.items() if style}


def _number(text: str) -> float:
    parts = re.split(", | and | to ", text)
    if len(parts) > 1:
        return min(map(_number, parts))
    over = text.removeprefix("1/") if text.startswith("1/") else ""
    if over:
        return 1 / float(over)
    return float(text.removesuffix(" %")) / 100 if text.endswith(" %") else float(text)


def held_against(verdict: VerdictChanged) -> set[tuple[str, str]]:
    """Which sentences and causes the text is made of. Fails if one of them contradicts its numbers."""
    for kind, variant, template in sentences():
        numbers = numbers_in(template, verdict.text) if kind == verdict.kind else None
        if numbers is None:
            continue
        claim = CLAIMS.get((kind, variant))
        assert claim is None or claim(numbers), (variant, verdict.text)
        causes = SENTENCES[kind].get("causes", {}) if "{cause}" in template else {}
        used = {(kind, variant)}
        for name, cause in causes.items():
            within = numbers_in("{text}: " + cause + ".", verdict.text)
            if within is not None:
                holds = CAUSES.get((kind, name))
                assert holds is None or holds(numbers | within), (name, verdict.text)
                used.add((kind, name))
        return used
    raise AssertionError(f"no sentence of {verdict.kind} reads {verdict.text!r}")


# ------------------------------------------------------------------------------- made-up networks


def _changes(draw: random.Random) -> dict[str, Any]:
    activation = draw.choice(["identity", "sigmoid", "sigmoid_beta", "tanh", "relu"])
    changes: dict[str, Any] = {
        "model.activation": activation,
        "model.norm": draw.choice(["none", "none", "batch", "layer", "custom"]),
        "data.batch_size": draw.choice([16, 111, 512]),
        "training.loss": draw.choice(["cross_entropy", "bce"]),
        "optimizer": draw.choice(
            [
                {"name": "sgd", "lr": draw.choice([0.01, 0.6])},
                {"name": "adam", "lr": 0.01},
            ]
        ),
        "model.init": draw.choice(
            [
                {"scheme": "he"},
                {"scheme": "xavier"},
                {"scheme": "orthogonal"},
                {"scheme": "normal", "std": draw.choice([0.01, 0.125, 1.0])},
            ]
        ),
    }
    if activation == "sigmoid_beta":
        changes["model.beta"] = draw.choice([0.01, 1.5])
    return changes


class Steady:
    """A made-up network whose quantities stay where they are, with noise from sample to sample.

    Args:
        draw: of all its numbers.
        hidden: how many hidden layers it has.
        relu: whether it has dead units, or saturated ones.
    """

    def __init__(self, draw: random.Random, hidden: int, relu: bool) -> None:
        self._draw, self._hidden, self._relu = draw, hidden, relu
        self._bases = {
            "delta_norm": self._profile(0.02, draw.choice([0.0, 0.3, 1.5, 4])),
            "update_ratio": self._profile(10 ** draw.uniform(-6, 0.5), draw.choice([0.0, 0.5])),
            "activation_std": self._profile(0.2, draw.choice([0.0, 0.3, 1.5])),
            "weight_norm": self._profile(10 ** draw.uniform(-1, 2), 0.0),
        }
        self._spread = 10 ** draw.uniform(-4, 0)
        self._shares = [draw.random() ** draw.choice([1, 6]) for _ in range(hidden)]

    def _profile(self, last: float, slope: float) -> list[float]:
        up = self._draw.choice([-1, 1]) * slope
        return [last * math.exp(up * (self._hidden - number)) for number in range(1, self._hidden + 1)]

    def sample(self) -> tuple[LayerSample, ...]:
        """One profile of the hidden layers and the output."""

        def noisy(value: float) -> float:
            return value * math.exp(self._draw.gauss(0, 0.15))

        hidden = []
        for number in range(self._hidden):
            size = noisy(self._bases["activation_std"][number])
            share = min(1.0, max(0.0, self._shares[number] + self._draw.gauss(0, 0.02)))
            hidden.append(
                LayerSample(
                    name=f"layer{number + 1}",
                    grad_norm=0.1,
                    unmoved=share,
                    activation_mean=0.0,
                    activation_std=size,
                    sample_std=size * min(1.0, noisy(self._spread if number else 0.7)),
                    saturated=None if self._relu else share,
                    inactive=share if self._relu else None,
                    dead=share if self._relu else None,
                    always_zero=share if self._relu else None,
                    delta_norm=noisy(self._bases["delta_norm"][number]),
                    update_ratio=noisy(self._bases["update_ratio"][number]),
                    weight_norm=self._bases["weight_norm"][number],
                )
            )
        return (*hidden, LayerSample(name="output", grad_norm=0.1, update_ratio=1e-3, weight_norm=1.0))


def made_up(seed: int) -> MadeUpRun:
    """A run of a few stages of life: each a steady network, a level of the loss, and an accuracy."""
    draw = random.Random(seed)
    hidden, changes = draw.choice([1, 2, 7]), _changes(draw)
    run = MadeUpRun(changes, hidden)
    for _ in range(draw.choice([1, 2, 3])):
        network = Steady(draw, hidden, changes["model.activation"] == "relu")
        level, accuracy = 10 ** draw.uniform(-1, 2.5), draw.choice([0.1, 0.16, 0.3, 0.6])
        if draw.random() < 0.6:
            level = (2.3026 if changes["training.loss"] == "cross_entropy" else 0.32508) * draw.uniform(
                0.97, 1.03
            )
        trend = draw.choice([1.0, 1.0, 0.99, 0.6])
        for _ in range(draw.choice([1, 4])):
            run.measure(*[network.sample() for _ in range(10)], loss=level * math.exp(draw.gauss(0, 0.05)))
            run.finish_epochs((level, accuracy))
            level *= trend
    return run


def test_every_sentence_has_a_claim_or_no_numbers() -> None:
    # The sentences about time steps claim what the others do; test_kinds has them.
    known = {(kind, variant.removesuffix("_in_time")) for kind, variant, _ in sentences()}
    assert known == CLAIMS.keys() | WITHOUT_NUMBERS


def test_what_a_sentence_claims_holds_for_the_numbers_in_it() -> None:
    seen: set[tuple[str, str]] = set()
    for seed in range(400):
        for verdict in made_up(seed).said:
            if verdict.state == "began":
                seen |= held_against(verdict)
    # The others need numbers that are not finite or have 16 bits, or a very special network: test_rules and
    # test_precision have them.
    assert {kind for kind, _ in seen} >= set(KINDS) - {"non_finite", "frozen", "underflow", "skipped_steps"}
    assert len(seen) >= 25


@pytest.mark.parametrize(
    "path", sorted(RECORDINGS.glob("*.gz")), ids=lambda path: path.name.partition(".")[0]
)
def test_it_holds_in_the_recorded_runs(path: Path) -> None:
    events = [
        event
        for line in gzip.decompress(path.read_bytes()).splitlines()
        if (event := from_line(line)) is not None
    ]
    diagnosis = Diagnosis(RunSpec.of(of_kind(events, RunStarted)[0].scenario))
    for event in events:
        for verdict in diagnosis.follow(event):
            if verdict.state == "began":
                held_against(verdict)


def test_the_layers_that_a_sentence_names_are_those_of_its_event() -> None:
    for seed in range(100):
        for verdict in made_up(seed).said:
            assert not re.search(r"layer\d|output layer \d|None|nan", verdict.text), verdict.text
            number = (verdict.layer or "").removeprefix("layer")
            if (
                verdict.state == "began"
                and number.isdecimal()
                and verdict.kind not in ("immovable", "frozen")
            ):
                assert f"layer {number}" in verdict.text.lower()


def test_on_a_steady_network_a_verdict_begins_at_most_twice() -> None:
    for seed in range(150):
        draw = random.Random(seed)
        hidden, changes = draw.choice([1, 2, 7]), _changes(draw)
        run, network = MadeUpRun(changes, hidden), Steady(draw, hidden, changes["model.activation"] == "relu")
        loss, accuracy = 10 ** draw.uniform(-0.5, 1.5), draw.uniform(0.1, 0.6)
        for _ in range(12):
            for _ in range(10):
                run.measure(network.sample(), loss=loss * math.exp(draw.gauss(0, 0.05)))
            run.finish_epochs(
                (loss * math.exp(draw.gauss(0, 0.01)), accuracy * math.exp(draw.gauss(0, 0.03)))
            )
        began = Counter(verdict.kind for verdict in run.said if verdict.state == "began")
        assert max(began.values(), default=0) <= 2, (seed, began)


# ----------------------------------------------------------------------------------------- cures

# What a scenario would change, as (setting, value), and the findings that this addresses.
_FORWARD = {"forward_collapse", "signal_shrinks"}
_BACKWARD = {"exploding", "vanishing"}
_REST = {"dead", "immovable", "saturated", "stuck", "non_finite", "underflow", "skipped_steps"}
ADDRESSES = {
    "adam": {"vanishing", "immovable", "stuck", "exploding"},
    "batchnorm": _FORWARD | _BACKWARD | _REST,
    "bf16-mixed": {"underflow", "skipped_steps", "immovable"},
    "fp16-loss-scale": {"underflow"},
    "relu-he": _FORWARD | _BACKWARD | _REST,
    "relu-lr-05": {"vanishing"},
    "skip": {"vanishing", "exploding", "forward_collapse"},
    "tanh-orthogonal": _FORWARD | _BACKWARD | _REST,
    "tanh-xavier": _FORWARD | _BACKWARD | _REST,
    "plain-20-batchnorm": _FORWARD | _BACKWARD | _REST,
    "resnet-20": _FORWARD | _BACKWARD | _REST,
    "lstm-rows": {"vanishing", "exploding", "forward_collapse", *_REST},
    "gru-rows": {"vanishing", "forward_collapse", *_REST},
    "rnn-orthogonal": {"vanishing", "exploding", "forward_collapse", *_REST},
    "vit-pre-ln": {"vanishing", "exploding", "forward_collapse", *_REST},
    "vit-post-ln-warmup": {"vanishing", "exploding", "forward_collapse", *_REST},
    "rnn-clipped": {"vanishing", "exploding", "forward_collapse", *_REST},
}


def test_every_cure_addresses_what_it_is_suggested_for() -> None:
    assert ADDRESSES.keys() == CURES
    assert {entry.id for entry in scenarios.entries()} >= CURES
    for kind in KINDS:
        for names in SENTENCES[kind].get("try", {}).values():
            assert all(kind in ADDRESSES[name] for name in names)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if "try" in SENTENCES[kind]])
def test_no_cure_is_what_the_network_has(kind: Any) -> None:
    for seed in range(200):
        draw = random.Random(seed)
        changes = _changes(draw)
        if draw.random() < 0.5:
            changes["model.skip"] = ((1, 3), (4, 7))
        record = course(7, changes).resolved()
        network = Network.of(RunSpec.of(record))
        model, optimizer = record["model"], record["optimizer"]
        for cause in ("", *SENTENCES[kind].get("causes", {}), *SENTENCES[kind]):
            suggested = wording.suggestions(Finding(kind, cause=cause), network, besides="mine")
            assert not ("batchnorm" in suggested and model["norm"] == "batch")
            assert not ("adam" in suggested and optimizer["name"] == "adam")
            assert not ("skip" in suggested and model.get("skip"))
            slow = model["activation"] == "relu" and optimizer["name"] == "sgd" and optimizer["lr"] < 0.05
            assert not ("relu-lr-05" in suggested and not slow)
            scheme, activation = model["init"]["scheme"], model["activation"]
            assert not ("relu-he" in suggested and (activation, scheme) == ("relu", "he"))
            assert not ("tanh-xavier" in suggested and (activation, scheme) == ("tanh", "xavier"))
            assert not ("tanh-orthogonal" in suggested and (activation, scheme) == ("tanh", "orthogonal"))
            assert len(suggested) <= 3
