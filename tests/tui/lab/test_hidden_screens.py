"""A screen that another one hides is not drawn; it catches up when it is visible again."""

from pathlib import Path

import pytest

from tests.tui.lab_bench import opened
from tui_vanish.lab.screen import LabScreen


async def test_the_lab_is_not_drawn_behind_another_screen_and_catches_up_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[LabScreen] = []
    async with opened(tmp_path) as bench:
        run = await bench.train()
        run.sample(1)
        await bench.press("t")
        assert not isinstance(bench.app.screen, LabScreen)
        show = LabScreen.show

        def shown(screen: LabScreen) -> None:
            drawn.append(screen)
            show(screen)

        monkeypatch.setattr(LabScreen, "show", shown)
        run.sample(10, loss=1.2345)
        await bench.settle()
        assert drawn == []
        await bench.press("escape")
        assert "1.2345" in bench.text


async def test_the_lab_is_still_updated_behind_a_dialog(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        run = await bench.train()
        await bench.press("q")
        assert bench.app.screen.is_modal
        run.sample(10, loss=1.2345)
        await bench.settle()
        strips = bench.lab._compositor.render_strips(bench.app.size)
        assert "1.2345" in "\n".join(strip.text for strip in strips)
