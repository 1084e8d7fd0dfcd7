"""Measure this machine against the budgets, and print a table: `make bench`.

Nothing here is asserted, because other load on the machine changes the results. Run it on an idle machine.
"""

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from tempfile import TemporaryDirectory
from typing import Any

from tests.bench import recording, speed, terminal, typing, watched
from tests.bench.sweeping import RUNS, sweep_over_training
from tests.bench.terminal import Environment
from tests.e2e.pseudo_terminal import PROGRAM, child_environment


@dataclass(frozen=True, slots=True)
class Budget:
    """A row of the table. `at_least`: larger values are better."""

    what: str
    must: float
    aim: float
    measured: float
    unit: str = ""
    spread: str = ""
    at_least: bool = False

    def line(self) -> str:
        """As a row of Markdown."""
        cells = (
            self.what,
            self._text(self.must),
            self._text(self.aim),
            self._text(self.measured),
            self.spread,
        )
        return f"| {' | '.join((*cells, self._verdict()))} |"

    def _text(self, value: float) -> str:
        return f"{value:.3g}{self.unit}" if math.isfinite(value) else ""

    def _verdict(self) -> str:
        if math.isinf(self.must):  # it is shown for comparison
            return ""
        sign = -1 if self.at_least else 1
        if sign * self.measured <= sign * self.aim:
            return "aim"
        return "must" if sign * self.measured <= sign * self.must else "**missed**"


def main() -> None:
    """Measure, and print a table in Markdown."""
    parser = argparse.ArgumentParser(prog="make bench ARGS=", description=main.__doc__)
    parser.add_argument("--quick", action="store_true", help="measure for a shorter time, for a first look")
    quick = parser.parse_args().quick
    with TemporaryDirectory() as home:
        environment: Environment = {
            f"XDG_{kind}_HOME": os.path.join(home, kind) for kind in ("STATE", "CONFIG", "CACHE", "DATA")
        }
        budgets = [
            *_of_the_screen(environment, quick=quick),
            *_of_watched_runs(environment, quick=quick),
            *_of_the_engine(environment, quick=quick),
            *_of_the_recorder(quick=quick),
        ]
    print("\n| what | must | aim | measured | range | meets |\n|---|---|---|---|---|---|")
    for budget in budgets:
        print(budget.line())


def _of_the_engine(environment: Environment, *, quick: bool) -> list[Budget]:
    done = subprocess.run(
        [*PROGRAM, "bench", "--json", *(["--quick"] if quick else [])],
        env=child_environment(environment),
        stdout=subprocess.PIPE,
        check=True,
    )
    report = json.loads(done.stdout)
    detail = report["detail"]
    print(f"\n{detail['device']}, {detail['cores']} cores; {detail['data']}; {detail['versions']}")
    if report["not_measured"]:
        print(f"no time to measure: {'; '.join(report['not_measured'])}")
    pace, usual, lockstep = (detail[part] or {} for part in ("pace", "usual", "lockstep"))
    on_two: dict[str, Any] = next((each for each in detail["threads"] if each["threads"] == 2), {})
    rows: list[tuple[str, float, float, dict[str, float] | None, bool]] = [
        ("epoch / its matrix products, 1 thread", 1.3, 1.1, pace.get("over_floor"), False),
        ("the same, 2 threads", 2.0, 1.5, on_two.get("over_floor"), False),
        ("the usual DataLoader loop / our epoch", 3, 4, usual.get("over"), True),
        ("six runs in lockstep / one after another", 0.8, 0.6, lockstep.get("over_in_turn"), False),
        ("epoch with measuring / without", 1.05, 1.02, pace.get("measuring"), False),
    ]
    return [
        Budget(what, must, aim, **_spread(spread), at_least=at_least)
        for what, must, aim, spread, at_least in rows
        if spread is not None
    ]


def _of_the_recorder(*, quick: bool) -> list[Budget]:
    _say("recording a model of one's own")
    rows = [
        Budget(row.what, row.must or math.inf, row.must or math.inf, **_of(row.ratios))
        for row in recording.measure(quick=quick)
    ]
    took = recording.import_milliseconds()
    return [*rows, Budget("import of watch, after torch", 30, 30, statistics.median(took), " ms")]


def _of_the_screen(environment: Environment, *, quick: bool) -> list[Budget]:
    seconds, repeats = (5.0, 2) if quick else (30.0, 7)
    _say("the first frame")
    frames = terminal.first_frames(environment, repeats)
    _say("the idle app")
    resident, at_rest = terminal.idle(environment, seconds)
    _say("the app while it trains")
    small, _ = terminal.training(environment, 80, 24, seconds, keys=False)
    large, answers = terminal.training(environment, 120, 36, seconds, keys=True)
    _say("training in the app, and without it")
    ratios = speed.app_over_headless(environment, 4 if quick else 8, 1 if quick else 3)
    _say("a sweep of short runs")
    sweeps = [sweep_over_training(environment, 16 if quick else RUNS) for _ in range(1 if quick else 3)]
    _say("long text that is typed")
    typed = [
        Budget(
            f"CPU for {typing.CHARACTERS:,} typed characters: {place.name}",
            0.5,
            0.3,
            **_of(seconds),
            unit=" s",
        )
        for place in typing.PLACES
        for seconds in [typing.seconds(environment, place, 1 if quick else 5)]
    ]
    milliseconds = [1000 * answer for answer in answers]
    return [
        *typed,
        Budget("training in the open app / headless", 1.15, 1.05, **_of(ratios)),
        Budget("64 short runs by `sweep` / half of their training seconds", 1.15, 1.1, **_of(sweeps)),
        Budget("first frame / that of a bare Textual app", 1.6, 1.3, **_of(frames)),
        Budget("resident memory before the first run", 80, 60, resident, " MB"),
        Budget("bytes to the terminal while idle", 0, 0, at_rest, " B/s"),
        Budget("bytes to the terminal while training, 80×24", 4, 1.5, small / 1000, " kB/s"),
        Budget("bytes to the terminal while training, 120×36", 8, 3, large / 1000, " kB/s"),
        Budget(
            "from a key to its effect while training, 95th percentile",
            80,
            40,
            terminal.percentile_95(milliseconds),
            " ms",
            f"median {statistics.median(milliseconds):.0f}",
        ),
    ]


def _of_watched_runs(environment: Environment, *, quick: bool) -> list[Budget]:
    _say("a list of 2,000 tensors")
    milliseconds = [1000 * answer for answer in watched.tensor_list(environment)]
    steps = 10_000 if quick else watched.STEPS
    _say(f"a log of {steps:,} measured steps")
    size, seconds = watched.size_and_seconds(steps)
    return [
        Budget(
            "a list of 2,000 tensors: from a key to its effect, 95th percentile",
            80,
            40,
            terminal.percentile_95(milliseconds),
            " ms",
            f"median {statistics.median(milliseconds):.0f}",
        ),
        Budget(f"the log of {steps:,} measured steps of {watched.TENSORS} tensors", 60, 20, size, " MB"),
        Budget("the same, until it is open in the app", 1, 0.5, seconds, " s"),
    ]


def _of(values: Sequence[float]) -> dict[str, Any]:
    return {"measured": statistics.median(values), "spread": f"{min(values):.2f}–{max(values):.2f}"}


def _spread(spread: dict[str, float]) -> dict[str, Any]:
    return {"measured": spread["median"], "spread": f"{spread['low']:.2f}–{spread['high']:.2f}"}


def _say(what: str) -> None:
    print(f"measuring {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
