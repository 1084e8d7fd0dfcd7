"""Kills training with SIGKILL at random moments, again and again, and compares what it ends in.

    python tools/soak.py [--kills 200] [--seed 1] [--folder DIR]

Each scenario is trained once without being disturbed. Then it is trained in processes that are killed at
random moments, some while they still start, and resumed until it is finished; and so on until there were
enough kills. Every finished run has to end in the same weights, bit for bit, and its log has to hold the
same samples and epochs, none missing and none twice. Prints a table in Markdown; the exit code is 1 if
anything differs.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import Any

# By scenario the epochs (of each stage) that take some seconds on the sample.
EPOCHS = {"depth-7": 8, "adam": 8, "batchnorm": 5, "staged": 1, "sdagd": 5, "skip": 8}
LONGEST_LIFE = 1.5  # seconds of training
STILLBORN = 0.1  # of the lives end before anything was trained
_OPTIONS = ("--data", "sample", "--save-every", "0.3", "--json")
_CLOCK = frozenset({"run", "time", "seconds", "evaluation_seconds"})
_MEASURED = frozenset({"stage_started", "sample", "epoch_finished", "verdict"})


@dataclass
class Tally:
    """What happened to one scenario."""

    kills: int = 0
    finished: int = 0
    differing: list[str] = field(default_factory=list)


def main() -> int:
    """Kill, resume, compare; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1, help="of the moments")
    parser.add_argument("--folder", type=Path, help="for the runs; otherwise one that is deleted afterwards")
    arguments = parser.parse_args()
    moments = random.Random(arguments.seed)
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.folder or Path(temporary)
        undisturbed = {scenario: _whole(scenario, folder / "undisturbed") for scenario in EPOCHS}
        tallies = {scenario: Tally() for scenario in EPOCHS}
        for number, scenario in enumerate(cycle(EPOCHS)):
            tally = tallies[scenario]
            log = _tortured(scenario, folder / f"killed-{number}", moments, tally)
            tally.finished += 1
            if measured(log) != measured(undisturbed[scenario]):
                tally.differing.append(log[0]["run"])
            kills = sum(each.kills for each in tallies.values())
            print(f"{kills} kills, {scenario} finished", file=sys.stderr, flush=True)
            if kills >= arguments.kills:
                break
    print(_table(tallies))
    return int(any(tally.differing for tally in tallies.values()))


def measured(log: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What may not depend on how often a run was killed: all that was measured, and how it ended."""
    kept = [record for record in log if record["event"] in _MEASURED] + log[-1:]
    return [{key: value for key, value in record.items() if key not in _CLOCK} for record in kept]


def _whole(scenario: str, folder: Path) -> list[dict[str, Any]]:
    epochs = str(EPOCHS[scenario])
    arguments = ("run", scenario, "--epochs", epochs, *_OPTIONS, "--runs-dir", str(folder / scenario))
    done = subprocess.run(_program(*arguments), stdout=subprocess.DEVNULL, check=True)
    assert done.returncode == 0
    return _log(folder / scenario)


def _tortured(scenario: str, folder: Path, moments: random.Random, tally: Tally) -> list[dict[str, Any]]:
    """Train a scenario in as many lives as it takes; returns the log."""
    while True:
        runs = [path.parent.name for path in folder.glob("*/run.json")]
        if runs:
            arguments = ["run", "--resume", runs[0], *_OPTIONS]
        else:
            arguments = ["run", scenario, "--epochs", str(EPOCHS[scenario]), *_OPTIONS]
        with subprocess.Popen(
            _program(*arguments, "--runs-dir", str(folder)), stdout=subprocess.PIPE, text=True
        ) as process:
            if moments.random() >= STILLBORN:
                assert process.stdout is not None
                process.stdout.readline()  # it trains
                threading.Thread(target=process.stdout.read, daemon=True).start()
                life = moments.uniform(0, LONGEST_LIFE)
            else:
                life = moments.uniform(0, 1)
            try:
                code = process.wait(life)
            except subprocess.TimeoutExpired:
                process.kill()
                tally.kills += 1
            else:
                log = _log(folder)
                if code and log[-1].get("status") != "finished":  # it may have been killed on its way out
                    raise SystemExit(f"{scenario} ended with {code} in {folder}")
                return log


def _log(folder: Path) -> list[dict[str, Any]]:
    (path,) = folder.glob("*/events.jsonl")
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _program(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "tui_vanish", *arguments]


def _table(tallies: dict[str, Tally]) -> str:
    def rows() -> Iterator[str]:
        yield "| scenario | kills | finished runs | same weights and samples |"
        yield "|---|---|---|---|"
        for scenario, tally in tallies.items():
            same = tally.finished - len(tally.differing)
            yield f"| `{scenario}` | {tally.kills} | {tally.finished} | {same} |"
        kills = sum(tally.kills for tally in tallies.values())
        finished = sum(tally.finished for tally in tallies.values())
        same = finished - sum(len(tally.differing) for tally in tallies.values())
        yield f"| together | {kills} | {finished} | {same} |"

    return "\n".join(rows())


if __name__ == "__main__":
    raise SystemExit(main())
