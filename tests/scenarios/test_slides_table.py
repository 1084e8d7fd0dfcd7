import re
from pathlib import Path

import scenarios
from scenarios.theory import page_ids, page_text

TABLE = (Path(__file__).parents[2] / "docs" / "slides.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip() for cell in line.split("|")[1:-1]] for line in TABLE.splitlines() if line.startswith("| ")
]


def test_every_slide_has_a_page_or_a_scenario() -> None:
    assert len(ROWS) > 30
    for slide, page, scenario in ROWS:
        assert page or scenario, slide


def test_the_table_names_every_page_that_covers_slides() -> None:
    named = {name.strip() for _, page, _ in ROWS[1:] for name in page.split(";") if name}
    titles = {page.title for page in map(page_text, page_ids()) if page.slides}
    assert {name for name in named if not name.startswith("the list")} == titles


def test_the_table_names_every_scenario_of_the_slides() -> None:
    named = set(re.findall(r"`([a-z0-9-]{2,})`", TABLE))
    assert named == {entry.id for entry in scenarios.entries()}
