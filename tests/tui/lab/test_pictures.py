"""The whole lab in each of its states, as text."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from engine.protocol.commands import Pause
from tests import goldens
from tests.tui.lab_bench import LARGE, NARROW, WIDE, Bench, opened
from vanish_recorder.protocol.status import Status

State = Callable[[Bench], Awaitable[None]]


async def start(bench: Bench) -> None:
    pass


async def bad_file(bench: Bench) -> None:
    await bench.highlight("broken")


async def loading(bench: Bench) -> None:
    await bench.train(ready=False)
    bench.engine.work_on("loading PyTorch")


async def first_step(bench: Bench) -> None:
    run = await bench.train()
    run.sample(1, loss=2.3302)


async def training(bench: Bench) -> None:
    run = await bench.train()
    run.train_epochs(12)
    run.sample(12 * 118 + 10)


async def delta(bench: Bench) -> None:
    await training(bench)
    await bench.press("v", "3", "j", "j")


async def accuracy(bench: Bench) -> None:
    await training(bench)
    await bench.press("l")


async def about(bench: Bench) -> None:
    await training(bench)
    await bench.press("i")


async def list_over_run(bench: Bench) -> None:
    await training(bench)
    await bench.press("backslash")


async def paused(bench: Bench) -> None:
    await training(bench)
    await bench.press("p")


async def stopped(bench: Bench) -> None:
    await training(bench)
    await bench.press("s")


async def finished(bench: Bench) -> None:
    run = await bench.train("depth-3")
    run.train_epochs(100, final_loss=0.612, final_accuracy=0.781, every=59)
    run.end(Status.FINISHED)


async def diverged(bench: Bench) -> None:
    run = await bench.train("linear-exploding")
    run.diverge()


async def failed(bench: Bench) -> None:
    run = await bench.train()
    run.sample(1)
    run.end(Status.FAILED, error="OutOfMemoryError: the device has 2 GiB left, 3 GiB are needed")


async def several(bench: Bench) -> None:
    await finished(bench)
    await bench.settle()
    await bench.press("1")
    await training(bench)
    await bench.press("1")


async def filtering(bench: Bench) -> None:
    await bench.press("slash", "d", "e", "p")


async def nothing_matches(bench: Bench) -> None:
    await bench.press("slash", "z", "z", "enter")


async def help_page(bench: Bench) -> None:
    await bench.press("question_mark")


async def leaving(bench: Bench) -> None:
    await training(bench)
    await bench.settle()
    await bench.press("q")


STATES: dict[str, State] = {
    "start": start,
    "bad-file": bad_file,
    "loading": loading,
    "first-step": first_step,
    "training": training,
    "delta": delta,
    "accuracy": accuracy,
    "about": about,
    "list-over-run": list_over_run,
    "paused": paused,
    "stopped": stopped,
    "finished": finished,
    "diverged": diverged,
    "failed": failed,
    "several": several,
    "filtering": filtering,
    "nothing-matches": nothing_matches,
    "help": help_page,
    "leaving": leaving,
}


@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "120x36"])
@pytest.mark.parametrize("state", STATES)
async def test_the_lab_matches_its_golden(state: str, size: tuple[int, int], tmp_path: Path) -> None:
    async with opened(tmp_path, size) as bench:
        await STATES[state](bench)
        await bench.settle()
        goldens.check(f"lab/{state}-{size[0]}x{size[1]}-utf8", bench.text)


@pytest.mark.parametrize("state", STATES)
async def test_the_lab_in_ascii_is_ascii_and_matches_its_golden(state: str, tmp_path: Path) -> None:
    size = WIDE if state == "several" else NARROW
    async with opened(tmp_path, size, ascii=True) as bench:
        await STATES[state](bench)
        await bench.settle()
        text = bench.text
    assert text.isascii()
    goldens.check(f"lab/{state}-{size[0]}x{size[1]}-ascii", text)


@pytest.mark.parametrize("state", ["start", "training", "several"])
async def test_a_large_terminal_shows_list_run_and_text_side_by_side(state: str, tmp_path: Path) -> None:
    async with opened(tmp_path, LARGE) as bench:
        await STATES[state](bench)
        await bench.settle()
        goldens.check(f"lab/{state}-200x60-utf8", bench.text)


@pytest.mark.parametrize("size", [(79, 24), (80, 23), (30, 8)], ids=["79x24", "80x23", "30x8"])
async def test_a_terminal_that_is_too_small_shows_a_message_until_it_grows(
    size: tuple[int, int], tmp_path: Path
) -> None:
    async with opened(tmp_path, size) as bench:
        assert bench.text.split() == f"vanish-tui needs 80×24; this is {size[0]}×{size[1]}".split()
        await bench.pilot.resize_terminal(*NARROW)
        await bench.settle()
        small = bench.text
    async with opened(tmp_path, NARROW) as bench:
        assert small == bench.text


async def test_in_a_terminal_that_is_too_small_keys_change_nothing(tmp_path: Path) -> None:
    async with opened(tmp_path, NARROW) as bench:
        await bench.train()
        await bench.pilot.resize_terminal(79, 24)
        await bench.press("s", "p", "f", "j", "enter")
        assert bench.engine.sent == []
        assert len(bench.engine.runs) == 1
        await bench.pilot.resize_terminal(*NARROW)
        await bench.press("p")
        assert [type(command) for command in bench.engine.sent] == [Pause]
