"""The results of a watched run for lists, from its events."""

import math

from vanish_recorder.protocol.events import (
    Intervened,
    Paused,
    Resumed,
    RunEvent,
    RunFinished,
    VerdictChanged,
)
from vanish_recorder.protocol.status import Status
from vanish_recorder.protocol.verdicts import severity
from vanish_recorder.protocol.watch_events import EpochLogged, Measured, WatchStarted
from vanish_recorder.storage.summary import Summary
from vanish_recorder.storage.watched_description import WATCHED


class Results:
    """What a list shows of a watched run. `apply` takes its events one after the other.

    Args:
        name: that the script gave the run.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._status = Status.RUNNING
        self._device = ""
        self._step = self._epoch = 0
        self._time = 0.0
        self._loss: float | None = None
        self._epoch_numbers: dict[str, float] = {}
        self._best: float | None = None
        self._interventions = 0
        self._verdicts: dict[tuple[str, str | None], VerdictChanged] = {}

    @property
    def open_verdicts(self) -> tuple[VerdictChanged, ...]:
        """The verdicts that began and did not end."""
        return tuple(self._verdicts.values())

    def apply(self, event: RunEvent) -> None:
        """Apply one event."""
        self._step, self._epoch, self._time = event.step, event.epoch, event.time
        match event:
            case WatchStarted():
                self._device = event.device
            case Measured():
                self._loss = event.logged.get("loss", self._loss)
            case EpochLogged():
                self._epoch_numbers.update(event.logged)
                accuracy = _share(event.logged.get("test_accuracy"))
                if accuracy is not None:
                    self._best = max(self._best or 0.0, accuracy)
            case Intervened():
                self._interventions += 1
            case VerdictChanged():
                self._verdicts.pop((event.kind, event.layer), None)
                if event.state == "began":
                    self._verdicts[event.kind, event.layer] = event
            case Paused():
                self._status = Status.PAUSED
            case Resumed():
                self._status = Status.RUNNING
            case RunFinished():
                self._status = event.status

    def summary(self, log_bytes: int) -> Summary:
        """The results so far, with the size of the log in bytes."""
        logged = self._epoch_numbers
        return Summary(
            kind=WATCHED,
            scenario=self._name,
            seed=None,
            status=self._status,
            step=self._step,
            epoch=self._epoch,
            time=self._time,
            loss=self._loss,
            train_loss=logged.get("train_loss"),
            train_accuracy=_share(logged.get("train_accuracy")),
            test_loss=logged.get("test_loss"),
            test_accuracy=_share(logged.get("test_accuracy")),
            best_test_accuracy=self._best,
            device=self._device,
            interventions=self._interventions,
            verdict=min((verdict.kind for verdict in self._verdicts.values()), key=severity, default=""),
            log_bytes=log_bytes,
        )


def _share(value: float | None) -> float | None:
    """An accuracy from 0 to 1; None for one in percent, or none at all."""
    return value if value is not None and math.isfinite(value) and 0 <= value <= 1 else None
