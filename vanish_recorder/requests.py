"""Does what the user asks for in the app while the script trains."""

from collections.abc import Callable, Sequence
from time import perf_counter, sleep

from vanish_recorder.clock import Clock
from vanish_recorder.control import (
    Continue,
    Freeze,
    Pause,
    Request,
    SetEvery,
    SetFactor,
    Stop,
    TakeHistograms,
    Unfreeze,
)
from vanish_recorder.event_log import EventLog
from vanish_recorder.interventions import Interventions
from vanish_recorder.protocol.events import Intervened, Paused, Resumed
from vanish_recorder.schedule import Schedule
from vanish_recorder.surroundings import world_size
from vanish_recorder.watched_model import WatchedModel

_PAUSE_SECONDS = 0.1  # between two looks while the training is paused


class Requests:
    """Follows the requests of the user.

    Args:
        poll: reads the requests since the last call; None if the user may change nothing.
        model: whose blocks can be frozen.
        schedule: of the samples.
        interventions: into the training.
        log: of the recording.
        clock: of the run.
        stops_by_exception: a request to stop raises KeyboardInterrupt.

    Attributes:
        poll: as above.
        histograms_of: the block whose histograms the user wants; None for none.
        should_stop: the user wants the training to end.
    """

    def __init__(
        self,
        poll: Callable[[], Sequence[Request]] | None,
        model: WatchedModel,
        schedule: Schedule,
        interventions: Interventions,
        log: EventLog,
        clock: Clock,
        *,
        stops_by_exception: bool,
    ) -> None:
        self.poll = poll
        self.histograms_of: str | None = None
        self.should_stop = False
        self._model, self._schedule, self._interventions = model, schedule, interventions
        self._log, self._clock = log, clock
        self._stops_by_exception = stops_by_exception
        self._is_one_of_several = world_size() > 1

    def follow(self) -> None:
        """Do what the user has asked for since the latest step. It returns when a pause is over."""
        assert self.poll is not None
        for request in self.poll():
            self._follow(request)

    def _follow(self, request: Request) -> None:
        common = self._log.now()
        changes = self._interventions
        match request:
            case Pause():
                self._wait()
            case Continue():
                pass
            case SetEvery(steps=steps):
                self._schedule.every = steps or "auto"
                self._log.write(Intervened(**common, kind="every", value=float(steps)))
            case _ if self._is_one_of_several:
                self._log.disabled(
                    "control", "several processes train together: only pause, continue and measure often"
                )
            case SetFactor(factor=factor):
                changes.factor = factor
                self._log.write(Intervened(**common, kind="lr_factor", value=factor))
            case Freeze(block=block) if any(each.name == block for each in self._model.blocks):
                changes.frozen.add(block)
                self._log.write(Intervened(**common, kind="freeze", layer=block))
            case Unfreeze(block=block) if block in changes.frozen:
                changes.frozen.discard(block)
                self._log.write(Intervened(**common, kind="unfreeze", layer=block))
            case TakeHistograms(block=block):
                self.histograms_of = block
            case Stop():
                self.should_stop = True
                if self._stops_by_exception:
                    raise KeyboardInterrupt("the user asked in vanish-tui to stop after this step")

    def _wait(self) -> None:
        """Pause until the user continues or stops."""
        assert self.poll is not None
        began = perf_counter()
        self._log.write(Paused(**self._log.now(), reason="by hand in vanish-tui"))
        waiting = True
        try:
            while waiting:
                sleep(_PAUSE_SECONDS)
                for request in self.poll():
                    waiting = waiting and not isinstance(request, Continue | Stop)
                    if not isinstance(request, Pause):
                        self._follow(request)
        finally:
            self._clock.leave_out(began)
            self._log.write(Resumed(**self._log.now(), reason="by hand in vanish-tui"))
