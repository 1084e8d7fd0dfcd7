"""The first row, in terminals of several widths."""

from dataclasses import replace

import pytest

from tui_vanish.chrome.title_bar import Title, TitleBar
from tui_vanish.drawing.text import row_width
from vanish_recorder.protocol.status import Status

TITLE = Title(
    host="gpu-box-3.lab.example",
    device="cpu (1 thread)",
    data="Fashion-MNIST 60 000/10 000",
    seed=42,
    activity="",
    statuses=(Status.RUNNING,),
    others=1,
)


def shown(title: Title, width: int) -> str:
    bar = TitleBar()
    bar._title = title  # `show` would also draw it
    (row,) = bar.rows(width, 1)
    assert row_width(row) == width
    return "".join(piece.text for piece in row)


@pytest.mark.parametrize(
    ("width", "words"),
    [
        (130, "1 run in another process   1 training"),
        (100, "1 run in another process   1 training"),
        (80, "1 in another process   1 training"),
    ],
)
def test_runs_that_other_processes_train_are_named_in_words(width: int, words: str) -> None:
    assert shown(TITLE, width).strip().endswith(f"  {words}")


def test_many_runs_in_other_processes() -> None:
    assert shown(replace(TITLE, others=2), 130).strip().endswith("  2 runs in other processes   1 training")


def test_what_the_engine_loads_comes_first() -> None:
    text = shown(replace(TITLE, activity="loading PyTorch…"), 130)
    assert text.strip().endswith("  loading PyTorch…   1 training")
