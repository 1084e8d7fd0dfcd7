"""K shows the highlighted scenario's network and script."""

from pathlib import Path

import pytest

import scenarios
from engine.export.script import script
from tests.goldens import check
from tests.tui.lab_bench import opened
from tui_vanish.drawing.text import Row
from tui_vanish.lab.code_screen import CodeScreen, code_rows


def text_of(rows: list[Row]) -> str:
    return "\n".join("".join(piece.text for piece in row) for row in rows)


def test_it_has_the_network_its_parameters_and_the_whole_script() -> None:
    scenario = scenarios.load("depth-3")
    text = text_of(code_rows(scenario, 7))
    assert "Linear(in_features=784, out_features=128, bias=True)" in text
    assert "layers.0.0.weight" in text
    assert "128 × 784" in text
    assert "134794 parameters" in text  # 784·128 + 128 + 2·(128·128 + 128) + 128·10 + 10
    whole = script(scenario, "vanish-tui code depth-3", 7)
    assert "\n".join(f"  {line}" for line in whole.splitlines()) in text


def test_another_kind_of_network_says_so_in_one_line() -> None:
    rows = code_rows(scenarios.load("plain-20"), 7)
    assert text_of(rows) == " There is no script yet for networks of the kind cnn."


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
@pytest.mark.parametrize("ascii", [False, True])
async def test_k_opens_it_and_closes_it(size: tuple[int, int], ascii: bool, tmp_path: Path) -> None:
    async with opened(tmp_path, size, ascii=ascii) as bench:
        await bench.press("K")
        assert isinstance(bench.app.screen, CodeScreen)
        check(f"lab/code-{size[0]}x{size[1]}-{'ascii' if ascii else 'utf8'}", bench.text)
        await bench.press("K")
        assert bench.app.screen_stack[-1] is bench.lab
