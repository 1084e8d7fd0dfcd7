"""Writes the events of a recording, and the verdicts that follow from them."""

from collections.abc import Callable, Mapping

from vanish_recorder.clock import Clock
from vanish_recorder.diagnosis import Announcer, Diagnosis
from vanish_recorder.guard import Guard, Part
from vanish_recorder.protocol.event import Record
from vanish_recorder.protocol.events import RunEvent, RunFinished
from vanish_recorder.protocol.status import Status
from vanish_recorder.protocol.watch_events import EpochLogged, PartDisabled
from vanish_recorder.rounds import Rounds
from vanish_recorder.writing import Writer


class EventLog:
    """The log of one recording.

    Args:
        writer: of the run's folder.
        rounds: which step it is.
        clock: of the run.
        guard: keeps errors of the diagnosis away from the training.
        tell: says a sentence to the user.

    Attributes:
        epoch: of the run, counted from 1. It is the one that ended last, until a step of the next begins.
    """

    def __init__(
        self, writer: Writer, rounds: Rounds, clock: Clock, guard: Guard, tell: Callable[[str], None]
    ) -> None:
        self._writer, self._rounds, self._clock = writer, rounds, clock
        self._guard, self._tell = guard, tell
        self._diagnosis, self._announcer = Diagnosis(), Announcer()
        self.epoch = max(1, writer.first_epoch)
        self._between = False  # an epoch has ended, and the next has no step yet

    def now(self, step: int | None = None) -> Record:
        """The fields that every event has.

        Args:
            step: of the run; the present one if it is left out.
        """
        return {
            "run": self._writer.run,
            "step": self._rounds.number if step is None else step,
            "epoch": self.epoch,
            "stage": 1,
            "time": self._clock.time,
        }

    def begin_round(self) -> None:
        """A step begins: it is one of the next epoch, if the latest has ended."""
        if self._between:
            self.epoch += 1
            self._between = False

    def end_epoch(self, logged: Mapping[str, float]) -> None:
        """Write that an epoch ended, and its numbers."""
        self.begin_round()  # also an epoch without a step is one
        self._between = True
        self.write(EpochLogged(**self.now(), logged=logged))

    def write(self, event: RunEvent) -> None:
        """Write an event, and what it changes about the verdicts."""
        self._writer.write(event)
        self._guard("verdicts", self._judge, event)

    def _judge(self, event: RunEvent) -> None:
        verdicts = self._diagnosis.apply(event)
        for verdict in verdicts:
            self._writer.write(verdict)
        for line in self._announcer.lines(verdicts):
            self._tell(line.removeprefix("vanish-tui: "))

    def disabled(self, part: Part, reason: str) -> None:
        """A part was switched off: write it, and say it to the user."""
        self._writer.write(PartDisabled(**self.now(), part=part, reason=reason))
        self._tell(f"{part}: {reason}")

    def finish(self, status: Status, error: str | None) -> None:
        """Write the end of the run."""
        common = self.now()
        self._writer.close(
            RunFinished(
                **common,
                status=status,
                epochs=self.epoch,
                steps=self._rounds.number,
                test_loss=None,
                test_accuracy=None,
                best_test_accuracy=None,
                seconds=common["time"],
                weights_sha256=None,
                error=error,
            )
        )
