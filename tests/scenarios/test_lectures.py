"""Lecture files: what is wrong is named, and a translation has every text."""

from pathlib import Path

import pytest

from scenarios import ScenarioError
from scenarios.lecture_files import (
    COURSE,
    is_lecture_file,
    load_lecture,
    read_translation,
    translations,
    untranslated,
)

STEP = """
title = "Mine"
[[steps]]
id = "one"
title = "One"
topic = "All"
text = "Some words."
"""
QUESTION = """
[steps.question]
ask = "How much?"
measure = "test_accuracy"
run = "depth-7"
answers = [
    { text = "little", below = 0.2, why = "It is stuck." },
    { text = "much", from = 0.2, why = "It would have to learn." },
]
"""


def problems(folder: Path, text: str) -> str:
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ScenarioError) as found:
        load_lecture(path)
    return str(found.value)


def test_a_lecture_is_read(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(STEP + QUESTION, encoding="utf-8")
    assert is_lecture_file(path)
    lecture = load_lecture(path)
    assert (lecture.name, lecture.title, len(lecture.steps)) == ("mine", "Mine", 1)
    assert lecture.steps[0].question is not None


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (STEP + 'show = { run = "depth-8" }', "steps[one].show.run: there is no scenario"),
        (STEP + 'show = { page = "chains" }', "there is no theory page"),
        (STEP + 'show = { page = "chain", run = "depth-7" }', "steps[one].show: has page, run"),
        (STEP + 'colour = "red"', "steps[one].colour: unknown key"),
        (STEP.replace('text = "Some words."', ""), "steps[one].text: missing"),
        (STEP + STEP.replace('title = "Mine"', ""), "steps[one].id: used twice"),
        (STEP + QUESTION.replace('run = "depth-7"', ""), "steps[one].question.run: missing"),
        (STEP + QUESTION.replace("from = 0.2", "from = 0.1"), "two answers for 0.1"),
        (STEP + QUESTION.replace("below = 0.2", "from = 1, below = 0.2"), "no value is from 1 to below 0.2"),
        (STEP + QUESTION.replace('"test_accuracy"', '"verdict"'), "an answer without a name"),
    ],
)
def test_what_is_wrong_is_named(text: str, named: str, tmp_path: Path) -> None:
    assert named in problems(tmp_path, text)


def test_a_translation_replaces_the_texts_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(STEP + QUESTION, encoding="utf-8")
    (tmp_path / "vi").mkdir()
    beside = tmp_path / "vi" / "mine.toml"
    beside.write_text('[steps.one]\ntitle = "Một"\nanswers = ["ít", "nhiều"]\n', encoding="utf-8")
    step = load_lecture(path, "vi").steps[0]
    assert step.question is not None
    assert (step.title, step.text) == ("Một", "Some words.")
    assert (step.question.answers[0].text, step.question.answers[0].below) == ("ít", 0.2)
    beside.write_text("[steps.two]\n", encoding="utf-8")
    with pytest.raises(ScenarioError, match="there is no such step"):
        load_lecture(path, "vi")


def test_the_course_is_translated_whole() -> None:
    lecture = load_lecture()
    found = translations(COURSE)
    assert [language for language, _ in found] == ["vi"]
    for _, file in found:
        assert untranslated(lecture, read_translation(file)) == []


def test_the_course_asks_at_least_twenty_questions_with_a_reason_for_each_answer() -> None:
    questions = [step.question for step in load_lecture().steps if step.question]
    assert len(questions) >= 20
    for question in questions:
        assert len({answer.text for answer in question.answers}) == len(question.answers)


def test_every_slide_of_the_table_has_a_step() -> None:
    table = (COURSE.parents[2] / "docs" / "slides.md").read_text(encoding="utf-8")
    rows = [row.split("|")[1].strip() for row in table.splitlines() if row.startswith("| ")][1:]
    covered = {slide for step in load_lecture().steps for slide in step.slides}
    missing = []
    for row in rows:
        slides = row.split("; ") if row == "Vanishing Problem; Content" else [row]
        title = slides[0]
        words = title.removeprefix("Giới thiệu vấn đề: ")
        if not any(words in slide or slide in title for slide in covered):
            missing.append(row)
    assert missing == []
