"""A lecture: steps in order, each with a text, what it shows, and perhaps a question or an exercise.

A right answer is not in the file. The file says what is measured, and which values each answer stands for.
"""

import math
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

MOST_ANSWERS = 8

Kind = Literal[
    "test_accuracy",
    "best_test_accuracy",
    "test_loss",
    "loss",
    "learned",
    "value",
    "ratio",
    "factor",
    "verdict",
    "least",
    "most",
    "best_run",
    "worst_run",
    "chain",
    "slope",
    "chi",
]
KINDS: tuple[Kind, ...] = get_args(Kind)
# Whose answers are names: of a verdict, a layer or a scenario. Those of all others are ranges of numbers.
BY_NAME: frozenset[Kind] = frozenset({"verdict", "least", "most", "best_run", "worst_run"})
# What a question needs besides its kind.
NEEDED: dict[Kind, tuple[str, ...]] = {
    "value": ("quantity", "layer"),
    "ratio": ("quantity", "layer", "to"),
    "factor": ("quantity", "layer", "to"),
    "least": ("quantity",),
    "most": ("quantity",),
    "best_run": ("runs",),
    "worst_run": ("runs",),
    "chain": ("w", "layers"),
    "slope": ("activation",),
    "chi": ("std", "activation"),
}
_WITHOUT_A_RUN: frozenset[Kind] = frozenset({"best_run", "worst_run", "chain", "slope", "chi"})

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Answer(_Table):
    """One answer: the values that it stands for, and why it is right or wrong."""

    text: Text
    why: Text
    low: float = Field(-math.inf, alias="from")
    below: float = math.inf
    name: str = ""


class Question(_Table):
    """What the learner predicts, and what is measured to find the right answer."""

    ask: Text
    measure: Kind
    answers: tuple[Answer, ...] = Field(min_length=2, max_length=MOST_ANSWERS)
    run: str = ""
    runs: tuple[str, ...] = ()
    step: int | None = Field(None, ge=1)
    quantity: str = ""
    layer: str = ""
    to: str = ""
    w: float | None = None
    layers: int | None = Field(None, ge=1)
    activation: Literal["", "sigmoid", "tanh", "relu"] = ""
    std: float | None = Field(None, gt=0)

    @property
    def needs(self) -> tuple[str, ...]:
        """The keys that this kind of question needs."""
        return NEEDED.get(self.measure, ()) + (() if self.measure in _WITHOUT_A_RUN else ("run",))


class Show(_Table):
    """What a step shows: a theory page, one run or several, or their curves in one chart."""

    page: str = ""
    knobs: dict[str, str] = Field(default_factory=dict)
    steps: int = Field(0, ge=0, le=1000)
    run: str = ""
    runs: tuple[str, ...] = Field((), max_length=2)
    race: tuple[str, ...] = Field((), max_length=7)
    step: int | None = Field(None, ge=1)
    quantity: str = ""
    live: str = ""
    epochs: int = Field(3, ge=1, le=100)


class Exercise(_Table):
    """What the learner trains, and which runs count."""

    task: Text
    base: str
    accuracy: float = Field(0.0, ge=0, le=1)
    epochs: int | None = Field(None, ge=1)
    changes: int | None = Field(None, ge=1)
    keys: tuple[str, ...] = ()
    chi_within: float | None = Field(None, gt=0)
    staged: bool = False


class Step(_Table):
    """One step of a lecture."""

    id: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]*$")]
    title: Text
    topic: Text
    text: Text
    notes: str = ""
    see: str = ""
    minutes: float = Field(2.0, gt=0, le=60)
    slides: tuple[str, ...] = ()
    show: Show = Field(default_factory=lambda: Show.model_validate({}))
    question: Question | None = None
    exercise: Exercise | None = None


class Lecture(_Table):
    """A whole lecture; `name` is that of its file."""

    name: str = ""
    title: Text
    steps: tuple[Step, ...] = Field(min_length=1, max_length=200)

    @property
    def minutes(self) -> float:
        """How long all steps take."""
        return sum(step.minutes for step in self.steps)
