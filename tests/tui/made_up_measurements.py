"""What the theory pages would measure, made up: the same on every machine, so that goldens may hold it."""

import itertools
import math
from collections.abc import Iterator, Sequence
from statistics import NormalDist

import pytest

from engine.theory import live, preactivations, ways_back
from engine.theory.preactivations import Histogram
from engine.theory.ways_back import Block, WaysBack
from engine.theory.weights import signals
from tests.engine.made_up_runs import geometric, layers
from vanish_recorder.protocol.events import LayerSample, Sample


def pretend(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put made-up measurements in the place of those that need a network."""
    monkeypatch.setattr(preactivations, "of_layer", _of_layer)
    monkeypatch.setattr(preactivations, "chi", lambda std, layer: 1.02 * signals(std, layer)[-1].chi)
    monkeypatch.setattr(preactivations, "normalised", _normalised)
    monkeypatch.setattr(ways_back, "measure", _ways_back)
    monkeypatch.setattr(live, "samples", _samples)


def _bell(mean: float, std: float, low: float, high: float, intervals: int) -> Histogram:
    below = [NormalDist(mean, std).cdf(low + (high - low) * n / intervals) for n in range(1, intervals)]
    edges = [0.0, *below, 1.0]
    shares = tuple(right - left for left, right in itertools.pairwise(edges))
    within = NormalDist(mean, std).cdf(4) - NormalDist(mean, std).cdf(-4)
    return Histogram(low, high, shares, mean, std, within, 0.25 / math.hypot(1, std / 1.7))


def _of_layer(std: float, layer: int, low: float, high: float, intervals: int) -> Histogram:
    return _bell(0.1, 1.05 * math.sqrt(signals(std, layer)[-1].q), low, high, intervals)


def _normalised(
    std: float,
    layer: int,
    norm: str,
    gamma: float,
    beta: float,
    seen: int | None,
    edges: tuple[float, float, int],
) -> Histogram:
    if norm == "none":
        return _of_layer(std, layer, *edges)
    return _bell(beta, gamma, *edges)


def _ways_back(scenario_id: str) -> WaysBack:
    plain = geometric(0.024, 7.2)
    if scenario_id == "depth-7":
        return WaysBack(tuple(plain), tuple(plain), ())
    skip = (0.0034, 0.00046, 0.0033, 0.024, *plain[4:])
    return WaysBack(skip, skip, (Block(1, 3, 0.0033, 6.4e-5), Block(4, 7, 0.024, 6.7e-5)))


def _samples(scenario_id: str, overrides: Sequence[str], steps: int) -> Iterator[Sample]:
    exploding = scenario_id == "linear-exploding"
    for step in (1, 2) if exploding else range(1, steps, 10):
        loss = (math.nan if step > 1 else 1.5e8) if exploding else 2.3026 + 0.05 / step
        yield Sample(
            run="made up",
            step=step,
            epoch=1,
            stage=1,
            time=0.01 * step,
            loss=loss,
            accuracy=0.1,
            lr=0.01,
            layers=_layers(exploding, bad=step > 1),
        )


def _layers(exploding: bool, *, bad: bool) -> tuple[LayerSample, ...]:
    if exploding and bad:
        return layers(delta_norm=[math.nan] * 7, output={"delta_norm": math.nan})
    deltas = geometric(0.6, 0.1) if exploding else geometric(0.024, 7.2)
    unmoved = [0.98, 0.94, 0.72, 0.2, 0.018, 0.008, 0.0]
    return layers(delta_norm=deltas, unmoved=unmoved, output={"delta_norm": 0.06, "unmoved": 0.0})
