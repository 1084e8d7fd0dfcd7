"""The translations beside the prose of the catalogue: whole, with every value, in composed letters."""

import string
import tomllib
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import scenarios
from scenarios.glossary import glossary
from scenarios.languages import scenario_prose, section_title, sweep_prose
from scenarios.schema import Scenario
from scenarios.sweep_files import built_in_sweeps
from scenarios.theory import page_ids, page_text

FOLDER = Path(scenarios.__file__).parent
FILES = sorted(path for path in FOLDER.rglob("vi/*.toml"))
PROSE = ("title", "question", "watch_for", "lesson")


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)


def values_of(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("entry", scenarios.entries(), ids=lambda entry: entry.id)
def test_every_scenario_has_all_of_its_prose(entry: scenarios.Entry) -> None:
    english = scenarios.load(entry.id)
    translated = scenario_prose(entry.id, "vi")
    assert set(translated) == {name for name in PROSE if getattr(english, name)}
    for text in translated.values():
        assert Scenario.model_validate(english.resolved() | {"question": text}).question == text
    assert len(translated["title"]) <= 30
    assert scenario_prose(entry.id, "en") == {}


@pytest.mark.parametrize("name", built_in_sweeps())
def test_every_sweep_has_its_title_and_question(name: str) -> None:
    assert set(sweep_prose(name, "vi")) == {"title", "question"}


def test_every_section_has_a_heading() -> None:
    table = tomllib.loads((FOLDER / "vi" / "contents.toml").read_text(encoding="utf-8"))
    assert set(table["sections"]) == {entry.section for entry in scenarios.entries()}
    assert section_title("The problem", "vi") == "Giới thiệu vấn đề"
    assert section_title("of a user's file", "vi") == "of a user's file"


@pytest.mark.parametrize("page_id", page_ids())
def test_every_theory_page_has_all_of_its_words_with_their_values(page_id: str) -> None:
    english, translated = page_text(page_id), page_text(page_id, "vi")
    table = tomllib.loads((FOLDER / "theory" / "vi" / f"{page_id}.toml").read_text(encoding="utf-8"))
    assert table.keys() <= {"title", "words", "lines", "tables"}
    assert set(table["words"]) == set(english.words)
    assert translated.title == table["title"]
    assert translated.slides == english.slides
    for name, text in english.words.items():
        assert values_of(translated.words[name]) == values_of(text), name
    for name, lines in english.lines.items():
        assert len(translated.lines[name]) == len(lines), name
    for name, rows in english.tables.items():
        for row, other in zip(rows, translated.tables[name], strict=True):
            assert row.keys() == other.keys()
            assert all(values_of(str(row[key])) == values_of(str(other[key])) for key in row)
        assert any("says" in row for row in rows)
        assert all(
            row["says"] != other["says"] for row, other in zip(rows, translated.tables[name], strict=True)
        )


def test_every_word_of_the_glossary_has_its_meaning() -> None:
    english, translated = glossary(), glossary("vi")
    for section in ("verdicts", "marks", "words"):
        ours, theirs = getattr(english, section), getattr(translated, section)
        assert list(ours) == list(theirs)
        assert all(ours[word] != theirs[word] for word in ours)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(FOLDER)))
def test_letters_are_composed(path: Path) -> None:
    for text in texts(tomllib.loads(path.read_text(encoding="utf-8"))):
        assert unicodedata.is_normalized("NFC", text), text


def test_there_is_no_translation_of_a_file_that_is_gone() -> None:
    assert [path for path in FILES if not (path.parent.parent / path.name).is_file()] == []
