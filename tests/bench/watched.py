"""Runs that are recorded from scripts: how large a log is, how soon it opens, and a list of 2,000 tensors.

python -m tests.bench.watched [STEPS]
"""

import random
import sys
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic

from engine.attach.shared_engine import NoEngine, SharedEngine
from tests.bench.terminal import Environment, percentile_95
from tests.e2e.pseudo_terminal import PseudoTerminal
from tests.engine import made_up_watched as made_up
from tui_vanish.drawing import format
from vanish_recorder.protocol.watch_events import Columns, Measured
from vanish_recorder.recording import Recording
from vanish_recorder.storage.log_file import EVENTS

STEPS, BLOCKS, TENSORS = 100_000, 15, 150
_SAMPLES = 50  # different ones, which take turns
_KEYS = 60
_WORDS = "an optimizer stepped it"  # are shown while a tensor is highlighted, and not a block


def size_and_seconds(steps: int = STEPS) -> tuple[float, float]:
    """(megabytes of the log of a run with every step measured, seconds until it is open in the app)."""
    with TemporaryDirectory() as folder:
        run = _recorded(Path(folder), steps)
        size = (Path(folder) / run / EVENTS).stat().st_size / 1e6
        return size, min(_opened(Path(folder), run) for _ in range(3))


def _recorded(runs: Path, steps: int) -> str:
    run = Recording.create(runs, "long", made_up.description(), device="cpu", parameters=1, resume=False)
    what = made_up.structure(BLOCKS, TENSORS // BLOCKS)
    run.write(replace(what, run=run.run))
    draw = random.Random(1)
    samples = [_noisy(made_up.measured(1, what), draw) for _ in range(_SAMPLES)]
    for step in range(1, steps + 1):
        run.write(replace(samples[step % _SAMPLES], run=run.run, step=step, time=step * 0.01))
    end = made_up.finished(steps)
    run.close(replace(end, run=run.run, time=steps * 0.01))
    return run.run


def _noisy(sample: Measured, draw: random.Random) -> Measured:
    """The sample with digits as in a real one."""

    def noisy(columns: Columns) -> Columns:
        return {
            name: tuple(None if each is None else (each or 0.1) * draw.uniform(0.5, 1.0) for each in column)
            for name, column in columns.items()
        }

    return replace(sample, blocks=noisy(sample.blocks), tensors=noisy(sample.tensors))


def _opened(runs: Path, run: str) -> float:
    engine = SharedEngine(NoEngine(runs), find_live=False)
    engine.follow(run)
    began = monotonic()
    engine.start()
    try:
        while not engine.snapshot().runs:
            engine._closing.wait(0.01)
        return monotonic() - began
    finally:
        engine.close()


def tensor_list(environment: Environment) -> list[float]:
    """Seconds from a key in the list of 2,000 tensors until its answer is on the screen."""
    with TemporaryDirectory() as folder:
        what = made_up.structure(100, 20)
        made_up.write(Path(folder), [*made_up.course(range(1, 11), what), made_up.finished(11)])
        arguments = ("watch", made_up.RUN, "--runs-dir", folder)
        with PseudoTerminal(arguments, environment=environment, columns=120, rows=36) as app:
            app.wait_for("h.99")
            app.type("\r")
            app.wait_for(f"{format.count(2000)} tensors")
            app.type("g\r")
            app.wait_for("h.0.attn.weight")
            draw, answers = random.Random(1), []
            for number in range(_KEYS):
                app.watch(draw.uniform(0.1, 0.5))
                is_tensor = number % 2 == 0
                began = monotonic()
                app.type("j" if is_tensor else "k")
                app.wait_for(_shows_a_tensor if is_tensor else _shows_a_block)
                answers.append(monotonic() - began)
            return answers


def _shows_a_tensor(text: str) -> bool:
    return _WORDS in text


def _shows_a_block(text: str) -> bool:
    return _WORDS not in text


def main() -> None:
    """Print what was measured."""
    answers = [1000 * each for each in tensor_list({})]
    print(f"a list of 2,000 tensors, key to answer: {percentile_95(answers):.0f} ms at the 95th percentile")
    steps = int(sys.argv[1]) if len(sys.argv) > 1 else STEPS
    size, seconds = size_and_seconds(steps)
    print(f"{steps:,} measured steps of {TENSORS} tensors: {size:.1f} MB, open in {seconds:.2f} s")


if __name__ == "__main__":
    main()
