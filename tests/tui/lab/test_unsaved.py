"""A run that can't be saved says so where it is looked at, for as long as it lasts."""

from pathlib import Path

import pytest

from tests.tui.lab_bench import NARROW, WIDE, opened


@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "120x36"])
async def test_what_cannot_be_saved_and_where_stays_on_the_screen_until_it_can(
    size: tuple[int, int], tmp_path: Path
) -> None:
    async with opened(tmp_path, size) as bench:
        run = await bench.train()
        run.sample(10)
        bench.engine.unsaved[run.name] = "/scratch/runs/depth-7-0000: No space left on device"
        await bench.settle()
        assert "1 not saved · 1 training" in bench.text.splitlines()[0]
        said = " ".join(bench.text.replace("│", " ").split())
        assert "Not saved in /scratch/runs/depth-7-0000: No space left on device. Training goes on." in said
        bench.engine.unsaved.clear()
        run.sample(20)
        await bench.settle()
        assert "ot saved" not in bench.text
