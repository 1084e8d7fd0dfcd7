"""Checks a lecture file: its schema, its translations, and the knobs of its theory pages."""

from collections.abc import Iterator
from pathlib import Path

from scenarios.lecture import Lecture, Step
from scenarios.lecture_files import load_lecture, read_translation, translations, untranslated
from scenarios.problems import MOST_PROBLEMS, Problem, ScenarioError
from tui_vanish.instruments.quantities import IN_BARS
from tui_vanish.language import tr
from tui_vanish.theory.registry import Pages


def check(path: Path) -> Lecture:
    """Check a lecture and its translations.

    Returns:
        The lecture.

    Raises:
        ScenarioError: it is not valid; holds every reason.
    """
    lecture, pages = load_lecture(path), Pages()
    problems = [problem for step in lecture.steps for problem in _knobs(step, str(path), pages)]
    problems += [problem for step in lecture.steps for problem in _quantities(step, str(path))]
    for language, file in translations(path):
        load_lecture(path, language)
        missing = untranslated(lecture, read_translation(file))
        problems += [Problem(str(file), key, tr("is not translated")) for key in missing]
    if problems:
        raise ScenarioError(problems[: MOST_PROBLEMS + 1])
    return lecture


def _knobs(step: Step, file: str, pages: Pages) -> Iterator[Problem]:
    if not step.show.page:
        return
    page = pages.open(step.show.page)
    for name, value in step.show.knobs.items():
        page.fit(80, 24)  # a knob may exist only on a small screen, and one only after another was set
        knob = next((knob for knob in page.knobs() if knob.name == name), None)
        key = f"steps[{step.id}].show.knobs"
        if knob is None:
            names = ", ".join(knob.name for knob in page.knobs())
            yield Problem(file, key, tr("there is no knob {name}", name=name), names)
        elif not knob.set_shown(value):
            yield Problem(
                file, f"{key}.{name}", tr("found {found}", found=value), tr("a value that the knob shows")
            )


def _quantities(step: Step, file: str) -> Iterator[Problem]:
    names = [quantity.name for quantity in IN_BARS]
    if step.show.quantity and step.show.quantity not in names:
        yield Problem(
            file,
            f"steps[{step.id}].show.quantity",
            tr("found {found}", found=step.show.quantity),
            ", ".join(names),
        )
