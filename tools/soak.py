"""Kill training with SIGKILL at random moments, again and again, and compare the results.

    python tools/soak.py [--kills 200] [--seed 1] [--jobs 2] [--folder DIR]

Each scenario is trained once without interruption. Then it is trained in processes that are killed at random
moments, some of them during startup, and resumed until the run is finished. This is repeated until there were
enough kills. Every finished run must have bit-identical weights, and its log must hold the same samples and
epochs, each exactly once. Prints a table in Markdown; the exit code is 1 if anything differs. With --folder,
the runs are kept.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from time import monotonic
from typing import Any

ROOT = Path(__file__).resolve().parent.parent

# By scenario, the epochs (of each stage) that take some seconds on the sample.
EPOCHS = {"depth-7": 6, "adam": 6, "batchnorm": 4, "staged": 1, "sdagd": 4, "skip": 6}
LONGEST_LIFE = 0.25  # of the time of the whole training: a run is killed about eight times
STILLBORN = 0.1  # the part of the processes that are killed during startup
_OPTIONS = ("--data", "sample", "--save-every", "0.3", "--json")
_CLOCK = frozenset({"run", "time", "seconds", "evaluation_seconds"})
_MEASURED = frozenset({"stage_started", "sample", "epoch_finished", "verdict"})

Record = dict[str, Any]


@dataclass
class Life:
    """What is known about the training of a scenario, and the results so far.

    Attributes:
        expected: what `measured` returns for a run without interruption.
        start: seconds from the start of its process to its first event.
        training: seconds from its first event to its end.
        kills: the number of kills.
        finished: the number of finished runs.
        differing: the names of finished runs with a different result.
    """

    expected: list[Record]
    start: float
    training: float
    kills: int = 0
    finished: int = 0
    differing: list[str] = field(default_factory=list)


class Soak:
    """Trains and kills in several threads at once, each with its own process.

    Args:
        folder: for the runs.
        kills: the minimum number of kills.
        seed: for the random moments.
    """

    def __init__(self, folder: Path, kills: int, seed: int) -> None:
        self._folder, self._wanted, self._seed = folder, kills, seed
        self._numbers = count()
        self.lives: dict[str, Life] = {}

    @property
    def kills(self) -> int:
        """The number of kills so far, in all scenarios."""
        return sum(life.kills for life in self.lives.values())

    def live_undisturbed(self, scenario: str) -> None:
        """Train a scenario without interruption, and record the result and the time."""
        folder = self._folder / f"undisturbed-{scenario}"
        began = monotonic()
        with _program(folder, *_beginning(scenario)) as process:
            assert process.stdout is not None
            process.stdout.readline()
            trains = monotonic()
            process.stdout.read()
        if process.returncode:
            raise SystemExit(f"{scenario} ended with {process.returncode} without having been killed")
        self.lives[scenario] = Life(measured(_log(folder)), trains - began, monotonic() - trains)
        _say(f"{scenario} takes {trains - began:.1f} s to start and {monotonic() - trains:.1f} s to train")

    def kill_until_enough(self) -> None:
        """Train one scenario after another, with kills, until there were enough of them."""
        while self.kills < self._wanted:
            number = next(self._numbers)
            scenario = list(EPOCHS)[number % len(EPOCHS)]
            life = self.lives[scenario]
            log = self._torture(scenario, self._folder / f"killed-{number}", number)
            life.finished += 1
            same = measured(log) == life.expected
            if not same:
                life.differing.append(log[0]["run"])
            verdict = "identical" if same else f"DIFFERS, see {self._folder / f'killed-{number}'}"
            _say(f"{self.kills} kills; {scenario} finished: {verdict}")

    def _torture(self, scenario: str, folder: Path, number: int) -> list[Record]:
        """Train a scenario in as many processes as it takes; returns the log."""
        moments, life = random.Random(f"{self._seed} {number}"), self.lives[scenario]
        while True:
            runs = [path.parent.name for path in folder.glob("*/run.json")]
            arguments = ("run", "--resume", runs[0]) if runs else _beginning(scenario)
            stillborn, share = moments.random() < STILLBORN, moments.random()
            with _program(folder, *arguments) as process:
                assert process.stdout is not None
                if not stillborn:
                    process.stdout.readline()  # training has started
                threading.Thread(target=process.stdout.read, daemon=True).start()
                seconds = share * (life.start if stillborn else LONGEST_LIFE * life.training)
                try:
                    code = process.wait(seconds if self.kills < self._wanted else None)
                except subprocess.TimeoutExpired:
                    process.kill()
                    life.kills += 1
                    continue
            log = _log(folder)
            if code and log[-1].get("status") != "finished":  # it may have been killed while it exited
                _say(f"{scenario} ended with {code}")
            return log


def measured(log: list[Record]) -> list[Record]:
    """What must not depend on the kills: everything that was measured, and how the run ended."""
    kept = [record for record in log if record["event"] in _MEASURED] + log[-1:]
    return [{key: value for key, value in record.items() if key not in _CLOCK} for record in kept]


def table(lives: dict[str, Life]) -> Iterator[str]:
    """The result in Markdown, one row per scenario."""
    yield "| scenario | kills | finished runs | same weights and samples |"
    yield "|---|---|---|---|"
    rows = [(f"`{name}`", life.kills, life.finished, len(life.differing)) for name, life in lives.items()]
    total = ("total", *(sum(column) for column in list(zip(*rows, strict=True))[1:]))
    for name, kills, finished, differing in (*rows, total):
        yield f"| {name} | {kills} | {finished} | {finished - differing} |"


def _beginning(scenario: str) -> tuple[str, ...]:
    return "run", scenario, "--epochs", str(EPOCHS[scenario])


def _program(folder: Path, *arguments: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tui_vanish", *arguments, *_OPTIONS, "--runs-dir", str(folder)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)


def _log(folder: Path) -> list[Record]:
    (path,) = folder.glob("*/events.jsonl")
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main() -> int:
    """Kill, resume, compare; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--kills", type=int, default=200, help="minimum number of kills (default: %(default)s)"
    )
    parser.add_argument("--seed", type=int, default=1, help="for the random moments (default: %(default)s)")
    parser.add_argument(
        "--jobs", type=int, default=os.cpu_count() or 1, help="number of parallel runs (default: %(default)s)"
    )
    parser.add_argument(
        "--folder", type=Path, help="folder for the runs (default: one that is deleted afterwards)"
    )
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary, ThreadPoolExecutor(arguments.jobs) as pool:
        soak = Soak((arguments.folder or Path(temporary)).absolute(), arguments.kills, arguments.seed)
        list(pool.map(soak.live_undisturbed, EPOCHS))
        for worker in [pool.submit(soak.kill_until_enough) for _ in range(arguments.jobs)]:
            worker.result()
    print("\n".join(table({name: soak.lives[name] for name in EPOCHS})))
    return int(any(life.differing for life in soak.lives.values()))


if __name__ == "__main__":
    raise SystemExit(main())
