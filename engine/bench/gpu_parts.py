"""The parts of `vanish-tui doctor --gpu` and `make gpu`, each in a process of its own.

`python -m engine.bench.gpu_parts` is that process. An error on a GPU can leave a process unable to use it, or
kill it; the other parts must not notice.
"""

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from math import inf
from pathlib import Path
from time import monotonic
from typing import Any

from engine import devices
from engine.bench.deadline import Deadline
from engine.data.fashion_mnist import DataError, find_source, load
from engine.gpu_trouble import in_words

_COURSE = "depth-7"
_RUNS, _REPEATS = 6, 1


class PartFailed(Exception):
    """A part failed. The text is one sentence."""


def _bits(device: str, data: Path | None, steps: int) -> Any:
    import scenarios
    from engine.bench.bits import measure_bits

    source, deadline = find_source(data), Deadline(monotonic, inf)
    on_cpu, there = (load(source, devices.resolve(name)) for name in ("cpu", device))
    found = []
    for entry in scenarios.entries():
        try:
            found.append(measure_bits(scenarios.load(entry.id), on_cpu, there, deadline, steps=steps))
        except Exception as error:  # which scenario fails is what a reader has to know
            raise PartFailed(
                f"{entry.id}: {in_words(error) or f'{type(error).__name__}: {error}'}"
            ) from error
    return [asdict(each) for each in found]


def _step(device: str, data: Path | None, steps: int) -> Any:
    import scenarios
    from engine.bench.launches import measure_launches

    there = load(find_source(data), devices.resolve(device))
    repeats = max(1, steps // 10)
    return asdict(measure_launches(scenarios.load(_COURSE), there, Deadline(monotonic, inf), repeats=repeats))


def _lockstep(device: str, data: Path | None, steps: int) -> Any:
    import engine.runtime.live_run  # noqa: F401  it is timed otherwise
    import scenarios
    from engine.bench.lockstep import RunFailedError, measure_lockstep
    from engine.runtime.state import Settings

    settings, deadline = Settings(device=device, data=data), Deadline(monotonic, inf)
    scenario = scenarios.load(_COURSE)
    try:
        found = measure_lockstep(settings, scenario, deadline, runs=_RUNS, side_by_side=1, repeats=_REPEATS)
    except RunFailedError as error:
        raise PartFailed(str(error)) from error
    return asdict(found)


def _graphs(device: str, data: Path | None, steps: int) -> Any:
    import scenarios
    from engine.bench.captured import measure_captured

    there = devices.resolve(device)
    if there.type != "cuda":
        raise PartFailed(f"a step can be captured only on a GPU, not on {device}")
    dataset, repeats = load(find_source(data), there), max(1, steps // 10)
    return asdict(
        measure_captured(scenarios.load(_COURSE), dataset, Deadline(monotonic, inf), repeats=repeats)
    )


PARTS: dict[str, Callable[[str, Path | None, int], Any]] = {
    "bits": _bits,
    "step": _step,
    "lockstep": _lockstep,
    "graphs": _graphs,
}


def main(argv: list[str] | None = None) -> int:
    """Measure one part, and print JSON; a sentence on standard error and exit code 1 if it fails."""
    parser = argparse.ArgumentParser(prog="python -m engine.bench.gpu_parts")
    parser.add_argument("part", choices=PARTS)
    parser.add_argument("--device", required=True)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--steps", type=int, required=True)
    asked = parser.parse_args(argv)
    try:
        found = PARTS[asked.part](asked.device, asked.data, asked.steps)
    except (devices.DeviceError, DataError, PartFailed) as error:
        print(error, file=sys.stderr)
        return 1
    except Exception as error:
        if (words := in_words(error)) is None:
            raise  # the last line of the traceback is the reason
        print(words, file=sys.stderr)
        return 1
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
