"""The app on a fake engine, with a small catalogue, so that edits of the real one change no golden."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from textual.pilot import Pilot

import scenarios
from scenarios import Entry, Problem
from tests.tui.fake_engine import FakeEngine, FakeRun, FakeTimeLeft
from tui_vanish.app import VanishApp
from tui_vanish.chrome.key_footer import KeyFooter
from tui_vanish.lab.screen import LabScreen

NARROW, WIDE, LARGE = (80, 24), (120, 36), (200, 60)

_CATALOGUE = {
    "depth-3": (
        "3 hidden layers",
        "The problem",
        "Does a shallow sigmoid network learn?",
        "A plateau, and then the loss falls.",
        "Three layers hand on enough of the gradient.",
        "[model]\nhidden_layers = 3",
    ),
    "depth-7": (
        "7 hidden layers",
        "The problem",
        "Does a deeper network learn better?",
        "The bars of dL/da: each is about 7.2 times the one before, from layer 1 towards the output.",
        "A sigmoid's slope σ' is at most 0.25: each layer hands on 1/7.2 of what it gets.",
        "[model]\nhidden_layers = 7",
    ),
    "linear-exploding": (
        "Times 10 a layer",
        "Exploding and vanishing",
        "What if every layer multiplies by 10?",
        "A loss near 1e8 at step 1, and NaN at step 2.",
        "Seven factors of 10 are 10⁷.",
        '[model]\nactivation = "identity"\n[model.init]\nstd = 0.88',
    ),
}


@dataclass(frozen=True, slots=True)
class Bench:
    """A running app, and methods to control it."""

    app: VanishApp
    engine: FakeEngine
    pilot: Pilot[int]

    @property
    def lab(self) -> LabScreen:
        return next(screen for screen in self.app.screen_stack if isinstance(screen, LabScreen))

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.settle()

    async def settle(self) -> None:
        """Poll the engine, and wait until the screen and its workers have finished."""
        self.app.poller.poll()
        await self.pilot.pause()
        await self.app.workers.wait_for_complete()
        await self.pilot.pause()

    async def train(self, scenario: str = "depth-7", *, ready: bool = True) -> FakeRun:
        """Train a scenario by key; `ready`: torch and the data are loaded, and the run has started."""
        await self.highlight(scenario)
        await self.press("enter")
        run = self.engine.runs[-1]
        if ready:
            self.engine.be_ready()
            run.start()
        await self.settle()
        return run

    async def highlight(self, scenario: str) -> None:
        self.lab.action_select(scenario)
        await self.pilot.pause()

    @property
    def focused(self) -> str | None:
        """The id of the widget that has the focus."""
        return self.app.focused.id if self.app.focused else None

    @property
    def text(self) -> str:
        """The whole screen, without the blanks at the ends of its rows."""
        strips = self.app.screen._compositor.render_strips(self.app.size)
        return "\n".join(strip.text.rstrip() for strip in strips)

    @property
    def footer(self) -> str:
        return self.text.splitlines()[-1].strip()

    @property
    def label_of(self) -> Mapping[str, str]:
        """What the footer offers, by action, also while a message has taken its place."""
        return self.app.screen.query_one(KeyFooter)._labels


@asynccontextmanager
async def opened(
    folder: Path,
    size: tuple[int, int] = WIDE,
    *,
    ascii: bool = False,
    entries: tuple[Entry, ...] | None = None,
    read_only: bool = False,
) -> AsyncIterator[Bench]:
    """The app in a terminal of that size, with `entries` or the catalogue, whose files go to `folder`."""
    engine = FakeEngine()
    app = VanishApp(engine, ascii=ascii, read_only=read_only)
    app.session.machine = "gpu-box-3"
    app.session.time_left = FakeTimeLeft()
    app.session.prefer(race_budget="")  # what the scenarios say, so that the pictures of runs are alike
    app.session.catalogue.entries = catalogue(folder) if entries is None else entries
    async with app.run_test(size=size, notifications=True) as pilot:
        bench = Bench(app, engine, pilot)
        await bench.settle()
        yield bench


def catalogue(folder: Path) -> tuple[Entry, ...]:
    """Three valid scenarios, and an invalid file."""
    entries = []
    for name, (title, section, question, watch_for, lesson, numbers) in _CATALOGUE.items():
        path = folder / f"{name}.toml"
        prose = {
            "title": title,
            "section": section,
            "question": question,
            "watch_for": watch_for,
            "lesson": lesson,
        }
        lines = [f'{key} = "{text}"' for key, text in prose.items()]
        path.write_text(
            "\n".join(['extends = "depth-7"', 'slide = "Model"', *lines, numbers]), encoding="utf-8"
        )
        entries.append(Entry(name, title, section, path, built_in=True, of_slides=True))
        scenarios.load(path)
    problem = Problem("broken.toml", "model.width", "-1", "a whole number from 1 to 8192")
    broken = Entry(
        "broken",
        "broken",
        "Your own",
        Path("broken.toml"),
        built_in=False,
        of_slides=False,
        problems=(problem,),
    )
    return (*entries, broken)
