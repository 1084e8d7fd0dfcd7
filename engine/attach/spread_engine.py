"""Trains on several devices, with a process for each, as if it were one engine."""

import mmap
import os
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from engine.attach.device_host import DeviceHost, Place, Start
from engine.attach.messages import Begin, EventSent, ForgetRun, Forgotten, Message, StateSent, ViewSent
from engine.gpu_trouble import ends_process
from engine.protocol.commands import Forget, ResumeRun, Train
from engine.runtime.lockstep import BYTES, SharedRounds
from engine.runtime.state import EngineSnapshot, Notice, Settings
from vanish_recorder.protocol.events import RunFinished
from vanish_recorder.storage.paths import default_runs_folder, new_run_name

if TYPE_CHECKING:
    from engine.measure.inspection import LayerView
    from engine.protocol.commands import RunCommand
    from engine.tracking.snapshot import RunView, Snapshot
    from scenarios.schema import Scenario
    from vanish_recorder.protocol.events import RunEvent


class SpreadEngine:
    """An engine, for each device, in a process of its own; see `engine.runtime.engine.Engine`.

    A new run trains on the device with the fewest runs. All runs advance in lockstep, up to some rounds. A
    process that dies ends its own runs as failed; the next run there gets a new process.

    Args:
        settings: for all engines; the device is replaced.
        devices: one for each process, such as cuda:0 and cuda:1.
        start: starts a Python process.
        on_event: called with every event of every run, in one thread at a time.
    """

    alive = True  # what can die are the processes, and their runs with them

    def __init__(
        self,
        settings: Settings,
        devices: Sequence[str],
        start: Start,
        on_event: "Callable[[RunEvent], None] | None" = None,
    ) -> None:
        self._settings, self._start = settings, start
        self._on_event = on_event
        self._places = [Place(number, device) for number, device in enumerate(devices)]
        self._lock = threading.RLock()
        # By run, in the order in which they were started; None if its process has ended.
        self._where: dict[str, Place | None] = {}
        self._views: dict[str, RunView] = {}
        self._answers: dict[str, Callable[[str], None]] = {}
        # What is called without the lock, in its order: a callback may ask for a snapshot, or wait.
        self._calls: list[Callable[[], None]] = []
        self._calling = threading.Lock()
        self._notices: list[Notice] = []
        self._inspection: LayerView | None = None
        self._changed, self._snapshot = False, EngineSnapshot()
        self._shown: dict[str, Snapshot] = {}
        self._closing = False
        memory = os.memfd_create("vanish-tui-lockstep")
        os.ftruncate(memory, BYTES * len(devices))
        self._memory: int | None = memory
        shared = memoryview(mmap.mmap(memory, 0))
        self._rounds = [SharedRounds(shared, place.number) for place in self._places]
        for rounds in self._rounds:
            rounds.leave()

    # -------------------------------------------------------------------- called from anywhere

    @property
    def runs_folder(self) -> Path:
        """The folder for run directories."""
        return self._settings.runs_dir or default_runs_folder()

    @property
    def importing(self) -> bool:
        """Whether all processes are only importing torch, so that nothing needs to be saved yet."""
        with self._lock:
            begun = [place.state for place in self._places if place.host is not None]
            return bool(begun) and all(state is None or state.importing for state in begun)

    def start(self) -> None:
        """Do nothing: a process is started when the first run needs it."""

    def train(self, scenario: "Scenario", seed: int, seconds: float | None = None) -> str:
        """Start a run on the device with the fewest runs, and return its name at once."""
        with self._lock:
            while (name := new_run_name(scenario.id)) in self._where:
                pass  # several runs may begin in the same second
            self.send(Train(name, scenario, seed, seconds))
            return name

    def send(self, command: "RunCommand") -> None:
        """Pass a command on to the process of its run."""
        answer: Callable[[str], None] | None = None
        with self._lock:
            if self._closing:
                return
            run = command.run
            if isinstance(command, Train | ResumeRun):
                if run in self._views and not self._views[run].status.ended:
                    return
                # A run that has ended is still in the memory of its process, which may be saving it.
                place = self._where.get(run) or self._freest()
                if not self._trains(place):
                    self._rounds[place.number].expect()
                self._where[run] = place
                self._host(place).send(command)
            elif (known := self._where.get(run)) is not None:
                if isinstance(command, Forget):
                    self._answers[run] = command.answer
                    self._host(known).send(ForgetRun(run))
                else:
                    self._host(known).send(command)
            elif isinstance(command, Forget):  # it died with its process: what is saved is saved
                self._forget(run)
                answer = command.answer
        if answer is not None:
            answer("")

    def snapshot(self) -> EngineSnapshot:
        """All runs of all processes, as of now."""
        with self._lock:
            if self._changed:
                self._changed = False
                self._snapshot = self._merged()
            return self._snapshot

    def close(self) -> None:
        """Stop and save every run, and wait for the processes to end."""
        with self._lock:
            self._closing = True
            hosts = [place.host for place in self._places if place.host is not None]
            memory, self._memory = self._memory, None
        for host in hosts:
            host.close()
        for host in hosts:
            host.join()
        if memory is not None:
            os.close(memory)

    # -------------------------------------------------------------------------- the processes

    def _active(self) -> list[Place | None]:
        """The place of each run that has not ended."""
        ended = {run for run, view in self._views.items() if view.status.ended}
        return [place for run, place in self._where.items() if run not in ended]

    def _trains(self, place: Place) -> bool:
        return place in self._active()

    def _freest(self) -> Place:
        """The device whose process has not died, or has less often; of these, with the fewest runs."""
        active = self._active()
        return min(self._places, key=lambda place: (place.lives, active.count(place)))

    def _host(self, place: Place) -> DeviceHost:
        """The process of a device; it is started if there is none."""
        if place.host is None:
            assert self._memory is not None  # it is closed with the engine
            place.host = DeviceHost(
                place.device,
                Begin(
                    settings=replace(self._settings, device=place.device, side_by_side=1),
                    place=place.number,
                    memory=self._memory,
                    command=tuple(sys.argv[1:]),
                ),
                self._start,
                partial(self._on_message, place, place.lives),
                partial(self._on_death, place, place.lives),
            )
        return place.host

    def _on_message(self, place: Place, life: int, message: Message) -> None:
        with self._lock:
            self._changed = True
            match message:
                case ViewSent():
                    self._views[message.run] = message.view
                    self._shown.pop(message.run, None)
                case EventSent():
                    self._apply(message.event)
                    if message.event.run not in self._views:  # a folder from which nothing could be resumed
                        self._where.pop(message.event.run, None)
                    if isinstance(message.event, RunFinished) and life == place.lives:
                        if not self._trains(place):  # it may never have begun
                            self._rounds[place.number].leave()
                        self._replace_if_broken(place, message.event)
                case Forgotten():
                    if not message.trouble:
                        self._forget(message.run)
                    self._answer(message.run, message.trouble)
                case StateSent():
                    for notice in message.notices:
                        self._notify(notice)
                    if life != place.lives:
                        return  # another process trains there now
                    if place.state is None or message.inspection is not place.state.inspection:
                        self._inspection = message.inspection or self._inspection
                    place.state = message
        self._call()

    def _apply(self, event: "RunEvent") -> None:
        if (view := self._views.get(event.run)) is not None:
            view.apply(event)
        if self._on_event is not None:
            self._calls.append(partial(self._on_event, event))

    def _answer(self, run: str, trouble: str) -> None:
        if (answer := self._answers.pop(run, None)) is not None:
            self._calls.append(partial(answer, trouble))

    def _call(self) -> None:
        """Make the calls that are due, one after another."""
        with self._calling:
            with self._lock:
                calls, self._calls = self._calls, []
            for call in calls:
                call()

    def _notify(self, notice: Notice) -> None:
        self._notices.append(replace(notice, number=len(self._notices) + 1))

    def _forget(self, run: str) -> None:
        self._views.pop(run, None)
        self._shown.pop(run, None)
        self._where.pop(run, None)
        self._changed = True

    def _replace_if_broken(self, place: Place, end: RunFinished) -> None:
        """Close a process that can't use its GPU any more, once all its runs have ended."""
        place.is_broken |= end.error is not None and ends_process(end.error)
        if place.is_broken and place.host is not None and not self._trains(place):
            place.host.close()
            self._left(place)

    def _left(self, place: Place) -> list[str]:
        """Forget the process of a place; returns the runs that it had."""
        place.host, place.state, place.is_broken = None, None, False
        place.lives += 1
        self._rounds[place.number].leave()
        runs = [run for run, where in self._where.items() if where is place]
        self._where.update(dict.fromkeys(runs))
        return runs

    def _on_death(self, place: Place, life: int, reason: str) -> None:
        """End the runs of a process that has died, and leave the others as they are."""
        from engine.runtime.endings import end_notice, failure, not_begun

        with self._lock:
            if life != place.lives:
                return
            self._changed = True
            for run in self._left(place):
                view = self._views.get(run)
                if view is None or not view.status.ended:
                    end = failure(view.snapshot(), reason) if view is not None else not_begun(run, reason)
                    self._apply(end)
                    scenario = view.snapshot().scenario_id if view is not None else run
                    self._notify(Notice(0, run, *end_notice(scenario, end)))
                self._answer(run, "")
        self._call()

    # -------------------------------------------------------------------------- the snapshot

    def _merged(self) -> EngineSnapshot:
        runs = []
        for run in self._where:
            if (view := self._views.get(run)) is None:
                continue
            if run not in self._shown or self._shown[run].sequence != view.sequence:
                self._shown[run] = view.snapshot()
            runs.append(self._shown[run])
        states = [place.state for place in self._places if place.state is not None]
        return EngineSnapshot(
            sequence=self._snapshot.sequence + 1,
            runs=tuple(runs),
            activity=next((state.activity for state in states if state.activity), ""),
            device=", ".join(dict.fromkeys(state.device for state in states if state.device)),
            data=next((state.data for state in states if state.data), ""),
            notices=tuple(self._notices),
            inspection=self._inspection,
            unsaved={run: why for state in states for run, why in state.unsaved.items()},
        )
