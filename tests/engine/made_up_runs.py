"""Made-up samples and epochs, for rules to judge."""

from collections.abc import Iterable, Sequence
from typing import Any

from engine.diagnosis import Diagnosis
from engine.measure.probe import measured_step
from engine.protocol.spec import RunSpec
from tests.engine.lab import course
from vanish_recorder.protocol.events import EpochFinished, LayerSample, Sample, StageStarted, VerdictChanged

STEPS_PER_EPOCH = 118


def layers(hidden: int = 7, output: dict[str, Any] | None = None, **each: Any) -> tuple[LayerSample, ...]:
    """Layers of a network in which all is well.

    Args:
        hidden: how many hidden layers.
        output: quantities of the output layer.
        each: quantities of the hidden ones: one value for all, or a list of one for each.
    """
    quantities: dict[str, Any] = {
        "grad_norm": 0.1,
        "delta_norm": 0.02,
        "update_ratio": 1e-3,
        "unmoved": 0.0,
        "weight_norm": 6.4,
        "activation_mean": 0.5,
        "activation_std": 0.2,
        "sample_std": 0.2,
        "saturated": 0.0,
    } | each
    hidden_layers = (
        LayerSample(
            name=f"layer{number}",
            **{
                name: value[number - 1] if isinstance(value, list) else value
                for name, value in quantities.items()
            },
        )
        for number in range(1, hidden + 1)
    )
    last: dict[str, Any] = {
        "grad_norm": 0.5,
        "delta_norm": 0.04,
        "update_ratio": 3e-3,
        "unmoved": 0.0,
        "weight_norm": 1.8,
        "activation_mean": 0.0,
        "activation_std": 0.3,
        "sample_std": 0.2,
    } | (output or {})
    return (*hidden_layers, LayerSample(name="output", **last))


def geometric(last: float, factor: float, hidden: int = 7) -> list[float]:
    """`last` at the last hidden layer, and `factor` times as much at each layer as at the one before it."""
    return [last / factor ** (hidden - number) for number in range(1, hidden + 1)]


class MadeUpRun:
    """A diagnosis, and what it has said so far of the samples and epochs that a test makes up.

    Args:
        changes: to the slides' network, by dotted key.
        hidden: how many hidden layers it has.
    """

    def __init__(self, changes: dict[str, Any] | None = None, hidden: int = 7) -> None:
        self.diagnosis = Diagnosis(RunSpec.of(course(hidden, changes).resolved()))
        self.said: list[VerdictChanged] = []
        self.step = self.epoch = self.stage = 0
        self.begin_stage()

    @property
    def holding(self) -> dict[str, VerdictChanged]:
        """What holds at present, by kind."""
        holding: dict[str, VerdictChanged] = {}
        for verdict in self.said:
            if verdict.state == "began":
                assert verdict.kind not in holding
                holding[verdict.kind] = verdict
            else:
                assert holding.pop(verdict.kind).since_step == verdict.since_step
        return holding

    def begin_stage(self) -> None:
        """The next stage."""
        self.stage += 1
        self._stage_began = self.step
        self._publish(StageStarted(**self._where(), trainable=(), frozen=()))

    def measure(self, *profiles: Sequence[LayerSample], loss: float = 2.3) -> "MadeUpRun":
        """A sample of each profile, at the steps at which a run is measured."""
        for profile in profiles:
            self.step += 1
            while not measured_step(self.step, self.step - self._stage_began):
                self.step += 1
            self._publish(Sample(**self._where(), loss=loss, accuracy=0.1, lr=0.01, layers=tuple(profile)))
        return self

    def finish_epochs(self, *results: tuple[float, float], test_accuracy: float | None = None) -> "MadeUpRun":
        """An epoch of each (train loss, train accuracy); the latter also of the test images, unless given."""
        for loss, accuracy in results:
            self.epoch += 1
            self.step = self.epoch * STEPS_PER_EPOCH
            self._publish(
                EpochFinished(
                    **self._where(),
                    train_loss=loss,
                    train_accuracy=accuracy,
                    test_loss=loss,
                    test_accuracy=accuracy if test_accuracy is None else test_accuracy,
                    seconds=1.0,
                    evaluation_seconds=0.1,
                )
            )
        return self

    def _publish(self, event: Any) -> None:
        self.said += self.diagnosis.follow(event)

    def _where(self) -> dict[str, Any]:
        return {
            "run": "r",
            "step": self.step,
            "epoch": self.epoch,
            "stage": self.stage,
            "time": 0.1 * self.step,
        }


def kinds(verdicts: Iterable[str]) -> set[str]:
    """The kinds that say what is wrong."""
    return set(verdicts) - {"healthy", "learning"}
