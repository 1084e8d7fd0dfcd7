"""Draw the pictures in docs/pictures: the main states of the app, from real training runs.

python tools/pictures.py [NAME...]
"""

import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from textual.pilot import Pilot

from engine.attach.shared_engine import SharedEngine
from engine.runtime.engine import Engine
from engine.runtime.state import Settings
from engine.storage.run_index import read_entry
from engine.tracking.snapshot import Snapshot
from tui_vanish.app import VanishApp
from tui_vanish.lab.screen import LabScreen
from tui_vanish.lecture.screen import LectureScreen
from tui_vanish.sweeps.control import start
from vanish_recorder.protocol.status import Status

FOLDER = Path(__file__).parent.parent / "docs" / "pictures"
SIZE = (120, 36)
_PATIENCE = 600.0  # seconds, for the runs of one picture


class Studio:
    """An open app, and methods to use it.

    Args:
        app: with a real engine.
        pilot: presses its keys.
    """

    def __init__(self, app: VanishApp, pilot: Pilot[int]) -> None:
        self.app, self.pilot = app, pilot

    async def train(self, scenario: str, until_epoch: int) -> None:
        """Train a scenario until it has finished that many epochs."""
        await self.train_until(scenario, lambda run: run.epoch > until_epoch)

    async def train_until(self, scenario: str, enough: Callable[[Snapshot], bool]) -> None:
        """Train a scenario until `enough` is true or the run has ended."""
        lab = self.app.screen
        assert isinstance(lab, LabScreen)
        lab.action_select(scenario)
        await self.pilot.press("enter")
        async with asyncio.timeout(_PATIENCE):
            while (run := self.app.session.runs.latest_run(scenario)) is None or not (
                enough(run) or run.status.ended
            ):
                await asyncio.sleep(0.05)
                self.app.poller.poll()

    async def press(self, *keys: str) -> None:
        """Press keys one after another, and wait for the effect of each."""
        for key in keys:
            await self.pilot.press(key)
            await asyncio.sleep(0.4)
            self.app.poller.poll()
        await self.pilot.pause()


async def lab(studio: Studio) -> None:
    """depth-7 fails, and the verdict says why."""
    await studio.train("depth-7", 6)


async def over_time(studio: Studio) -> None:
    """With Adam, every layer starts to learn within the first epoch."""
    await studio.train("adam", 6)
    await studio.press("h")


async def why(studio: Studio) -> None:
    """Every verdict with its numbers and the predicted ones."""
    await studio.train("depth-7", 3)
    await studio.press("w")


async def detail(studio: Studio) -> None:
    """One layer's histograms."""
    await studio.train("relu", 2)
    await studio.press("3", "j", "j", "d")


async def staged(studio: Studio) -> None:
    """A schedule in its fifth stage; the stages were shortened by hand."""
    await studio.train("staged", 0)
    await studio.press("E", "backspace", "backspace", "backspace", "2", "enter", "enter")
    await studio.train_until("staged", lambda run: run.stage == 5 and run.epoch % 2 == 0)


async def editor(studio: Studio) -> None:
    """A variant of depth-7."""
    lab = studio.app.screen
    assert isinstance(lab, LabScreen)
    lab.action_select("depth-7")
    to_activation, to_init = ("down",) * 2, ("down",) * 4
    await studio.press("e", *to_activation, "right", "right", *to_init, "right", "right")


async def sweep_map(studio: Studio) -> None:
    """The whole sweep map-sigmoid, with the cursor on a network that learns beyond theory's border."""
    runs = studio.app.session.engine.runs_folder
    folder, problem = await asyncio.to_thread(
        lambda: start("map-sigmoid", runs, device="cpu", data="sample", seed=42)
    )
    assert folder is not None, problem
    assert not problem, problem
    async with asyncio.timeout(6 * _PATIENCE):
        while (summary := read_entry(folder).summary) is None or summary.status is not Status.FINISHED:
            await asyncio.sleep(1)
    await studio.press("X")
    await asyncio.sleep(2)
    await studio.press(*("right",) * 4, *("up",) * 3)


_SCRIPT = """
import sys, torch
from torch import nn
from tui_vanish import watch

torch.manual_seed(0)
torch.set_num_threads(1)


class Tower(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Linear(64, 128)
        self.blocks = nn.ModuleList(nn.Sequential(nn.Linear(128, 128), nn.Sigmoid()) for _ in range(12))
        self.head = nn.Linear(128, 10)

    def forward(self, x):
        x = self.stem(x)
        for block in self.blocks:
            x = block(x)
        return self.head(x)


model = Tower()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
lab = watch(model, optimizer, name="tower", runs_dir=sys.argv[1], every=5, quiet=True)
inputs = torch.randn(4096, 64)
targets = (inputs @ torch.randn(64, 10)).argmax(1)
for step in range(600):
    rows = torch.randint(4096, (256,))
    loss = nn.functional.cross_entropy(model(inputs[rows]), targets[rows])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
"""


async def watched(studio: Studio) -> None:
    """A script's own network of 12 sigmoid layers, after 600 steps."""
    runs = studio.app.session.engine.runs_folder
    script = await asyncio.create_subprocess_exec(sys.executable, "-c", _SCRIPT, str(runs))
    assert await script.wait() == 0
    await studio.press("r")
    await studio.app.workers.wait_for_complete()
    await studio.press("enter", "3", "j", "j")


async def theory(studio: Studio, page_id: str, *keys: str) -> None:
    """A theory page after some keys, with its measurements loaded."""
    studio.app.action_theory(page_id)
    await studio.pilot.pause()
    await studio.press(*keys)


async def learning_circle(studio: Studio) -> None:
    """The gradient in the backward pass, at ∂L/∂z¹ of the second round."""
    await theory(studio, "learning-circle", *("enter",) * 21)


async def chain(studio: Studio) -> None:
    """w = 0.1, down to the smallest float32."""
    await theory(studio, "chain", *("left",) * 15, "down", *("right",) * 43)


async def optimizers(studio: Studio) -> None:
    """SGD, momentum, Adam and SDAGD from the same start on the hilly surface."""
    await theory(studio, "optimizers", "down", "right", "right")


async def normalisation(studio: Studio) -> None:
    """The effect of BatchNorm on z if the weights are wide."""
    await theory(studio, "normalisation")


async def skip_connection(studio: Studio) -> None:
    """The two paths of the gradient, measured."""
    await theory(studio, "skip-connection")


async def lecture_step(studio: Studio, step: str, *keys: str) -> None:
    """A step of the lecture after some keys, with its runs read and its page measured."""
    await studio.press("L")
    lecture = studio.app.screen
    assert isinstance(lecture, LectureScreen)
    lecture.open_step(step)
    async with asyncio.timeout(_PATIENCE):
        while lecture.is_reading:
            await studio.pilot.pause()
    await studio.press(*keys)


async def lecture_question(studio: Studio) -> None:
    """A wrong answer with its reason, and the run that it was measured from."""
    await lecture_step(studio, "std-1", "4")


async def lecture_page(studio: Studio) -> None:
    """A theory page within the lecture, with its knobs set."""
    await lecture_step(studio, "surfaces")


PICTURES: dict[str, Callable[[Studio], Awaitable[None]]] = {
    "lab": lab,
    "over-time": over_time,
    "why": why,
    "detail": detail,
    "staged": staged,
    "editor": editor,
    "map": sweep_map,
    "watched": watched,
    "theory-learning-circle": learning_circle,
    "theory-chain": chain,
    "theory-optimizers": optimizers,
    "theory-normalisation": normalisation,
    "theory-skip-connection": skip_connection,
    "lecture-question": lecture_question,
    "lecture-page": lecture_page,
}


async def draw(name: str) -> None:
    """Bring the app into one state, and export the picture."""
    with tempfile.TemporaryDirectory() as folder:
        app = VanishApp(SharedEngine(Engine(Settings(device="cpu", runs_dir=Path(folder)))))
        app.session.machine = "gpu-box-3"
        try:
            async with app.run_test(size=SIZE) as pilot:
                await PICTURES[name](Studio(app, pilot))
                await app.workers.wait_for_complete()
                await pilot.pause()
                picture = app.export_screenshot(title=f"vanish-tui: {name}")
                app.poller.stop()
        finally:
            app.session.engine.close()
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / f"{name}.svg").write_text(picture, encoding="utf-8")
    print(FOLDER / f"{name}.svg")


def main(names: list[str]) -> None:
    """Draw the pictures with those names, or all."""
    unknown = set(names) - set(PICTURES)
    if unknown:
        sys.exit(f"there is no picture {', '.join(sorted(unknown))}; the pictures are {', '.join(PICTURES)}")
    for name in names or PICTURES:
        asyncio.run(draw(name))


if __name__ == "__main__":
    main(sys.argv[1:])
