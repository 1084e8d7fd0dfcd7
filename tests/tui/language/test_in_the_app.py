"""The language is switched while the app is open, and remembered."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tui.lab_bench import opened
from tui_vanish.language import current, use


@pytest.fixture(autouse=True)
def english_again() -> Iterator[None]:
    yield
    use("en")


async def test_a_key_switches_the_language_of_the_open_screen(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        assert "help" in bench.text
        await bench.press("ctrl+g")
        assert current() == "vi"
        assert "Ngôn ngữ: Tiếng Việt" in bench.text
        await bench.press("question_mark")
        assert "Trợ giúp" in bench.text
        assert "Train kịch bản đang chọn" in bench.text
        await bench.press("ctrl+g")
        assert "Train the highlighted scenario" in bench.text
        assert bench.app.session.preferences.language == "en"


async def test_the_help_page_finds_words_without_their_marks(tmp_path: Path) -> None:
    use("vi")
    async with opened(tmp_path) as bench:
        await bench.press("question_mark", "slash", *"dong bang")
        assert "Đóng băng hoặc bỏ đóng băng layer đang chọn" in bench.text
        assert "Train kịch bản" not in bench.text
