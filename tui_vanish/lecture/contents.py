"""The table of contents of a lecture."""

from typing import NamedTuple

from scenarios.lecture import Lecture
from tui_vanish.drawing.ascii import spelt_out
from tui_vanish.drawing.text import Piece, Row, cut
from tui_vanish.language import tr
from tui_vanish.lecture.state import Progress
from tui_vanish.widgets.item_list import ItemList

_ANSWERED, _ASKS, _EXERCISE = "✓", "?", "✎"


class Line(NamedTuple):
    """A step in the table of contents; `sign` says whether it asks something."""

    place: int
    title: str
    topic: str
    sign: str


class StepList(ItemList[Line]):
    """All steps by topic, and the score at the end."""

    def key(self, item: Line) -> int:
        """The number of the step."""
        return item.place

    def heading(self, item: Line) -> str:
        """The step's topic."""
        return spelt_out(item.topic) if self.alphabet.ascii else item.topic

    def item_row(self, item: Line, width: int, *, here: bool) -> Row:
        """The step's number and title."""
        mark, role = self.alphabet.selected if here else " ", "cursor" if here else "text"
        sign = item.sign
        title = item.title
        if self.alphabet.ascii:
            sign, title = sign.replace("✓", "+").replace("✎", "e"), spelt_out(title)
        return (Piece(f" {mark} {item.place + 1:2} {sign:1} ", role), Piece(cut(title, width - 9), role))


def lines(lecture: Lecture, progress: Progress) -> list[Line]:
    """The lines of the table of contents."""
    found = []
    for place, step in enumerate(lecture.steps):
        sign = " "
        if step.exercise is not None:
            sign = _EXERCISE
        elif step.question is not None and progress.asks:
            sign = _ANSWERED if step.id in progress.given else _ASKS
        found.append(Line(place, step.title, step.topic, sign))
    found.append(Line(len(lecture.steps), tr("Your score"), tr("The end"), " "))
    return found
