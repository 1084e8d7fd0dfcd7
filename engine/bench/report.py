"""The whole benchmark in the order of its output, and its JSON."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from platform import python_version
from typing import Any

import torch

import scenarios
from engine import devices
from engine.bench.dataloader import UsualLoop, measure_usual_loop
from engine.bench.launches import Launches, measure_launches
from engine.bench.lockstep import Lockstep, measure_lockstep
from engine.bench.pace import Pace, measure_pace, measure_steps
from engine.bench.spread import Spread
from engine.data.fashion_mnist import find_source, load
from engine.runtime.state import Settings
from engine.runtime.threads import candidates, choose
from engine.runtime.threads import measure as choose_fastest

COURSE = "depth-7"
RUNS = 6
Progress = Callable[[str], None]


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
    """The measurements on this machine.

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
    """

    device: str
    data: str
    cores: int
    versions: dict[str, str]
    pace: Pace
    usual: UsualLoop
    steps: dict[str, Spread | None]
    lockstep: Lockstep
    threads: tuple[Pace, ...]
    auto_threads: int
    launches: Launches | None

    @property
    def cores_had(self) -> float:
        """The part of the requested cores that training got, in the worst measurement."""
        return min(pace.core for pace in (self.pace, *self.threads))

    def record(self) -> dict[str, Any]:
        """The report for JSON: the most important medians, then everything with its range."""
        return {
            "epoch_seconds": self.pace.epoch.median,
            "epoch_seconds_unmeasured": self.pace.unmeasured.median,
            "floor_seconds": self.pace.floor.median,
            "dataloader_seconds": self.usual.epoch.median,
            "over_floor": self.pace.over_floor.median,
            "over_dataloader": self.usual.over.median,
            "measuring": self.pace.measuring.median,
            "lockstep": self.lockstep.over_in_turn.median,
            "auto_threads": self.auto_threads,
            "cores_had": self.cores_had,
            "detail": asdict(self),
        }


def measure(settings: Settings, effort: Effort, cores: int, spare: int, say: Progress) -> Report:
    """Measure everything.

    Args:
        settings: device, data, and the threads of a run.
        effort: how long to measure.
        cores: the number of cores that the process may use.
        spare: the number of these that training in the app uses.
        say: called with what is measured next.

    Raises:
        DataError: the data set is damaged.
        DeviceError: this machine has no such device.
    """
    default_threads = torch.get_num_threads()
    device = devices.resolve(settings.device)
    source = find_source(settings.data)
    data = load(source, device)
    course = scenarios.load(COURSE)
    on_cpu = device.type == "cpu"
    if settings.choose_threads:
        settings = replace(settings, threads=choose_fastest(settings.threads, data), choose_threads=False)

    say("an epoch with and without measuring, and its matrix products")
    pace = measure_pace(course, data, settings.threads, repeats=effort.repeats, blocks=effort.blocks)
    say("the usual DataLoader loop")
    usual = measure_usual_loop(
        course, data, settings.threads, default_threads, repeats=effort.repeats, batches=effort.batches
    )
    torch.set_num_threads(settings.threads)
    steps = {}
    for entry in scenarios.entries():
        say(f"a step of {entry.id}")
        steps[entry.id] = measure_steps(scenarios.load(entry.id), data, repeats=effort.repeats)
    say(f"{RUNS} runs in lockstep, and one after another")
    side_by_side = cores if settings.threads == 1 else 1  # as the engine does
    lockstep = measure_lockstep(
        settings, course, runs=RUNS, side_by_side=side_by_side, repeats=effort.repeats
    )
    paces = []
    for threads in candidates(cores) if on_cpu else ():
        say(f"an epoch with {threads} thread{'s' if threads > 1 else ''}")
        paces.append(measure_pace(course, data, threads, repeats=effort.repeats, blocks=effort.blocks))
    if not on_cpu:
        say("launching and computing")
    return Report(
        device=str(device) if on_cpu else f"{device} ({torch.cuda.get_device_name(device)})",
        data=data.title,
        cores=cores,
        versions={"python": python_version(), "torch": str(torch.__version__)},
        pace=pace,
        usual=usual,
        steps=steps,
        lockstep=lockstep,
        threads=tuple(paces),
        auto_threads=choose({each.threads: each.epoch.median for each in paces if each.threads <= spare})
        if on_cpu
        else 1,
        launches=None if on_cpu else measure_launches(course, data, repeats=effort.repeats),
    )
