"""What recording a script's own model costs, over not recording it, with `wandb.watch` beside it.

    python -m tests.bench.recording

`wandb` is measured only where it is installed. One model trains in all ways, in blocks of ten steps in turn,
on one thread. CPU seconds of the process count, so that those of a recorder's own threads count as well.
"""

import argparse
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle, islice, pairwise, permutations
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional

from tests.recorder.exam.models import Gpt
from vanish_recorder.hooks import training
from vanish_recorder.lab import Lab
from vanish_recorder.watching import watch

BLOCK = 10  # steps
WARM_UP = 200  # steps: by then "auto" has paid for most of the first ten samples


@dataclass(frozen=True, slots=True)
class Cost:
    """What a way of recording costs.

    Attributes:
        what: the model and the way.
        must: of the ratio; None if it is only shown for comparison.
        ratios: CPU seconds over those without recording, of each repetition.
    """

    what: str
    must: float | None
    ratios: Sequence[float]


class Way(Protocol):
    """A way to record, which is switched on for a block of steps and off for another."""

    def on(self) -> None: ...

    def off(self) -> None: ...

    def after_step(self) -> None: ...

    def close(self) -> None: ...


class Nothing:
    """Records nothing."""

    def on(self) -> None:
        return

    off = after_step = close = on


class Ours:
    """Records with `watch`. Between its blocks it hears nothing, and its clock stands."""

    def __init__(self, model: nn.Module, runs: Path, every: Any) -> None:
        self._lab: Lab = watch(model, runs_dir=runs, every=every, quiet=True)
        assert self._lab._recorder is not None
        self._recorder = self._lab._recorder
        self._left = perf_counter()

    def on(self) -> None:
        self._recorder._clock.leave_out(self._left)
        training.listen(self._recorder)
        self._recorder._arm()

    def off(self) -> None:
        self._recorder._sampling.disarm()
        training.leave(self._recorder)
        self._left = perf_counter()

    def after_step(self) -> None:
        return

    def close(self) -> None:
        training.listen(self._recorder)
        self._lab.close()


class Wandb:
    """Records with `wandb.watch`: histograms of the gradients of every tenth step."""

    def __init__(self, model: nn.Module, folder: Path) -> None:
        import wandb  # type: ignore[import-not-found, unused-ignore]

        self._model, self._wandb, self._watches = model, wandb, False
        settings = wandb.Settings(silent=True, console="off")
        self._run = wandb.init(mode="offline", dir=str(folder), project="bench", settings=settings)

    def on(self) -> None:
        self._watches = True
        self._wandb.watch(self._model, log="gradients", log_freq=BLOCK)

    def off(self) -> None:
        if self._watches:
            self._wandb.unwatch(self._model)

    def after_step(self) -> None:
        self._run.log({})

    def close(self) -> None:
        self._run.finish()


@dataclass(frozen=True, slots=True)
class Training:
    """A model, and a step of a plain loop that trains it."""

    model: nn.Module
    step: Callable[[], None]


def mlp() -> Training:
    """The lab's network of seven layers and its batch, in the loop that a script would have."""
    layers = [each for a, b in pairwise([784, *[128] * 7]) for each in (nn.Linear(a, b), nn.Sigmoid())]
    model = nn.Sequential(*layers, nn.Linear(128, 10))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    return Training(model, _stepping(model, optimizer, torch.rand(512, 784), torch.randint(10, (512,))))


def gpt() -> Training:
    """A GPT of six blocks, of a size that people train on a processor."""
    model, tokens = Gpt(6, 128, 4, 64, 64), torch.randint(64, (12, 65))
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    return Training(model, _stepping(model, optimizer, tokens[:, :-1], tokens[:, 1:]))


def _stepping(
    model: nn.Module, optimizer: torch.optim.Optimizer, inputs: Tensor, targets: Tensor
) -> Callable[[], None]:
    def step() -> None:
        optimizer.zero_grad()
        loss = functional.cross_entropy(model(inputs).flatten(0, -2), targets.flatten())
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()

    return step


def _block(step: Callable[[], None], way: Way, steps: int = BLOCK) -> float:
    way.on()
    began = process_time()
    for _ in range(steps):
        step()
        way.after_step()
    seconds = process_time() - began
    way.off()
    return seconds


def ratios(step: Callable[[], None], ways: Sequence[Way], *, repeats: int, blocks: int) -> list[list[float]]:
    """For each way, its seconds over those of the first, one ratio for each repetition."""
    for way in ways:
        _block(step, way, WARM_UP)
    found: list[list[float]] = [[] for _ in ways]
    orders = cycle(permutations(range(len(ways))))
    for _ in range(repeats):
        sums = [0.0] * len(ways)
        for order in islice(orders, blocks):
            for number in order:
                sums[number] += _block(step, ways[number])
        for number, seconds in enumerate(sums):
            found[number].append(seconds / sums[0])
    return found


def measure(*, quick: bool = False) -> Iterator[Cost]:
    """The cost of each way to record, for each model in turn."""
    torch.set_num_threads(1)
    models = (("the lab's network of 7 layers", mlp, 1.04), ("a GPT of 6 blocks", gpt, 1.03))
    for name, build, must in models:
        yield from _costs(name, build(), must, quick=quick)


def _costs(name: str, training: Training, must: float, *, quick: bool) -> list[Cost]:
    with TemporaryDirectory() as folder:
        runs = Path(folder)
        ways: list[tuple[str, float | None, Way]] = [
            ("nothing", None, Nothing()),
            ("at the automatic rate", 1.02, Ours(training.model, runs / "auto", "auto")),
            ("every 10th step", must, Ours(training.model, runs / "tenth", BLOCK)),
        ]
        try:
            ways.append(("wandb.watch, every 10th step", None, Wandb(training.model, runs)))
        except ImportError:
            print("wandb is not installed, and so it is not measured", file=sys.stderr)
        for _, _, way in ways:
            way.off()
        repeats, blocks = (3, 6) if quick else (7, 12)
        found = ratios(training.step, [way for *_, way in ways], repeats=repeats, blocks=blocks)
        for *_, way in ways:
            way.close()
    return [
        Cost(f"{name}, recorded {what} / not", bound, each)
        for (what, bound, _), each in zip(ways[1:], found[1:], strict=True)
    ]


def import_milliseconds(repeats: int = 5) -> list[float]:
    """CPU time of importing `watch` into a script that has torch."""
    code = (
        "import torch, time; began = time.process_time(); from tui_vanish import watch; "
        "print(1000 * (time.process_time() - began))"
    )
    return [
        float(subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, check=True).stdout)
        for _ in range(repeats)
    ]


def main() -> None:
    """Measure, and print the ratios."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.recording", description=main.__doc__)
    parser.add_argument("--quick", action="store_true", help="measure for a shorter time, for a first look")
    for row in measure(quick=parser.parse_args().quick):
        low, high = min(row.ratios), max(row.ratios)
        print(f"{row.what}: {statistics.median(row.ratios):.3f} ({low:.3f}-{high:.3f})", flush=True)
    took = import_milliseconds()
    print(f"import of watch: {statistics.median(took):.1f} ms ({min(took):.1f}-{max(took):.1f})")


if __name__ == "__main__":
    main()
