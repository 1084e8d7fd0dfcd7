"""Lecture files: TOML, each with its translation beside it, in a folder with the language's code."""

import itertools
import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from scenarios.files import RawTable, read
from scenarios.index import built_in
from scenarios.languages import SOURCE
from scenarios.lecture import BY_NAME, Lecture, Question, Show, Step
from scenarios.problems import MOST_PROBLEMS, Problem, ScenarioError, nearest, printable, shown
from scenarios.theory import page_ids

_FOLDER = Path(__file__).parent / "lectures"
COURSE = _FOLDER / "vanishing.toml"

_TEXTS = ("title", "topic", "text", "notes", "see")


def is_lecture_file(path: Path) -> bool:
    """Whether the file has a list `steps`, which no scenario has. A file that cannot be read has none."""
    try:
        return isinstance(read(path).get("steps"), list)
    except ScenarioError:
        return False


def load_lecture(path: Path = COURSE, language: str = SOURCE) -> Lecture:
    """Load a lecture, checked, in a language; what has no translation stays as it is.

    Raises:
        ScenarioError: it is invalid; holds the problems.
    """
    table = read(path)
    found = _parsed(table, path)
    if problems := list(_misused(found, str(path))):
        raise ScenarioError(problems[: MOST_PROBLEMS + 1])
    beside = path.parent / language / path.name
    if language != SOURCE and os.path.isfile(beside):
        texts = read(beside)
        if problems := list(_untranslatable(found, texts, str(beside))):
            raise ScenarioError(problems[: MOST_PROBLEMS + 1])
        found = _parsed(_translated(table, texts), path)
    return found


def translations(path: Path) -> list[tuple[str, Path]]:
    """The languages into which a lecture is translated, and their files."""
    try:
        names = sorted(os.listdir(path.parent))
    except OSError:
        return []
    beside = [(name, path.parent / name / path.name) for name in names if len(name) == len(SOURCE)]
    return [(name, file) for name, file in beside if os.path.isfile(file)]


def untranslated(lecture: Lecture, texts: Mapping[str, Any]) -> list[str]:
    """The texts of a lecture that a translation lacks, by dotted keys."""
    missing = [] if "title" in texts else ["title"]
    for step in lecture.steps:
        own = texts.get("steps", {}).get(step.id, {})
        missing += [f"{step.id}.{name}" for name in _TEXTS if getattr(step, name) and not own.get(name)]
        if step.exercise and not own.get("task"):
            missing.append(f"{step.id}.task")
        if step.question:
            missing += [f"{step.id}.{name}" for name in ("ask", "answers", "whys") if not own.get(name)]
    return missing


def _parsed(table: RawTable, path: Path) -> Lecture:
    try:
        return Lecture.model_validate({**table, "name": path.stem})
    except ValidationError as error:
        problems = [
            Problem(str(path), _key(found["loc"], table), _message(found), "")
            for found in error.errors(include_url=False)
        ]
        raise ScenarioError(problems[: MOST_PROBLEMS + 1]) from None


def _key(location: tuple[int | str, ...], table: RawTable) -> str:
    """A place in the file; a step is named by its id, if it has one."""
    key = ""
    for number, part in enumerate(location):
        if isinstance(part, str):
            key += f".{part}" if key else part
        elif number == 1 and location[0] == "steps":
            step = table["steps"][part]
            key += f"[{step['id']}]" if isinstance(step, dict) and "id" in step else f"[{part + 1}]"
        else:
            key += f"[{part + 1}]"
    return key


def _message(found: Any) -> str:
    match found["type"]:
        case "missing":
            return "missing"
        case "extra_forbidden":
            return "unknown key"
        case _:
            return f"found {shown(found['input'])}: {printable(found['msg'][:1].lower() + found['msg'][1:])}"


def _misused(lecture: Lecture, file: str) -> Iterator[Problem]:
    """What the schema alone cannot see."""
    known: set[str] = set()
    for step in lecture.steps:
        if step.id in known:
            yield Problem(file, f"steps[{step.id}].id", "used twice", "an id of its own")
        known.add(step.id)
        yield from _unknown(step, file)
        if step.question is not None:
            yield from _unanswerable(step.question, file, f"steps[{step.id}].question")


def _unknown(step: Step, file: str) -> Iterator[Problem]:
    """Names of scenarios and pages that do not exist, and a step that would show two things."""
    show, key = step.show, f"steps[{step.id}]"
    named = [("show.run", show.run), ("show.live", show.live)]
    named += [("show.runs", name) for name in show.runs] + [("show.race", name) for name in show.race]
    if step.question:
        named += [("question.run", step.question.run)]
        named += [("question.runs", name) for name in step.question.runs]
    if step.exercise:
        named.append(("exercise.base", step.exercise.base))
    for where, name in named:
        if name and name not in built_in():
            near = "".join(nearest(name, built_in()))
            yield Problem(file, f"{key}.{where}", f"there is no scenario {shown(name)}", "", near)
    if show.page and show.page not in page_ids():
        near = "".join(nearest(show.page, page_ids()))
        yield Problem(file, f"{key}.show.page", f"there is no theory page {shown(show.page)}", "", near)
    if len(_kinds(show)) > 1:
        yield Problem(file, f"{key}.show", f"has {', '.join(_kinds(show))}", "one of them")


def _kinds(show: Show) -> list[str]:
    return [name for name in ("page", "run", "runs", "race", "live") if getattr(show, name)]


def _unanswerable(question: Question, file: str, key: str) -> Iterator[Problem]:
    for name in question.needs:
        if getattr(question, name) in ("", (), None):
            yield Problem(file, f"{key}.{name}", "missing", f"what measure {shown(question.measure)} needs")
    answers = question.answers
    if question.measure in BY_NAME:
        names = [answer.name for answer in answers]
        if "" in names:
            yield Problem(file, f"{key}.answers", "an answer without a name", "a name for each")
        if len({*names}) < len(names):
            yield Problem(file, f"{key}.answers", "two answers with the same name", "a name for each")
        return
    ranges = sorted((answer.low, answer.below) for answer in answers)
    for low, below in ranges:
        if low >= below:
            yield Problem(file, f"{key}.answers", f"no value is from {low:g} to below {below:g}", "a range")
    for (_, below), (low, _) in itertools.pairwise(ranges):
        if low < below:
            yield Problem(file, f"{key}.answers", f"two answers for {low:g}", "ranges that do not overlap")


def _untranslatable(lecture: Lecture, texts: RawTable, file: str) -> Iterator[Problem]:
    """Texts of a translation that belong to nothing in the lecture."""
    steps = {step.id: step for step in lecture.steps}
    for name, own in texts.get("steps", {}).items():
        if name not in steps:
            near = "".join(nearest(name, steps))
            yield Problem(file, f"steps.{name}", "there is no such step", "", near)
            continue
        question = steps[name].question
        for kind in ("answers", "whys"):
            if kind in own and len(own[kind]) != (count := len(question.answers) if question else 0):
                yield Problem(file, f"steps.{name}.{kind}", f"has {len(own[kind])} texts", f"{count}")


def _translated(table: RawTable, texts: RawTable) -> RawTable:
    """The lecture's table with the texts of a translation."""
    steps = []
    for step in table["steps"]:
        own = texts.get("steps", {}).get(step["id"], {})
        step = {**step, **{name: own[name] for name in _TEXTS if name in own}}
        if "exercise" in step and "task" in own:
            step["exercise"] = {**step["exercise"], "task": own["task"]}
        if "question" in step:
            question = {**step["question"], "ask": own.get("ask", step["question"]["ask"])}
            answers = [dict(answer) for answer in question["answers"]]
            for name, kind in (("text", "answers"), ("why", "whys")):
                for answer, text in zip(answers, own.get(kind, ()), strict=False):
                    answer[name] = text
            step["question"] = {**question, "answers": answers}
        steps.append(step)
    return {**table, "title": texts.get("title", table["title"]), "steps": steps}


def read_translation(path: Path) -> Mapping[str, Any]:
    """The texts of a translation."""
    return tomllib.loads(path.read_text(encoding="utf-8"))
