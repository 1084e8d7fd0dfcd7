"""What a step of a lecture shows and needs."""

from typing import TYPE_CHECKING

from scenarios.lecture import Step
from tui_vanish.language import current, tr
from tui_vanish.lecture.measured import scenarios_of

if TYPE_CHECKING:
    from tui_vanish.theory.page import Page


def scenarios_shown(step: Step) -> tuple[str, ...]:
    """The scenarios that a step shows."""
    show = step.show
    single = tuple(name for name in (show.run, show.live) if name)
    return (*single, *show.runs, *show.race)


def can_be_opened(step: Step) -> bool:
    """Whether enter opens something: a page, a run, or the base of an exercise."""
    return bool(step.show.page or step.exercise or scenarios_shown(step))


def scenarios_needed(step: Step) -> tuple[str, ...]:
    """The scenarios whose recorded runs a step shows or asks about, or shows where nothing can be trained."""
    asked = scenarios_of(step.question) if step.question else ()
    return tuple(dict.fromkeys((*scenarios_shown(step), *asked)))


def heading(step: Step) -> str:
    """What is above the picture: the page's title, or the scenarios."""
    show = step.show
    if show.page:
        from scenarios.theory import page_text

        return tr("theory: {title}", title=page_text(show.page, current()).title)
    return " · ".join(scenarios_shown(step))


def set_knobs(page: "Page", step: Step) -> None:
    """Set the knobs of a page as the step says, and take its steps."""
    page.restart()
    page.fit(80, 24)  # a wide page has fewer knobs
    for name, value in step.show.knobs.items():
        for knob in page.knobs():
            if knob.name == name:
                knob.set_shown(value)
    for _ in range(step.show.steps):
        page.step()
