"""The row of meters: what it shows in which width, and the key that shows it."""

import threading
from pathlib import Path

import pytest

from engine.nvml import Gpu
from tests.tui.lab_bench import NARROW, Bench, opened
from tui_vanish.chrome import meters_switch
from tui_vanish.chrome.meters_row import meters_row
from tui_vanish.drawing.text import row_width
from tui_vanish.jobs.meters import Reading

LEVELS = "▁▂▃▄▅▆▇█"
GB = 10**9
READING = Reading((1.0, 0.02, 0.6), 5 * GB, 16 * GB, (Gpu(0, 0.83, 12 * GB, 80 * GB),))


def text(reading: Reading | None, width: int = 80) -> str:
    row = meters_row(reading, width, LEVELS)
    assert row_width(row) <= width
    return "".join(piece.text for piece in row)


def test_it_shows_cores_memory_and_gpus() -> None:
    assert text(READING) == " cores █▁▅ 2 of 3 busy   memory 5.0 of 16.0 GB   GPU 0 83 %, 12.0 of 80.0 GB"


def test_what_is_unknown_is_left_out() -> None:
    assert text(None) == " measuring the machine…"
    assert text(Reading((), 0, 0, ())) == " "
    assert text(Reading((), 0, 0, (Gpu(1, None, 0, 2 * GB),))) == " GPU 1 0.0 of 2.0 GB"


def test_many_cores_are_counted() -> None:
    assert text(Reading((1.0,) * 12 + (0.0,) * 52, 0, 0, ())) == " cores 12 of 64 busy"


def test_what_has_no_room_is_left_out_whole() -> None:
    many = Reading((0.5,), 5 * GB, 16 * GB, tuple(Gpu(number, 0.5, 1 * GB, 80 * GB) for number in range(8)))
    shown = text(many)
    assert shown.endswith("80.0 GB")
    assert "GPU 0" in shown
    assert "GPU 2" not in shown


class Machine:
    """Meters with a prepared reading."""

    def read(self) -> Reading:
        return READING


async def measured(bench: Bench) -> None:
    """Wait for a reading, which takes two: the first one only begins."""
    switch = bench.app.navigation.meters
    assert switch is not None
    for _ in range(2):
        switch.read()
        assert switch._task is not None
        await switch._task
    await bench.settle()


@pytest.mark.parametrize("keys", [(), ("r",), ("X",), ("S", "enter")], ids=["lab", "runs", "map", "compare"])
async def test_the_key_shows_them_on_each_screen_and_hides_them(
    keys: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.tui.map.sweeps import make

    monkeypatch.setattr(meters_switch, "Meters", Machine)
    make(tmp_path / "runs")
    async with opened(tmp_path, NARROW) as bench:
        bench.engine.runs_folder = tmp_path / "runs"
        await bench.press(*keys, "H")
        await measured(bench)
        rows = bench.text.splitlines()
        assert rows[0].startswith(" vanish-tui on gpu-box-3")
        assert rows[1] == " cores █▁▅ 2 of 3 busy   memory 5.0 of 16.0 GB   GPU 0 83 %, 12.0 of 80.0 GB"
        assert rows[2].startswith("╭")
        assert len(rows) == 24
        assert "quit" in rows[-1] or "back" in rows[-1]
        await bench.press("H")
        assert bench.text.splitlines()[1].startswith("╭")


async def test_they_stay_on_the_next_screen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meters_switch, "Meters", Machine)
    async with opened(tmp_path) as bench:
        await bench.press("H", "r")
        await measured(bench)
        assert "cores" in bench.text.splitlines()[1]
        await bench.press("escape")
        assert "cores" in bench.text.splitlines()[1]


async def test_switched_off_before_the_first_reading_they_begin_again_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the load of the cores would be that of all the time in between."""
    made: list[Machine] = []
    is_off = threading.Event()

    def make() -> Machine:
        assert is_off.wait(60)
        made.append(Machine())
        return made[-1]

    monkeypatch.setattr(meters_switch, "Meters", make)
    async with opened(tmp_path) as bench:
        await bench.press("H", "H")
        is_off.set()
        switch = bench.app.navigation.meters
        assert switch is not None
        assert switch._task is not None
        await switch._task
        await bench.press("H")
        await measured(bench)
        assert len(made) == 2


async def test_a_reading_that_arrives_after_the_last_screen_was_closed_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(meters_switch, "Meters", Machine)
    async with opened(tmp_path) as bench:
        await bench.press("H")
        await measured(bench)
        switch = bench.app.navigation.meters
    assert switch is not None
    assert not bench.app.screen_stack
    await switch._read()
