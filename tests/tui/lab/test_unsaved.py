"""While a run cannot be saved, its pane and the title bar say so."""

from pathlib import Path

import pytest

from tests.tui.lab_bench import NARROW, WIDE, opened


@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "120x36"])
async def test_the_folder_and_the_reason_stay_on_the_screen_until_saving_works(
    size: tuple[int, int], tmp_path: Path
) -> None:
    async with opened(tmp_path, size) as bench:
        run = await bench.train()
        run.sample(10)
        bench.engine.unsaved[run.name] = "/scratch/runs/depth-7-0000: No space left on device"
        await bench.settle()
        assert "1 not saved · 1 training" in bench.text.splitlines()[0]
        said = " ".join(bench.text.replace("│", " ").split())
        assert "Not saved in /scratch/runs/depth-7-0000: No space left on device. Training continues." in said
        bench.engine.unsaved.clear()
        run.sample(20)
        await bench.settle()
        assert "ot saved" not in bench.text
