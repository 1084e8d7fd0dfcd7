"""Where a lecture is, and what was answered."""

from dataclasses import dataclass, field

from scenarios.lecture import Lecture, Step
from tui_vanish.language import current
from tui_vanish.lecture.files import Translations
from tui_vanish.lecture.measured import Measured

SKIPPED = -1  # the answer was shown without a guess


@dataclass
class Progress:
    """Where a lecture is, and what was answered; kept while the app runs.

    Attributes:
        lecture: in English; the screen has it in the language in use.
        place: number of the step, from 0; as many as there are steps is the score.
        given: answers, by id of the step.
        right: the right answers, as they were measured when the question was answered.
        asks: whether questions are asked.
        large: whether it is shown for a room.
    """

    lecture: Lecture
    place: int = 0
    given: dict[str, int] = field(default_factory=dict)
    right: dict[str, int] = field(default_factory=dict)
    measured: dict[str, Measured] = field(default_factory=dict)
    asks: bool = True
    large: bool = False

    def answer(self, step: Step, given: int, measured: Measured) -> None:
        """Take an answer; the first one counts."""
        if step.question is not None and step.id not in self.given:
            right = measured.right(step.question)
            self.given[step.id] = given
            self.right[step.id] = SKIPPED if right is None else right
            self.measured[step.id] = measured

    def is_open(self, step: Step) -> bool:
        """Whether the step still asks its question."""
        return self.asks and step.question is not None and step.id not in self.given

    def is_right(self, step_id: str) -> bool:
        """Whether the answer given there is right."""
        return self.given.get(step_id, SKIPPED) == self.right.get(step_id) != SKIPPED


@dataclass(frozen=True)
class TopicScore:
    """The score in one topic, and the numbers of the steps to look at again."""

    topic: str
    right: int
    asked: int
    again: tuple[int, ...]


def score(progress: Progress, lecture: Lecture) -> list[TopicScore]:
    """The score by topic, in the order of the lecture; topics without a question are left out."""
    topics: dict[str, list[tuple[int, Step]]] = {}
    for number, step in enumerate(lecture.steps, 1):
        if step.question is not None:
            topics.setdefault(step.topic, []).append((number, step))
    found = []
    for topic, steps in topics.items():
        right = [step for _, step in steps if progress.is_right(step.id)]
        again = tuple(number for number, step in steps if not progress.is_right(step.id))
        found.append(TopicScore(topic, len(right), len(steps), again))
    return found


def begin(translations: Translations, remembered: str) -> Progress:
    """The progress at the step that is remembered as `lecture:step`, else at the first one."""
    lecture = translations.get(current())
    name, _, step_id = remembered.partition(":")
    ids = [step.id for step in lecture.steps]
    place = ids.index(step_id) if name == lecture.name and step_id in ids else 0
    return Progress(lecture, place)
