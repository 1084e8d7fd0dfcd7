"""What a run is, as types: its layers, stages and budget.

A run's files and events hold its scenario as a plain record. `RunSpec.of` reads that record once, and
everything that follows, judges or shows the run takes the RunSpec. A run without a scenario has one, too.
"""

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Self

from engine.protocol.data_spec import DATA_SPECS, DataSpec
from engine.protocol.layers import MLP, MOST_LAYERS, OUTPUT, LayerSpec, Role, hidden_name, layers_of
from engine.protocol.record_fields import (
    NotARunSpec,
    items,
    number,
    positive,
    table,
    text,
    unusable,
    whole_numbers,
)

if TYPE_CHECKING:
    from scenarios.schema import Scenario
    from vanish_recorder.protocol.event import Record

__all__ = [
    "MLP",
    "MOST_LAYERS",
    "OUTPUT",
    "LayerSpec",
    "NotARunSpec",
    "Role",
    "RunSpec",
    "SpecSource",
    "StageSpec",
    "hidden_name",
]

SpecSource = Literal["scenario", "watched"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StageSpec:
    """One stage of a schedule.

    Attributes:
        sub_models: how many layers each sub-model of this stage has, from the input on.
        train: which of them train, counted from 1; the others are frozen.
    """

    sub_models: tuple[int, ...]
    train: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSpec:
    """What a run is. Nothing in it changes while the run trains.

    Attributes:
        id: the scenario's; of a run without a scenario a name for it.
        title: a few words for a heading.
        watch_for: where to look while it trains.
        lesson: what it teaches.
        kind: of network, as scenarios name it; `mlp` is that of the slides. Of a watched run it says nothing.
        layers: every layer that the network has in the end, from the input to the output; of other kinds than
            the slides' every place where something is measured.
        stages: the schedule; empty for a run that trains everything in one go.
        epochs_per_stage: how many epochs a stage lasts as planned; None if that is unknown.
        batch_size: images per step; None if it is unknown or varies.
        loss: what is minimised, as scenarios name it; empty if it is unknown.
        guessing: the loss of predicting the class frequencies; None if it is unknown.
        rate_name: what the optimizer calls the number that sets the length of a step.
        rate: that number at the beginning; None if it is unknown.
        origin: "scenario" if a scenario describes the run; "watched" if it was recorded from a model that
            the user's own script trains.
        record: the scenario as the run's files hold it, or of a watched run what they hold about its
            script.
    """

    id: str
    title: str = ""
    watch_for: str = ""
    lesson: str = ""
    kind: str = MLP
    layers: tuple[LayerSpec, ...] = ()
    stages: tuple[StageSpec, ...] = ()
    epochs_per_stage: int | None = None
    batch_size: int | None = None
    loss: str = ""
    guessing: float | None = None
    rate_name: str = "lr"
    rate: float | None = None
    origin: SpecSource = "scenario"
    record: "Record" = field(default_factory=dict, repr=False, hash=False)

    @classmethod
    def of(cls, record: object) -> Self:
        """Read a run's description.

        Args:
            record: a resolved scenario, as `run.json` and the first line of a log hold it.

        Raises:
            NotARunSpec: it is damaged, or it is described in a way that only a newer version knows.
        """
        if not isinstance(record, dict):
            raise NotARunSpec("the description is not a table")
        loss = text(record, "training.loss")
        rate_name = "radius" if "radius" in table(record, "optimizer") else "lr"
        return cls(
            id=text(record, "id"),
            title=text(record, "title", ""),
            watch_for=text(record, "watch_for", ""),
            lesson=text(record, "lesson", ""),
            layers=layers_of(record),
            kind=text(record, "model.kind", MLP),
            stages=_stages(record),
            epochs_per_stage=positive(record, "training.epochs"),
            batch_size=positive(record, "data.batch_size"),
            loss=loss,
            guessing=_guessing(loss, DATA_SPECS.get(text(record, "data.name"))),
            rate_name=rate_name,
            rate=number(record, f"optimizer.{rate_name}"),
            record=record,
        )

    @classmethod
    def of_watched(cls, record: object) -> Self:
        """Read the description of a watched run. Its layers are known once its structure was found.

        Args:
            record: `watched`, as `run.json` and the first line of a log hold it.

        Raises:
            NotARunSpec: it is damaged.
        """
        if not isinstance(record, dict):
            raise NotARunSpec("the description is not a table")
        if not (name := text(record, "name")):
            raise unusable("name")
        script, arguments = text(record, "script", ""), items(record, "arguments")
        if not all(isinstance(each, str) for each in arguments):
            raise unusable("arguments")
        command = (script.replace("\\", "/").rpartition("/")[2], *arguments)
        return cls(id=name, title=" ".join(command).strip(), origin="watched", record=record)

    @property
    def is_watched(self) -> bool:
        """Whether it was recorded from a model that a script of the user's trains."""
        return self.origin == "watched"

    @property
    def layer_names(self) -> tuple[str, ...]:
        """The layers' names, from the input to the output."""
        return tuple(layer.name for layer in self.layers)

    @property
    def hidden_names(self) -> tuple[str, ...]:
        """The names of the hidden layers, from the input on."""
        return tuple(layer.name for layer in self.layers if layer.role == "hidden")

    @property
    def stage_count(self) -> int:
        """How many stages the run has; 1 without a schedule."""
        return max(1, len(self.stages))

    def scenario(self) -> "Scenario":
        """The scenario, validated, with everything that RunSpec leaves out.

        Raises:
            NotARunSpec: there is none, or this version does not accept it.
        """
        if self.origin != "scenario":
            raise NotARunSpec(
                "it was recorded from a script of yours, which alone can continue it (with resume=True)"
            )
        # pydantic takes a tenth of a second to import, and most of what uses a RunSpec never asks.
        from pydantic import ValidationError

        from scenarios.schema import Scenario

        try:
            return Scenario.model_validate(self.record)
        except ValidationError:
            raise NotARunSpec("its scenario is not valid in this version") from None


# ------------------------------------------------------------------------------- reading a record


def _stages(record: "Record") -> tuple[StageSpec, ...]:
    stages = []
    for stage in items(record, "stages"):
        if not isinstance(stage, dict):
            raise unusable("stages")
        sub_models, train = (whole_numbers(stage, key) for key in ("sub_models", "train"))
        stages.append(StageSpec(sub_models=sub_models, train=train))
    return tuple(stages)


def _guessing(loss: str, data: DataSpec | None) -> float | None:
    """The loss of predicting the equal class frequencies: -Σ p ln p; for BCE the mean over the classes."""
    if data is None:
        return None
    p = 1 / data.classes
    match loss:
        case "cross_entropy":
            return math.log(data.classes)
        case "bce":
            return -(math.log(p) + (data.classes - 1) * math.log(1 - p)) / data.classes
        case _:
            return None
