"""How much memory the app needs after many random keys: python -m tests.fuzz.memory [KEYS].

The keys reach every screen. None of them starts a run, because a run is rightly kept, or ends the app.
"""

import asyncio
import ctypes
import gc
import os
import random
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from textual.events import Key

from engine.storage.recorded import recorded_runs
from tests.fuzz.test_keys import CHARACTERS, KEYS, NAMED, alone, go_back, settle
from tests.tui.fake_engine import FakeEngine
from tests.tui.lab_bench import catalogue
from tui_vanish.app import VanishApp
from vanish_recorder.protocol.status import Status

_EVERY = 2_000  # keys between two looks
_BURST = 50  # keys that arrive together: they are drawn a few times only
_WARM_UP = 3  # looks: until then, each screen and each character is met for the first time
_MOVES = ["escape", "escape", "enter", "up", "down", "left", "right", "tab", "backspace"]


@dataclass(frozen=True, slots=True)
class Look:
    """What the process needs after so many keys.

    Attributes:
        keys: so many.
        own: bytes of memory that it shares with no file or process, without what malloc keeps for later.
        objects: those that Python's garbage collector knows, and those that it was told to leave alone.
        kinds: how many of each type.
    """

    keys: int
    own: int
    objects: int
    kinds: Counter[str]


async def looks(source: random.Random, folder: Path, more: Callable[[int], bool]) -> AsyncIterator[Look]:
    """Type keys, as long as `more` of their number holds; yields a look after every 2,000 of them."""
    engine = FakeEngine()
    engine.runs_folder = folder / "runs"
    app = VanishApp(engine, errors=folder / "errors")
    app.ending.leave = _stay  # type: ignore[method-assign]
    app.session.catalogue.entries = catalogue(folder)
    with alone(), chdir(folder):  # some keys write a picture into the working folder
        async with app.run_test(size=(80, 24), notifications=True):
            engine.be_ready()
            for scenario in ("depth-3", "depth-7"):
                app.session.runs.train(next(each for each in app.session.runs.entries if each.id == scenario))
            for run in engine.runs:
                run.start()
                run.train_epochs(2)
                run.end(Status.FINISHED)
            engine.can_train = False
            for name in recorded_runs():  # a run that was opened is kept, too, so all are open from the start
                engine.follow(name)
            await settle(app)
            typed = 0
            while more(typed):
                for _ in range(_EVERY // _BURST):
                    for _ in range(_BURST):
                        app.post_message(_key(source))
                    await settle(app)
                    assert app.is_running, "the app has ended"
                typed += _EVERY
                await go_back(app)  # so that each look is at the same screen
                written = os.listdir(folder / "errors") if (folder / "errors").is_dir() else []
                assert not written, "\n".join((folder / "errors" / name).read_text() for name in written)
                yield _look(typed)


def growth(seen: Sequence[Look]) -> tuple[float, float]:
    """Bytes and objects that 10,000 keys add after the warm-up, by the straight lines that fit best."""
    warm = seen[_WARM_UP:]
    return _slope(warm, lambda look: look.own), _slope(warm, lambda look: look.objects)


def report(seen: Sequence[Look]) -> str:
    """The looks, the growth, and which objects there are more of."""
    lines = [f"{look.keys:>7,} keys: {look.own / 1e6:6.1f} MB, {look.objects:>8,} objects" for look in seen]
    if len(seen) > _WARM_UP + 1:
        size, objects = growth(seen)
        lines.append(
            f"after {seen[_WARM_UP].keys:,} keys, 10,000 add {size:,.0f} bytes and {objects:,.0f} objects"
        )
        more = seen[-1].kinds - seen[_WARM_UP].kinds
        lines.append("more of: " + ", ".join(f"{name} {number:,}" for name, number in more.most_common(12)))
    return "\n".join(lines)


def _stay(**_: bool) -> None:
    """Not end the app."""


def _key(source: random.Random) -> Key:
    kind = source.random()
    name = source.choice(KEYS if kind < 0.4 else CHARACTERS if kind < 0.65 else _MOVES)
    return Key(name, NAMED.get(name, name if len(name) == 1 else None))


def _look(keys: int) -> Look:
    gc.collect()
    known = gc.get_objects()
    kinds = Counter(type(each).__name__ for each in known)
    objects = len(known) + gc.get_freeze_count()
    del known
    ctypes.CDLL(None).malloc_trim(0)  # what was freed belongs to nothing any more
    (own,) = (
        line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("RssAnon")
    )
    return Look(keys, 1024 * int(own.split()[1]), objects, kinds)


def _slope(seen: Sequence[Look], value: Callable[[Look], int]) -> float:
    """Of 10,000 keys."""
    middle = sum(look.keys for look in seen) / len(seen)
    spread = sum((look.keys - middle) ** 2 for look in seen)
    return 10_000 * sum((look.keys - middle) * value(look) for look in seen) / spread


async def _main(keys: int) -> None:
    with TemporaryDirectory() as folder:
        seen = []
        async for look in looks(random.Random(1), Path(folder), lambda typed: typed < keys):
            seen.append(look)
            print(report(seen[-1:]), file=sys.stderr, flush=True)
        print(report(seen))


if __name__ == "__main__":
    asyncio.run(_main(int(sys.argv[1]) if len(sys.argv) > 1 else 30_000))
