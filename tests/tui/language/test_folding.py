"""Searching without marks."""

import pytest

from tui_vanish.drawing.ascii import ascii_cells, spelt_out
from tui_vanish.language.folding import folded


@pytest.mark.parametrize(
    ("typed", "text"),
    [("sau", "sâu"), ("do sau", "độ sâu"), ("DUNG", "đứng"), ("chuoi", "Chuỗi"), ("độ", "Độ sâu")],
)
def test_a_word_is_found_without_its_marks(typed: str, text: str) -> None:
    assert folded(typed) in folded(text)


def test_ascii_spells_vietnamese_without_marks() -> None:
    text = "Đường đi của gradient: độ sâu, trưởng, ngữ, ẩn"
    plain = "Duong di cua gradient: do sau, truong, ngu, an"
    assert spelt_out(text) == plain
    assert ascii_cells(text) == plain
