"""The lines around a step: its place and title, how far the lecture is, and what the keys do."""

from scenarios.lecture import Lecture, Step
from tui_vanish.drawing.ascii import spelt_out
from tui_vanish.drawing.text import Piece, Row, cut
from tui_vanish.language import tr
from tui_vanish.lecture.state import Progress
from tui_vanish.lecture.steps import can_be_opened


def top(lecture: Lecture, progress: Progress, width: int, *, lists: bool, ascii: bool) -> tuple[Row, Row]:
    """The place and the title of the step on the left, its topic on the right."""
    spell = spelt_out if ascii else str
    steps, place = lecture.steps, progress.place
    title, topic, number = tr("Your score"), lecture.title, ""
    if lists:
        title = tr("Contents")
    elif place < len(steps):
        title, topic, number = steps[place].title, steps[place].topic, f"{place + 1}/{len(steps)} "
    title = cut(f"{number}{spell(title)}", width - 12)
    topic = cut(spell(topic), max(0, width - len(title) - 12))
    return (Piece(title, "title"),), (Piece(topic, "dim"),) if topic else ()


def end(lecture: Lecture, progress: Progress, width: int, *, ascii: bool) -> tuple[Row, Row]:
    """A bar of the steps that are done on the left, the minutes on the right."""
    place, many, room = progress.place, len(lecture.steps), width // 3
    done = round(room * min(place, many) / many)
    bar = ("=" if ascii else "━") * done
    rest = ("-" if ascii else "─") * (room - done)
    minutes = round(sum(each.minutes for each in lecture.steps[:place]))
    so_far = tr("{minutes} of {all} min", minutes=minutes, all=round(lecture.minutes))
    return (Piece(bar, "accent"), Piece(rest, "dim")), (Piece(so_far, "dim"),)


def labels(step: Step | None, progress: Progress, *, asks: bool, notes: bool, lists: bool) -> dict[str, str]:
    """What the footer says beside the keys, by action; an empty word hides a key.

    Args:
        step: that is shown; None for the score.
        progress: of the lecture.
        asks: whether the step waits for an answer.
        notes: whether the teacher's notes are shown.
        lists: whether the contents are shown.
    """
    found = {
        "leave_lecture": "back",
        "next_step": ("show" if asks else "next") if step is not None else "",
        "previous_step": "previous" if progress.place else "",
        "answer": "answer" if asks else "",
        "contents_of_lecture": "contents",
        "notes": "text" if notes else "notes",
        "explore": "open" if step is not None and not asks and can_be_opened(step) else "",
        "blank": "blank",
        "enlarge": "small" if progress.large else "large",
        "help": "help",
    }
    if lists:
        found |= {"next_step": "", "previous_step": "", "answer": "", "notes": "", "explore": "open"}
    return found
