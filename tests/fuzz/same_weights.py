"""An engine's run beside a plain PyTorch loop that begins every step with the engine's weights.

Two correct programs round differently, and training magnifies that: Adam divides by the gradient's size, so
the last bits of a gradient that is almost 0 decide a whole step, and after a few steps the weights are
others. So each step is compared alone. Only the weights are taken over. Momentum and Adam's averages stay the
plain loop's own: rounding adds up in them, but is not magnified there, and an error in the engine's is seen.

How far rounding moves a result depends on the network. It is measured: the plain loop takes each step in
single and in double precision, and the engine may be a few times as far from the latter as the former is.
"""

import math
from collections.abc import Iterator
from itertools import chain

import torch
from torch import Tensor

from engine.data.fashion_mnist import Dataset
from engine.networks.mlp import Network
from engine.training.trainer import Trainer
from scenarios.schema import Scenario
from tests.engine.lab import begin, train
from tests.fuzz.plain_network import PlainTraining
from tests.fuzz.truths import FLAT, plain_test_loss, relative_slope, step_truth
from vanish_recorder.protocol.events import RunEvent, RunFinished, Sample

ALWAYS = 1e-5  # of a value: what is allowed even where both precisions agree
TIMES = 30  # the distance between the two; at most 9 was seen in 300 networks
TINY = 1e-30

# A quantity's name in a sample, and in a LayerTruth.
MEASURED = {
    "grad_norm": "grad",
    "update_ratio": "update",
    "weight_norm": "weight",
    "activation_mean": "mean",
    "activation_std": "std",
    "sample_std": "sample_std",
    "delta_norm": "delta",
    "saturated": "saturated",
    "inactive": "inactive",
    "dead": "dead",
}


class SameWeights:
    """A run of the engine, and what the plain loop finds at the same weights.

    Args:
        scenario: of one stage and one epoch.
        data: what to train on.
        seed: of the run.

    Attributes:
        events: the engine's.
    """

    def __init__(self, scenario: Scenario, data: Dataset, seed: int) -> None:
        self._data = data
        self._trainer: Trainer
        self.events: list[RunEvent]
        self._trainer, self.events = begin(scenario, data, seed)
        self._single = PlainTraining(scenario, data, seed)
        self._double = PlainTraining(scenario, data, seed, precision=torch.float64)

    def differences(self) -> Iterator[str]:
        """Train to the end; yields each result that is further from the truth than rounding explains."""
        drawn = zip(self._single.network.parameters(), _parameters(self._trainer.mlp), strict=True)
        if not all(torch.equal(plain, engine) for plain, engine in drawn):
            yield "other weights are drawn"
        (single,), (double,) = self._single.epochs(), self._double.epochs()
        for step in single:
            next(double)
            events = len(self.events)
            self._trainer.step()
            if self._single.broken:
                break
            samples = [event for event in self.events[events:] if isinstance(event, Sample)]
            for difference in chain(self._weights(), *map(self._measured, samples)):
                yield f"step {step}, {difference}"
            if self._trainer.status.ended:
                break
            for training in (self._single, self._double):
                training.begin_at(_parameters(self._trainer.mlp))
        yield from self._end()

    def _end(self) -> Iterator[str]:
        """Compare how the run ends. The engine learns at its next sample that a loss was not finite."""
        train(self._trainer)
        self._single.begin_at(_parameters(self._trainer.mlp))
        is_sound = not self._single.broken and math.isfinite(plain_test_loss(self._single, self._data))
        end = self.events[-1]
        assert isinstance(end, RunFinished)
        expected = None if is_sound else self._single.step
        if end.first_bad_step != expected:
            yield f"the first bad step is {end.first_bad_step}, not {expected}"

    def _weights(self) -> Iterator[str]:
        """Compare the parameters after the step."""
        engine = _parameters(self._trainer.mlp)
        both = zip(self._single.network.parameters(), self._double.network.parameters(), strict=True)
        for number, (found, (single, double)) in enumerate(zip(engine, both, strict=True)):
            distance, limit = _norm(found - double), TIMES * _norm(single - double)
            if math.isfinite(limit) and not distance <= limit + TINY:
                yield f"parameter {number} is {distance:.3g} from the truth, allowed is {limit:.3g}"

    def _measured(self, sample: Sample) -> Iterator[str]:
        """Compare a sample."""
        single, double = self._single, self._double
        slack = (single.logits - double.logits).norm(dim=1).mean().item()
        yield from _difference("loss", sample.loss, double.losses[-1], slack)
        for place, (layer, true) in enumerate(zip(sample.layers, step_truth(double).layers, strict=True)):
            for quantity, name in MEASURED.items():
                found, value = getattr(layer, quantity), getattr(true, name)
                if found is None or value is None:
                    continue
                size = true.size if name in ("mean", "std", "sample_std") else 0.0
                slack = self._slack(name, place)
                yield from _difference(f"{layer.name}: {quantity}", found, value, slack, size)

    @torch.no_grad()
    def _slack(self, name: str, place: int) -> float:
        """How far apart both precisions are in a quantity of a layer."""
        single, double = self._single, self._double
        one, two = single.network, double.network
        match name:
            case "grad":
                return _norm(_gradient(one.linears[place].weight) - _gradient(two.linears[place].weight))
            case "update":
                return _norm(one.linears[place].weight - two.linears[place].weight) / _norm(
                    double.before[place]
                )
            case "delta":
                return _norm(single.deltas[place] - double.deltas[place])
            case "mean" | "std" | "sample_std":
                outputs = [(*each.network.h, each.logits)[place] for each in (single, double)]
                return (outputs[0] - outputs[1]).square().mean().sqrt().item()
            case "saturated":
                activation = single.scenario.mlp.activation
                slopes = [relative_slope(net.a[place], activation) for net in (one, two)]
                return _near(FLAT, *slopes).double().mean().item() / TIMES
            case "inactive":
                return _near(0, one.z[place], two.z[place]).double().mean().item() / TIMES
            case "dead":
                near = _near(0, one.z[place], two.z[place])
                is_doubtful = near.any(0) & (near | two.z[place].le(0)).all(0)
                return is_doubtful.double().mean().item() / TIMES
            case _:
                return 0.0


def _difference(what: str, found: float, true: float, slack: float, size: float = 0.0) -> Iterator[str]:
    limit = ALWAYS * max(abs(true), size) + TIMES * slack + TINY
    if not math.isfinite(limit):  # beyond single precision
        return
    if not abs(found - true) <= limit:
        yield f"{what} is {found:.9g}, not {true:.9g} ± {limit:.2g}"


def _near(threshold: float, single: Tensor, double: Tensor) -> Tensor:
    """Where rounding decides on which side of a threshold a value is."""
    margin = TIMES * (single - double).abs().max()
    exact = single.eq(threshold) & double.eq(threshold)
    return (double - threshold).abs().le(margin) & ~exact


def _parameters(network: Network) -> list[Tensor]:
    """The parameters of all linear layers, then of all normalisations, as the plain network has them."""
    norms = [list(layer.norm.parameters()) for layer in network.layers if layer.norm is not None]
    linears = [(layer.weight, layer.bias) for layer in network.layers]
    return [parameter.detach() for parameter in chain(*linears, *norms)]


def _gradient(parameter: Tensor) -> Tensor:
    assert parameter.grad is not None
    return parameter.grad


def _norm(values: Tensor) -> float:
    return float(torch.linalg.vector_norm(values.detach(), dtype=torch.float64))
