"""The whole benchmark, and its JSON."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from platform import python_version
from typing import Any

import torch

import scenarios
from engine import devices
from engine.bench.dataloader import UsualLoop, measure_usual_loop
from engine.bench.deadline import Deadline, OutOfTimeError
from engine.bench.launches import Launches, measure_launches
from engine.bench.lockstep import Lockstep, measure_lockstep
from engine.bench.pace import Pace, measure_pace, measure_steps
from engine.bench.spread import Spread
from engine.data.fashion_mnist import find_source, load
from engine.runtime.state import Settings
from engine.runtime.threads import candidates, choose
from engine.runtime.threads import measure as choose_fastest

COURSE = "depth-7"
STEP = "a step of "  # the name of a scenario's part begins with it
RUNS = 6
Progress = Callable[[int, int, str], None]

# How long the parts take, roughly, compared with each other: how they share the time before a deadline.
_PACE, _USUAL, _STEP, _THREADS, _LAUNCHES, _LOCKSTEP = 4.0, 4.0, 0.5, 3.0, 1.0, 10.0


@dataclass(frozen=True, slots=True)
class Effort:
    """How long to measure.

    Attributes:
        repeats: repetitions of everything that is compared.
        blocks: blocks of ten steps per repetition of an epoch's pace.
        batches: batches of the DataLoader loop per repetition.
    """

    repeats: int
    blocks: int
    batches: int


THOROUGH = Effort(repeats=7, blocks=12, batches=30)
QUICK = Effort(repeats=3, blocks=2, batches=8)


@dataclass(frozen=True, slots=True)
class Report:
    """The measurements on this machine. What could not be measured in time is None or missing, and named.

    Attributes:
        device: the device that trained, on `data`.
        cores: the number of cores that the process may use.
        pace: of the 7-layer network.
        usual: the usual loop, compared with `pace`.
        steps: seconds of a step, by scenario; None if it diverges at once.
        lockstep: six runs of the 7-layer network.
        threads: the pace for each number of torch threads; empty on a GPU.
        auto_threads: the number that `--threads auto` uses here.
        launches: on a GPU; otherwise None.
        not_measured: the parts for which there was no time, in words.
    """

    device: str
    data: str
    cores: int
    versions: dict[str, str]
    pace: Pace | None
    usual: UsualLoop | None
    steps: dict[str, Spread | None]
    lockstep: Lockstep | None
    threads: tuple[Pace, ...]
    auto_threads: int | None
    launches: Launches | None
    not_measured: tuple[str, ...]

    @property
    def cores_had(self) -> float | None:
        """The part of the requested cores that training got, in the worst measurement."""
        return min((pace.core for pace in (self.pace, *self.threads) if pace is not None), default=None)

    def record(self) -> dict[str, Any]:
        """The report for JSON: the most important medians, then everything with its range."""
        pace, usual, lockstep = self.pace, self.usual, self.lockstep
        return {
            "epoch_seconds": pace.epoch.median if pace else None,
            "epoch_seconds_unmeasured": pace.unmeasured.median if pace else None,
            "floor_seconds": pace.floor.median if pace else None,
            "dataloader_seconds": usual.epoch.median if usual else None,
            "over_floor": pace.over_floor.median if pace else None,
            "over_dataloader": usual.over.median if usual else None,
            "measuring": pace.measuring.median if pace else None,
            "lockstep": lockstep.over_in_turn.median if lockstep else None,
            "auto_threads": self.auto_threads,
            "cores_had": self.cores_had,
            "not_measured": self.not_measured,
            "detail": asdict(self),
        }


def measure(
    settings: Settings, effort: Effort, cores: int, spare: int, deadline: Deadline, say: Progress
) -> Report:
    """Measure everything for which there is time.

    Args:
        settings: device, data, and the threads of a run.
        effort: how long to measure.
        cores: the number of cores that the process may use.
        spare: the number of these that training in the app uses.
        deadline: repetitions are left out before it, and whole parts after it.
        say: called with what is measured next: its number, the number of all parts, and its name.

    Raises:
        DataError: the data set is damaged.
        DeviceError: this machine has no such device.
    """
    default_threads = torch.get_num_threads()
    device = devices.resolve(settings.device)
    data = load(find_source(settings.data), device)
    course = scenarios.load(COURSE)
    on_cpu = device.type == "cpu"
    if settings.choose_threads:
        settings = replace(settings, threads=choose_fastest(settings.threads, data), choose_threads=False)
    repeats, blocks = effort.repeats, effort.blocks
    numbers = candidates(cores) if on_cpu else ()
    names = [entry.id for entry in scenarios.entries()]
    weights = [_PACE, _USUAL, *[_STEP] * len(names), *[_THREADS] * len(numbers), _LOCKSTEP]
    parts = _Parts(weights if on_cpu else [_LAUNCHES, *weights], deadline, say)

    launches = pace = usual = lockstep = None
    if not on_cpu:
        with parts.next("launching and computing") as part:
            launches = measure_launches(course, data, part, repeats=repeats)
    with parts.next("an epoch with and without measuring, and its matrix products") as part:
        pace = measure_pace(course, data, settings.threads, part, repeats=repeats, blocks=blocks)
    with parts.next("the usual DataLoader loop") as part:
        usual = measure_usual_loop(
            course, data, settings.threads, default_threads, part, repeats=repeats, batches=effort.batches
        )
    torch.set_num_threads(settings.threads)
    steps: dict[str, Spread | None] = {}
    for name in names:
        with parts.next(STEP + name) as part:
            steps[name] = measure_steps(scenarios.load(name), data, part, repeats=repeats)
    paces: dict[int, Pace] = {}
    for threads in numbers:
        with parts.next(f"an epoch with {threads} thread{'s' if threads > 1 else ''}") as part:
            paces[threads] = measure_pace(course, data, threads, part, repeats=repeats, blocks=blocks)
    with parts.next(f"{RUNS} runs in lockstep, and one after another") as part:
        side_by_side = cores if settings.threads == 1 else 1  # as the engine does
        lockstep = measure_lockstep(
            settings, course, part, runs=RUNS, side_by_side=side_by_side, repeats=repeats
        )
    return Report(
        device=str(device) if on_cpu else f"{device} ({torch.cuda.get_device_name(device)})",
        data=data.title,
        cores=cores,
        versions={"python": python_version(), "torch": str(torch.__version__)},
        pace=pace,
        usual=usual,
        steps=steps,
        lockstep=lockstep,
        threads=tuple(paces.values()),
        auto_threads=_auto_threads(paces, [number for number in numbers if number <= spare]),
        launches=launches,
        not_measured=tuple(parts.not_measured),
    )


def _auto_threads(paces: Mapping[int, Pace], allowed: Sequence[int]) -> int | None:
    """What `--threads auto` chooses among the allowed numbers; None if one of them was not measured."""
    if not all(number in paces for number in allowed):
        return None
    return choose({number: paces[number].epoch.median for number in allowed}) if allowed else 1


class _Parts:
    """The parts of the benchmark, one after another.

    Args:
        weights: of each part, in order: how long it takes, compared with the others.
        deadline: for all of them.
        say: called with each part as it begins.
    """

    def __init__(self, weights: Sequence[float], deadline: Deadline, say: Progress) -> None:
        self._weights, self._deadline, self._say = weights, deadline, say
        self._begun = 0
        self.not_measured: list[str] = []

    @contextmanager
    def next(self, name: str) -> Iterator[Deadline]:
        """The deadline for the next part. If the part is out of time, its name is noted."""
        share = self._weights[self._begun] / sum(self._weights[self._begun :])
        self._begun += 1
        self._say(self._begun, len(self._weights), name)
        try:
            yield self._deadline.part(share)
        except OutOfTimeError:
            self.not_measured.append(name)
