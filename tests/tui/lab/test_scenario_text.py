"""Where the texts of a scenario are, in a narrow and in a wide pane."""

from pathlib import Path

from tests.tui.lab_bench import opened
from tui_vanish.drawing.text import row_width
from tui_vanish.lab.scenario_text import Paragraph, ScenarioText

TITLE, PROSE = Paragraph("", "A title"), Paragraph("Question", "word " * 40)
SETTINGS = Paragraph("Network", "7 layers\nsigmoid", short=True)


async def test_the_settings_are_beside_the_prose_where_the_pane_is_wide_enough(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        text = bench.lab.query_one("#text", ScenarioText)

        def shown(width: int, *paragraphs: Paragraph) -> list[str]:
            text.show(paragraphs)
            rows = text.page_rows(width)
            assert all(row_width(row) <= width for row in rows)
            return ["".join(piece.text for piece in row).rstrip() for row in rows]

        for narrow in (20, 90, 123):
            lines = shown(narrow, TITLE, PROSE, SETTINGS)
            assert lines[-2:] == [" Network", " 7 layers · sigmoid"]
        for wide in (124, 300):
            lines = shown(wide, TITLE, PROSE, SETTINGS)
            assert lines[:3] == ["", " A title", ""], "they begin below the title"
            columns = [(line[:90].strip(), line[90:].strip()) for line in lines[3:6]]
            assert columns == [
                ("Question", "Network"),
                ("word " * 16 + "word", "7 layers"),
                ("word " * 16 + "word", "sigmoid"),
            ]
            assert shown(wide, TITLE, PROSE) == shown(90, TITLE, PROSE), "one column if there are no settings"
