"""The glossary explains every column, verdict and mark on the screen."""

from pathlib import Path

import pytest

from scenarios.glossary import glossary
from tests.tui.lab_bench import opened
from tui_vanish.chrome.glossary import GlossaryScreen, glossary_rows
from vanish_recorder.protocol.quantities import QUANTITIES
from vanish_recorder.protocol.verdicts import SEVERITY


def test_the_verdicts_in_the_glossary_are_exactly_those_of_the_engine() -> None:
    assert tuple(glossary().verdicts) == SEVERITY


def test_every_meaning_is_a_sentence() -> None:
    words = glossary()
    columns = (quantity.meaning for quantity in QUANTITIES.values())
    for meaning in (*columns, *words.verdicts.values(), *words.marks.values(), *words.words.values()):
        assert meaning[0].isupper() or meaning[0].isdigit()
        assert meaning.endswith(".")


def test_the_columns_of_the_bars_come_first() -> None:
    terms = [
        row[0].text.strip() for row in glossary_rows(118, ascii=False) if row and row[0].role == "accent"
    ]
    assert terms[:9] == ["grad", "delta", "upd/W", "unmoved", "std", "sample", "sat", "dead", "lost"]
    assert terms[9] == "NON FINITE"


@pytest.mark.parametrize("width", [1, 20, 60, 78, 118])
def test_nothing_is_cut_at_any_width(width: int) -> None:
    rows = glossary_rows(width, ascii=False)
    text = "".join(piece.text for row in rows for piece in row).replace(" ", "")
    for meaning in glossary().words.values():
        assert meaning.replace(" ", "") in text


async def test_a_key_opens_it_from_the_lab_and_closes_it(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        await bench.press("W")
        assert isinstance(bench.app.screen, GlossaryScreen)
        assert "NON FINITE" in bench.text
        await bench.press("W")
        assert bench.app.screen_stack == [bench.lab]
