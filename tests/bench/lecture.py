"""How long a machine makes a learner wait in the whole lecture: python -m tests.bench.lecture [--backwards].

Every step is opened, its question is answered, its theory page measures to its end, and each exercise is
solved by a training on the embedded sample. Reading and thinking are not in the seconds.
"""

import argparse
import asyncio
import tempfile
from pathlib import Path
from time import monotonic

from textual.pilot import Pilot

import scenarios
from engine.attach.shared_engine import SharedEngine
from engine.runtime.engine import Engine
from engine.runtime.state import Settings
from scenarios.index import built_in
from scenarios.lecture import Step
from scenarios.sweep import with_settings
from tui_vanish.app import VanishApp
from tui_vanish.lecture.exercises import attempts
from tui_vanish.lecture.screen import LectureScreen

# A change that solves each exercise, and the epochs that it needs; of a staged run, of each stage.
SOLUTIONS = {
    "one-change": ["model.norm=batch", "training.epochs=20"],
    "critical-std": ["model.init.std=0.9", "training.epochs=1"],
    "better-stages": ["optimizer.name=adam", "optimizer.lr=0.001", "training.epochs=5"],
}
_PATIENCE = 600.0


class Learner:
    """Takes the lecture.

    Args:
        app: on that engine.
        engine: a real one.
        pilot: of the app.
    """

    def __init__(self, app: VanishApp, engine: SharedEngine, pilot: Pilot[int]) -> None:
        self._app, self._engine, self._pilot = app, engine, pilot

    async def take(self, *, backwards: bool) -> dict[str, float]:
        """The seconds that each step takes, by its id."""
        await self._pilot.press("L")
        await self._pilot.pause()
        screen = self._app.screen
        assert isinstance(screen, LectureScreen)
        took = {}
        for step in screen.lecture.steps[:: -1 if backwards else 1]:
            began = monotonic()
            screen.open_step(step.id)
            await self._settle(screen)
            if screen.right_answer is not None:
                screen.action_answer(str(screen.right_answer + 1))
            elif step.question is not None:
                raise AssertionError(f"{step.id}: no right answer was found")
            screen.action_next_step()  # the picture, if it was not shown beside the text
            screen.open_step(step.id)
            await self._settle(screen)
            if step.exercise is not None:
                await self._solve(step)
            took[step.id] = monotonic() - began
        return took

    async def _settle(self, screen: LectureScreen) -> None:
        async with asyncio.timeout(_PATIENCE):
            # Not with the pilot's pauses: each waits a second for an idle process while a run trains.
            await asyncio.sleep(0)
            while screen.is_reading or any(not worker.is_finished for worker in self._app.workers):
                await asyncio.sleep(0.01)

    async def _solve(self, step: Step) -> None:
        assert step.exercise is not None
        base = scenarios.load(built_in()[step.exercise.base].path)
        session = self._app.session
        name = self._engine.train(with_settings(base, SOLUTIONS[step.id]), 42)
        async with asyncio.timeout(_PATIENCE):
            while all(each.lacks for each in attempts(step.exercise, base, session.snapshot.runs)):
                ended = [run for run in session.snapshot.runs if run.run == name and run.status.ended]
                assert not ended, f"{step.id}: the solution is none"
                await asyncio.sleep(0.05)
                self._app.poller.poll()


async def seconds(*, backwards: bool = False) -> dict[str, float]:
    """The seconds that each step of the lecture takes on this machine, by its id."""
    with tempfile.TemporaryDirectory() as folder:
        engine = SharedEngine(Engine(Settings(device="cpu", data=Path("sample"), runs_dir=Path(folder))))
        app = VanishApp(engine)
        try:
            async with app.run_test(size=(80, 24)) as pilot:
                took = await Learner(app, engine, pilot).take(backwards=backwards)
                app.poller.stop()
        finally:
            engine.close()
    return took


def main() -> None:
    """Measure, and print the longest steps."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.lecture", description=main.__doc__)
    parser.add_argument("--backwards", action="store_true", help="from the last step to the first")
    took = asyncio.run(seconds(backwards=parser.parse_args().backwards))
    for name, long in sorted(took.items(), key=lambda item: -item[1])[:5]:
        print(f"{name:<20} {long:6.1f} s")
    print(f"{len(took)} steps: {sum(took.values()):.0f} s; must be below {30 * 60} s")


if __name__ == "__main__":
    main()
