"""The words of a lecture's screen: a step's text, its question, what came out, the notes and the score."""

from collections.abc import Sequence

from scenarios.lecture import Lecture, Question, Step
from tui_vanish.drawing.ascii import spelt_out
from tui_vanish.drawing.text import Piece, Row
from tui_vanish.drawing.wrap import flow
from tui_vanish.language import plural, tr
from tui_vanish.lecture.exercises import Attempt
from tui_vanish.lecture.measured import count_of
from tui_vanish.lecture.state import SKIPPED, Progress, TopicScore, score

_MEASURE = 100  # cells: longer lines are hard to read
_LARGE_MEASURE = 64


def wrapped(
    text: str, width: int, *, role: str = "text", ascii: bool = False, large: bool = False
) -> list[Row]:
    """A text in rows with a margin; paragraphs are divided by empty lines."""
    room = max(10, min(width - 2, _LARGE_MEASURE if large else _MEASURE))
    rows: list[Row] = []
    for paragraph in text.strip().split("\n\n"):
        if rows:
            rows.append(())
        words = " ".join(paragraph.split())
        rows += [(Piece(" "), *row) for row in flow((Piece(words, role),), room, ascii=ascii)]
    return rows


def question_rows(question: Question, width: int, *, ascii: bool, large: bool) -> list[Row]:
    """The question and its answers, each with its key."""
    rows = [(), *wrapped(question.ask, width, role="title", ascii=ascii, large=large), ()]
    for number, answer in enumerate(question.answers, 1):
        rows.append(
            (Piece(f"   {number}  ", "accent"), Piece(spelt_out(answer.text) if ascii else answer.text))
        )
        if large:
            rows.append(())
    return rows


def result_rows(step: Step, progress: Progress, width: int, *, ascii: bool, large: bool) -> list[Row]:
    """What was measured, whether the answer is right, and why."""
    question = step.question
    if question is None or step.id not in progress.given:
        return []
    given, right = progress.given[step.id], progress.right[step.id]
    rows: list[Row] = [()]
    measured = progress.measured[step.id].words
    if right == SKIPPED:
        words = tr("Measured: {value}. None of the answers says that.", value=measured)
        return [(), *wrapped(words, width, role="warn", ascii=ascii, large=large)]
    if given == SKIPPED:
        head, role = tr("Measured: {value}.", value=measured), "accent"
    elif given == right:
        head, role = tr("Right. Measured: {value}.", value=measured), "good"
    else:
        head, role = tr("Not so. Measured: {value}.", value=measured), "warn"
    rows += wrapped(head, width, role=role, ascii=ascii, large=large)
    if given not in (right, SKIPPED):
        wrong = question.answers[given]
        words = f"{given + 1} {wrong.text}: {wrong.why}"
        rows += wrapped(words, width, ascii=ascii, large=large)
    words = f"{right + 1} {question.answers[right].text}: {question.answers[right].why}"
    return rows + wrapped(words, width, role="strong", ascii=ascii, large=large)


def notes_rows(step: Step, width: int, *, ascii: bool) -> list[Row]:
    """The teacher's notes: which slide, how long, what to say."""
    rows: list[Row] = []
    if step.slides:
        rows += wrapped(tr("Slide: {titles}", titles="; ".join(step.slides)), width, role="dim", ascii=ascii)
    rows += wrapped(
        plural("{number} minute", "{number} minutes", round(step.minutes)), width, role="dim", ascii=ascii
    )
    rows.append(())
    return rows + wrapped(step.notes or tr("This step has no notes."), width, ascii=ascii)


def exercise_rows(step: Step, attempts: Sequence[Attempt], width: int, *, ascii: bool) -> list[Row]:
    """The runs that count for a step's exercise, and what the others lack."""
    if not attempts:
        words = tr("No run counts so far. enter opens the lab: e edits the scenario, enter there trains it.")
        if step.show.page and step.exercise is not None:  # enter opens the page
            words = tr(
                "No run counts so far. enter opens the theory page. esc leads to the lab: "
                "e edits {scenario} there, enter trains it.",
                scenario=step.exercise.base,
            )
        return [(), *wrapped(words, width, role="dim", ascii=ascii)]
    rows: list[Row] = [()]
    for attempt in attempts:
        if not attempt.lacks:
            words = tr("{scenario}: solved.", scenario=attempt.scenario_id)
            rows += wrapped(words, width, role="good", ascii=ascii)
        else:
            lacks = "; ".join(attempt.lacks)
            words = tr("{scenario}: not yet, {reasons}.", scenario=attempt.scenario_id, reasons=lacks)
            rows += wrapped(words, width, role="warn", ascii=ascii)
    return rows


def score_rows(progress: Progress, lecture: Lecture, width: int, *, ascii: bool) -> list[Row]:
    """The score by topic, and the steps to look at again."""
    topics = score(progress, lecture)
    right, asked = sum(each.right for each in topics), sum(each.asked for each in topics)
    rows: list[Row] = [(), (Piece(f" {count_of(right, asked)}", "title"),), ()]
    wide = max((len(each.topic) for each in topics), default=0)
    for each in topics:
        rows.append(_topic_row(each, wide, ascii=ascii))
    return rows


def _topic_row(topic: TopicScore, wide: int, *, ascii: bool) -> Row:
    name = spelt_out(topic.topic) if ascii else topic.topic
    row: Row = (
        Piece(f"   {name:<{wide}}  "),
        Piece(f"{topic.right}/{topic.asked}", "good" if topic.right == topic.asked else "warn"),
    )
    if topic.again:
        again = tr("look again at {steps}", steps=", ".join(map(str, topic.again)))
        row = (*row, Piece(f"  {again}", "dim"))
    return row
